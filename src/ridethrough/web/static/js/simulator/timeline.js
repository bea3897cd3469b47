// The list of what happens: each line's time can be typed over, a line can be changed and taken away.
import { h, icon, keyed, setAttr, setData, setText } from "../dom.js";
import { countdown } from "../time.js";
import { button } from "../ui/button.js";
import { say } from "../ui/toast.js";
import { parseTime, sentence, toneOf } from "./words.js";

let counter = 0;

/** `onChange()` after each change, `onEdit(entry)` asks for another line (a promise, null: as it was). Returns {el, entries, set(entries, things), add(entry)}. */
export function timelineList({ onChange, onEdit }) {
  const list = h("ol", { class: "happenings", "aria-label": "Timeline" });
  const none = h("p", { class: "muted" }, "Nothing happens yet. Press a UPS in the picture and let its utility power fail.");
  const el = h("div", { class: "stack-s" }, none, list);
  let entries = [];
  let things = null;

  function sorted(next) {
    entries = next.map((entry) => (entry.key ? entry : { ...entry, key: (counter += 1) }));
    entries.sort((a, b) => a.at - b.at || a.key - b.key);
    show();
  }

  function show() {
    none.hidden = entries.length > 0;
    list.hidden = !entries.length;
    keyed(list, entries, (entry) => entry.key, make, mend);
  }

  function make({ key }) {
    const time = h("input", { class: "input number", autocomplete: "off", inputmode: "text" });
    const text = h("button", { type: "button", class: "happening-text", title: "Change this line" });
    const bin = button("", { symbol: "remove", kind: "quiet small", label: "Take this line away", onClick: () => drop(key) });
    time.addEventListener("change", () => retime(key, time));
    text.addEventListener("click", () => edit(key));
    const li = h("li", { class: "happening" }, time, icon("right"), text, bin);
    Object.assign(li, { time, text, bin });
    return li;
  }

  function mend(li, entry) {
    const words = sentence(entry, things);
    if (document.activeElement !== li.time) li.time.value = countdown(entry.at);
    setAttr(li.time, "aria-label", `When: ${words}`);
    setText(li.text, words);
    setAttr(li.bin, "aria-label", `Take away: ${words}`);
    setData(li, "tone", toneOf(entry));
  }

  function retime(key, input) {
    const at = parseTime(input.value);
    setAttr(input, "aria-invalid", at === null ? "true" : null);
    if (at === null) return say("This is no time. Write 1:30, or 90.");
    sorted(entries.map((entry) => (entry.key === key ? { ...entry, at } : entry)));
    input.value = countdown(at);
    return onChange();
  }

  async function edit(key) {
    const { key: _, ...entry } = entries.find((one) => one.key === key);
    const next = await onEdit(entry);
    if (!next) return;
    sorted(entries.map((one) => (one.key === key ? { ...next, key } : one)));
    onChange();
  }

  function drop(key) {
    const place = entries.findIndex((entry) => entry.key === key);
    const words = sentence(entries[place], things);
    sorted(entries.filter((entry) => entry.key !== key));
    say(`Taken away: ${words}`);
    (list.children[Math.min(place, entries.length - 1)]?.text ?? document.querySelector("#sim-add"))?.focus();
    onChange();
  }

  return {
    el,
    get entries() {
      return entries.map(({ key, ...entry }) => entry);
    },
    set(next, of) {
      things = of;
      sorted(next);
    },
    add(entry) {
      sorted([...entries, entry]);
      say(`Added at ${countdown(entry.at)}: ${sentence(entry, things)}`);
      onChange();
    },
  };
}
