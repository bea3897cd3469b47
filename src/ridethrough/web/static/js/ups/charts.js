// A UPS's past: charge, load, runtime and input, and when it was on battery.
import { get } from "../api.js";
import { h, refill } from "../dom.js";
import { siteNow } from "../live.js";
import { clock, duration } from "../time.js";
import { lineChart } from "../ui/chart.js";
import { segmented } from "../ui/choose.js";
import { note } from "../ui/status.js";
import { timeline } from "../ui/timeline.js";

const AGAIN = { hour: 30_000, day: 120_000, week: 600_000, quarter: 3_600_000 }; // ms
const SPANS = [["hour", "Hour"], ["day", "Day"], ["week", "Week"], ["quarter", "90 days"]];
const TONES = { good: ["good", "utility power"], settling: ["info", "settling"], "on battery": ["battery", "on battery"], off: ["lost", "off"], unknown: ["unknown", "unknown"] };

/** Bars of one condition each, from the points of a chart. A gap is a time in which nothing was heard. */
export function conditionBars(points, step) {
  const bars = [];
  for (const point of points) {
    const last = bars.at(-1);
    const [tone, text] = TONES[point.condition] ?? TONES.unknown;
    if (last && last.text === text && point.at - last.to < 0.5 * step) last.to = point.at + step;
    else bars.push({ from: point.at, to: point.at + step, text, tone, state: "running" });
  }
  return bars;
}

/** Returns {el}. */
export function charts(id) {
  const charge = lineChart("Charge", { unit: "%" });
  const load = lineChart("Load", { unit: "%" });
  const runtime = lineChart("Runtime", { format: (value) => duration(value * 60) });
  const input = lineChart("Input", { unit: "V" });
  const past = timeline("Condition over time");
  const trouble = h("div", {});
  const choice = segmented("How far back", SPANS, { value: "hour", onChange: () => fetchPast() });
  const head = h("div", { class: "panel-head" }, h("h2", { id: "ups-past" }, "The past"), choice.el);
  const el = h("section", { class: "panel", "aria-labelledby": "ups-past" }, head, trouble, past.el, h("div", { class: "ups-charts" }, [charge, load, runtime, input].map((one) => one.el)));
  let timer = null;
  let asked = 0;

  async function fetchPast() {
    clearTimeout(timer);
    const mine = ++asked;
    const span = choice.value;
    try {
      const found = await get(`/upses/${encodeURIComponent(id)}/history`, { query: { span } });
      if (mine === asked) show(found);
      refill(trouble);
    } catch (error) {
      if (mine === asked) refill(trouble, note("warning", error.message));
    }
    if (mine === asked) timer = setTimeout(fetchPast, AGAIN[span]);
  }

  function show(found) {
    const common = { from: found.from_at, to: found.until_at, now: siteNow(), gap: 2.5 * found.step };
    const series = (name, key, share = 1) => [{ name, points: found.points.map((point) => scaled(point, key, share)) }];
    charge.update({ ...common, series: series("Charge", "charge"), low: 0, high: 100 });
    load.update({ ...common, series: series("Load", "load"), low: 0, high: 100 });
    runtime.update({ ...common, series: series("Runtime", "runtime", 1 / 60), low: 0 });
    input.update({ ...common, series: series("Input", "input_volts") });
    const seconds = found.until_at - found.from_at < 86400 * 2;
    past.update({ from: found.from_at, to: found.until_at, rows: [{ label: "Power", bars: conditionBars(found.points, found.step) }], format: (at) => (seconds ? clock(at, at, { seconds: false }) : clock(at, 0, { seconds: false }).split(",")[0]) });
  }

  fetchPast();
  return { el };
}

function scaled(point, key, share) {
  const value = point[key];
  if (!value) return { at: point.at, mean: null };
  return { at: point.at, min: value.min * share, mean: value.mean * share, max: value.max * share };
}
