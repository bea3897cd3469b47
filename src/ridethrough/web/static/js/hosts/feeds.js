// "Powered by UPS": ticked among the known UPSs, and how many of them a host needs.
import { h, icon, keyed, refill, setAttr, setData, setIcon, setText } from "../dom.js";
import { duration } from "../time.js";
import { field } from "../ui/form.js";
import { compare } from "../ui/table.js";
import { percent, upsState } from "../words.js";

const MANY = 8; // from here on the list is filtered by typing

/** `choice` is changed in place; `differ`: what the hosts name, in words, where that is not the same; `onChange()`. Returns {el, update(upses)}. */
export function feeds(choice, differ, onChange) {
  let known = [];
  const search = h("input", { class: "input", type: "search", placeholder: "Filter the UPSs", "aria-label": "Filter the UPSs" });
  const list = h("ul", { class: "feed-list" });
  const mixed = h("p", { class: "hint", hidden: !differ }, differ ? `They differ: ${differ}. Tick to give all of them the same.` : "");
  const none = h("p", { class: "hint", hidden: true }, "No UPS is known yet. ", h("a", { href: "/add#ups" }, "Add one"), " first.");
  const needs = h("div", {});
  const el = h("fieldset", { class: "group" }, h("legend", {}, "Powered by UPS"), mixed, search, list, none, needs);
  search.addEventListener("input", show);

  function show() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = choice.powered_by ?? [];
    const found = known.filter((ups) => chosen.includes(ups.id) || words.every((word) => `${ups.id} ${ups.model}`.toLowerCase().includes(word)));
    keyed(list, found, (ups) => ups.id, make, mend);
    search.hidden = known.length <= MANY;
    none.hidden = known.length > 0;
    showNeeds();
  }

  function make(ups) {
    const tick = h("input", { type: "checkbox", value: ups.id });
    tick.addEventListener("change", () => {
      const before = choice.powered_by ?? [];
      choice.powered_by = tick.checked ? [...before, ups.id] : before.filter((id) => id !== ups.id);
      mixed.hidden = true;
      showNeeds();
      onChange();
    });
    const sign = icon("unknown");
    const state = h("span", { class: "status plain" }, sign);
    const about = h("span", { class: "muted small" });
    const li = h("li", {}, h("label", { class: "check" }, tick, state, h("span", { class: "feed-name" }, ups.id), about));
    return Object.assign(li, { tick, sign, state, about });
  }

  function mend(li, ups) {
    const now = upsState(ups);
    li.tick.checked = (choice.powered_by ?? []).includes(ups.id);
    setIcon(li.sign, now.icon);
    setAttr(li.sign, "role", "img");
    setAttr(li.sign, "aria-hidden", null);
    setAttr(li.sign, "aria-label", now.label);
    setData(li.state, "tone", now.tone);
    const told = [ups.model, ups.runtime !== null && `runtime\u00a0${duration(ups.runtime).replaceAll(" ", "\u00a0")}`, ups.load !== null && `load\u00a0${percent(ups.load).replace(" ", "\u00a0")}`];
    setText(li.about, told.filter(Boolean).join(", "));
  }

  function showNeeds() {
    const number = (choice.powered_by ?? []).length;
    if (number < 2) return refill(needs);
    const choices = Array.from({ length: number }, (_, n) => [String(n + 1), needsText(n + 1, number)]);
    const value = Math.min(choice.needs ?? 1, number);
    const pick = field("needs", "Utility power it needs", {
      type: "select",
      choices,
      value: String(value),
      hint: value < number ? "With less it counts as on battery; while it has enough, nothing is done." : "It counts as on battery as soon as one of them is.",
    });
    pick.input.addEventListener("change", () => {
      choice.needs = Number(pick.value);
      showNeeds();
      onChange();
    });
    return refill(needs, pick.el);
  }

  return {
    el,
    update(upses) {
      const first = (ups) => ((choice.powered_by ?? []).includes(ups.id) ? 0 : 1);
      // The order stays while a person ticks: what was chosen when the page opened stands first.
      if (known.length !== upses.length) known = [...upses].sort((a, b) => first(a) - first(b) || compare(a.id, b.id));
      else known = known.map((old) => upses.find((ups) => ups.id === old.id) ?? old);
      show();
    },
  };
}

function needsText(wanted, number) {
  if (wanted === number) return number === 2 ? "from both of its UPSs" : `from all ${number} of its UPSs`;
  return `from ${wanted} of its ${number} UPSs`;
}
