// The picture of the site: cards, and the lines of the feeds between them.
import { h, icon, keyed, s, setAttr, setData, setText } from "../dom.js";
import { button } from "../ui/button.js";
import { COORDINATOR, count } from "../words.js";
import { card } from "./cards.js";
import { graphOf, joinedTo, unfoldedAtFirst } from "./graph.js";
import { isNamed, utilityOf } from "./feeders.js";
import { bracket, curve, layoutOf } from "./layout.js";

const STILL_ABOVE = 80; // more feeds than that do not move: it would tell nothing and cost the viewer's processor
const FLOW_EVERY = 160; // ms
const FLOW_STEP = 2; // pixels; dashes repeat every 12

// Lines flow where power does; not where nobody looks, and not for who wants no motion.
function keepFlowing(lines) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let at = 0;
  setInterval(() => {
    if (document.hidden || calm.matches) return;
    at = (at + FLOW_STEP) % 12;
    lines.style.setProperty("--flow", `${-at}px`);
  }, FLOW_EVERY);
}

/**
 * Returns {el, update(state), light(id or null)}: `light` shows what hangs on a node ("ups:ups1"). With `onPick(id, el)` UPSs and hosts are buttons
 * that call it; otherwise they lead to their pages.
 */
export function picture({ onPick = null } = {}) {
  const lines = s("svg", { class: "feeds", "aria-hidden": "true" });
  const boxes = h("div", { class: "map-pools" });
  const nodes = h("div", { class: "map-nodes", role: "group", "aria-label": "Feeders, UPSs, hosts, storage, switches and the controller" });
  const utility = h("span", {});
  const rail = h("div", { class: "rail" }, icon("utility"), utility);
  const map = h("div", { class: "map" }, lines, rail, boxes, nodes);
  const signs = legend();
  const el = h("div", { class: "map-frame" }, map, signs.el);
  let unfolded = null;
  let state = null;
  let graph = null;
  let lit = null;

  function draw() {
    if (!state || !map.clientWidth) return;
    unfolded ??= unfoldedAtFirst(state);
    graph = graphOf(state, unfolded);
    const em = Number.parseFloat(getComputedStyle(map).fontSize);
    const layout = layoutOf(graph, map.clientWidth, em);
    map.style.height = `${layout.height}px`;
    setAttr(lines, "viewBox", `0 0 ${layout.width} ${layout.height}`);
    map.classList.toggle("dense", layout.dense);
    map.classList.toggle("narrow", layout.narrow);
    map.classList.toggle("tight", layout.tight);
    keyed(boxes, graph.pools, (pool) => pool.id, poolBox, (box, pool) => mendPool(box, pool, layout));
    map.classList.toggle("named", layout.named);
    rail.hidden = layout.named || !graph.rails.length;
    setText(utility, graph.rails[0]?.label ?? "");
    signs.update(graph);
    const left = layout.named ? graph.rails.flatMap((one) => [one, ...one.nodes]) : graph.left;
    const all = [...left, ...graph.pools.flatMap((pool) => pool.nodes), ...graph.nas, ...graph.reach, ...graph.storage];
    keyed(nodes, all, (node) => node.id, (node) => card(node, onPick), (node, item) => {
      node.mend(item);
      put(node, layout.boxes.get(item.id));
    });
    keyed(lines, linesOf(layout, em), (line) => line.id, () => s("path", {}), (path, line) => {
      setAttr(path, "d", line.d);
      setAttr(path, "class", line.class);
      setData(path, "tone", line.tone);
      setData(path, "id", line.id);
    });
    show();
  }

  function linesOf(layout, em) {
    const found = [];
    const still = graph.edges.length > STILL_ABOVE;
    for (const one of graph.rails) found.push(...railLines(one, layout));
    for (const edge of graph.edges) {
      const into = graph.edges.filter((one) => one.to === edge.to);
      const lane = into.length > 1 ? (2 * into.indexOf(edge)) / (into.length - 1) - 1 : 0;
      const moves = edge.flows && (!still || edge.tone !== "good") ? " flows" : "";
      found.push({ id: edge.id, class: `feed${edge.flows ? "" : " dead"}${moves}${edge.count > 1 ? " many" : ""}`, tone: edge.tone, d: curve(layout.boxes.get(edge.from), layout.boxes.get(edge.to), lane) });
    }
    for (const use of layout.narrow ? [] : graph.uses) {
      found.push({ id: use.id, class: "link", tone: null, d: bracket(layout.pools.get(use.pool), layout.boxes.get(use.nas), em) });
    }
    for (const node of layout.narrow ? [] : graph.storage) {
      const way = layout.below ? bracket : curve;
      for (const pool of node.pools) found.push({ id: `${node.id}<${pool}`, class: "link", tone: null, d: way(layout.pools.get(pool), layout.boxes.get(node.id), layout.below ? em : 0) });
    }
    return found;
  }

  // The line of a feeder, from its name along its UPSs, and from there a tap to each. A cut is crossed out once where one line tells it for all.
  function railLines(one, layout) {
    const { x } = layout.rail;
    const middles = one.nodes.map((node) => layout.boxes.get(node.id)).map((box) => box.y + box.h / 2);
    const name = layout.boxes.get(one.id);
    const [top, bottom] = [name ? name.y + name.h * 0.9 : Math.min(...middles), Math.max(...middles)];
    const isCut = one.power.class === "cut";
    const found = [{ id: `${one.id}>${one.id}`, class: `rail-line${one.power.class === "flows" ? "" : ` ${one.power.class}`}`, tone: one.power.tone, d: `M${x} ${top}V${Math.max(bottom, top + 0.1)}` }];
    if (isCut && name) found.push({ id: `${one.id}>${one.id}>cut`, class: "cross", tone: one.power.tone, d: cross(x, (top + middles[0]) / 2) });
    one.nodes.forEach((node, n) => {
      const { x: end } = layout.boxes.get(node.id);
      const power = utilityOf(node.members);
      found.push({ id: `${one.id}>${node.id}`, class: `tap ${power.class}`, tone: power.tone, d: `M${x} ${middles[n]}H${end}` });
      if (power.class === "cut" && !(isCut && name)) found.push({ id: `${one.id}>${node.id}>cut`, class: "cross", tone: power.tone, d: cross((x + end) / 2, middles[n]) });
    });
    return found;
  }

  function poolBox(pool) {
    const name = h("span", { class: "pool-name" });
    const note = h("span", { class: "pool-note" });
    const fold = button("", { symbol: "down", kind: "quiet small", label: "", onClick: () => turn(pool.id) });
    const box = h("div", { class: "pool-box" }, h("div", { class: "pool-head" }, icon("pool"), name, note, fold));
    Object.assign(box, { name, note, fold });
    return box;
  }

  function mendPool(box, pool, layout) {
    put(box, layout.pools.get(pool.id));
    setText(box.name, pool.id);
    const vms = pool.members.reduce((sum, host) => sum + host.vms.length, 0);
    setText(box.note, pool.folded ? "" : layout.tight ? count(vms, "VM") : `${count(pool.members.length, "host")}, ${count(vms, "VM")}`);
    setAttr(box.fold, "aria-expanded", String(!pool.folded));
    setAttr(box.fold, "aria-label", `${pool.folded ? "Show" : "Fold"} the hosts of ${pool.id}`);
    setAttr(box.fold, "title", pool.folded ? "Show the hosts" : "Fold the hosts");
    setData(box, "folded", pool.folded ? "" : null);
    setData(box, "trouble", pool.row && !pool.row.connected ? "" : null);
  }

  function turn(id) {
    if (unfolded.has(id)) unfolded.delete(id);
    else unfolded.add(id);
    draw();
  }

  function show() {
    map.classList.toggle("lit", lit !== null);
    if (lit === null) return;
    const joined = joinedTo(lit, graph);
    for (const node of nodes.children) node.classList.toggle("on", joined.has(node.dataset.node));
    for (const path of lines.children) {
      const use = graph.uses.find((one) => one.id === path.dataset.id);
      const [from, to] = path.dataset.id.split(">");
      path.classList.toggle("on", use ? joined.has(use.nas) && use.hosts.some((host) => joined.has(host)) : joined.has(from) && joined.has(to));
    }
  }

  const light = (id) => {
    const known = id !== null && graph && [...graph.rails, ...graph.left, ...graph.pools.flatMap((pool) => pool.nodes), ...graph.nas, ...graph.reach].some((node) => node.id === id);
    lit = known ? id : null;
    show();
  };
  const over = (event) => light(event.target.closest("[data-node]")?.dataset.node ?? null);
  nodes.addEventListener("pointerover", over);
  nodes.addEventListener("focusin", over);
  nodes.addEventListener("pointerleave", () => light(null));
  nodes.addEventListener("focusout", () => light(null));
  keepFlowing(lines);
  new ResizeObserver(() => draw()).observe(map);

  const update = (next) => {
    state = next;
    draw();
  };
  return { el, update, light };
}

function put(el, box) {
  el.style.transform = `translate(${box.x.toFixed(1)}px, ${box.y.toFixed(1)}px)`;
  el.style.width = `${box.w.toFixed(1)}px`;
  el.style.height = `${box.h.toFixed(1)}px`;
}

function cross(x, y) {
  return `M${x - 4} ${y - 4}l8 8m0-8l-8 8`;
}

// What the lines and signs mean; those that are not always there are told while they are.
function legend() {
  const sample = (words, kind, tone, ...more) => h("li", {}, s("svg", { class: "feeds sample", viewBox: "0 0 28 10", "aria-hidden": "true" }, s("path", { class: `feed ${kind}`, data: { tone }, d: "M1 5H27" }), more), words);
  const cut = sample("no utility power", "cut", "lost", s("path", { class: "cross", data: { tone: "lost" }, d: cross(14, 5) }));
  const feeder = h("li", {}, icon("utility"), "feeder");
  const through = h("li", {}, icon("switch"), "switch");
  const stored = h("li", {}, icon("storage"), "storage");
  const own = h("li", {}, icon("controller"), "the controller's machine");
  const el = h(
    "ul",
    { class: "map-legend no-print" },
    sample("fed by utility power", "", "good"),
    sample("fed by the battery", "flows", "battery"),
    cut,
    sample("not known, or nothing", "dead", "silent"),
    feeder,
    h("li", {}, icon("coordinator"), COORDINATOR),
    stored,
    through,
    own,
  );
  const update = ({ rails, nas, storage, reach }) => {
    stored.hidden = nas.length + storage.length === 0;
    through.hidden = !reach.some((node) => node.kind === "switch");
    own.hidden = !reach.some((node) => node.kind === "machine");
    cut.hidden = !rails.some((rail) => rail.nodes.some((node) => utilityOf(node.members).class === "cut"));
    feeder.hidden = !isNamed(rails);
  };
  return { el, update };
}
