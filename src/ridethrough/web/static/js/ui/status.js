// A state as shape, colour and word together: never colour alone.
import { h, icon, setData, setIcon, setText } from "../dom.js";
import { countdown } from "../time.js";

/**
 * A state's icon and label. `state` is {tone, icon, label} (words.js). Returns {el, update(state)}.
 * `plain`: only the icon has the colour.
 */
export function status(state, { plain = false } = {}) {
  const sign = icon(state.icon);
  const label = h("span", {}, state.label);
  const el = h("span", { class: plain ? "status plain" : "status", data: { tone: state.tone } }, sign, label);
  const update = (next) => {
    setData(el, "tone", next.tone);
    setIcon(sign, next.icon);
    setText(label, next.label);
  };
  return { el, update };
}

/** A small rounded label with a tone. */
export function chip(text, tone = null, symbol = null) {
  return h("span", { class: "chip", data: { tone } }, symbol && icon(symbol), text);
}

/** A box that says something important: a note with an icon. `content` may be a string or nodes. */
export function note(tone, content, symbol = null) {
  const signs = { info: "info", good: "good", warning: "warning", low: "low", danger: "warning", lost: "lost" };
  return h("div", { class: "note", data: { tone } }, icon(symbol ?? signs[tone] ?? "info"), h("div", {}, content));
}

/** What stands above what was worked out ahead, while the site is not armed. */
export function dryRun() {
  return note("info", [h("strong", {}, "Dry run: "), "none of this would be done. This is what it would do if armed."], "dry");
}

/** What stands in place of a list that has nothing: say why, and what to do. */
export function empty(symbol, text, ...actions) {
  return h("div", { class: "empty" }, icon(symbol), h("p", {}, text), actions);
}

/** A big number with its label. Returns {el, update(value, unit)}. */
export function figure(label, value = "–", unit = "", tone = null) {
  const number = h("span", {});
  const small = h("small", {});
  const shown = h("span", { class: "figure-value" }, number, small);
  const el = h("div", { class: "figure", data: { tone } }, shown, h("span", { class: "figure-label" }, label));
  const update = (next, nextUnit = "", nextTone = null) => {
    setText(number, next);
    setText(small, nextUnit ? ` ${nextUnit}` : "");
    setData(el, "tone", nextTone);
    shown.classList.toggle("tone", Boolean(nextTone));
  };
  update(value, unit, tone);
  return { el, update };
}

/** The smallest margin of an outage that was played, to the second: "1:54 min", "45 s", "−12 s". */
export function marginFigure(seconds) {
  const whole = Math.floor(seconds);
  const tone = whole < 0 ? "lost" : whole < 60 ? "battery" : null;
  const [value, unit] = Math.abs(whole) < 100 ? [String(whole).replace("-", "−"), "s"] : [(whole < 0 ? "−" : "") + countdown(Math.abs(whole)), Math.abs(whole) < 3600 ? "min" : "h"];
  return figure("smallest margin", value, unit, tone).el;
}
