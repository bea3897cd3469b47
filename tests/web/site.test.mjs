import assert from "node:assert/strict";
import { test } from "node:test";
import { graphOf, joinedTo, tally, unfoldedAtFirst } from "../../src/ridethrough/web/static/js/site/graph.js";
import { layoutOf, spread } from "../../src/ridethrough/web/static/js/site/layout.js";
import { pointless } from "../../src/ridethrough/web/static/js/site/manual.js";
import { machineState, nasState, switchState } from "../../src/ridethrough/web/static/js/words.js";
import { reachWords } from "../../src/ridethrough/web/static/js/site/reach.js";
import { fedText } from "../../src/ridethrough/web/static/js/ups/fed.js";
import { wellText, whatIsWrong } from "../../src/ridethrough/web/static/js/site/wrong.js";

const ups = (id, more = {}) => ({ id, condition: "good", silent: false, low: false, testing: false, source: "utility", charge: 100, runtime: 900, load: 30, on_battery_since: null, off_at: null, cut_at: null, trouble: "", ...more });
const host = (id, pool, fed, more = {}) => ({ id, pool, powered_by: fed, coordinator: false, connected: true, supply: "full", step: "", held: false, enabled: true, vms: [], on_battery_since: null, ...more });
const nas = (id, fed, more = {}) => ({ id, address: "192.0.2.20", powered_by: fed, needs: 1, supply: "full", on_battery_since: null, way: "network ups", serves: true, serves_at: 9, logged_in: true, trouble: "", repositories: [], hosts: [], vms: 0, step: "", ...more });
const byId = (rows) => new Map(rows.map((row) => [row.id, row]));

function small() {
  return {
    site: { alerts: [] },
    upses: byId([ups("ups1"), ups("ups2"), ups("spare")]),
    pools: byId([{ id: "pool1", connected: true }]),
    hosts: byId([host("h2", "pool1", ["ups2"]), host("h1", "pool1", ["ups1", "ups2"], { coordinator: true })]),
    vms: byId([]),
    storage: byId([{ id: "nas", hosts: ["h1", "h2"], vms: 3 }, { id: "unused", hosts: ["h1"], vms: 0 }]),
  };
}

function large() {
  const upses = [];
  const hosts = [];
  for (let p = 0; p < 4; p += 1) {
    for (let n = 0; n < 16; n += 1) hosts.push(host(`h${p}-${n}`, `pool${p}`, [`u${p}-${n * 3}`, `u${p}-${n * 3 + 1}`], { vms: Array(16).fill("vm") }));
    for (let n = 0; n < 50; n += 1) upses.push(ups(`u${p}-${n}`));
  }
  return { site: { alerts: [] }, upses: byId(upses), pools: byId([]), hosts: byId(hosts), vms: byId([]), storage: byId([]) };
}

// The same site, its UPSs on feeders: {ups: feeder}, or a function of its row.
function onFeeders(state, feeders) {
  const of = typeof feeders === "function" ? feeders : (row) => feeders[row.id] ?? "";
  return { ...state, upses: byId([...state.upses.values()].map((row) => ({ ...row, feeder: of(row) }))) };
}

test("a small site is shown in full: each feed is a line, the coordinator comes first", () => {
  const state = small();
  const graph = graphOf(state, unfoldedAtFirst(state));
  assert.deepEqual(graph.pools[0].nodes.map((node) => node.row.id), ["h1", "h2"]);
  assert.deepEqual(graph.edges.map((edge) => edge.id).sort(), ["ups:ups1>host:h1", "ups:ups2>host:h1", "ups:ups2>host:h2"]);
  assert.deepEqual(graph.left.map((node) => node.id), ["ups:ups1", "ups:ups2", "ups:spare"]);
  assert.deepEqual(graph.storage.map((node) => node.row.id), ["nas"]);
});

// Its repository "nas" lies on nas1, "other" on nobody's.
function withNas(state, more = {}) {
  const storage = byId([{ id: "nas", name: "NFS store", hosts: ["h1", "h2"], vms: 3 }, { id: "other", hosts: ["h1", "h2"], vms: 1 }]);
  return { ...state, storage, nas: byId([nas("nas1", ["spare"], { repositories: ["nas"], hosts: ["h2"], vms: 3, ...more })]) };
}

test("a NAS has feeds of its own, and stands for the repositories on it", () => {
  const state = withNas(small());
  const graph = graphOf(state, unfoldedAtFirst(state));
  assert.deepEqual(graph.nas.map((node) => [node.id, node.repositories]), [["nas:nas1", ["NFS store"]]]);
  assert.deepEqual(graph.storage.map((node) => node.row.id), ["other"]);
  assert.ok(graph.edges.some((edge) => edge.id === "ups:spare>nas:nas1" && edge.flows));
  assert.deepEqual(graph.uses, [{ id: "nas:nas1<pool1", pool: "pool1", nas: "nas:nas1", hosts: ["host:h2"] }]);
  assert.equal(graph.nas[0].pool, "pool1");
  assert.deepEqual([...joinedTo("nas:nas1", graph)].sort(), ["feeder:", "host:h2", "nas:nas1", "ups:spare"]);
  assert.ok(joinedTo("host:h2", graph).has("nas:nas1"));
  assert.ok(!joinedTo("host:h1", graph).has("nas:nas1"));
});

test("a NAS stands below the pools, also where they are folded", () => {
  for (const unfolded of [["pool1"], []]) {
    const graph = graphOf(withNas(small()), new Set(unfolded));
    const layout = layoutOf(graph, 900, 16);
    const [pool, box] = [layout.pools.get("pool1"), layout.boxes.get("nas:nas1")];
    assert.ok(box.y >= pool.y + pool.h);
    assert.deepEqual([box.x, box.w], [pool.x, pool.w]);
    assert.equal(graph.left.reduce((sum, node) => sum + node.members.length, 0), 3);
    assert.ok(graph.edges.some((edge) => edge.to === "nas:nas1"));
  }
});

test("a NAS stands below the pool that alone uses it, and below all where several do", () => {
  const state = large();
  state.nas = byId([nas("a", ["u0-0"], { hosts: ["h0-0"] }), nas("b", ["u0-0"], { hosts: ["h0-0", "h3-0"] }), nas("c", ["u0-0"])]);
  const layout = layoutOf(graphOf(state, new Set()), 1200, 16);
  const [own, shared, unused] = ["a", "b", "c"].map((id) => layout.boxes.get(`nas:${id}`).y);
  assert.ok(layout.pools.get("pool0").y < own && own < layout.pools.get("pool1").y);
  assert.ok(layout.pools.get("pool3").y < shared && shared < unused);
});

test("the state of a NAS is its step, then its supply, then whether it serves and would hear us", () => {
  const told = (more) => nasState(nas("n", [], more)).label;
  const failing = { supply: "on battery", serves: false };
  assert.equal(told({}), "Serves");
  assert.equal(told(failing), "On battery");
  assert.equal(told({ ...failing, step: "its VMs stop" }), "Its VMs stop");
  assert.equal(told({ ...failing, step: "shutting down" }), "Shutting down");
  assert.equal(told({ supply: "full", serves: false, step: "down" }), "Down");
  assert.equal(told({ serves: false, trouble: "no answer" }), "Does not serve");
  assert.equal(told({ serves: false, serves_at: null }), "Not asked yet");
  assert.equal(told({ logged_in: false }), "Does not ask for its UPS");
  assert.equal(told({ logged_in: null }), "Serves");
});

test("what is wrong with a NAS leads to its page, once", () => {
  const state = withNas(small(), { serves: false, trouble: "no answer within 5 s" });
  const [found] = whatIsWrong(state);
  assert.deepEqual([found.text, found.href], ["nas1: does not serve (no answer within 5 s), 3 VMs on it", "/storage/nas1"]);
  state.site = { alerts: [{ at: 5, subject: "nas1", key: "not serving", text: "nas1 has power and does not serve: look at it" }] };
  assert.deepEqual(whatIsWrong(state).map((one) => [one.id, one.href]), [["alert nas1 not serving", "/storage/nas1"]]);
  assert.deepEqual(whatIsWrong(withNas(small())), []);
});

const sw = (id, fed, more = {}) => ({ id, powered_by: fed, needs: 1, supply: "full", on_battery_since: null, power_until: null, hosts: ["h1", "h2"], nas: [], cards: ["ups1"], ...more });
const own = (fed, more = {}) => ({ powered_by: fed, needs: 1, supply: "full", on_battery_since: null, power_until: null, switch: "sw1", shutdown: true, shuts_down_at: null, vm: "", host: "", ...more });
const withReach = (state, machine = {}, more = {}) => ({ ...state, site: { alerts: [], own_machine: own(["ups2"], machine) }, switches: byId([sw("sw1", ["spare"], more)]), pulse: { now: 1000 } });

test("a switch and the controller's machine stand below all else, with their feeds", () => {
  const state = withReach(withNas(small()));
  const graph = graphOf(state, unfoldedAtFirst(state));
  assert.deepEqual(graph.reach.map((node) => node.id), ["switch:sw1", "machine:"]);
  const ids = graph.edges.map((edge) => edge.id);
  assert.ok(ids.includes("ups:spare>switch:sw1") && ids.includes("ups:ups2>machine:"));
  const { boxes } = layoutOf(graph, 900, 16);
  assert.ok(boxes.get("switch:sw1").y > boxes.get("nas:nas1").y && boxes.get("machine:").y > boxes.get("switch:sw1").y);
});

test("a switch lights what is reached through it, also in a folded pool", () => {
  const state = withReach(withNas(small()), {}, { nas: ["nas1"] });
  const lit = joinedTo("switch:sw1", graphOf(state, unfoldedAtFirst(state)));
  for (const id of ["host:h1", "host:h2", "nas:nas1", "ups:ups1", "machine:", "ups:spare"]) assert.ok(lit.has(id), id);
  assert.ok(!lit.has("ups:ups2"));
  assert.ok(joinedTo("switch:sw1", graphOf(state, new Set())).has("hosts:pool1"));
});

test("what they hang on is told in words, and on battery for how long", () => {
  const failing = { supply: "on battery", on_battery_since: 990, power_until: 1240 };
  const [through, machine] = graphOf(withReach(small(), { ...failing, shuts_down_at: 1120 }, failing), new Set()).reach;
  assert.match(reachWords(through), /^On battery, 4 min of power left, powered by spare, connects h1, h2, the card of ups1$/);
  assert.match(reachWords(machine), /^On battery, 4 min of power left, shut down at .*\d\d:\d\d, powered by ups2, behind sw1$/);
  assert.equal(switchState(sw("sw1", ["ups1"], { supply: "lost" })).label, "No power");
  assert.equal(switchState(sw("sw1", [], { supply: "assumed" })).label, "On no UPS");
  assert.equal(machineState(own([], { supply: "assumed", vm: "u1", host: "h1" })).label, "A VM on h1");
});

test("what a UPS feeds is told with storage, switches and the controller; many hosts are counted", () => {
  const state = withReach(withNas(small()));
  assert.equal(fedText("spare", state), "nas1, sw1");
  assert.equal(fedText("ups2", state), "h1, h2, the controller");
  const hosts = byId(["h1", "h2", "h3", "h4"].map((id) => host(id, "pool1", ["ups1"])));
  assert.equal(fedText("ups1", { ...state, hosts }), "4 hosts");
  assert.equal(fedText("nobody", state), "");
});

test("what is on battery there is told among what is wrong, with who hangs on it", () => {
  const failing = { supply: "on battery", on_battery_since: 990, power_until: 1240 };
  const texts = whatIsWrong(withReach(small(), {}, failing)).map((one) => one.text);
  assert.deepEqual(texts, ["sw1: on battery, 4 min of power left, reached through it: h1, h2 and the card of ups1"]);
});

test("a node lights what feeds it and what it feeds, on the whole way", () => {
  const state = onFeeders(small(), { ups1: "A", ups2: "B", spare: "B" });
  const graph = graphOf(state, unfoldedAtFirst(state));
  assert.deepEqual([...joinedTo("ups:ups2", graph)].sort(), ["feeder:B", "host:h1", "host:h2", "ups:ups2"]);
  assert.deepEqual([...joinedTo("host:h2", graph)].sort(), ["feeder:B", "host:h2", "ups:ups2"]);
  assert.deepEqual([...joinedTo("feeder:B", graph)].sort(), ["feeder:B", "host:h1", "host:h2", "ups:spare", "ups:ups2"]);
});

function railsOn(state, unfolded = unfoldedAtFirst(state)) {
  return graphOf(state, unfolded).rails.map((rail) => [rail.label, rail.power.class, rail.nodes.map((node) => node.row?.id ?? node.members.length)]);
}

test("without a named feeder there is one rail of utility power, without a box", () => {
  const state = small();
  assert.deepEqual(railsOn(state), [["Utility power", "flows", ["ups1", "ups2", "spare"]]]);
  const layout = layoutOf(graphOf(state, unfoldedAtFirst(state)), 900, 16);
  assert.deepEqual([layout.named, layout.boxes.has("feeder:")], [false, false]);
});

test("UPSs stand by the feeder that they hang on; those of which nobody says it, together", () => {
  const state = onFeeders(small(), { ups1: "A", spare: "A" });
  assert.deepEqual(railsOn(state), [["Feeder A", "flows", ["ups1", "spare"]], ["Utility power", "flows", ["ups2"]]]);
  const layout = layoutOf(graphOf(state, unfoldedAtFirst(state)), 900, 16);
  assert.equal(layout.named, true);
  const [name, first, last] = ["feeder:A", "ups:ups1", "ups:spare"].map((id) => layout.boxes.get(id).y);
  assert.ok(name < first && first < last && last < layout.boxes.get("feeder:").y);
});

test("a feeder is told by all UPSs on it: it has failed when none has utility power and one says so", () => {
  const on = (one, other) => railsOn({ ...small(), upses: byId([ups("x", { feeder: "A", ...one }), ups("y", { feeder: "A", ...other })]) })[0].slice(0, 2);
  const battery = { condition: "on battery" };
  assert.deepEqual(on({}, battery), ["Feeder A", "flows"]);
  assert.deepEqual(on(battery, battery), ["Feeder A failed", "cut"]);
  assert.deepEqual(on({ condition: "settling" }, battery), ["Feeder A", "flows"]);
  assert.deepEqual(on({ silent: true }, battery), ["Feeder A failed", "cut"]);
  assert.deepEqual(on({ condition: "off", on_battery_since: 3 }, { condition: "unknown" }), ["Feeder A failed", "cut"]);
  assert.deepEqual(on({ condition: "off" }, { condition: "unknown" }), ["Feeder A: unknown", "dead"]);
  assert.deepEqual(on({ silent: true }, { silent: true }), ["Feeder A: unknown", "dead"]);
});

test("in folded pools UPSs stand by feeder, and together where there are many feeders", () => {
  const state = large();
  const few = onFeeders(state, (row) => ("AB")[Number(row.id.at(-1)) % 2]);
  assert.deepEqual(graphOf(few, new Set()).rails.map((rail) => [rail.label, rail.nodes.reduce((sum, node) => sum + node.members.length, 0)]), [["Feeder A", 100], ["Feeder B", 100]]);
  const many = onFeeders(state, (row) => `F${row.id}`);
  assert.deepEqual(railsOn(many, new Set()).map(([label, , nodes]) => [label, nodes.length]), [["200 feeders", 5]]);
  many.upses.set("u0-0", { ...many.upses.get("u0-0"), condition: "on battery" });
  const rails = railsOn(many, new Set());
  assert.deepEqual(rails.filter(([label]) => label === "Feeder Fu0-0 failed"), [["Feeder Fu0-0 failed", "cut", ["u0-0"]]]);
});

test("a large site begins folded: a few nodes, and every UPS and host is counted", () => {
  const state = large();
  const graph = graphOf(state, unfoldedAtFirst(state));
  assert.ok(graph.left.length <= 5);
  assert.equal(graph.left.reduce((sum, node) => sum + node.members.length, 0), 200);
  assert.deepEqual(graph.pools.map((pool) => pool.nodes.length), [1, 1, 1, 1]);
  assert.equal(graph.pools[0].nodes[0].vms, 256);
});

test("what is wrong in a folded pool stands alone; of many, the worst", () => {
  const state = large();
  for (let n = 0; n < 30; n += 1) state.upses.set(`u1-${n}`, ups(`u1-${n}`, { condition: "on battery" }));
  state.upses.set("u2-7", ups("u2-7", { condition: "on battery", low: true }));
  const graph = graphOf(state, new Set());
  const alone = graph.left.filter((node) => node.kind === "ups").map((node) => node.row.id);
  assert.equal(alone.length, 8);
  assert.ok(alone.includes("u2-7"));
  assert.equal(graph.left.reduce((sum, node) => sum + node.members.length, 0), 200);
});

test("an unfolded pool shows its hosts and what feeds them", () => {
  const state = large();
  const graph = graphOf(state, new Set(["pool2"]));
  assert.equal(graph.pools[2].nodes.length, 16);
  assert.equal(graph.left.filter((node) => node.kind === "ups").length, 32);
  assert.equal(graph.edges.filter((edge) => edge.to.startsWith("host:")).length, 32);
});

test("a feed is drawn by the worst UPS that it stands for, and stops where nothing flows", () => {
  const state = small();
  state.upses.set("ups1", ups("ups1", { condition: "on battery" }));
  state.upses.set("ups2", ups("ups2", { condition: "off" }));
  const edges = new Map(graphOf(state, unfoldedAtFirst(state)).edges.map((edge) => [edge.id, edge]));
  assert.deepEqual([edges.get("ups:ups1>host:h1").tone, edges.get("ups:ups1>host:h1").flows], ["battery", true]);
  assert.deepEqual([edges.get("ups:ups2>host:h1").tone, edges.get("ups:ups2>host:h1").flows], ["lost", false]);
});

test("no card lies over another, at any width", () => {
  const many = large();
  const named = [onFeeders(small(), { ups2: "B" }), onFeeders(many, (row) => ["A", "", "B"][Number(row.id.at(-1)) % 3])];
  const stored = [withNas(small()), { ...many, nas: byId([0, 1, 2, 3].map((p) => nas(`n${p}`, [`u${p}-0`, `u${p}-3`], { hosts: [`h${p}-0`] }))) }];
  const sites = [[small(), ["pool1"]], [stored[0], ["pool1"]], [stored[1], []], [stored[1], ["pool2"]], [many, []], [many, ["pool0", "pool3"]], [named[0], ["pool1"]], [named[1], []], [named[1], ["pool0", "pool3"]]];
  for (const [state, unfolded] of sites.map(([one, ids]) => [one, new Set(ids)])) {
    for (const width of [330, 700, 1000, 2200]) {
      const graph = graphOf(state, unfolded);
      const layout = layoutOf(graph, width, 16);
      const boxes = [...layout.boxes.values()];
      for (const [n, a] of boxes.entries()) {
        assert.ok(a.x >= 0 && a.x + a.w <= width + 0.5 && a.y >= 0 && a.y + a.h <= layout.height + 0.5, `outside at ${width}`);
        for (const b of boxes.slice(n + 1)) {
          assert.ok(a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y + 0.01 || b.y + b.h <= a.y + 0.01, `overlap at ${width}`);
        }
      }
    }
  }
});

test("cards stand as near as can be to where they should", () => {
  assert.deepEqual(spread([50, 52, Infinity], [10, 10, 10], 5, 200), [50, 65, 80]);
  assert.deepEqual(spread([50, 52], [10, 10], 5, 62), [37, 52]);
});

test("states are counted, the worst first", () => {
  const good = { label: "Up", rank: 0 };
  const bad = { label: "Down", rank: 7 };
  assert.deepEqual(tally([good, bad, good]), [[bad, 1], [good, 2]]);
});

test("what is wrong comes once, the worst first", () => {
  const state = small();
  assert.deepEqual(whatIsWrong(state), []);
  state.upses.set("ups1", ups("ups1", { condition: "on battery", low: true, on_battery_since: 10, off_at: 99 }));
  state.upses.set("ups2", ups("ups2", { silent: true }));
  state.hosts.set("h1", host("h1", "pool1", ["ups1"], { supply: "on battery", step: "being emptied", vms: ["a"] }));
  state.site = { alerts: [{ at: 5, subject: "ups2", key: "silent", text: "ups2 is silent" }] };
  const found = whatIsWrong(state);
  assert.deepEqual(found.map((one) => one.id), ["ups ups1", "host h1", "alert ups2 silent"]);
  assert.equal(found[0].until, 99);
  assert.equal(found[1].text, "h1: being emptied, 1 VM on it");
  assert.equal(found[2].href, "/upses/ups2");
});

test("a request that would change nothing says so", () => {
  const one = host("h1", "pool1", []);
  assert.equal(pointless("hold", [one]), "");
  assert.equal(pointless("hold", [{ ...one, held: true }]), "It is held already.");
  assert.equal(pointless("release", [one]), "It is not held.");
  assert.equal(pointless("exit maintenance", [one]), "It is not in maintenance mode.");
  assert.equal(pointless("enter maintenance", [one, { ...one, enabled: false }]), "");
});

test("all is well tells VMs that do not run", () => {
  const state = small();
  const vms = (...power) => byId(power.map((one, n) => ({ id: `vm${n}`, power: one })));
  assert.equal(wellText({ ...state, vms: vms("running", "running") }), "All is well: 3 UPSs, 2 hosts, 2 VMs.");
  assert.equal(wellText({ ...withNas(state), vms: vms("running") }), "All is well: 3 UPSs, 2 hosts, 1 NAS or SAN, 1 VM.");
  assert.equal(wellText({ ...state, vms: vms("running", "halted", "suspended") }), "All is well: 3 UPSs, 2 hosts, 1 of 3 VMs running.");
  assert.equal(wellText({ ...state, vms: vms("halted") }), "No alert: 3 UPSs, 2 hosts, 0 of 1 VM running.");
});

test("a name keeps its small letter at the beginning of a sentence", () => {
  const state = small();
  state.site.alerts = [{ subject: "site", key: "x", text: "h1 is up" }, { subject: "site", key: "y", text: "nobody answers" }];
  assert.deepEqual(whatIsWrong(state).map((one) => one.text).sort(), ["Nobody answers", "h1 is up"]);
});
