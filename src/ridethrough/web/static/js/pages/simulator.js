// The Simulator: a story is made up on the picture of a site, played, scrubbed, compared and saved.
import { covers, get, post, whoAmI } from "../api.js";
import { h, refill, setAttr, setText } from "../dom.js";
import { live } from "../live.js";
import { first } from "../words.js";
import { button, linkButton, refusal } from "../ui/button.js";
import { segmented } from "../ui/choose.js";
import { menu, openMenu } from "../ui/menu.js";
import { empty, note } from "../ui/status.js";
import { say, toastError } from "../ui/toast.js";
import { keptList } from "../simulator/kept.js";
import { comparisonOf, outcomeOf } from "../simulator/outcome.js";
import { machineMenu, menuOf } from "../simulator/picks.js";
import { opened, played } from "../simulator/play.js";
import { stage } from "../simulator/stage.js";
import { storyPanel } from "../simulator/story.js";
import { told } from "../simulator/told.js";
import { transport } from "../simulator/transport.js";
import { toneOf } from "../simulator/words.js";

const UNTIL = 1200; // of the slider while nothing has been played
const CASES = { case_one: "Case one", case_two: "Case two", case_three: "Case three" };
const place = document.getElementById("simulator");
let shown = []; // the simulations that are shown: none, one, or two
let words = [];
let playing = null; // what cancels the story that is being played

start().catch((error) => error.name !== "AbortError" && refill(place, note("danger", error.message)));

async function start() {
  refill(place, empty("simulator", "Copying the site …"));
  const me = await whoAmI();
  const no = refusal(covers, me.role, "operate");
  const [sources, cases, found] = await Promise.all([get("/simulations/sources"), get("/simulations/cases"), get("/simulations/timeline-words")]);
  words = found;
  page(no, sources, cases);
}

function page(no, sources, cases) {
  const screens = stage({ onPick: (node, el, state) => openMenu(el, menuOf(node, { things: story.things, state, words, add: put, ask: story.ask }), `What happens to ${node.split(":")[1]}`) });
  const bar = transport({ onTime: (t) => follow(t), onEnd: () => say(`The end. ${place.querySelector("#outcome .note")?.textContent ?? ""}`) });
  const lines = told({ onPick: (t) => bar.go(t) });
  const story = storyPanel({ sources, words, now: () => bar.at, onSource: (source) => open(source), onRun: () => run(), onCancel: () => playing?.abort(), onChange: isStale, no });
  const kept = keptList({ onOpen: (id) => reopen(id), mayDrop: !no });
  const stale = h("span", { class: "chip", data: { tone: "warning" }, hidden: true }, "Changed: run it again");
  const title = h("h2", { id: "sim-title" }, "The site");
  const controller = button("Controller", { kind: "small", symbol: "more" });
  const hint = h("p", { class: "muted small" }, "Press a UPS or a host to let something happen to it at the moment that the slider shows.");
  const outcome = h("section", { class: "panel stack", id: "outcome", "aria-label": "Outcome", hidden: true });
  const narrative = h("section", { class: "panel" }); // named by its heading, once there is one
  const buttons = cases.map((one) => {
    const press = button(CASES[one.scenario] ?? one.scenario, { symbol: "play", title: one.story, onClick: () => playCase(one) });
    press.refuse(no);
    return press;
  });
  document.getElementById("tools").append(...buttons);
  refill(
    place,
    h(
      "div",
      { class: "sim" },
      h(
        "section",
        { class: "panel stack sim-main", "aria-labelledby": "sim-title" },
        h("div", { class: "panel-head" }, title, stale, menu(controller, () => machineMenu({ words, add: put, ask: story.ask }), "What happens to the controller")),
        screens.el,
        hint,
        bar.el,
      ),
      h("div", { class: "stack sim-aside" }, story.el, kept.el),
      outcome,
      narrative,
    ),
  );
  let opening = null;
  begin();

  async function begin() {
    const wanted = new URLSearchParams(location.search).get("open");
    kept.load();
    if (wanted) return reopen(wanted);
    if (!no) return open("live");
    return openAsSeen();
  }

  // Who may not play sees the site as the controller tells it.
  function openAsSeen() {
    story.el.hidden = true;
    hint.hidden = true;
    bar.el.hidden = true;
    screens.el.replaceChildren(note("info", `${no} You can look at what was played before.`));
    kept.el.open = true;
  }

  function put(entry) {
    bar.pause();
    story.add(entry);
  }

  function isStale() {
    stale.hidden = !shown.length;
    marks();
  }

  function marks() {
    const until = shown[0]?.until ?? UNTIL;
    const happenings = story.entries.map((entry) => ({ at: entry.at, tone: toneOf(entry) }));
    bar.set({ until: Math.max(until, ...happenings.map((one) => one.at + 60)), happenings, told: shown[0]?.lines.map((line) => line.t) ?? [] });
  }

  async function open(source, called = "") {
    opening = source; // an answer on what was chosen before may come late
    try {
      const things = await post("/simulations/things", { source });
      if (opening !== source) return;
      shown = [];
      story.fail("");
      story.load(source, things, null, called);
      setText(title, source === "live" ? "The live site, copied" : first(Object.values(source)[0].replaceAll("_", " ")));
      screens.show([["", { things, columns: things.columns, frames: [things.start] }]]);
      outcome.hidden = true;
      tellAgain();
      stale.hidden = true;
      marks();
      bar.go(0);
    } catch (error) {
      if (error.name !== "AbortError" && opening === source) story.fail(error.message);
    }
  }

  async function run() {
    bar.pause();
    story.fail("");
    playing?.abort();
    const mine = new AbortController();
    playing = mine;
    story.plays(true);
    try {
      const found = [];
      for (const one of story.stories()) found.push(await played(one, mine.signal));
      const comparison = found.length > 1 ? await get("/simulations/compare", { query: { a: found[0].id, b: found[1].id } }) : null;
      show(found, comparison);
      bar.play();
    } catch (error) {
      if (error.name === "AbortError") return say("The simulation is cancelled.");
      story.fail(error.message);
    } finally {
      if (playing === mine) story.plays(false);
    }
  }

  function show(found, comparison = null) {
    shown = found;
    stale.hidden = true;
    screens.el.closest(".sim").classList.toggle("sim-two", found.length > 1);
    screens.show(found.map((one, n) => [found.length > 1 ? "AB"[n] : "", one]));
    outcome.hidden = false;
    refill(outcome, ...outcomeParts(found, comparison));
    tellAgain();
    marks();
    kept.load();
  }

  function outcomeParts(found, comparison) {
    const columns = found.map((one, n) => h("div", { class: "stack" }, found.length > 1 && h("h3", {}, `With options ${"AB"[n]}`), outcomeOf(one), saving(one)));
    return [
      h("div", { class: "panel-head" }, h("h2", {}, "Outcome")),
      comparison && h("section", { class: "stack", "aria-label": "What differs" }, h("h3", {}, "What differs"), comparisonOf(comparison, story.optionWords)),
      found.length > 1 ? h("div", { class: "columns" }, columns) : columns,
    ];
  }

  function saving(one) {
    const link = linkButton("Save as a scenario file", `/api/v1/simulations/${encodeURIComponent(one.id)}/scenario`, { symbol: "save", kind: "small" });
    link.download = `${one.id}.toml`;
    return h("div", { class: "row" }, link);
  }

  function tellAgain() {
    const two = shown.length > 1;
    const choice = two && segmented("Whose narrative", [["0", "A"], ["1", "B"]], { value: "0", onChange: (value) => tell(Number(value)) });
    setAttr(narrative, "aria-labelledby", "sim-told");
    refill(narrative, h("div", { class: "panel-head" }, h("h2", { id: "sim-told" }, "What happens"), choice && choice.el), lines.el);
    tell(0);
  }

  function tell(n) {
    lines.set(shown[n]?.lines ?? []);
    lines.at(bar.at);
  }

  function follow(t) {
    screens.at(t);
    lines.at(t);
  }

  async function playCase(one) {
    await open({ scenario: one.scenario }, CASES[one.scenario] ?? "");
    bar.go(0);
    await run();
  }

  async function reopen(id) {
    try {
      const found = await opened(id);
      opening = null;
      story.el.hidden = Boolean(no);
      bar.el.hidden = false;
      story.load(found.source, found.things, found);
      setText(title, found.title || "A simulation");
      show([found]);
      bar.go(0);
    } catch (error) {
      toastError(error);
      if (!no && !shown.length) open("live");
    }
  }
}
