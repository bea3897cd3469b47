// What the journal tells of an outage, the latest first, as it comes.
import { h, keyed, setText } from "../dom.js";
import { clock, iso } from "../time.js";

const SHOWN = 60;

/** Returns {el, update(lines, now)}; `lines` oldest first. */
export function story() {
  const list = h("ol", { class: "story", reversed: true, tabindex: "0", "aria-labelledby": "outage-story" });
  const el = h(
    "section",
    { class: "panel", "aria-labelledby": "outage-story" },
    h("div", { class: "panel-head" }, h("h2", { id: "outage-story" }, "What happens"), h("a", { class: "small no-print", href: "/journal" }, "Journal")),
    list,
  );
  function update(lines, now) {
    keyed(list, lines.slice(-SHOWN).reverse(), (line) => line.position, (line) => make(line, now), (li, line) => setText(li.lastChild, line.text.replace(/^-> /, "→ ")));
  }
  return { el, update };
}

function make(line, now) {
  const tone = line.text.startsWith("ALERT") || line.text.startsWith("failed") ? "low" : null;
  return h("li", { data: { tone } }, h("time", { class: "number muted small", datetime: iso(line.at) }, clock(line.at, now)), h("span", {}));
}
