// A time line: rows with bars for steps, upright lines for deadlines, and where now is.
import { h, s, setAttr, uniqueId } from "../dom.js";
import { duration } from "../time.js";
import { linear, timeTicks } from "./scale.js";

const ROW = 30;
const HEAD = 36;
const LABEL = 150;

/**
 * `update({from, to, now, rows: [{label, bars: [{from, to, text, tone, state}]}], marks: [{at, label, tone}], format})`: moments in seconds, of any
 * origin; a bar's `state` is "done", "running" or "next"; `now` may be null; `format(at)` names a moment on the axis (default: the duration since `from`).
 * Returns {el, update}. A list with the same content stands behind it for screen readers.
 */
export function timeline(title, { width = 900 } = {}) {
  const id = uniqueId("timeline");
  const picture = s("svg", { role: "img", "aria-labelledby": id, "aria-describedby": `${id}-list` });
  const words = h("ul", { class: "unseen", id: `${id}-list` });
  const el = h("figure", { class: "timeline" }, h("figcaption", { class: "unseen", id }, title), picture, words);

  function update({ from, to, now = null, rows, marks = [], format = (at) => duration(at - from) }) {
    const height = HEAD + rows.length * ROW + 24;
    const x = linear(from, to, LABEL, width - 12);
    const end = HEAD + rows.length * ROW;
    setAttr(picture, "viewBox", `0 0 ${width} ${height}`);
    const grid = timeTicks(from, to, Math.max(2, Math.min(8, Math.floor((width - LABEL) / 62))), from).map((at) => [
      s("line", { class: "grid", x1: x(at), x2: x(at), y1: HEAD - 4, y2: end }),
      s("text", { x: x(at), y: height - 6, "text-anchor": "middle" }, format(at)),
    ]);
    const lines = rows.map((row, n) => rowOf(row, HEAD + n * ROW, x, width));
    const lanes = lanesOf(marks, x);
    const deadlines = marks.map((mark, n) => s(
      "g",
      { data: { tone: mark.tone ?? "low" } },
      s("line", { class: "mark", x1: x(mark.at), x2: x(mark.at), y1: 14 + lanes[n] * 13, y2: end }),
      s("text", { class: "mark-text", x: x(mark.at), y: 11 + lanes[n] * 13, "text-anchor": x(mark.at) > width * 0.75 ? "end" : "middle" }, mark.label),
    ));
    const present = now === null ? [] : [s("line", { class: "now", x1: x(now), x2: x(now), y1: HEAD - 8, y2: end }), s("title", {}, "now")];
    picture.replaceChildren(...[grid, lines, deadlines, present].flat(Infinity));
    words.replaceChildren(
      ...rows.flatMap((row) => row.bars.map((bar) => h("li", {}, `${row.label}: ${bar.text}, ${format(bar.from)} to ${format(bar.to)}${bar.state ? `, ${bar.state}` : ""}`))),
      ...marks.map((mark) => h("li", {}, `${mark.label}: ${format(mark.at)}`)),
    );
  }
  return { el, update };
}

function rowOf(row, top, x, width) {
  const bars = row.bars.map((bar) => {
    const left = Math.max(LABEL, x(bar.from));
    const wide = Math.max(3, Math.min(x(bar.to), width - 12) - left);
    const fits = wide > bar.text.length * 6.4 + 8;
    return s(
      "g",
      { data: { tone: bar.tone ?? "info" } },
      s("rect", { class: "bar", x: left, y: top + 4, width: wide, height: ROW - 9, rx: 4, data: { state: bar.state } }, s("title", {}, bar.text)),
      fits && s("text", { class: "bar-text", x: left + 6, y: top + ROW / 2 + 4 }, bar.text),
    );
  });
  return [s("text", { class: "row-label", x: 0, y: top + ROW / 2 + 4 }, shorten(row.label, 22)), s("line", { class: "grid", x1: 0, x2: width, y1: top + ROW - 0.5, y2: top + ROW - 0.5 }), bars];
}

// Labels of deadlines that stand close go one above the other.
function lanesOf(marks, x) {
  const ends = [-Infinity, -Infinity];
  const lanes = marks.map(() => 0);
  const order = marks.map((_, n) => n).sort((a, b) => marks[a].at - marks[b].at);
  for (const n of order) {
    const half = marks[n].label.length * 3.4;
    const lane = ends[0] < x(marks[n].at) - half ? 0 : 1;
    ends[lane] = x(marks[n].at) + half;
    lanes[n] = lane;
  }
  return lanes;
}

function shorten(text, most) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
