// The Shutdown Settings of one host or of several: chosen at the left, what they make of an outage at the right, while they are chosen.
import { covers, post, whoAmI } from "../api.js";
import { h, refill } from "../dom.js";
import { live } from "../live.js";
import { button, refusal } from "../ui/button.js";
import { note } from "../ui/status.js";
import { toastError } from "../ui/toast.js";
import { duration } from "../time.js";
import { applied, changesOf, differs, faults, inCommon, sectionOf, settingsOf } from "./choice.js";
import { coordinatorNote } from "./coordinator.js";
import { feeds } from "./feeds.js";
import { foreseen } from "./foreseen.js";
import { option } from "./options.js";
import { saveChange } from "./save.js";
import { listed } from "./words.js";

const WAIT = 150; // ms after the last key before the server is asked

/**
 * `rows`: of the hosts, as they are; `file`: {version, of(host): its settings in site.toml, null where it is not named, protects:
 * whether a coordinator without timers is protected} or null when it cannot be read. `onEnd()`: saved, or thought better of. Returns {el, isChanged()}.
 */
export function editor(rows, file, onEnd) {
  const before = Object.fromEntries(rows.map((row) => [row.id, file?.of(row.id) ?? settingsOf(row)]));
  const choice = inCommon(Object.values(before));
  const differ = differences(rows, before);
  const result = foreseen(remedy);
  const trouble = h("div", { hidden: true });
  const options = { maintenance: option("maintenance", choice, differ.maintenance, changed), shutdown: option("shutdown", choice, differ.shutdown, changed) };
  const poweredBy = feeds(choice, differ.powered_by, changed);
  const save = button("Save…", { kind: "primary", type: "submit", symbol: "save" });
  const undo = button("Undo", { kind: "quiet", onClick: onEnd });
  const timers = coordinatorNote(rows, before, file?.protects ?? true, options, changed);
  const form = h(
    "form",
    { class: "panel form", novalidate: true, on: { submit } },
    poweredBy.el,
    timers,
    h("div", { class: "row row-end" }, undo, save),
  );
  let asked = null;
  let timer = null;
  let role = "view";
  live.subscribe((state) => state.upses, (upses) => poweredBy.update([...upses.values()]));
  whoAmI().then((who) => {
    role = who.role;
    showButtons();
  });
  ask();
  showButtons();
  return { el: h("div", { class: "settings" }, form, h("div", { class: "stack" }, trouble, result.el)), isChanged };

  function after() {
    return Object.fromEntries(rows.map((row) => [row.id, applied(before[row.id], choice)]));
  }

  function isChanged() {
    const now = after();
    return rows.some((row) => differs(before[row.id], now[row.id]));
  }

  function changed() {
    const wrong = faults(choice);
    for (const [name, one] of Object.entries(options)) one.error(wrong[`${name}_after`] ?? "");
    showButtons();
    clearTimeout(timer);
    if (Object.keys(wrong).length === 0) timer = setTimeout(ask, WAIT);
  }

  function showButtons() {
    const none = isChanged() ? "" : "Nothing was changed.";
    save.refuse(refusal(covers, role, "administer") || (file ? none : "site.toml cannot be read now."));
    undo.hidden = Boolean(none);
  }

  async function ask() {
    asked?.abort();
    asked = new AbortController();
    const settings = after();
    try {
      const { hosts } = await post("/hosts/foresee", { hosts: settings }, { signal: asked.signal });
      trouble.hidden = true;
      result.update(hosts, settings);
    } catch (error) {
      if (error.name === "AbortError") return;
      trouble.hidden = false;
      refill(trouble, note("warning", error.message));
    }
  }

  function remedy(part) {
    Object.assign(choice, part);
    timers.reveal?.();
    for (const one of Object.values(options)) one.show();
    changed();
  }

  async function submit(event) {
    event.preventDefault();
    if (save.getAttribute("aria-disabled") === "true" || save.getAttribute("aria-busy") === "true") return;
    const wrong = Object.keys(faults(choice));
    if (wrong.length > 0) {
      changed();
      options[wrong[0].replace("_after", "")].focus();
      return;
    }
    save.setAttribute("aria-busy", "true");
    try {
      const now = after();
      const operations = rows.flatMap((row) => operationsOf(row, now[row.id]));
      const title = rows.length === 1 ? `Save the settings of ${rows[0].id}` : `Save the settings of ${rows.length} hosts`;
      if (await saveChange(title, operations, { seen: file.version })) onEnd();
    } catch (error) {
      toastError(error);
    } finally {
      save.removeAttribute("aria-busy");
    }
  }

  function operationsOf(row, now) {
    if (!differs(before[row.id], now)) return [];
    return file.of(row.id) ? changesOf(row.id, before[row.id], now) : [sectionOf(row.id, row.pool, now)];
  }
}

// Where several hosts differ, in words; "" where they do not.
function differences(rows, settings) {
  const told = (read) => {
    const groups = new Map();
    for (const { id } of rows) groups.set(read(settings[id]), [...(groups.get(read(settings[id])) ?? []), id]);
    return groups.size < 2 ? "" : [...groups].map(([value, hosts]) => `${listed(hosts)} ${value}`).join("; ");
  };
  const of = (name) => {
    const on = rows.filter(({ id }) => settings[id][name].enabled).map(({ id }) => id);
    return {
      enabled: on.length > 0 && on.length < rows.length ? listed(on) : "",
      after: on.length > 0 ? told((one) => (one[name].enabled ? duration(one[name].after) : "none")) : "",
    };
  };
  return { powered_by: told((one) => listed(one.powered_by) || "none"), maintenance: of("maintenance"), shutdown: of("shutdown") };
}
