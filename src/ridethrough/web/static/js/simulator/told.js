// The narrative of a simulation, following the moment that is shown.
import { h, keyed, setAttr } from "../dom.js";
import { countdown } from "../time.js";
import { toldUntil } from "./film.js";

/** `onPick(t)` goes to a line's moment. Returns {el, set(lines), at(t)}. */
export function told({ onPick }) {
  const list = h("ol", { class: "sim-lines", "aria-label": "What happens" });
  const none = h("p", { class: "muted" }, "Nothing has been played yet.");
  const el = h("div", { class: "stack-s" }, none, list);
  let lines = [];
  let shown = -1;

  function set(next) {
    lines = next.map((line, n) => ({ ...line, n }));
    none.hidden = lines.length > 0;
    list.hidden = !lines.length;
    list.keyedElements = new Map();
    list.replaceChildren();
    keyed(list, lines, (line) => line.n, make);
    shown = -1;
  }

  function make(line) {
    const words = line.text.replace(/^-> /, "→ ");
    const tone = /^(ALERT|failed)|crash|is lost|lost with/i.test(line.text) ? "low" : null;
    return h(
      "li",
      { data: { who: line.who, tone } },
      h("button", { type: "button", class: "sim-line", on: { click: () => onPick(line.t) } }, h("span", { class: "number muted" }, countdown(line.t)), h("span", { class: "sim-who muted" }, line.who), h("span", { class: "sim-text" }, words)),
    );
  }

  function at(t) {
    const next = toldUntil(lines, t);
    if (next === shown) return;
    const items = list.children;
    const [from, to] = shown < 0 ? [0, items.length] : [Math.min(shown, next), Math.max(shown, next)];
    for (let n = Math.max(0, from - 1); n < to; n += 1) {
      setAttr(items[n], "data-ahead", n >= next ? "" : null);
      setAttr(items[n], "aria-current", n === next - 1 ? "step" : null);
    }
    if (next > 0) setAttr(items[next - 1], "aria-current", "step");
    shown = next;
    const here = items[Math.max(0, next - 1)];
    if (here && !list.contains(document.activeElement)) list.scrollTop = here.offsetTop - list.clientHeight / 2;
  }

  return { el, set, at };
}
