// The two options of the manual's dialog: remote maintenance and remote shutdown, each with its seconds.
import { h, setText } from "../dom.js";
import { duration } from "../time.js";
import { segmented, toggle } from "../ui/choose.js";
import { field } from "../ui/form.js";

const WORDS = {
  maintenance: {
    legend: "Remote maintenance",
    enable: "Enable remote maintenance",
    hint: "The host enters maintenance mode: its VMs migrate to other hosts of the pool. It is not shut down.",
    after: "Enter maintenance mode after battery discharge",
  },
  shutdown: {
    legend: "Remote shutdown",
    enable: "Enable remote shutdown",
    hint: "The VMs migrate first, then the host shuts down. A VM that finds no place is shut down cleanly.",
    after: "Enter shutdown mode after battery discharge",
  },
};

/**
 * One option. `choice` is changed in place; `differ`: {enabled, after} in words, where the hosts differ; `onChange()`.
 * Returns {el, show() (the choice was changed from elsewhere), error(text)}.
 */
export function option(name, choice, differ, onChange) {
  const words = WORDS[name];
  const [enabledKey, afterKey] = [`${name}_enabled`, `${name}_after`];
  const set = (enabled) => {
    choice[enabledKey] = enabled;
    show();
    onChange();
  };
  const mixed = choice[enabledKey] === undefined;
  const pick = mixed
    ? segmented(words.enable, [["", "As it is"], ["on", "Enable"], ["off", "Disable"]], { value: "", labelled: true, onChange: (value) => set(value === "" ? undefined : value === "on") })
    : toggle(enabledKey, words.enable, { checked: choice[enabledKey], hint: words.hint, onChange: set });
  const seconds = field(afterKey, words.after, {
    type: "number",
    unit: "seconds",
    value: choice[afterKey] ?? null,
    hint: differ.after ? `They differ: ${differ.after}. Leave it empty to keep them.` : "",
    attrs: { min: 0, max: 604800, step: "any", inputmode: "numeric", placeholder: differ.after ? "as it is" : null },
  });
  const read = h("span", { class: "muted small read" });
  seconds.input.parentElement.append(read);
  seconds.input.addEventListener("input", () => {
    choice[afterKey] = seconds.value ?? (differ.after ? undefined : null);
    show();
    onChange();
  });

  function show() {
    const enabled = choice[enabledKey];
    if (mixed) pick.value = enabled === undefined ? "" : enabled ? "on" : "off";
    else pick.value = enabled;
    if (choice[afterKey] !== undefined && choice[afterKey] !== null) seconds.value = choice[afterKey];
    seconds.input.disabled = enabled === false;
    const value = choice[afterKey];
    setText(read, value >= 60 ? `= ${duration(value)}` : "");
  }

  show();
  const more = mixed && differ.enabled ? h("p", { class: "hint" }, `Enabled on ${differ.enabled}.`) : null;
  const el = h("fieldset", { class: "group" }, h("legend", { class: mixed ? null : "unseen" }, words.legend), pick.el, more, seconds.el);
  return { el, show, error: (text) => seconds.error(text), focus: () => seconds.input.focus() };
}
