// The two timers of each host, beside the row of the action table that they make.
import { post } from "../api.js";
import { h, icon, keyed, refill, setText } from "../dom.js";
import { changesOf, FIRST, OPTIONS, sectionOf, settingsOf } from "../hosts/choice.js";
import { saveChange } from "../hosts/save.js";
import { rowState, withoutKeys } from "../hosts/words.js";
import { live } from "../live.js";
import { readSettings } from "../settings.js";
import { button } from "../ui/button.js";
import { chip, note, status } from "../ui/status.js";
import { compare } from "../ui/table.js";
import { toastError } from "../ui/toast.js";
import { COORDINATOR, count, first } from "../words.js";
import { proposed } from "./way.js";

const WAIT = 200; // ms after the last key before the server is asked
const AGAIN = 1000; // ms until it is asked again when it knew less than this page
const NAMES = { maintenance: "Remote maintenance", shutdown: "Remote shutdown" };

/** `onward()` when it was saved. Returns {el, isChanged}. */
export function timersStep(onward) {
  const chosen = new Map(); // host -> settings, as far as they were changed here
  let foreseen = {};
  let asked = "";
  let timer = null;
  const list = h("div", { class: "timed" });
  const trouble = h("div", { class: "stack-s" });
  const usual = button("Propose timers", { symbol: "edit", title: "For each host without timers, but not for the coordinator", onClick: propose });
  const save = button("Save…", { kind: "primary", symbol: "save", onClick: write });
  const undo = button("Undo", { kind: "quiet", onClick: () => (chosen.clear(), show()) });
  const el = h(
    "div",
    { class: "stack" },
    h("div", { class: "row" }, h("p", { class: "grow" }, "What each host does when it has been on battery for so many seconds. The shutdown must end before the card of its UPS cuts the output; a longer warning period on the card allows longer timers."), usual),
    trouble,
    h("section", { class: "panel flush", "aria-label": "Hosts" }, list),
    h("p", { class: "muted small" }, "The coordinator needs no timers: its VMs move or stop, and it is shut down after all others. Everything else about a host, with its time line, stands under ", h("a", { href: "/hosts" }, "Shutdown settings"), "."),
    h("div", { class: "row row-end" }, undo, save),
  );
  live.subscribe((state) => [state.hosts, state.upses], show);
  show();
  return { el, isChanged: () => changed().length > 0 };

  function of(row) {
    return chosen.has(row.id) ? { ...settingsOf(row), ...chosen.get(row.id) } : settingsOf(row);
  }

  function rows() {
    return [...live.state.hosts.values()].sort((a, b) => compare(a.pool, b.pool) || compare(a.id, b.id));
  }

  function changed() {
    return rows().filter((row) => changesOf(row.id, settingsOf(row), of(row)).length > 0);
  }

  function set(row, option, part) {
    const now = of(row);
    chosen.set(row.id, { maintenance: now.maintenance, shutdown: now.shutdown, [option]: { ...now[option], ...part } });
    show();
  }

  // As long as the manual's where the cards' warning periods allow it, else as long as they do.
  async function propose() {
    await ask();
    for (const row of rows()) {
      const now = of(row);
      if (row.coordinator || row.powered_by.length === 0 || OPTIONS.some((option) => now[option].enabled)) continue;
      chosen.set(row.id, proposed(foreseen[row.id]?.latest.shutdown));
    }
    show();
  }

  function show() {
    keyed(list, rows(), (row) => row.id, make, mend);
    const wrong = rows().filter((row) => OPTIONS.some((option) => fault(of(row)[option])));
    const none = changed().length === 0;
    save.refuse(wrong.length ? `Enter seconds from 0 to 604800 for ${wrong[0].id}.` : none ? "Nothing was changed." : "");
    undo.hidden = none;
    clearTimeout(timer);
    if (wrong.length === 0) timer = setTimeout(ask, WAIT);
  }

  // Asked only when something that matters is another than before.
  async function ask() {
    const wanted = Object.fromEntries(rows().slice(0, 1000).map((row) => [row.id, of(row)]));
    const key = JSON.stringify([wanted, rows().map((row) => [row.coordinator, row.vms.length])]);
    if (key === asked || Object.keys(wanted).length === 0) return;
    asked = key;
    try {
      foreseen = (await post("/hosts/foresee", { hosts: wanted })).hosts;
      refill(trouble);
      // Right after a pool was added the server foresees from a look that is older than these rows.
      if (rows().some((row) => foreseen[row.id] && foreseen[row.id].coordinator !== row.coordinator)) again();
    } catch (error) {
      foreseen = {};
      refill(trouble, note("warning", error.message));
    }
    keyed(list, rows(), (row) => row.id, make, mend);
  }

  function again() {
    asked = "";
    clearTimeout(timer);
    timer = setTimeout(ask, AGAIN);
  }

  function make(row) {
    const name = h("div", { class: "timed-name" }, h("a", { href: `/hosts/${encodeURIComponent(row.id)}` }, row.id));
    const mark = chip(COORDINATOR, "info", "coordinator");
    const by = h("span", { class: "muted small" });
    name.append(mark, by);
    const fields = Object.fromEntries(OPTIONS.map((option) => [option, timerField(row.id, option, set)]));
    const told = status({ tone: "unknown", icon: "unknown", label: "…" });
    const more = h("ul", { class: "timed-more" });
    const outcome = h("div", { class: "timed-outcome", "aria-live": "polite" }, told.el, more);
    const box = h("div", { class: "timed-host", role: "group", "aria-label": row.id }, name, fields.maintenance.el, fields.shutdown.el, outcome);
    return Object.assign(box, { mark, by, fields, told, more });
  }

  function mend(box, row) {
    const settings = of(row);
    box.mark.hidden = !row.coordinator;
    setText(box.by, row.powered_by.length ? `on ${row.powered_by.join(", ")}` : "names no UPS");
    for (const option of OPTIONS) box.fields[option].update(settings[option]);
    const told = foreseen[row.id];
    if (!told) return;
    box.told.update(rowState(told, row.powered_by.length > 0));
    const advice = told.advice.filter((one) => one.level === "warning" || (one.level === "danger" && !told.row.crash));
    refill(box.more, advice.map((one) => h("li", { class: "small", data: { tone: "warning" } }, icon("warning", "Warning"), first(withoutKeys(one.text)))));
  }

  async function write() {
    try {
      const { version, sections } = await readSettings();
      const named = sections.host ?? {};
      const all = changed();
      const operations = all.flatMap((row) => (Object.hasOwn(named, row.id) ? changesOf(row.id, settingsOf(row), of(row)) : [sectionOf(row.id, row.pool, of(row))]));
      if (await saveChange(`Set the timers of ${all.length === 1 ? all[0].id : count(all.length, "host")}`, operations, { seen: version })) onward();
    } catch (error) {
      toastError(error);
    }
  }
}

function fault({ enabled, after }) {
  return enabled && !(after !== null && after >= 0 && after <= 604800);
}

// One option of one host: on or off, and its seconds.
function timerField(host, option, set) {
  const tick = h("input", { type: "checkbox", role: "switch" });
  const seconds = h("input", { class: "input", type: "number", min: 0, max: 604800, step: "any", inputmode: "numeric", "aria-label": `${NAMES[option]} of ${host}: seconds on battery` });
  const row = () => live.state.hosts.get(host);
  tick.addEventListener("change", () => set(row(), option, { enabled: tick.checked, after: Number(seconds.value) || FIRST[option] }));
  seconds.addEventListener("input", () => set(row(), option, { after: seconds.value === "" ? null : Number(seconds.value) }));
  const label = h("label", { class: "toggle" }, tick, h("span", {}, NAMES[option], h("span", { class: "unseen" }, ` of ${host}`)));
  const after = h("div", { class: "with-unit" }, h("span", { class: "muted small" }, "after"), seconds, h("span", { class: "muted small" }, "s"));
  return {
    el: h("div", { class: "timed-option" }, label, after),
    update(value) {
      tick.checked = value.enabled;
      after.hidden = !value.enabled;
      if (document.activeElement !== seconds) seconds.value = value.after === null ? "" : String(value.after);
    },
  };
}
