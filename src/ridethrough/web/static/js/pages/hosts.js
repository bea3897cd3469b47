// Every host with its Shutdown Settings, and what they make of an outage.
import { covers, post, whoAmI } from "../api.js";
import { h, icon, refill, setText } from "../dom.js";
import { settingsOf } from "../hosts/choice.js";
import { optionText, pathOf, rowState } from "../hosts/words.js";
import { live } from "../live.js";
import { button, linkButton, refusal } from "../ui/button.js";
import { chip, empty, note, status } from "../ui/status.js";
import { table } from "../ui/table.js";
import { COORDINATOR, count, upsState } from "../words.js";

let foreseen = {}; // host -> what the server foresees with the settings as they are
let asked = null;

const several = button("Set together…", { symbol: "shutdown", kind: "small", onClick: () => location.assign(pathOf([...hosts.selected])) });
const hosts = table(
  [
    { key: "id", label: "Host", lead: true, cell: nameCell, sort: (row) => row.id },
    { key: "pool", label: "Pool", cell: (row) => row.pool, sort: (row) => row.pool },
    { key: "feeds", label: "Powered by", cell: feedsCell, sort: (row) => row.powered_by.join(" ") },
    { key: "maintenance", label: "Maintenance", cell: (row) => optionText(row.options.maintenance), sort: (row) => sorting(row.options.maintenance) },
    { key: "shutdown", label: "Shutdown", cell: (row) => optionText(row.options.shutdown), sort: (row) => sorting(row.options.shutdown) },
    { key: "row", label: "In an outage", cell: outcomeCell, sort: (row) => -stateOf(row).rank, live: true },
  ],
  {
    caption: "Hosts with their Shutdown Settings",
    filter: (row) => `${row.id} ${row.pool} ${row.powered_by.join(" ")} ${stateOf(row).label}`,
    noun: ["host", "hosts"],
    selectable: true,
    onSelect: showSelected,
    tools: [several],
    empty: empty("host", "No host is known yet. Add the pool, and its hosts appear here.", linkButton("Add", "/add", { symbol: "add", kind: "primary" })),
  },
);
const crashes = h("div", { hidden: true });
refill(document.getElementById("hosts"), crashes, h("section", { class: "panel flush" }, hosts.el));
showSelected(hosts.selected);
live.subscribe((state) => [state.hosts, state.upses], () => show());
addButton();

function show() {
  const rows = [...live.state.hosts.values()];
  hosts.update(rows);
  const bad = rows.filter((row) => stateOf(row).tone === "danger");
  const text = `${count(bad.length, "host")} would crash in the next outage: ${bad.slice(0, 5).map((row) => row.id).join(", ")}${bad.length > 5 ? " …" : ""}.`;
  crashes.hidden = bad.length === 0;
  refill(crashes, bad.length > 0 && note("danger", text));
  ask(rows);
}

// Asked again only when something that matters has changed.
async function ask(rows) {
  const wanted = Object.fromEntries(rows.slice(0, 1000).map((row) => [row.id, settingsOf(row)]));
  const now = JSON.stringify([wanted, rows.map((row) => [row.coordinator, row.vms.length])]);
  if (now === asked || rows.length === 0) return;
  asked = now;
  try {
    foreseen = (await post("/hosts/foresee", { hosts: wanted })).hosts;
    show();
  } catch {
    foreseen = {}; // the rows of the live table tell the same, without warnings
  }
}

function stateOf(row) {
  return rowState(foreseen[row.id] ?? row, row.powered_by.length > 0);
}

function nameCell(row) {
  const mark = row.coordinator && chip(COORDINATOR, "info", "coordinator");
  const held = row.held && chip("Held", "warning", "held");
  return h("div", { class: "row" }, h("a", { href: pathOf([row.id]) }, row.id), mark, held);
}

function feedsCell(row) {
  if (row.powered_by.length === 0) return h("span", { class: "status", data: { tone: "warning" } }, icon("warning"), h("span", {}, "Names no UPS"));
  const one = (id) => {
    const ups = live.state.upses.get(id);
    const state = ups && upsState(ups);
    return h("a", { class: "feed", href: `/upses/${encodeURIComponent(id)}` }, state && h("span", { class: "status", data: { tone: state.tone } }, icon(state.icon, state.label)), id);
  };
  const needs = row.powered_by.length > 1 && h("span", { class: "muted small" }, `needs ${row.needs}`);
  return h("div", { class: "row host-feeds" }, row.powered_by.map(one), needs);
}

function outcomeCell(row) {
  const warnings = (foreseen[row.id]?.advice ?? []).filter((one) => one.level === "warning").length;
  return h("div", { class: "row" }, status(stateOf(row)).el, warnings > 0 && chip(count(warnings, "warning"), "warning", "warning"));
}

function sorting(option) {
  return option.enabled ? option.after : null;
}

function showSelected(ids) {
  several.refuse(ids.size < 2 ? "Tick two hosts or more to set them together." : "");
  setText(several.querySelector("span"), ids.size > 1 ? `Set ${ids.size} together…` : "Set together…");
}

async function addButton() {
  const { role } = await whoAmI();
  const add = button("Add", { symbol: "add", onClick: () => location.assign("/add") });
  add.refuse(refusal(covers, role, "administer"));
  refill(document.getElementById("tools"), add);
}
