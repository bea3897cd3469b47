// The site as a graph for the picture: UPSs, pools with their hosts, storage, and what feeds and uses what. Large sites are folded.
import { compare } from "../ui/table.js";
import { hostState, nasState, upsState } from "../words.js";
import { feederOf, foldsBy, railsOf } from "./feeders.js";
import { reachNodes, tiesOf } from "./reach.js";

const FEW_HOSTS = 24; // up to so many hosts and UPSs the picture begins unfolded
const FEW_UPSES = 24;
const TROUBLED_SHOWN = 8; // UPSs of folded pools that are shown alone because something is wrong with them

/** The pools that begin unfolded: all of a small site, none of a large one. */
export function unfoldedAtFirst({ pools, hosts, upses }) {
  return new Set(hosts.size <= FEW_HOSTS && upses.size <= FEW_UPSES ? poolNames(pools, hosts) : []);
}

/**
 * Nodes and edges. `unfolded`: the pools whose hosts are shown one by one. Returns {left: [node], rails: [rail], pools: [{id, folded, nodes: [node]}],
 * nas: [node], reach: [node], storage: [node], edges: [{id, from, to, tone, flows}], taps: [{id, from, to}], uses: [{id, pool, hosts, nas}], ties: [[id, id]]}. A node is
 * {id, kind: "ups" | "upses" | "host" | "hosts" | "nas" | "switch" | "machine" | "storage", ...}: the kinds in the plural stand for several. `rails` are the feeders, with the
 * nodes of `left` in its order; `storage` are the repositories that lie on no NAS of `nas`; `uses` tells which hosts of a pool use which NAS, and a NAS its `pool` where only one does; `ties`: what is reached
 * through which switch, and where the controller is.
 */
export function graphOf(state, unfolded) {
  const { upses, pools, hosts, vms, storage, nas = new Map() } = state;
  const moving = movingVms(vms);
  const groups = poolNames(pools, hosts).map((id) => {
    const members = [...hosts.values()].filter((host) => host.pool === id).sort(coordinatorFirst);
    const folded = !unfolded.has(id);
    return { id, row: pools.get(id), members, folded, nodes: folded ? [foldedHosts(id, members)] : members.map((row) => hostNode(row, moving)) };
  });
  const stores = nasNodes(nas, storage);
  const isFolded = groups.some((group) => group.folded);
  const uses = usesOf(groups, stores);
  for (const node of stores) node.pool = onlyOne(uses.filter((use) => use.nas === node.id).map((use) => use.pool));
  const reach = reachNodes(state);
  const alone = (nodes) => nodes.map((node) => ({ id: node.id, folded: isFolded, nodes: [node] }));
  const fed = [...[...groups, null].flatMap((group) => [...(group ? [group] : []), ...alone(stores.filter((node) => node.pool === (group?.id ?? null)))]), ...alone(reach)];
  const feeds = feedsOf(fed);
  const left = leftNodes(upses, fed, feeds);
  const edges = edgesOf(left, feeds, upses);
  order(left, edges, fed);
  const rails = railsOf(left, upses);
  const taps = rails.flatMap((rail) => rail.nodes.map((node) => ({ id: `${rail.id}>${node.id}`, from: rail.id, to: node.id })));
  return { left: rails.flatMap((rail) => rail.nodes), rails, pools: groups, nas: stores, reach, storage: storageNodes(storage, hosts, nas), edges, taps, uses, ties: tiesOf(reach, left, groups) };
}

/** What feeds a node and what it feeds: the ids of all nodes on the way, itself included; of a host and a NAS, who uses whom; and what hangs on a switch. */
export function joinedTo(id, { edges, taps, uses, ties }) {
  const fed = new Set([id]);
  for (const { from, to } of [...taps, ...edges]) if (fed.has(from)) fed.add(to);
  const feeding = new Set([id]);
  for (const { from, to } of [...edges, ...taps]) if (feeding.has(to)) feeding.add(from);
  const used = uses.flatMap((use) => (use.nas === id ? use.hosts : use.hosts.includes(id) ? [use.nas] : []));
  const tied = ties.flatMap(([one, other]) => (one === id ? [other] : other === id ? [one] : []));
  return new Set([...fed, ...feeding, ...used, ...tied]);
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
      const fed = node.members ?? [node.row];
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

// Each NAS, with the names of the repositories that lie on it.
function nasNodes(nas, storage) {
  const named = (id) => storage.get(id)?.name || id.slice(0, 8); // a uuid
  return [...nas.values()].sort((a, b) => compare(a.id, b.id)).map((row) => ({ id: `nas:${row.id}`, kind: "nas", row, state: nasState(row), repositories: row.repositories.map(named).sort(compare) }));
}

function usesOf(groups, stores) {
  const found = [];
  for (const { id: nas, row } of stores) {
    for (const { id: pool, nodes } of groups) {
      const using = nodes.filter((node) => (node.members ?? [node.row]).some((host) => row.hosts.includes(host.id)));
      if (using.length) found.push({ id: `${nas}<${pool}`, pool, nas, hosts: using.map((node) => node.id) });
    }
  }
  return found;
}

const onlyOne = (pools) => (pools.length === 1 ? pools[0] : null);

// Repositories that lie on a NAS are told in it.
function storageNodes(storage, hosts, nas) {
  const told = new Set([...nas.values()].flatMap((row) => row.repositories));
  return [...storage.values()]
    .filter((row) => !told.has(row.id))
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
