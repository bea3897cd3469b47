// What the chosen settings make of an outage: the row of the action table, the time line beside the cards' timers, warnings with the arithmetic.
import { h, refill } from "../dom.js";
import { duration } from "../time.js";
import { button } from "../ui/button.js";
import { chip, note, status } from "../ui/status.js";
import { timeline } from "../ui/timeline.js";
import { count, first } from "../words.js";
import { proposedShutdown } from "./choice.js";
import { listed, ROWS, rowNumber, rowState, withoutKeys } from "./words.js";

const SHOWN = 8; // hosts on one time line
const STEPS = { maintenance: "Maintenance mode", shutdown: "Shutdown" };
const TONES = { danger: "danger", warning: "warning", note: "info" };

/** `remedy(part)` puts values into the choice: {shutdown_enabled, shutdown_after, ...}. Returns {el, update(told, settings)}; both by host. */
export function foreseen(remedy) {
  const outcome = h("section", { class: "panel stack", "aria-live": "polite" });
  const picture = timeline("The cards' timers and the host's steps, in time since utility power failed");
  const words = h("div", {});
  const times = h("section", { class: "panel", hidden: true }, h("div", { class: "panel-head" }, h("h2", {}, "On a time line")), picture.el, words);
  const warnings = h("section", { class: "stack-s", "aria-label": "Warnings", hidden: true });
  const table = h("section", { class: "panel" });
  const el = h("div", { class: "stack" }, outcome, warnings, times, table);
  return {
    el,
    update(told, settings) {
      refill(outcome, outcomes(told, settings, remedy));
      times.hidden = Object.values(told).every((one) => one.cards.length === 0);
      refill(words, line(told, picture));
      const found = warned(told, settings, remedy);
      warnings.hidden = found.length === 0;
      refill(warnings, found);
      refill(table, actionTable(settings));
    },
  };
}

function outcomes(told, settings, remedy) {
  const hosts = Object.keys(told);
  const groups = new Map();
  for (const host of hosts) {
    const state = rowState(told[host], settings[host].powered_by.length > 0);
    if (!groups.has(state.label)) groups.set(state.label, { state, hosts: [] });
    groups.get(state.label).hosts.push(host);
  }
  const lines = [...groups.values()].sort((a, b) => b.state.rank - a.state.rank);
  const crashing = hosts.filter((host) => told[host].row.crash && !told[host].protected && settings[host].powered_by.length > 0);
  return [
    h("h2", {}, "What this makes of an outage"),
    ...lines.map(({ state, hosts: some }) => h("div", { class: "outcome" }, status(state).el, hosts.length > 1 && h("span", { class: "muted" }, listed(some)))),
    crashing.length > 0 && crashRemedy(crashing[0], told, settings, remedy),
  ];
}

function crashRemedy(host, told, settings, remedy) {
  const after = proposedShutdown(settings[host], told[host].latest.shutdown);
  const press = button(`Enable remote shutdown after ${duration(after)}`, {
    symbol: "shutdown",
    kind: "primary",
    onClick: () => remedy({ shutdown_enabled: true, shutdown_after: after }),
  });
  return h("div", { class: "row" }, press, h("span", { class: "muted small" }, "Then the host shuts down in time, whatever its UPS does."));
}

function warned(told, settings, remedy) {
  const found = [];
  for (const [host, one] of Object.entries(told)) {
    for (const { level, text } of one.advice) {
      if (level === "danger" && one.row.crash && text.includes("crash")) continue; // told above, with its remedy
      const option = ["maintenance", "shutdown"].find((name) => text.startsWith(`${name}.after`) || text.startsWith(`${name} ends`));
      const latest = option && one.latest[option];
      const mend = option && latest !== null && latest < settings[host][option].after
        ? button(`Set ${option} to ${latest} s`, { kind: "small", onClick: () => remedy({ [`${option}_after`]: latest }) })
        : null;
      const who = Object.keys(told).length > 1 ? h("strong", {}, `${host}: `) : null;
      found.push(note(TONES[level] ?? "info", [h("p", {}, who, first(withoutKeys(text)), "."), mend && h("div", { class: "row" }, mend)]));
    }
  }
  return found;
}

// Draw the time line; returns what stands below it.
function line(told, picture) {
  const hosts = Object.keys(told).slice(0, SHOWN);
  const cards = new Map(hosts.flatMap((host) => told[host].cards.map((card) => [card.ups, card])));
  const rows = [...cards.values()].flatMap(cardRow);
  const one = Object.keys(told).length === 1;
  for (const host of hosts) rows.push(...told[host].steps.map((step) => stepRow(step, one ? "" : host, told[host].vms)));
  const marks = [...cards.values()].filter((card) => card.off_after !== null).map((card) => ({ at: card.off_after, label: `${card.ups} off`, tone: "lost" }));
  const ends = [...marks.map((mark) => mark.at), ...rows.flatMap((row) => row.bars.map((bar) => bar.to)), 60];
  picture.update({ from: 0, to: Math.max(...ends) * 1.06, rows, marks: same(marks), legend: !one });
  const unknown = [...cards.values()].filter((card) => card.warning_period === null).map((card) => card.ups);
  const more = Object.keys(told).length - hosts.length;
  return [
    one && h("ul", { class: "sums small" }, told[hosts[0]].steps.map((step) => sum(step))),
    h("p", { class: "muted small" }, "Counted from the failure of utility power. When less power is left than a step needs, it begins earlier than its timer says."),
    unknown.length > 0 && h("p", { class: "muted small" }, `${listed(unknown)}: the card tells no warning period, and none is entered.`),
    more > 0 && h("p", { class: "muted small" }, `${count(more, "more host")} not drawn.`),
  ];
}

function cardRow(card) {
  if (card.warning_period === null) return [];
  const bars = [{ from: 0, to: card.warning_period, text: "Warning period", tone: "info" }];
  if (card.off_after !== null) bars.push({ from: card.warning_period, to: card.off_after, text: "Shutdown delay", tone: "battery" });
  return [{ label: `${card.ups}: its card`, bars }];
}

function stepRow(step, who, vms) {
  let at = step.begins;
  const bars = step.parts.map(({ what, takes }) => {
    const bar = { from: at, to: at + takes, text: barText(what, vms), tone: what === "reserve" ? "silent" : step.option === "shutdown" ? "battery" : "good", state: what === "reserve" ? "next" : undefined };
    at += takes;
    return bar;
  });
  if (bars.length === 0) bars.push({ from: at, to: at, text: "No VM to move", tone: "good" });
  return { label: who ? `${who}: ${STEPS[step.option].toLowerCase()}` : STEPS[step.option], bars };
}

// "Shutdown begins at 2 min: 113 s to move 5 VMs, 60 s to shut the host down, 60 s reserve. Done at 5 min 53 s."
function sum(step) {
  const parts = step.parts.map(({ what, takes }) => `${Math.ceil(takes)} s ${what}`);
  const done = parts.length ? `: ${parts.join(", ")}. Done at ${duration(step.ends)}.` : ": no VM is to be moved now.";
  return h("li", {}, h("strong", {}, STEPS[step.option]), ` begins at ${duration(step.begins)}${done}`);
}

function barText(what, vms) {
  if (what.includes("to move ")) return `Move ${count(vms, "VM")}`;
  return what === "reserve" ? "Reserve" : "Shut down";
}

// Cards that cut at one moment have one mark.
function same(marks) {
  const found = new Map();
  for (const mark of marks) found.set(mark.at, found.has(mark.at) ? { ...mark, label: "UPSs off" } : mark);
  return [...found.values()];
}

function actionTable(settings) {
  const all = Object.values(settings);
  const here = ROWS.map((_, n) => all.filter((one) => rowNumber(one) === n).length);
  const rows = ROWS.map(([maintenance, shutdown, vms, host, crash], n) => h(
    "tr",
    { class: here[n] ? "here" : null, "aria-current": here[n] ? "true" : null },
    h("td", {}, maintenance ? "Enabled" : "Disabled"),
    h("td", {}, shutdown ? "Enabled" : "Disabled"),
    h("td", {}, vms),
    h("td", { class: crash ? "tone" : null, data: { tone: crash ? "danger" : null } }, host),
    h("td", {}, here[n] > 0 && chip(all.length > 1 ? count(here[n], "host") : "This one", crash ? "danger" : "good", crash ? "low" : "good")),
  ));
  const heads = ["Maintenance", "Shutdown", "VMs", "Host", ""].map((text) => h("th", { scope: "col" }, text || h("span", { class: "unseen" }, "Chosen")));
  return [
    h("div", { class: "panel-head" }, h("h2", {}, "The action table")),
    h("div", { class: "action-wrap", tabindex: "0", role: "region", "aria-label": "The action table" }, h("table", { class: "action-table" }, h("thead", {}, h("tr", {}, heads)), h("tbody", {}, rows))),
  ];
}
