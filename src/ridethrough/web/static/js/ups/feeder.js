// On which feeder a UPS hangs, what hangs there besides, and its change in site.toml.
import { feederField } from "../add/feeder.js";
import { covers, whoAmI } from "../api.js";
import { h, icon, setAttr, setText } from "../dom.js";
import { listed } from "../hosts/words.js";
import { saveChange } from "../hosts/save.js";
import { feederState } from "../site/feeders.js";
import { button } from "../ui/button.js";
import { openDialog } from "../ui/dialog.js";
import { compare } from "../ui/table.js";
import { feederLabel, first } from "../words.js";

const TELLS = { flows: "", cut: "has failed", dead: "not known whether it has utility power" };

/** The change of site.toml that gives a UPS this feeder, or none. */
export function feederOperations(ups, feeder) {
  const path = ["ups", ups, "feeder"];
  return [feeder ? { op: "set", path, value: feeder } : { op: "remove", path }];
}

/** What is said of the feeder of a UPS: {title, text}. */
export function feederWords(row, upses) {
  if (!row.feeder) return { title: "Feeder not named", text: "Name what brings utility power to it, where other UPSs hang on the same." };
  const all = [...upses.values()].filter((one) => one.feeder === row.feeder);
  const others = all.map((one) => one.id).filter((id) => id !== row.id).sort(compare);
  const shared = others.length ? `shared with ${listed(others)}` : "no other UPS hangs on it";
  return { title: feederLabel(row.feeder), text: first([TELLS[feederState(all).class], shared].filter(Boolean).join("; ")) };
}

/** Returns {el, update(row, state)}. */
export function feeder() {
  const sign = icon("utility");
  const title = h("strong", {});
  const text = h("span", { class: "muted small" });
  const change = button("Change…", { kind: "quiet small", onClick: () => ask(shown) });
  const el = h("div", { class: "ups-feeder" }, sign, h("div", {}, title, text), change);
  let shown = null;
  change.hidden = true;
  whoAmI().then(({ role }) => (change.hidden = !covers(role, "administer")));
  function update(row, state) {
    shown = row;
    const words = feederWords(row, state.upses);
    setText(title, words.title);
    setText(text, words.text);
    setAttr(change, "aria-label", `Change the feeder of ${row.id}`);
  }
  return { el, update };
}

function ask(row) {
  const name = feederField({ value: row.feeder, hint: "Any name: the supply, or the circuit breaker. UPSs of the same name lose utility power together. Empty: not known." });
  const go = button("Next", { kind: "primary", onClick: () => next() });
  const stop = button("Cancel", { kind: "quiet", onClick: () => dialog.close() });
  const submit = (event) => {
    event.preventDefault();
    next();
  };
  const body = h("form", { class: "form", novalidate: true, on: { submit } }, name.el);
  const dialog = openDialog({ title: `The feeder of ${row.id}`, body, actions: [stop, go] });

  function next() {
    const feeder = name.value.trim();
    if (feeder === row.feeder) return dialog.close();
    dialog.close();
    return saveChange(`The feeder of ${row.id}`, feederOperations(row.id, feeder));
  }
}
