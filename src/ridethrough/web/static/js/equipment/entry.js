// One key of site.toml, to be entered: made from its field, with what the schema tells of it.
import { h, icon, refill, uniqueId } from "../dom.js";
import { duration } from "../time.js";
import { ticks, toggle } from "../ui/choose.js";
import { field } from "../ui/form.js";

const MOST_WAYS = 4;
const WHERE = /^Where .* is kept\.$/; // what site.toml says of a password, and its form says in other words
const ORDER = ["First", "Then", "Then", "At last"];

/** Returns {el, value (get), error(text), focus()}. `value`: as it is; `about`: {description, default, examples}; `names(of)`: the names of these sections. */
export function entry(one, value, about, names) {
  const hint = hintOf(one, about);
  const make = { names: named, ways, yes, secret, fixed }[one.as] ?? typed;
  return make(one, value, hint, names, about);
}

/** What is said below a field: what the key means, and what holds where it is empty. */
export function hintOf({ as }, { description = "", default: usual }) {
  if (as === "secret") return WHERE.test(description) ? "" : `${description} `;
  const isTold = typeof usual === "number" || (as === "text" && usual);
  return isTold ? `${description} Empty: ${as === "seconds" ? duration(usual) : usual}.` : description;
}

function typed(one, value, hint, _, about) {
  const example = [about.examples?.[0]].flat()[0];
  const isNumber = one.as === "seconds" || one.as === "number";
  const type = { list: "textarea", choice: "select", seconds: "number", number: "number" }[one.as] ?? "text";
  const made = field(one.key, one.label, {
    type, hint, choices: one.choices, unit: one.as === "seconds" ? "seconds" : "",
    value: one.as === "list" ? value.join("\n") : value,
    attrs: {
      autocomplete: "off", spellcheck: "false", step: isNumber ? "any" : null, min: isNumber ? 0 : null, inputmode: isNumber ? "numeric" : null, rows: one.as === "list" ? 2 : null,
      placeholder: typeof example === "string" && type !== "select" && !isNumber ? example : null,
    },
  });
  const read = () => {
    if (one.as === "list") return made.value.split("\n").map((line) => line.trim()).filter(Boolean);
    return typeof made.value === "string" ? made.value.trim() : made.value;
  };
  return { el: made.el, get value() { return read(); }, error: made.error, focus: () => made.input.focus() };
}

// Whatever is named though no section has the name stays to be seen, and can be taken out.
function named(one, value, hint, names) {
  const known = names(one.of);
  const all = [...known, ...value.filter((name) => !known.some(([id]) => id === name)).map((name) => [name, `${name} (not in site.toml)`])];
  const made = ticks(one.label, all, { value, hint: all.length ? hint : `${hint} None is in site.toml yet.` });
  const before = value.filter((name) => all.some(([id]) => id === name));
  return {
    el: made.el,
    // In the order in which they stood, what is new behind.
    get value() { return [...before.filter((name) => made.value.includes(name)), ...made.value.filter((name) => !before.includes(name))]; },
    error: made.error,
    focus: made.focus,
  };
}

function yes(one, value, hint) {
  const made = toggle(one.key, one.label, { checked: value, hint });
  const problem = problemLine();
  return { el: h("div", { class: "field" }, h("div", {}, made.el), problem.el), get value() { return made.value; }, error: problem.error, focus: () => made.input.focus() };
}

function fixed(one, value, hint) {
  const el = h("div", { class: "field" }, h("span", { class: "legend" }, one.label), h("code", {}, [value].flat().join(" ")), h("p", { class: "hint" }, `${hint} It can only be changed in site.toml itself.`));
  return { el, get value() { return value; }, error() {}, focus() {} };
}

// A secret is never shown: its name is, and what is typed takes its place.
function secret(one, value, hint) {
  const says = value ? `Kept as ${value}. Empty: as it is.` : "Kept in a file of its own; site.toml only names it.";
  const made = field(one.key, one.label, { type: "password", hint: `${hint}${says} Or "secret:NAME", for one that is kept already.`, attrs: { autocomplete: "new-password", maxlength: 5000 } });
  const drop = h("input", { type: "checkbox" });
  const el = h("div", { class: "field" }, made.el, value && h("label", { class: "check" }, drop, "Take it out of site.toml"));
  return { el, get value() { return made.value || (drop.checked ? null : ""); }, error: made.error, focus: () => made.input.focus() };
}

// Ways in the order in which they are tried: one list below the other, as many as are chosen and one more.
function ways(one, value, hint) {
  const id = uniqueId("ways");
  const picks = Array.from({ length: MOST_WAYS }, (_, n) => field(`${one.key}-${n}`, ORDER[n], { type: "select", choices: n ? [["", "Nothing more"], ...one.choices] : one.choices, value: value[n] ?? (n ? "" : one.choices[0][0]) }));
  const problem = problemLine();
  const el = h("fieldset", { class: "field ways", "aria-describedby": id }, h("legend", {}, one.label), picks.map((pick) => pick.el), h("p", { class: "hint", id }, hint), problem.el);
  const chosen = () => {
    const found = picks.map((pick) => pick.value);
    const end = found.indexOf("");
    return end < 0 ? found : found.slice(0, end);
  };
  const show = () => {
    const number = chosen().length;
    picks.forEach((pick, n) => (pick.el.hidden = n > number));
    problem.error("");
  };
  el.addEventListener("change", show);
  show();
  return { el, get value() { return chosen(); }, error: problem.error, focus: () => picks[0].input.focus() };
}

function problemLine() {
  const el = h("p", { class: "error" });
  return { el, error: (text) => refill(el, text ? [icon("warning"), h("span", {}, text)] : []) };
}
