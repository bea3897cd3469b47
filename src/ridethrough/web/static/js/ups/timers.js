// The card's own timers on a time line, from the failure of utility power to the off-time, with the hosts' steps beside them.
import { h, setText } from "../dom.js";
import { countdown, duration } from "../time.js";
import { empty } from "../ui/status.js";
import { timeline } from "../ui/timeline.js";

/** The rows of the time line, in seconds since utility power failed; null when the card tells no timers. */
export function timersOf(row, hosts, now) {
  const { warning_period: warning, shutdown_delay: delay } = row;
  if (warning === null && delay === null && row.off_at === null) return null;
  const since = row.on_battery_since;
  const end = row.off_at !== null && since !== null ? row.off_at - since : (warning ?? 0) + (delay ?? 0);
  const bars = [];
  if (warning) bars.push({ from: 0, to: warning, text: "warning period", tone: "battery", state: stateOf(0, warning, since, now) });
  if (delay) bars.push({ from: end - delay, to: end, text: "shutdown delay", tone: "low", state: stateOf(end - delay, end, since, now) });
  const fed = hosts.filter((host) => host.powered_by.includes(row.id)).map((host) => ({ label: host.id, bars: stepsOf(host, end), marks: [] }));
  const at = since === null || now === null ? null : Math.min(now - since, end * 1.06);
  return { from: 0, to: Math.max(end, 60) * 1.06, now: at, rows: [{ label: "card", bars }, ...fed], marks: [{ at: end, label: "output off", tone: "lost" }], format: countdown };
}

function stateOf(from, to, since, now) {
  if (since === null) return "next";
  const passed = now - since;
  return passed >= to ? "done" : passed >= from ? "running" : "next";
}

function stepsOf(host, end) {
  const { maintenance, shutdown } = host.options;
  const takes = host.takes ?? { evacuation: 60, shutdown: 60 };
  const bars = [];
  const add = (option, length, text, tone) => option.enabled && bars.push({ from: option.after, to: Math.min(option.after + Math.max(length, 5), Math.max(end, option.after + 5)), text, tone, state: "next" });
  add(maintenance, takes.evacuation, "evacuate", "info");
  add(shutdown, takes.shutdown, "shut down", "battery");
  return bars;
}

/** Returns {el, update(row, state, now)}. */
export function timers() {
  const line = timeline("The card's timers, from the failure of utility power");
  const words = h("p", { class: "muted" });
  const none = empty("settling", "Its card tells no timers, and site.toml names none. When it cuts the output is not known beforehand.");
  const el = h("section", { class: "panel stack-s", "aria-labelledby": "ups-timers" }, h("h2", { id: "ups-timers" }, "Timers of its card"), words, line.el, none);
  let shown = "";

  function update(row, state, now) {
    const found = timersOf(row, [...state.hosts.values()], now);
    none.hidden = found !== null;
    line.el.hidden = found === null;
    words.hidden = found === null && !row.cut_output;
    setText(words, [found && wordsOf(row, now), cutWords(row)].filter(Boolean).join(" "));
    if (!found) return;
    const key = JSON.stringify(found.now === null ? found : { ...found, now: Math.round(found.now) });
    if (key === shown) return;
    shown = key;
    line.update(found);
  }
  return { el, update };
}

function wordsOf(row, now) {
  if (row.cut) return "The time at which it cuts its output has passed.";
  if (row.off_at !== null && row.off_at > now) return `It cuts its output in ${duration(row.off_at - now)}, as its card is set.`;
  if (row.cut_at !== null && row.cut_at > now) return `Its card counts down: output off in ${duration(row.cut_at - now)}.`;
  const parts = [row.warning_period !== null && `warning period ${duration(row.warning_period)}`, row.shutdown_delay !== null && `shutdown delay ${duration(row.shutdown_delay)}`, row.action && `action "${row.action}"`].filter(Boolean);
  return `${parts.join(", ")}. Counted from the failure of utility power.`;
}

/** What site.toml's cut_output has it told in an outage; empty where it is not set. */
export function cutWords(row) {
  if (!row.cut_output) return "";
  const waits = row.cut_waits ? `; not yet: ${row.cut_waits}` : "";
  return `It is told to cut its output on battery, when everything on it is down${waits}.`;
}
