// What the UPS says now, in numbers, and what is wrong with that.
import { h, refill } from "../dom.js";
import { duration } from "../time.js";
import { figure, note, status } from "../ui/status.js";
import { upsState } from "../words.js";

const SILENT_AFTER = 15; // seconds: three polls

/** Returns {el, update(row, state, now)}. */
export function readings() {
  const state = status({ tone: "unknown", icon: "unknown", label: "" });
  const since = h("span", { class: "muted number" });
  const age = h("span", { class: "muted small number push" });
  const runtime = figure("Runtime, as it says");
  const trusted = figure("Counted on");
  const charge = figure("Charge");
  const load = figure("Load");
  const input = figure("Input");
  const notes = h("div", { class: "stack-s" });
  const el = h(
    "section",
    { class: "panel stack ups-now", "aria-label": "Now" },
    h("div", { class: "row" }, h("span", { class: "ups-state" }, state.el), since, age),
    h("div", { class: "figures" }, [runtime, trusted, charge, load, input].map((one) => one.el)),
    notes,
  );
  let noted = "";

  function update(row, _state, now) {
    const found = upsState(row);
    state.update(found);
    since.textContent = sinceOf(row, now);
    const old = row.answered_at === null ? null : Math.max(0, now - row.answered_at);
    age.textContent = old === null ? "It has never answered." : `Answered ${duration(old)} ago`;
    const tone = row.silent || (old !== null && old > SILENT_AFTER) ? "silent" : null;
    runtime.update(...amount(row.runtime), tone);
    trusted.update(...amount(row.trusted_runtime), tone);
    trusted.el.title = "A share of what it says (trust in site.toml), counted down while it is silent.";
    charge.update(row.charge === null ? "?" : Math.round(row.charge), row.charge === null ? "" : "%", tone ?? (row.charge !== null && row.charge < 30 ? "low" : null));
    load.update(row.load === null ? "?" : Math.round(row.load), row.load === null ? "" : "%", tone ?? (row.load !== null && row.load > 90 ? "low" : null));
    input.update(row.input_volts === null ? "?" : Math.round(row.input_volts), row.input_volts === null ? "" : "V", tone);
    const list = notesOf(row, old);
    if (JSON.stringify(list) === noted) return;
    noted = JSON.stringify(list);
    refill(notes, list.map(([toned, text]) => note(toned, text)));
    notes.hidden = !list.length;
  }
  return { el, update };
}

/** A duration as a big number with its unit. */
export function amount(seconds) {
  if (seconds === null || seconds === undefined) return ["?", ""];
  if (seconds < 100) return [Math.round(seconds), "s"];
  return seconds < 6000 ? [Math.floor(seconds / 60), "min"] : [(seconds / 3600).toFixed(1), "h"];
}

function sinceOf(row, now) {
  if (row.on_battery_since !== null && row.condition !== "good") return `for ${duration(now - row.on_battery_since)}`;
  return "";
}

function notesOf(row, old) {
  const found = [];
  if (row.silent) found.push(["low", `It does not answer${old === null ? "" : "; what stands here is its last word"}. Silence is never taken for utility power.${row.trouble ? ` ${row.trouble}` : ""}`]);
  else if (row.trouble) found.push(["warning", row.trouble]);
  if (row.runtime === null) found.push(["warning", "It tells no runtime: only its card's timers, and its word that the battery is low, say when hosts must go down."]);
  if (row.testing) found.push(["info", "It tests its battery. Being on battery for a test is no outage."]);
  if (row.trap_unread) found.push(["warning", `A trap could not be read: ${row.trap_unread}`]);
  return found;
}
