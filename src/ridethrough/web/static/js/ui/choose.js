// Small choices: on or off, and one of a few.
import { h, icon, refill, uniqueId } from "../dom.js";

/** A switch. Returns {el, input, name, value (get and set)}; `onChange(checked)`. */
export function toggle(name, label, { checked = false, disabled = false, hint = "", onChange = null } = {}) {
  const id = uniqueId("toggle");
  const input = h("input", { type: "checkbox", role: "switch", name, disabled, ".checked": checked, "aria-describedby": hint ? id : null });
  const words = h("span", {}, label, hint && h("span", { class: "muted small", id, style: { display: "block" } }, hint));
  const el = h("label", { class: "toggle" }, input, words);
  input.addEventListener("change", () => onChange?.(input.checked));
  return {
    el,
    input,
    name,
    get value() {
      return input.checked;
    },
    set value(next) {
      input.checked = Boolean(next);
    },
    error() {},
  };
}

/**
 * One of a few, side by side. `options`: [[value, label, symbol?], ...]. Returns {el, value (get and set)};
 * `onChange(value)`.
 */
export function segmented(label, options, { value, onChange = null, labelled = false } = {}) {
  const name = uniqueId("segments");
  const inputs = options.map(([one, text, symbol]) => {
    const input = h("input", { type: "radio", name, value: one, ".checked": one === value });
    input.addEventListener("change", () => onChange?.(input.value));
    return { input, el: h("label", {}, input, symbol && icon(symbol), h("span", {}, text)) };
  });
  const el = h("div", { class: "segments", role: "radiogroup", "aria-label": label }, inputs.map((one) => one.el));
  return {
    el: labelled ? h("div", { class: "field" }, h("span", { class: "legend" }, label), h("div", {}, el)) : el,
    get value() {
      return inputs.find((one) => one.input.checked)?.input.value ?? null;
    },
    set value(next) {
      for (const one of inputs) one.input.checked = one.input.value === next;
    },
  };
}

/** Any number of a few, below each other. `options`: [[value, label], ...]. Returns {el, value (get): those that are ticked, in their order, error(text), focus()}. */
export function ticks(label, options, { value = [], hint = "" } = {}) {
  const id = uniqueId("ticks");
  const inputs = options.map(([one, text]) => {
    const input = h("input", { type: "checkbox", value: one, ".checked": value.includes(one) });
    return { input, el: h("label", { class: "check" }, input, text) };
  });
  const problem = h("p", { class: "error" });
  const list = h("div", { class: "ticks-list" }, inputs.map((one) => one.el));
  const el = h("fieldset", { class: "field ticks", "aria-describedby": hint ? id : null }, h("legend", {}, label), list, hint && h("p", { class: "hint", id }, hint), problem);
  return {
    el,
    error(text) {
      refill(problem, text ? [icon("warning"), h("span", {}, text)] : []);
    },
    focus() {
      inputs[0]?.input.focus();
    },
    get value() {
      return inputs.filter((one) => one.input.checked).map((one) => one.input.value);
    },
  };
}
