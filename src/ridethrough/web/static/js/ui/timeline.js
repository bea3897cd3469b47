// A time line: rows with bars for steps, upright lines for deadlines, and where now is.
import { h, s, setAttr, uniqueId } from "../dom.js";
import { countdown, duration } from "../time.js";
import { linear, timeTicks } from "./scale.js";
import { atWidth } from "./width.js";

const ROW = 30;
const NARROW = 560; // pixels: below, a row's label stands above its bars
const LETTER = 6.6; // pixels of a letter, about
const SHAPES = {
  down: "M-4.5 0h9l-4.5 6.5Z",
  diamond: "M0 -1l4.5 4.5l-4.5 4.5l-4.5 -4.5Z",
  square: "M-4 -0.5h8v8h-8Z",
  cross: "M-4.5 1l1.5 -1.5l3 3l3 -3l1.5 1.5l-3 3l3 3l-1.5 1.5l-3 -3l-3 3l-1.5 -1.5l3 -3Z",
  up: "M-4.5 7h9l-4.5 -6.5Z",
  bars: "M-4 -0.5h3v8h-3ZM1 -0.5h3v8h-3Z",
};

/**
 * `update({from, to, now, rows: [{label, bars: [{from, to, text, tone, state}], marks: [{at, label, tone}]}], marks: [{at, label, tone}], format})`:
 * moments in seconds, of any origin; a bar's `state` is "done", "running" or "next"; `now` may be null; a row's marks stand in the row alone;
 * a mark's `shape` is one of SHAPES; with `legend` each kind of mark and bar is named below; `format(at)` names a moment (default: the duration since `from`). `width` is used until the page has one.
 * Returns {el, update}. A list with the same content stands behind it for screen readers.
 */
export function timeline(title, { width = 900 } = {}) {
  const id = uniqueId("timeline");
  const picture = s("svg", { role: "img", "aria-labelledby": id, "aria-describedby": `${id}-list` });
  const words = h("ul", { class: "unseen", id: `${id}-list` });
  const kinds = h("ul", { class: "timeline-legend small muted", "aria-hidden": "true", hidden: true });
  const el = h("figure", { class: "timeline" }, h("figcaption", { class: "unseen", id }, title), picture, words, kinds);
  let last = null;
  let wide = width;
  let scale = 1;
  atWidth(el, (next, nextScale) => {
    scale = nextScale;
    wide = next / scale;
    if (last) draw(last);
  });

  function draw({ from, to, now = null, rows, marks = [], legend = false, format }) {
    const named = format ?? ((at) => duration(at - from));
    const narrow = wide < NARROW;
    const place = { narrow, wide, label: narrow ? 0 : labelWidth(rows, wide), row: narrow ? ROW + 16 : ROW, head: marks.length ? 36 : 8 };
    const height = place.head + rows.length * place.row + 24;
    const x = linear(from, to, place.label, wide - 12);
    const end = place.head + rows.length * place.row;
    setAttr(picture, "viewBox", `0 0 ${wide} ${height}`);
    setAttr(picture, "height", height * scale);
    const steps = timeTicks(from, to, Math.max(2, Math.floor((wide - place.label) / 90)), from).filter((at) => x(at) < wide - 8);
    const grid = steps.map((at) => [
      s("line", { class: "grid", x1: x(at), x2: x(at), y1: place.head - 4, y2: end }),
      s("text", { x: x(at), y: height - 6, "text-anchor": x(at) < 20 ? "start" : x(at) > wide - 30 ? "end" : "middle" }, format ? format(at) : countdown(at - from)),
    ]);
    const lines = rows.map((row, n) => rowOf(row, place.head + n * place.row, x, place));
    const lanes = lanesOf(marks, x);
    const deadlines = marks.map((mark, n) => s(
      "g",
      { data: { tone: mark.tone ?? "low" } },
      s("line", { class: "mark", x1: x(mark.at), x2: x(mark.at), y1: 14 + lanes[n] * 13, y2: end }),
      s("text", { class: "mark-text", x: x(mark.at), y: 11 + lanes[n] * 13, "text-anchor": x(mark.at) > wide * 0.75 ? "end" : x(mark.at) < 40 ? "start" : "middle" }, mark.label),
    ));
    const present = now === null ? [] : [s("line", { class: "now", x1: x(now), x2: x(now), y1: place.head - 8, y2: end }, s("title", {}, "now"))];
    picture.replaceChildren(...[grid, lines, present, deadlines].flat(Infinity));
    kinds.hidden = !legend;
    if (legend) kinds.replaceChildren(...legendOf(rows));
    words.replaceChildren(
      ...rows.flatMap((row) => [
        ...row.bars.map((bar) => h("li", {}, `${row.label}: ${bar.text}, ${named(bar.from)} to ${named(bar.to)}${bar.state ? `, ${bar.state}` : ""}`)),
        ...(row.marks ?? []).map((mark) => h("li", {}, `${row.label}: ${mark.label}, ${named(mark.at)}`)),
      ]),
      ...marks.map((mark) => h("li", {}, `${mark.label}: ${named(mark.at)}`)),
    );
  }

  const update = (next) => {
    last = next;
    draw(next);
  };
  return { el, update };
}

function rowOf(row, top, x, { narrow, wide, label, row: tall }) {
  const above = narrow ? 16 : 0;
  const middle = top + above + ROW / 2;
  const bars = row.bars.map((bar) => {
    const left = Math.max(label, x(bar.from));
    const span = Math.max(3, Math.min(x(bar.to), wide - 12) - left);
    const room = Math.floor((span - 10) / LETTER);
    return s(
      "g",
      { data: { tone: bar.tone ?? "info" } },
      s("rect", { class: "bar", x: left, y: top + above + 4, width: span, height: ROW - 9, rx: 4, data: { state: bar.state } }, s("title", {}, bar.text)),
      room >= 5 && s("text", { class: "bar-text", x: left + 6, y: middle + 4 }, shorten(bar.text, room)),
    );
  });
  const marks = (row.marks ?? []).map((mark) => {
    const at = x(mark.at);
    return s(
      "g",
      { class: "row-mark", data: { tone: mark.tone ?? "low" } },
      s("line", { class: "mark", x1: at, x2: at, y1: top + above + 2, y2: top + above + ROW - 3 }),
      s("path", { class: "mark-head", transform: `translate(${at} ${top + above})`, d: SHAPES[mark.shape ?? "down"] }),
      s("title", {}, mark.label),
    );
  });
  const line = s("line", { class: "grid", x1: 0, x2: wide, y1: top + tall - 0.5, y2: top + tall - 0.5 });
  const name = s("text", { class: "row-label", x: 0, y: narrow ? top + 13 : middle + 4 }, shorten(row.label, narrow ? 40 : Math.floor(label / LETTER) - 1));
  return [name, line, bars, marks];
}

// Each kind of bar and mark once, by its words: a short bar has no room for them, and no pointer is needed to read them.
function legendOf(rows) {
  const bars = new Map(rows.flatMap((row) => row.bars).map((bar) => [bar.text, bar]));
  const marks = new Map(rows.flatMap((row) => row.marks ?? []).map((mark) => [mark.label, mark]));
  const one = (tone, sample, text) => h("li", { data: { tone } }, s("svg", { viewBox: "-9 -3 18 14", width: 18, height: 14 }, sample), text);
  return [
    ...[...bars.values()].map((bar) => one(bar.tone ?? "info", s("rect", { class: "bar", x: -8, y: -1, width: 16, height: 10, rx: 2, data: { state: bar.state === "next" ? "next" : "done" } }), bar.text)),
    ...[...marks.values()].map((mark) => one(mark.tone ?? "low", s("path", { class: "mark-head", d: SHAPES[mark.shape ?? "down"] }), mark.label)),
  ];
}

function labelWidth(rows, wide) {
  const longest = Math.max(6, ...rows.map((row) => row.label.length));
  return Math.min(longest * LETTER + 16, wide * 0.25);
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
  return text.length > most ? `${text.slice(0, Math.max(1, most - 1))}…` : text;
}
