// A line chart of values over time: the mean as a line, lowest to highest as a band; the same as a table on request.
import { h, refill, s, setAttr, setText, uniqueId } from "../dom.js";
import { clock } from "../time.js";
import { linear, ticks, timeTicks } from "./scale.js";
import { atWidth } from "./width.js";

const MARGIN = { left: 44, right: 8, top: 8, bottom: 22 };

/**
 * `title` names it; `unit` stands behind each value. `update({series: [{name, points: [{at, mean, min, max}]}], from, to, now, low, high, marks: [{at, label}]})`:
 * moments in seconds since 1970; `low`/`high` fix the axis; a gap longer than `gap` seconds breaks the line.
 * Left and right move the cursor, Home and End go to the ends. Returns {el, update}.
 */
export function lineChart(title, { unit = "", height = 180, gap = Infinity, format = (value) => `${round(value)} ${unit}`.trim() } = {}) {
  const id = uniqueId("chart");
  let wide = 640; // until the page has a width
  const picture = s("svg", { height, role: "img", tabindex: "0", "aria-labelledby": `${id} ${id}-read` });
  const read = h("p", { class: "chart-read", id: `${id}-read`, "aria-live": "polite" });
  const rows = h("tbody", {});
  const headRow = h("tr", {});
  const numbers = h("details", {}, h("summary", { class: "small muted" }, "Show as a table"), h("div", { class: "table-wrap" }, h("table", { class: "table" }, h("thead", {}, headRow), rows)));
  const el = h("figure", { class: "chart" }, h("figcaption", { id }, h("h3", {}, title)), picture, read, numbers);
  let data = { series: [], from: 0, to: 1 };
  let at = null;
  let x = (value) => value;
  const cursor = s("g", {});

  atWidth(el, (next, scale) => {
    wide = next / scale;
    setAttr(picture, "height", height * scale);
    draw();
  });

  function draw() {
    setAttr(picture, "viewBox", `0 0 ${wide} ${height}`);
    const { from, to, now } = data;
    const values = data.series.flatMap((one) => one.points.flatMap((p) => [p.min ?? p.mean, p.max ?? p.mean]));
    const known = values.filter((value) => value !== null && value !== undefined);
    const low = data.low ?? Math.min(...known, Infinity);
    const high = data.high ?? Math.max(...known, -Infinity);
    const [bottom, top] = low < high ? [low, high] : [Number.isFinite(low) ? low - 1 : 0, Number.isFinite(low) ? low + 1 : 1];
    x = linear(from, to, MARGIN.left, wide - MARGIN.right);
    const y = linear(bottom, top, height - MARGIN.bottom, MARGIN.top);
    const across = ticks(bottom, top).map((value) => [
      s("line", { class: "axis", x1: MARGIN.left, x2: wide - MARGIN.right, y1: y(value), y2: y(value) }),
      s("text", { x: MARGIN.left - 6, y: y(value) + 4, "text-anchor": "end" }, round(value)),
    ]);
    const zone = new Date((now ?? to) * 1000).getTimezoneOffset() * 60;
    const along = timeTicks(from, to, Math.max(2, Math.floor(wide / 90)), zone).map((moment) => s("text", { x: x(moment), y: height - 6, "text-anchor": "middle" }, label(moment, to - from)));
    const marks = (data.marks ?? []).map((mark) => s("line", { class: "cursor", x1: x(mark.at), x2: x(mark.at), y1: MARGIN.top, y2: height - MARGIN.bottom }, s("title", {}, mark.label)));
    const lines = data.series.map((one, n) => s("g", { class: `series-${n + 1}` }, pieces(one.points, gap).map((part) => [s("path", { class: "band", d: band(part, x, y) }), s("path", { class: "mean", d: path(part, x, y) })])));
    picture.replaceChildren(...[across, along, marks, lines, cursor].flat(Infinity));
    point(y);
    if (!known.length) setText(read, "Nothing is recorded for this time.");
  }

  function point(y) {
    cursor.replaceChildren();
    if (at === null) return setText(read, summary(data.series, format));
    cursor.append(s("line", { class: "cursor", x1: x(at), x2: x(at), y1: MARGIN.top, y2: height - MARGIN.bottom }));
    const words = data.series.map((one, n) => {
      const near = nearest(one.points, at);
      if (!near || near.mean === null || near.mean === undefined) return null;
      if (y) cursor.append(s("circle", { class: `dot series-${n + 1}`, cx: x(near.at), cy: y(near.mean), r: 4 }));
      const range = near.min !== undefined && near.max !== undefined && near.min !== near.max ? ` (${round(near.min)} to ${format(near.max)})` : "";
      return `${one.name} ${format(near.mean)}${range}`;
    });
    return setText(read, `${clock(at, data.now ?? data.to)}: ${words.filter(Boolean).join(", ") || "not known"}`);
  }

  picture.addEventListener("pointermove", (event) => {
    const box = picture.getBoundingClientRect();
    seek(data.from + (((event.clientX - box.left) / box.width) * wide - MARGIN.left) * ((data.to - data.from) / (wide - MARGIN.left - MARGIN.right)));
  });
  picture.addEventListener("pointerleave", () => seek(null));
  picture.addEventListener("blur", () => seek(null));
  picture.addEventListener("keydown", (event) => {
    const points = data.series[0]?.points ?? [];
    if (!points.length) return;
    const here = at === null ? points.length - 1 : points.indexOf(nearest(points, at));
    const steps = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: points.length - 1 };
    if (!(event.key in steps)) return;
    event.preventDefault();
    seek(points[Math.min(points.length - 1, Math.max(0, steps[event.key]))].at);
  });
  function seek(moment) {
    const near = moment === null ? null : nearest(data.series.flatMap((one) => one.points), moment);
    at = near?.at ?? null;
    draw();
  }

  numbers.addEventListener("toggle", fillTable);
  function fillTable() {
    if (!numbers.open) return;
    refill(headRow, h("th", { scope: "col" }, "Time"), data.series.map((one) => h("th", { scope: "col", class: "end" }, one.name)));
    const moments = [...new Set(data.series.flatMap((one) => one.points.map((p) => p.at)))].sort((a, b) => b - a).slice(0, 400);
    const cell = (one, moment) => one.points.find((p) => p.at === moment)?.mean;
    refill(rows, moments.map((moment) => h("tr", {}, h("td", {}, clock(moment, data.now)), data.series.map((one) => h("td", { class: "end" }, shown(cell(one, moment), format))))));
  }

  const update = (next) => {
    data = next;
    setAttr(picture, "data-points", next.series[0]?.points.length ?? 0);
    draw();
    fillTable();
  };
  return { el, update };
}

function shown(value, format) {
  return value === null || value === undefined ? "–" : format(value);
}

function summary(series, format) {
  return series.map((one) => `${one.name}: now ${shown(one.points.at(-1)?.mean, format)}`).join("; ");
}

/** The points in pieces: broken where a value is unknown, or where more than `gap` seconds lie between two. */
export function pieces(points, gap) {
  const found = [];
  let part = [];
  for (const point of points) {
    const known = point.mean !== null && point.mean !== undefined;
    if (part.length && (!known || point.at - part.at(-1).at > gap)) {
      found.push(part);
      part = [];
    }
    if (known) part.push(point);
  }
  return part.length ? [...found, part] : found;
}

function path(part, x, y) {
  return part.map((p, n) => `${n ? "L" : "M"}${x(p.at).toFixed(1)} ${y(p.mean).toFixed(1)}`).join("") + (part.length === 1 ? "h1" : "");
}

function band(part, x, y) {
  const over = part.map((p, n) => `${n ? "L" : "M"}${x(p.at).toFixed(1)} ${y(p.max ?? p.mean).toFixed(1)}`);
  const under = [...part].reverse().map((p) => `L${x(p.at).toFixed(1)} ${y(p.min ?? p.mean).toFixed(1)}`);
  return [...over, ...under].join("") + "Z";
}

function nearest(points, at) {
  return points.reduce((best, p) => (best === null || Math.abs(p.at - at) < Math.abs(best.at - at) ? p : best), null);
}

function label(moment, span) {
  const date = new Date(moment * 1000);
  if (span > 4 * 86400) return date.toLocaleDateString([], { day: "numeric", month: "short" });
  return date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: span < 600 ? "2-digit" : undefined, hourCycle: "h23" });
}

function round(value) {
  return Math.abs(value) >= 100 ? Math.round(value).toString() : String(Number(value.toFixed(1)));
}
