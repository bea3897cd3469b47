// UPSs that were found: ticked, named, added.
import { post } from "../api.js";
import { h, keyed, refill, setAttr, setData, setIcon, setText, icon } from "../dom.js";
import { live } from "../live.js";
import { button, linkButton } from "../ui/button.js";
import { confirm } from "../ui/dialog.js";
import { field } from "../ui/form.js";
import { chip, note } from "../ui/status.js";
import { count, first } from "../words.js";
import { feederField } from "./feeder.js";
import { freeName, nameFault } from "./names.js";

const CONDITIONS = {
  utility: ["good", "good", "On utility power"],
  battery: ["battery", "battery", "On battery"],
  off: ["lost", "off", "Off"],
};

/** Returns {el, update(rows)}; `job()` is the search they come from; `onAdded(answer)`. */
export function foundUpses(job, onAdded) {
  const list = h("ul", { class: "found" });
  const all = h("input", { type: "checkbox" });
  const number = h("span", { class: "muted small", "aria-live": "polite" });
  const add = button("Add…", { kind: "primary", symbol: "add", onClick: () => save() });
  const head = h("div", { class: "row found-head" }, h("label", { class: "check" }, all, "All that are new"), number, add);
  const el = h("section", { class: "panel flush", hidden: true, "aria-label": "UPSs found" }, head, list);
  const chosen = new Map(); // address -> the fields {name, feeder}
  let rows = [];
  all.addEventListener("change", () => {
    for (const row of rows) if (canBeAdded(row)) choose(row, all.checked);
    show();
  });

  function choose(row, on) {
    if (!on) return chosen.delete(row.address);
    if (chosen.has(row.address)) return true;
    const taken = new Set([...live.state.upses.keys(), ...[...chosen.values()].map((one) => one.name.value)]);
    const name = field("name", "Name here", { value: freeName("ups", taken, true), attrs: { autocomplete: "off", spellcheck: "false", "aria-label": `Name of ${row.address}` } });
    const feeder = feederField({ more: () => [...chosen.values()].map((one) => one.feeder.value.trim()), attrs: { placeholder: "not named", title: "What brings utility power to it, by any name. UPSs of the same name lose it together.", "aria-label": `Feeder of ${row.address}` } });
    name.input.addEventListener("input", show);
    chosen.set(row.address, { name, feeder });
    return true;
  }

  function make(row) {
    const tick = h("input", { type: "checkbox", value: row.address });
    tick.addEventListener("change", () => {
      choose(row, tick.checked);
      show();
      chosen.get(row.address)?.name.input.select();
    });
    const sign = icon("unknown");
    const words = h("span", {});
    const state = h("span", { class: "status" }, sign, words);
    const name = h("div", { class: "found-name" });
    const about = h("span", { class: "muted small" });
    const known = h("span", {});
    const li = h("li", {}, h("label", { class: "check" }, tick, h("span", { class: "feed-name" }, row.address.replace(/:161$/, ""))), h("div", { class: "found-about" }, h("strong", {}), about), h("div", { class: "row" }, state, known), name);
    return Object.assign(li, { tick, sign, words, state, name, about, known });
  }

  function mend(li, row) {
    const [tone, symbol, label] = row.condition ? CONDITIONS[row.condition] ?? ["info", "info", first(row.condition)] : ["warning", "warning", first(row.trouble || "cannot be read")];
    setData(li.state, "tone", tone);
    setIcon(li.sign, symbol);
    setText(li.words, label);
    setText(li.querySelector("strong"), [row.vendor, row.model].filter(Boolean).join(" ") || "UPS");
    setText(li.about, [row.serial && `serial ${row.serial}`, row.family].filter(Boolean).join(", "));
    refill(li.known, row.in_site ? chip(`Known as ${row.in_site}`, "info", "good") : null);
    li.tick.disabled = !canBeAdded(row);
    li.tick.checked = chosen.has(row.address);
    setAttr(li, "aria-selected", null);
    const fields = chosen.get(row.address);
    if (fields ? li.name.firstChild !== fields.name.el : li.name.firstChild) refill(li.name, fields?.name.el, fields?.feeder.el);
  }

  function show() {
    keyed(list, rows, (row) => row.address, make, mend);
    const free = rows.filter(canBeAdded);
    all.checked = free.length > 0 && free.every((row) => chosen.has(row.address));
    all.indeterminate = !all.checked && chosen.size > 0;
    all.disabled = free.length === 0;
    const known = rows.filter((row) => row.in_site).length;
    setText(number, rows.length ? `${count(rows.length, "UPS", "UPSs")} found, ${known} known already` : "");
    setText(add.querySelector("span"), chosen.size ? `Add ${count(chosen.size, "UPS", "UPSs")}…` : "Add…");
    add.refuse(chosen.size ? "" : "Tick the UPSs to add.");
    el.hidden = rows.length === 0;
  }

  async function save() {
    const taken = new Set(live.state.upses.keys());
    let wrong = null;
    for (const { name } of chosen.values()) {
      const fault = nameFault(name.value, taken);
      name.error(fault);
      taken.add(name.value);
      if (fault) wrong ??= name;
    }
    if (wrong) return wrong.input.focus();
    const upses = [...chosen].map(([address, { name, feeder }]) => ({ address, name: name.value, feeder: feeder.value.trim() }));
    const told = ({ name, address, feeder }) => `${name} (${address}${feeder && `, on feeder ${feeder}`})`;
    const text = [h("p", {}, `Written into site.toml: ${upses.map(told).join(", ")}.`), h("p", { class: "muted" }, "Communities and passwords that you typed are kept in files of their own, and shown nowhere.")];
    const run = ({ why }) => post(`/discovery/${encodeURIComponent(job().id)}/add`, { upses, why });
    const done = await confirm({ title: `Add ${count(upses.length, "UPS", "UPSs")}?`, text, action: "Add", run });
    if (!done) return null;
    for (const { address, name } of upses) rows = rows.map((row) => (row.address === address ? { ...row, in_site: name } : row));
    chosen.clear();
    show();
    return onAdded(upses.map((one) => one.name), done);
  }

  return {
    el,
    update(next) {
      rows = [...next];
      for (const address of chosen.keys()) if (!rows.some((row) => row.address === address)) chosen.delete(address);
      // One UPS that was asked for by its address needs no tick of its own.
      if (rows.length === 1 && canBeAdded(rows[0])) choose(rows[0], true);
      show();
    },
  };
}

function canBeAdded(row) {
  return !row.in_site;
}

/** What stands after adding; `onward`: where to go on. */
export function added(names, answer, onward = toHosts()) {
  const el = note(answer.taken === false ? "warning" : "good", [
    h("p", {}, h("strong", {}, `${names.join(", ")}: added.`), answer.taken === false ? ` ${answer.answer}` : ""),
    onward,
  ]);
  el.setAttribute("role", "status");
  return el;
}

function toHosts() {
  return [h("p", {}, "Next: say which of your UPSs feed each host."), h("div", { class: "row" }, linkButton("Who feeds whom", "/hosts", { symbol: "shutdown", kind: "primary" }))];
}
