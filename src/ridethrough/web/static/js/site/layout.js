// Where each node of the picture stands: feeders at the left, UPSs, hosts in their pools, each NAS below those that use it, switches and the controller's
// machine below them, other storage at the right.
import { isNamed } from "./feeders.js";

const AISLE = 2; // room, by the size of the text, for the lines from pools to the NAS that they use

/**
 * Places for a graph in `width` pixels; `em` is the size of the text. Returns {width, height, rail: {x}, boxes: Map id -> {x, y, w, h},
 * pools: Map id -> {x, y, w, h, head}, named, dense, narrow, tight, below}. `named`: each feeder has a box for its name, above its UPSs;
 * `narrow`: no line leads to storage; `tight`: names have a line of their own; `below`: repositories stand below.
 */
export function layoutOf(graph, width, em) {
  const narrow = width < 34 * em;
  const tight = width < 48 * em;
  const dense = graph.left.length > 10 || graph.pools.reduce((sum, pool) => sum + pool.nodes.length, 0) > 14;
  const named = isNamed(graph.rails);
  const below = narrow || (tight && graph.nas.length > 0); // where repositories stand
  const aisle = graph.uses.length && !narrow && (below || !graph.storage.length) ? AISLE * em : 0;
  const sizes = measures(width - aisle, em, narrow, tight, dense, named, !below && graph.storage.length > 0, graph.nas.length + graph.reach.length > 0);
  const boxes = new Map();
  const pools = new Map();
  const right = stackPools(graph, sizes, boxes, pools);
  const left = stackLeft(graph, sizes, boxes, right);
  const aside = below ? 0 : stackStorage(graph, sizes, boxes, pools);
  let height = Math.max(left, right, aside);
  if (below && graph.storage.length) height = Math.max(height, storageBelow(graph, sizes, boxes, right));
  return { width, height: Math.ceil(height + 0.25 * em), rail: { x: sizes.rail }, boxes, pools, named, dense, narrow, tight, below };
}

function measures(width, em, narrow, tight, dense, named, hasStorage, hasNas) {
  const rail = narrow || named ? 0.6 * em : 2 * em;
  const upsX = rail + (narrow ? 1.1 : 2.75) * em;
  const free = width - upsX;
  const share = narrow ? [0.37, 0.1, 0.53, 0, 0] : hasStorage && tight ? [0.37, 0.07, 0.36, 0.05, 0.15] : hasStorage ? (dense ? [0.35, 0.1, 0.33, 0.05, 0.17] : [0.31, 0.1, 0.34, 0.06, 0.19]) : tight && hasNas ? [0.39, 0.16, 0.45, 0, 0] : [0.35, 0.2, 0.45, 0, 0];
  const most = narrow ? [99, 99, 99, 0, 0] : [20, 16, 24, 7, 13];
  const [ups, gap, host, gap2, store] = share.map((part, n) => Math.min(part * free, most[n] * em));
  const used = ups + gap + host + gap2 + store;
  const spread = narrow ? 0 : Math.max(0, free - used);
  // What is left over on a wide screen goes between the columns.
  const first = gap + spread * (hasStorage ? 0.6 : 1);
  const second = gap2 + (hasStorage ? spread * 0.4 : 0);
  return {
    em, rail, narrow,
    feeder: { head: named ? 1.5 * em : 0, between: named ? 0.5 * em : 0, w: upsX + ups + (narrow ? gap : 0) },
    ups: { x: upsX, w: ups, h: dense ? 2.5 * em : 4 * em },
    pool: { x: upsX + ups + first, w: host, head: 2.125 * em, pad: narrow ? 0.35 * em : 0.6 * em },
    host: { h: dense ? 2.375 * em : 3.125 * em, folded: 4.75 * em },
    nas: { h: dense ? 2.5 * em : 3.5 * em },
    store: { x: upsX + ups + first + host + second, w: store, h: 3.25 * em },
    gap: dense ? 0.375 * em : 0.75 * em,
    between: 1.25 * em,
  };
}

// Below a pool each NAS that it alone uses, below all those that several use.
function stackPools(graph, m, boxes, pools) {
  let y = 0;
  for (const group of graph.pools) {
    const top = y;
    y += m.pool.head;
    for (const node of group.nodes) {
      const h = node.kind === "hosts" ? m.host.folded : m.host.h;
      boxes.set(node.id, { x: m.pool.x + m.pool.pad, y, w: m.pool.w - 2 * m.pool.pad, h });
      y += h + m.gap * 0.75;
    }
    y += m.pool.pad - (group.nodes.length ? m.gap * 0.75 : 0);
    pools.set(group.id, { x: m.pool.x, y: top, w: m.pool.w, h: y - top, head: m.pool.head });
    y = stackNas(graph.nas.filter((node) => node.pool === group.id), m, boxes, y + m.between);
  }
  y = stackNas(graph.nas.filter((node) => node.pool === null), m, boxes, y);
  return Math.max(0, stackNas(graph.reach, m, boxes, y) - m.between);
}

function stackNas(nodes, m, boxes, top) {
  let y = top;
  for (const node of nodes) {
    boxes.set(node.id, { x: m.pool.x, y, w: m.pool.w, h: m.nas.h });
    y += m.nas.h + m.gap;
  }
  return nodes.length ? y - m.gap + m.between : top;
}

// Each UPS as near as can be to the middle of what it feeds; none over another; together as high as they need to be. A feeder's name is above its UPSs.
function stackLeft(graph, m, boxes, right) {
  const firsts = new Map(graph.rails.map((rail) => [rail.nodes[0], rail]));
  const leads = graph.left.map((node, n) => (firsts.has(node) ? m.feeder.head + (n ? m.feeder.between : 0) : 0));
  const own = graph.left.map((node) => (node.kind === "upses" ? m.host.folded : m.ups.h));
  const heights = own.map((height, n) => leads[n] + height);
  const total = heights.reduce((a, b) => a + b, 0) + m.gap * Math.max(0, heights.length - 1);
  const room = Math.max(right, total);
  const wanted = graph.left.map((node, n) => {
    const ends = graph.edges.filter((edge) => edge.from === node.id).map((edge) => boxes.get(edge.to)).filter(Boolean);
    if (!ends.length) return Infinity;
    return ends.reduce((sum, box) => sum + box.y + box.h / 2, 0) / ends.length - own[n] / 2 - leads[n];
  });
  const tops = spread(wanted, heights, m.gap, room);
  graph.left.forEach((node, n) => {
    const y = tops[n] + leads[n];
    boxes.set(node.id, { x: m.ups.x, y, w: m.ups.w, h: own[n] });
    if (m.feeder.head && firsts.has(node)) boxes.set(firsts.get(node).id, { x: 0, y: y - m.feeder.head, w: m.feeder.w, h: m.feeder.head });
  });
  return tops.length ? tops.at(-1) + heights.at(-1) : 0;
}

/** Tops as near to those wanted as can be, in this order, `gap` apart, between 0 and `room`. */
export function spread(wanted, heights, gap, room) {
  const tops = [];
  let y = 0;
  wanted.forEach((want, n) => {
    tops[n] = Math.max(y, Number.isFinite(want) ? want : y);
    y = tops[n] + heights[n] + gap;
  });
  let end = room;
  for (let n = tops.length - 1; n >= 0; n -= 1) {
    tops[n] = Math.max(0, Math.min(tops[n], end - heights[n]));
    end = tops[n] - gap;
  }
  return tops;
}

function stackStorage(graph, m, boxes, pools) {
  const heights = graph.storage.map(() => m.store.h);
  const wanted = graph.storage.map((node) => {
    const ends = node.pools.map((id) => pools.get(id)).filter(Boolean);
    return ends.length ? ends.reduce((sum, box) => sum + box.y + box.h / 2, 0) / ends.length - m.store.h / 2 : Infinity;
  });
  const room = Math.max(0, ...[...pools.values()].map((box) => box.y + box.h), heights.length * (m.store.h + m.gap));
  const tops = spread(wanted, heights, m.gap, room);
  graph.storage.forEach((node, n) => boxes.set(node.id, { x: m.store.x, y: tops[n], w: m.store.w, h: m.store.h }));
  return tops.length ? tops.at(-1) + m.store.h : 0;
}

function storageBelow(graph, m, boxes, top) {
  let y = top + (graph.nas.length ? m.gap : m.between);
  for (const node of graph.storage) {
    boxes.set(node.id, { x: m.pool.x, y, w: m.pool.w, h: m.store.h });
    y += m.store.h + m.gap;
  }
  return y - m.gap;
}

/** A soft line between two boxes, from the right side of one to the left side of the other; `lane` shifts its end (−1 to 1). */
export function curve(from, to, lane = 0) {
  const x1 = from.x + from.w;
  const y1 = from.y + from.h / 2;
  const x2 = to.x;
  const y2 = to.y + to.h / 2 + lane * to.h * 0.3;
  const bend = Math.max(12, (x2 - x1) * 0.5);
  return `M${f(x1)} ${f(y1)}C${f(x1 + bend)} ${f(y1)} ${f(x2 - bend)} ${f(y2)} ${f(x2)} ${f(y2)}`;
}

/** A line from the right side of a box to the right side of another, around what stands between them. */
export function bracket(from, to, em) {
  const [x, y1, y2] = [from.x + from.w, from.y + from.h / 2, to.y + to.h / 2];
  const bend = x + Math.min(2.4, 1.4 + Math.abs(y2 - y1) / em / 40) * em;
  return `M${f(x)} ${f(y1)}C${f(bend)} ${f(y1)} ${f(bend)} ${f(y2)} ${f(to.x + to.w)} ${f(y2)}`;
}

function f(number) {
  return Number(number.toFixed(1));
}
