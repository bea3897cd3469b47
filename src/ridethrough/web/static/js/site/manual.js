// The manual's view: the tree of virtualization, UPSs and storage, and the table that belongs to what is chosen in it.
import { covers, post, whoAmI } from "../api.js";
import { h, icon, refill } from "../dom.js";
import { pathOf } from "../hosts/words.js";
import { live } from "../live.js";
import { ago, brief } from "../time.js";
import { button, refusal } from "../ui/button.js";
import { confirm } from "../ui/dialog.js";
import { status } from "../ui/status.js";
import { compare, table } from "../ui/table.js";
import { toast } from "../ui/toast.js";
import { tree } from "../ui/tree.js";
import { nasTable } from "../storage/table.js";
import { connected, reachNodes } from "./reach.js";
import { COORDINATOR, connectionState, count, hostState, nasState, percent, PRODUCT, upsState } from "../words.js";

const ASKS = [
  { ask: "enter maintenance", label: "Enter maintenance", symbol: "maintenance", text: (n) => `The VMs of ${n} move to other hosts, and it takes no new ones until it exits maintenance mode.` },
  { ask: "exit maintenance", label: "Exit maintenance", symbol: "good", text: (n) => `${n} is enabled again. The VMs stay where they are.` },
  { ask: "hold", label: "Hold", symbol: "held", text: (n) => `Nothing is done to ${n} until it is released; in an outage the hold ends at the last safe start.` },
  { ask: "release", label: "Release", symbol: "play", text: (n) => `${n} is cared for again.` },
];

/** Returns {el}; `onLight(id)` is told which UPS, host, NAS or switch is chosen ("ups:ups1"), or null. */
export function manualView({ onLight }) {
  let chosen = "virtualization";
  const branch = tree("Site", { onSelect: choose, folded: (item) => item.id.startsWith("pool:") && live.state.hosts.size > 24 });
  const tools = ASKS.map((one) => ({ ...one, press: button(one.label, { symbol: one.symbol, kind: "small", onClick: () => void askFor(one) }) }));
  const settings = button("Shutdown settings", { symbol: "shutdown", kind: "small primary", onClick: () => location.assign(pathOf([...hosts.selected])) });
  const hosts = table(hostColumns(), {
    caption: "Hosts", noun: ["host", "hosts"], filter: (row) => `${row.id} ${row.address} ${row.pool} ${row.powered_by.join(" ")}`,
    selectable: true, onSelect: allow, sorted: ["address", "ascending"],
    empty: h("p", { class: "empty" }, "No host is known yet. Add a pool first."),
    tools: [settings, tools.map((one) => one.press)],
  });
  const upses = table(upsColumns(), {
    caption: "UPSs", noun: ["UPS", "UPSs"], filter: (row) => `${row.id} ${row.model} ${upsState(row).label}`, sorted: ["id", "ascending"],
    empty: h("p", { class: "empty" }, "No UPS is known yet. Search for UPSs, or add one."),
  });
  const stores = nasTable();
  const network = table(reachColumns(), {
    caption: "Switches and the controller's own machine", noun: ["machine", "machines"], sorted: ["id", "ascending"],
    empty: h("p", { class: "empty" }, "site.toml names no switch, and nothing of the controller's own machine."),
  });
  const place = h("div", { class: "manual-table" }, hosts.el);
  const el = h("section", { class: "panel flush manual", "aria-label": "Virtualization, UPSs and storage" }, h("div", { class: "manual-tree" }, branch.el), place);
  let role = "view";
  whoAmI().then((me) => {
    role = me.role;
    allow();
  }, () => {});

  function choose(id) {
    chosen = id;
    onLight(/^(ups|host|nas|switch|machine):/.test(id) ? id : null);
    show();
  }

  function show() {
    const { state } = live;
    const isUps = chosen === "upses" || chosen.startsWith("ups:");
    const isNas = chosen === "storage" || chosen.startsWith("nas:");
    const isReach = /^(reach$|switch:|machine:)/.test(chosen);
    const wanted = isUps ? upses.el : isNas ? stores.el : isReach ? network.el : hosts.el;
    if (place.firstChild !== wanted) refill(place, wanted);
    const id = chosen.slice(chosen.indexOf(":") + 1);
    if (isUps) upses.update([...state.upses.values()].filter((row) => chosen === "upses" || row.id === id));
    else if (isNas) stores.update([...state.nas.values()].filter((row) => chosen === "storage" || row.id === id));
    else if (isReach) network.update(reachNodes(state).filter((node) => chosen === "reach" || node.id === chosen));
    else hosts.update([...state.hosts.values()].filter((row) => chosen === "virtualization" || (chosen.startsWith("pool:") ? row.pool === id : row.id === id)));
    allow();
  }

  // What is not possible now says why.
  function allow() {
    const rows = [...hosts.selected].map((id) => live.state.hosts.get(id)).filter(Boolean);
    const none = rows.length ? "" : "Select a host first.";
    settings.refuse(none);
    for (const one of tools) one.press.refuse(refusal(covers, role, "operate") || none || pointless(one.ask, rows));
  }

  async function askFor({ ask, label, text }) {
    const ids = [...hosts.selected];
    const named = ids.length === 1 ? ids[0] : count(ids.length, "host");
    const done = await confirm({
      title: `${label}: ${named}?`,
      text: [h("p", {}, text(named)), ids.length > 1 && h("p", { class: "muted" }, ids.join(", "))],
      action: label,
      run: async ({ why }) => {
        for (const subject of ids) toast((await post("/requests", { ask, subject, why })).answer);
      },
    });
    if (done) hosts.clear();
  }

  live.subscribe((state) => [state.hosts, state.pools, state.upses, state.nas, state.switches, state.site.own_machine], () => {
    branch.update(branches(live.state));
    branch.select(chosen);
    show();
  });
  live.subscribe((state) => state.pulse, () => /^(ups|nas|storage|reach|switch|machine)/.test(chosen) && show());
  return { el };
}

/** Why a request would change nothing for these hosts; "" when it would. */
export function pointless(ask, rows) {
  if (ask === "hold" && rows.every((row) => row.held)) return "It is held already.";
  if (ask === "release" && !rows.some((row) => row.held)) return "It is not held.";
  if (ask === "enter maintenance" && rows.every((row) => row.enabled === false)) return "It is in maintenance mode already.";
  if (ask === "exit maintenance" && !rows.some((row) => row.enabled === false)) return "It is not in maintenance mode.";
  return "";
}

function branches(state) {
  const { pools, hosts, upses, nas } = state;
  const names = [...new Set([...pools.keys(), ...[...hosts.values()].map((row) => row.pool)])].sort(compare);
  const virtual = names.map((pool) => {
    const members = [...hosts.values()].filter((row) => row.pool === pool).sort((a, b) => b.coordinator - a.coordinator || compare(a.id, b.id));
    const children = members.map((row) => {
      const state = hostState(row);
      return { id: `host:${row.id}`, label: row.id, icon: state.icon, tone: state.tone, note: row.coordinator ? COORDINATOR : "", title: state.label };
    });
    return { id: `pool:${pool}`, label: pool, icon: "pool", note: String(members.length), children };
  });
  const cards = [...upses.values()].sort((a, b) => compare(a.id, b.id)).map((row) => {
    const state = upsState(row);
    return { id: `ups:${row.id}`, label: row.id, icon: state.icon, tone: state.tone, note: row.runtime === null ? "" : brief(row.runtime), title: state.label };
  });
  const stores = [...nas.values()].sort((a, b) => compare(a.id, b.id)).map((row) => {
    const state = nasState(row);
    return { id: `nas:${row.id}`, label: row.id, icon: state.icon, tone: state.tone, note: count(row.vms, "VM"), title: state.label };
  });
  const storage = stores.length > 0 && { id: "storage", label: "Storage", icon: "storage", note: String(nas.size), children: stores };
  const others = reachNodes(state).map(({ id, name, state: now }) => ({ id, label: name, icon: now.icon, tone: now.tone, note: "", title: now.label }));
  const network = others.length > 0 && { id: "reach", label: "Network and controller", icon: "switch", note: String(others.length), children: others };
  return [
    { id: "virtualization", label: "Virtualization", icon: "host", note: String(hosts.size), children: virtual },
    { id: "upses", label: "UPS", icon: "ups", note: String(upses.size), children: cards },
    storage,
    network,
  ].filter(Boolean);
}

function hostColumns() {
  const feeds = (row) => {
    if (!row.powered_by.length) return h("span", { class: "muted" }, "not told");
    return row.powered_by.map((id) => {
      const ups = live.state.upses.get(id);
      return h("a", { class: "feed-link", href: `/upses/${encodeURIComponent(id)}` }, ups && h("span", { class: "tone", data: { tone: upsState(ups).tone } }, icon(upsState(ups).icon, upsState(ups).label)), id);
    });
  };
  return [
    {
      key: "address", label: "Address", lead: true, sort: (row) => row.address || row.id,
      cell: (row) => h("span", { class: "address" }, h("a", { href: `/hosts/${encodeURIComponent(row.id)}` }, row.address || row.id), row.address && h("span", { class: "muted small" }, row.id), row.held && h("span", { class: "chip", data: { tone: "warning" } }, icon("held"), "held")),
    },
    { key: "connection", label: "Connection status", sort: (row) => connectionState(row).label, cell: (row) => status(connectionState(row)).el },
    { key: "powered", label: "Powered by", sort: (row) => row.powered_by.join(" "), cell: feeds, live: true },
    { key: "product", label: "Product", sort: (row) => (row.coordinator ? PRODUCT.coordinator : PRODUCT.host), cell: (row) => (row.coordinator ? PRODUCT.coordinator : PRODUCT.host) },
  ];
}

function upsColumns() {
  return [
    { key: "id", label: "UPS", lead: true, sort: (row) => row.id, cell: (row) => h("a", { href: `/upses/${encodeURIComponent(row.id)}` }, row.id) },
    { key: "state", label: "State", sort: (row) => -upsState(row).rank, cell: (row) => status(upsState(row)).el },
    { key: "runtime", label: "Runtime", end: true, sort: (row) => row.runtime, cell: (row) => (row.runtime === null ? "–" : brief(row.runtime)) },
    { key: "load", label: "Load", end: true, sort: (row) => row.load, cell: (row) => (row.load === null ? "–" : percent(row.load)) },
    { key: "charge", label: "Charge", end: true, sort: (row) => row.charge, cell: (row) => (row.charge === null ? "–" : percent(row.charge)) },
    { key: "answered", label: "Answered", end: true, live: true, sort: (row) => row.answered_at, cell: (row) => ago(row.answered_at, live.state.pulse.now) },
  ];
}

function reachColumns() {
  return [
    { key: "id", label: "Name", lead: true, sort: (node) => node.name, cell: (node) => h("a", { href: "/settings#equipment" }, node.name) },
    { key: "state", label: "State", sort: (node) => -node.state.rank, cell: (node) => status(node.state).el },
    { key: "powered", label: "Powered by", sort: (node) => node.row.powered_by.join(" "), cell: (node) => node.row.powered_by.join(", ") || "–" },
    { key: "left", label: "Power left", end: true, sort: (node) => node.left, cell: (node) => (node.left === null ? "–" : brief(node.left)) },
    { key: "ends", label: "Shut down", cell: (node) => node.ends || "–" },
    { key: "connects", label: "Connects", cell: (node) => (node.kind === "switch" ? connected(node.row).join(", ") || "nothing" : node.row.switch ? `is behind ${node.row.switch}` : "–") },
  ];
}
