// The lines of the journal as a list, the latest first, with a line between two days.
import { h, icon, keyed } from "../dom.js";
import { clock, iso } from "../time.js";
import { groupOf, linked, toneOf } from "./kinds.js";

/** Lines and the days between them: [{day, at}] or lines, the latest first. */
export function withDays(lines) {
  const found = [];
  let last = null;
  for (const line of lines) {
    const day = new Date(line.at * 1000).toDateString();
    if (day !== last) found.push({ day, at: line.at });
    last = day;
    found.push(line);
  }
  return found;
}

/** Returns {el, update(lines, pages)}. */
export function lineList() {
  const el = h("ol", { class: "journal", "aria-label": "Lines of the journal, the latest first" });
  const update = (lines, pages) => keyed(el, withDays(lines), (one) => one.day ?? one.position, (one) => (one.day ? dayOf(one) : lineOf(one, pages)));
  return { el, update };
}

function dayOf({ at, day }) {
  const today = new Date().toDateString() === day;
  const name = new Date(at * 1000).toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric" });
  return h("li", { class: "journal-day" }, h("h2", {}, today ? `Today, ${name}` : name));
}

function lineOf(line, pages) {
  const [, group, symbol] = groupOf(line.kind);
  const text = linked(line.text.replace(/^-> /, "→ "), pages).map((part) => (part.href ? h("a", { href: part.href }, part.name) : part));
  return h(
    "li",
    { class: "journal-line", data: { tone: toneOf(line), position: line.position } },
    h("time", { class: "number muted small", datetime: iso(line.at), title: `${clock(line.at, 0)} · line ${line.position}` }, clock(line.at, line.at)),
    icon(symbol, group),
    h("span", { class: "journal-text" }, text),
  );
}
