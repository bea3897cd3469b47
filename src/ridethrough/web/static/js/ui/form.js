// Form fields with their hints and errors, and a form that shows what the server found wrong.
import { h, icon, refill, setAttr, uniqueId } from "../dom.js";
import { button } from "./button.js";

/**
 * A labelled field. `options`: type ("text", "password", "number", "textarea", "select", ...), value, hint, unit,
 * required, choices ([[value, label], ...] for a select), attrs (further attributes: autocomplete, min, max, placeholder, ...).
 * Returns {el, input, name, value (get and set), error(text)}. A number's value is a number, or null when it is empty.
 */
export function field(name, label, options = {}) {
  const { type = "text", hint = "", unit = "", required = false, choices = [], attrs = {} } = options;
  const id = uniqueId("field");
  const hintEl = hint ? h("p", { class: "hint", id: `${id}-hint` }, hint) : null;
  const errorEl = h("p", { class: "error", id: `${id}-error` });
  const described = [hint && `${id}-hint`, `${id}-error`].filter(Boolean).join(" ");
  const common = { id, name, class: "input", required, "aria-describedby": described, ...attrs };
  const input = makeInput(type, common, choices);
  const el = h(
    "div",
    { class: "field" },
    h("label", { for: id }, label),
    unit ? h("div", { class: "with-unit" }, input, h("span", { class: "muted" }, unit)) : input,
    hintEl,
    errorEl,
  );
  const made = {
    el,
    input,
    name,
    get value() {
      if (type === "number") return input.value === "" ? null : Number(input.value);
      return input.value;
    },
    set value(next) {
      const text = next === null || next === undefined ? "" : String(next);
      if (input.value !== text) input.value = text;
    },
    error(text) {
      setAttr(input, "aria-invalid", text ? "true" : null);
      refill(errorEl, text ? [icon("warning"), h("span", {}, text)] : []);
    },
  };
  if (options.value !== undefined) made.value = options.value;
  input.addEventListener("input", () => made.error(""));
  return made;
}

function makeInput(type, common, choices) {
  if (type === "textarea") return h("textarea", common);
  if (type === "select") return h("select", common, choices.map(([value, text]) => h("option", { value }, text)));
  return h("input", { type, ...common });
}

/**
 * A form. `fields`: what `field` made (or {el} only). `onSubmit(values)` may throw an ApiError: its `fields` are shown
 * at the inputs, the rest above the button. Returns {el, submit (the button), error(text)}.
 */
export function form({ fields, submit, kind = "primary", onSubmit, extra = [] }) {
  const problem = h("div", { class: "form-error", role: "alert", hidden: true });
  const press = button(submit, { kind, type: "submit" });
  const el = h("form", { class: "form", novalidate: true }, fields.map((one) => one.el), problem, h("div", { class: "row row-end" }, extra, press));
  const inputs = fields.filter((one) => one.input);
  const error = (text) => {
    problem.hidden = !text;
    problem.textContent = text ?? "";
  };
  el.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (press.getAttribute("aria-disabled") === "true" || press.getAttribute("aria-busy") === "true") return;
    error("");
    if (!complete(inputs)) return;
    press.setAttribute("aria-busy", "true");
    try {
      await onSubmit(Object.fromEntries(inputs.map((one) => [one.name, one.value])));
    } catch (failure) {
      showFailure(failure, inputs, error);
    } finally {
      press.removeAttribute("aria-busy");
    }
  });
  return { el, submit: press, error };
}

// The browser's own words for what is missing, at the field itself.
function complete(inputs) {
  const wrong = inputs.filter((one) => !one.input.disabled && !one.input.checkValidity());
  for (const one of inputs) one.error(wrong.includes(one) ? one.input.validationMessage : "");
  wrong[0]?.input.focus();
  return wrong.length === 0;
}

function showFailure(failure, inputs, error) {
  if (failure.name === "AbortError") return;
  if (failure.name !== "ApiError") console.error(failure);
  const left = [];
  let firstWrong = null;
  for (const [name, text] of Object.entries(failure.fields ?? {})) {
    const found = inputs.find((one) => one.name === name);
    if (found) {
      found.error(text);
      firstWrong ??= found;
    } else {
      left.push(name ? `${name}: ${text}` : text);
    }
  }
  error(Object.keys(failure.fields ?? {}).length ? left.join(" ") : failure.message);
  firstWrong?.input.focus();
}
