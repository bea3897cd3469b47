// The site as a graph for the picture: UPSs, pools with their hosts, storage, and what feeds what. Large sites are folded.
import { compare } from "../ui/table.js";
import { hostState, upsState } from "../words.js";
import { feederOf, foldsBy, railsOf } from "./feeders.js";

const FEW_HOSTS = 24; // up to so many hosts and UPSs the picture begins unfolded
const FEW_UPSES = 24;
const TROUBLED_SHOWN = 8; // UPSs of folded pools that are shown alone because something is wrong with them

/** The pools that begin unfolded: all of a small site, none of a large one. */
export function unfoldedAtFirst({ pools, hosts, upses }) {
  return new Set(hosts.size <= FEW_HOSTS && upses.size <= FEW_UPSES ? poolNames(pools, hosts) : []);
}

/**
 * Nodes and edges. `unfolded`: the pools whose hosts are shown one by one. Returns {left: [node], rails: [rail], pools: [{id, folded, nodes: [node]}],
 * storage: [node], edges: [{id, from, to, tone, flows}], taps: [{id, from, to}]}. A node is {id, kind: "ups" | "upses" | "host" | "hosts" | "storage", ...}:
 * the kinds in the plural stand for several. `rails` are the feeders, with the nodes of `left` in its order.
 */
export function graphOf({ upses, pools, hosts, vms, storage }, unfolded) {
  const moving = movingVms(vms);
  const groups = poolNames(pools, hosts).map((id) => {
    const members = [...hosts.values()].filter((host) => host.pool === id).sort(coordinatorFirst);
    const folded = !unfolded.has(id);
    return { id, row: pools.get(id), members, folded, nodes: folded ? [foldedHosts(id, members)] : members.map((row) => hostNode(row, moving)) };
  });
  const feeds = feedsOf(groups);
  const left = leftNodes(upses, groups, feeds);
  const edges = edgesOf(left, feeds, upses);
  order(left, edges, groups);
  const rails = railsOf(left, upses);
  const taps = rails.flatMap((rail) => rail.nodes.map((node) => ({ id: `${rail.id}>${node.id}`, from: rail.id, to: node.id })));
  return { left: rails.flatMap((rail) => rail.nodes), rails, pools: groups, storage: storageNodes(storage, hosts), edges, taps };
}

/** What feeds a node and what it feeds: the ids of all nodes on the way, itself included. */
export function joinedTo(id, { edges, taps }) {
  const fed = new Set([id]);
  for (const { from, to } of [...taps, ...edges]) if (fed.has(from)) fed.add(to);
  const feeding = new Set([id]);
  for (const { from, to } of [...edges, ...taps]) if (feeding.has(to)) feeding.add(from);
  return new Set([...fed, ...feeding]);
}

function poolNames(pools, hosts) {
  const named = new Set([...pools.keys(), ...[...hosts.values()].map((host) => host.pool)]);
  return [...named].sort(compare);
}

function coordinatorFirst(a, b) {
  return b.coordinator - a.coordinator || compare(a.id, b.id);
}

function movingVms(vms) {
  const found = new Map();
  for (const vm of vms.values()) if (vm.moving_to) found.set(vm.host, (found.get(vm.host) ?? 0) + 1);
  return found;
}

function hostNode(row, moving) {
  return { id: `host:${row.id}`, kind: "host", row, moving: moving.get(row.id) ?? 0, state: hostState(row) };
}

function foldedHosts(pool, members) {
  return { id: `hosts:${pool}`, kind: "hosts", pool, members, states: tally(members.map(hostState)), vms: members.reduce((sum, host) => sum + host.vms.length, 0) };
}

// For each right node: which UPSs feed it.
function feedsOf(groups) {
  const feeds = new Map();
  for (const group of groups) {
    for (const node of group.nodes) {
      const fed = node.kind === "host" ? [node.row] : node.members;
      feeds.set(node.id, new Set(fed.flatMap((host) => host.powered_by)));
    }
  }
  return feeds;
}

function leftNodes(upses, groups, feeds) {
  const alone = new Set();
  for (const group of groups) if (!group.folded) for (const node of group.nodes) for (const ups of feeds.get(node.id)) alone.add(ups);
  const states = new Map([...upses.values()].map((row) => [row.id, upsState(row)]));
  const troubled = [...upses.values()].filter((row) => !alone.has(row.id) && states.get(row.id).rank > 0);
  troubled.sort((a, b) => states.get(b.id).rank - states.get(a.id).rank || compare(a.id, b.id));
  for (const row of troubled.slice(0, TROUBLED_SHOWN)) alone.add(row.id);
  const isFolded = groups.some((group) => group.folded);
  const feeder = foldsBy(upses);
  const together = new Map();
  const nodes = [];
  for (const row of [...upses.values()].sort((a, b) => compare(a.id, b.id))) {
    const feedsTo = groups.filter((group) => group.nodes.some((node) => feeds.get(node.id).has(row.id))).map((group) => group.id);
    if (alone.has(row.id) || (!feedsTo.length && !isFolded)) {
      nodes.push({ id: `ups:${row.id}`, kind: "ups", row, members: [row], feeder: feederOf(row), state: states.get(row.id) });
      continue;
    }
    const key = `upses:${feedsTo.join(" ")}${feeder(row) ? `|${feeder(row)}` : ""}`;
    if (!together.has(key)) {
      together.set(key, { id: key, kind: "upses", pools: feedsTo, members: [], feeder: feeder(row) });
      nodes.push(together.get(key));
    }
    together.get(key).members.push(row);
  }
  for (const node of together.values()) node.states = tally(node.members.map((row) => states.get(row.id)));
  return nodes;
}

function edgesOf(left, feeds, upses) {
  const edges = [];
  for (const node of left) {
    for (const [to, fed] of feeds) {
      const through = node.members.filter((row) => fed.has(row.id));
      if (through.length) edges.push({ id: `${node.id}>${to}`, from: node.id, to, count: through.length, ...flow(through) });
    }
  }
  for (const [to, fed] of feeds) for (const id of fed) if (!upses.has(id)) edges.push({ id: `ups:${id}>${to}`, from: `ups:${id}`, to, count: 1, tone: "unknown", flows: false, missing: true });
  return edges.filter((edge) => !edge.missing);
}

/** How a feed is drawn: by the worst of the UPSs that it stands for. It flows while the output is on. */
function flow(rows) {
  const worst = rows.map(upsState).reduce((a, b) => (b.rank > a.rank ? b : a));
  return { tone: worst.tone === "info" ? "good" : worst.tone, flows: rows.some((row) => ["good", "on battery", "settling"].includes(row.condition) && !row.silent && !row.cut) };
}

// UPSs stand as near as can be to what they feed, so that lines cross little.
function order(left, edges, groups) {
  const place = new Map(groups.flatMap((group) => group.nodes).map((node, n) => [node.id, n]));
  const mean = (node) => {
    const found = edges.filter((edge) => edge.from === node.id).map((edge) => place.get(edge.to));
    return found.length ? found.reduce((a, b) => a + b, 0) / found.length : Infinity;
  };
  const means = new Map(left.map((node) => [node, mean(node)]));
  left.sort((a, b) => means.get(a) - means.get(b) || compare(a.id, b.id));
}

function storageNodes(storage, hosts) {
  return [...storage.values()]
    .map((row) => ({ id: `storage:${row.id}`, kind: "storage", row, pools: [...new Set(row.hosts.map((host) => hosts.get(host)?.pool).filter(Boolean))] }))
    .filter((node) => node.row.hosts.length > 1 || node.row.vms > 0)
    .sort((a, b) => b.row.hosts.length - a.row.hosts.length || compare(a.id, b.id));
}

/** How many are in each state, the worst first: [[state, number], ...]. */
export function tally(states) {
  const found = new Map();
  for (const state of states) {
    const known = found.get(state.label);
    found.set(state.label, [state, (known?.[1] ?? 0) + 1]);
  }
  return [...found.values()].sort((a, b) => b[0].rank - a[0].rank || b[1] - a[1]);
}
