// The story that is to be played: on what, what happens, with which options, until when.
import { h, refill, setText } from "../dom.js";
import { countdown } from "../time.js";
import { first } from "../words.js";
import { button } from "../ui/button.js";
import { toggle } from "../ui/choose.js";
import { field } from "../ui/form.js";
import { note } from "../ui/status.js";
import { askHappening } from "./happening.js";
import { optionSet } from "./options.js";
import { timelineList } from "./timeline.js";
import { parseTime, titleOf } from "./words.js";

/**
 * `sources` and `words` as the server tells them; `now()` is the moment that is shown; `onSource(source)` when another one is chosen, `onRun()`,
 * `onCancel()`, `onChange()`; `no`: why this person may not run it. Returns {el, run (the button), load(source, things), stories(), ...}.
 */
export function storyPanel({ sources, words, now, onSource, onRun, onCancel, onChange, no = "" }) {
  let things = null;
  let title = "";
  const source = field("source", "Played on", { type: "select", choices: choices(sources) });
  const told = h("p", { class: "muted small" });
  const list = timelineList({ onChange: changed, onEdit: (entry) => askHappening({ title: "Change a line", submit: "Change", entry, words, things }) });
  const until = field("until", "Until", { hint: "At most 4 hours. Empty: long enough to see the end.", attrs: { autocomplete: "off", placeholder: "by itself" } });
  const armed = toggle("armed", "Ridethrough is armed", { checked: true, onChange: changed });
  const sets = ["A", "B"].map((letter) => optionSet({ title: `Options ${letter}`, things: () => things, onChange: changed }));
  const twice = toggle("compare", "Compare with a second set of options", { onChange: () => showSets() || changed() });
  const trouble = h("div", { hidden: true, role: "alert" });
  const add = button("Add…", { kind: "small", symbol: "add", onClick: () => ask({}) });
  add.id = "sim-add";
  const clear = button("Clear", { kind: "quiet small", onClick: () => list.set([], things) || changed() });
  const run = button("Run", { kind: "primary", symbol: "play", onClick: onRun });
  const cancel = button("Cancel", { symbol: "close", onClick: onCancel });
  cancel.hidden = true;
  const el = h(
    "section",
    { class: "panel stack sim-story", "aria-labelledby": "sim-story" },
    h("div", { class: "panel-head" }, h("h2", { id: "sim-story" }, "Story"), h("div", { class: "row" }, cancel, run)),
    trouble,
    source.el,
    told,
    h("div", { class: "row" }, h("h3", { class: "sim-grow" }, "Timeline"), clear, add),
    list.el,
    h("div", { class: "sim-two" }, until.el, armed.el),
    twice.el,
    sets.map((set) => set.el),
  );
  source.input.addEventListener("change", () => onSource(sourceOf(source.value)));
  until.input.addEventListener("change", () => {
    until.error(until.value.trim() && parseTime(until.value) === null ? "Write a time, like 20m or 1:30." : "");
    changed();
  });
  showSets();
  refuse(no);

  // Before a site is there, nothing can happen on it.
  function refuse(why) {
    const missing = things ? "" : "There is no site yet.";
    for (const one of [add, clear, run]) one.refuse(why || missing);
  }

  function showSets() {
    sets[1].el.hidden = !twice.value;
  }

  function changed() {
    title = "";
    onChange();
  }

  async function ask(entry) {
    if (!things) return;
    const found = await askHappening({ title: "Add to the timeline", submit: "Add", entry: { at: Math.round(now()), ...entry }, words, things });
    if (found) list.add(found);
  }

  /** Another site; its own timeline, or the one given: {timeline, until, armed, settings, title}. */
  function load(wanted, found, story = null, called = "") {
    things = found;
    refuse(no);
    source.value = keyOf(wanted);
    setText(told, wanted === "live" ? "Each run copies the site as it is then. Nothing real is touched." : first(found.story ?? ""));
    list.set(story?.timeline ?? found.timeline ?? [], things);
    until.value = wanted === "live" && !story ? "" : countdown(story?.until ?? found.until);
    armed.value = story?.armed ?? found.armed ?? true;
    sets.forEach((set, n) => set.set(n === 0 ? story?.settings : null));
    twice.value = false;
    showSets();
    title = story?.title ?? called;
  }

  return {
    el,
    run,
    load,
    ask,
    add: (entry) => list.add({ at: Math.round(now()), ...entry }),
    /** Whether the story is being played: then it can be cancelled. */
    plays(now) {
      const had = document.activeElement === cancel;
      cancel.hidden = !now;
      if (had && !now) run.focus();
    },
    fail(text) {
      trouble.hidden = !text;
      refill(trouble, text && note("danger", text));
    },
    get entries() {
      return list.entries;
    },
    get things() {
      return things;
    },
    get isTwice() {
      return twice.value;
    },
    get optionWords() {
      return sets.map((set) => set.words);
    },
    /** What to ask of the server: one story, or two that differ in their options. */
    stories() {
      const end = until.value.trim() ? parseTime(until.value) : null;
      const called = (title || titleOf(list.entries, things)).replace(/ \(options [AB]\)$/, "");
      const story = { source: sourceOf(source.value), title: called, timeline: list.entries, until: end, armed: armed.value };
      if (!twice.value) return [{ ...story, settings: sets[0].settings }];
      return sets.map((set, n) => ({ ...story, title: `${called.slice(0, 180)} (options ${"AB"[n]})`, settings: set.settings }));
    },
  };
}

function choices({ sites, scenarios }) {
  return [["live", "The live site, copied"], ...sites.map((name) => [`site:${name}`, `Simulated site: ${plain(name)}`]), ...scenarios.map((name) => [`scenario:${name}`, `Scenario: ${plain(name)}`])];
}

function plain(name) {
  return name.replaceAll("_", " ");
}

function keyOf(source) {
  return source === "live" ? "live" : Object.entries(source)[0].join(":");
}

function sourceOf(key) {
  const [kind, ...name] = key.split(":");
  return kind === "live" ? "live" : { [kind]: name.join(":") };
}
