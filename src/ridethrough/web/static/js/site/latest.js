// The last lines of the journal, the newest first.
import { h, keyed, setAttr, setText } from "../dom.js";
import { live } from "../live.js";
import { ago, clock, iso } from "../time.js";

const SHOWN = 9;

/** Returns {el}; it keeps itself true. */
export function latest() {
  const list = h("ol", { class: "latest-list" });
  const none = h("p", { class: "muted" }, "Nothing has happened yet.");
  const el = h("section", { class: "panel latest", "aria-labelledby": "latest-title" }, h("div", { class: "panel-head" }, h("h2", { id: "latest-title" }, "Latest"), h("a", { class: "small", href: "/journal" }, "Journal")), none, list);
  const make = (line) => h("li", {}, h("time", { class: "muted small number", datetime: iso(line.at) }), h("span", {}, line.text.replace(/^-> /, "→ ")));
  live.subscribe((state) => [state.lines, state.pulse], ([lines, { now }]) => {
    none.hidden = lines.length > 0;
    keyed(list, lines.slice(-SHOWN).reverse(), (line) => line.position, make, (li, line) => {
      setText(li.firstChild, now - line.at < 3600 ? ago(line.at, now) : clock(line.at, now, { seconds: false }));
      setAttr(li.firstChild, "title", clock(line.at, now));
    });
  });
  return { el };
}
