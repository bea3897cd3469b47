// A simulation at each of its moments, and its timeline in words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { filmOf, supplyOf, toldUntil } from "../../src/ridethrough/web/static/js/simulator/film.js";
import { menuOf } from "../../src/ridethrough/web/static/js/simulator/picks.js";
import { feederName, parseTime, sentence, titleOf } from "../../src/ridethrough/web/static/js/simulator/words.js";

const THINGS = {
  feeder: ["a", "of ups2"],
  pool: ["pool1"],
  fed_by: { ups1: "a", ups2: "of ups2" },
  hosts: { h1: { pool: "pool1", fed_by: ["ups1"], needs: 1 }, h2: { pool: "pool1", fed_by: ["ups2"], needs: 1 } },
  names: { v1: "web1", v2: "web2" },
};
const COLUMNS = { upses: ["output", "card", "charge", "runtime", "load", "cut_in"], hosts: ["power", "answers", "enabled", "coordinator"], vms: ["host", "state", "moving_to"] };
const FRAMES = [
  {
    t: 0,
    upses: { ups1: ["utility power", "answers", 100, 1500, 20, null], ups2: ["utility power", "answers", 100, 1500, 20, null] },
    hosts: { h1: [true, true, true, false], h2: [true, true, true, true] },
    vms: { v1: ["h1", "running", null], v2: ["h2", "running", null] },
  },
  { t: 10, upses: { ups1: ["on battery", "silent", 99, 1400, 20, null] } },
  { t: 60, steps: { h1: "being emptied" }, hosts: { h1: [true, true, false, false] }, vms: { v1: ["h1", "running", "h2"] } },
  { t: 80, vms: { v1: ["h2", "running", null] } },
  { t: 120, steps: { h1: "down" }, hosts: { h1: [false, false, false, false] }, upses: { ups1: ["off", "answers", 5, 0, 0, null] } },
  { t: 200, steps: { h1: "" }, hosts: { h1: [true, false, true, false] }, upses: { ups1: ["low battery", "answers", 5, 100, 20, null] } },
];
const film = (outcome = null) => filmOf({ things: THINGS, columns: COLUMNS, frames: FRAMES, outcome });

test("before anything happens everything is as it was copied", () => {
  const { upses, hosts, pools } = film().at(0);
  assert.deepEqual([upses.get("ups1").condition, upses.get("ups1").silent], ["good", false]);
  assert.deepEqual([hosts.get("h1").supply, hosts.get("h1").step, hosts.get("h1").vms], ["full", "", ["web1"]]);
  assert.ok(pools.get("pool1").connected);
});

test("a UPS hangs on its feeder, where that has a name", () => {
  const { upses } = film().at(0);
  assert.deepEqual([upses.get("ups1").feeder, upses.get("ups2").feeder], ["a", ""]);
});

test("a feeder is pressed as its UPSs are: what can be done first is what is not so yet", () => {
  const menu = (node, t) => menuOf(node, { things: THINGS, state: film().at(t), words: [], add: (entry) => entry, ask: () => {} });
  const told = (rows) => rows.filter((row) => row.label).map((row) => row.label);
  const both = ["Utility power fails: feeder a (ups1)", "Utility power returns: feeder a (ups1)"];
  assert.deepEqual(told(menu("feeder:a", 0)), both);
  assert.deepEqual(told(menu("feeder:a", 12)), both.toReversed());
  assert.deepEqual(told(menu("ups:ups1", 0)), both);
  assert.equal(menu("feeder:a", 0)[0].heading, "Feeder a (ups1)");
  assert.deepEqual(menu("feeder:a", 0)[1].onPick(), { do: "fail", feeder: "a" });
  assert.deepEqual(told(menu("ups:ups2", 0)), ["Utility power fails: ups2", "Utility power returns: ups2"]);
});

test("a moment is the same, whichever way one comes to it", () => {
  const one = film();
  const before = one.at(70);
  one.at(300);
  assert.deepEqual(one.at(70), before);
  assert.deepEqual([before.hosts.get("h1").step, before.vms.get("v1").moving_to, before.upses.get("ups1").silent], ["being emptied", "h2", true]);
});

test("nothing new between two frames is no new state", () => {
  const one = film();
  assert.equal(one.at(11), one.at(59));
  assert.notEqual(one.at(11), one.at(61));
});

test("a VM that has moved is counted where it is", () => {
  const { hosts } = film().at(100);
  assert.deepEqual([hosts.get("h1").vms, hosts.get("h2").vms], [[], ["web1", "web2"]]);
});

test("a host that went off is down, crashed when it was not shut down, and starts before it answers", () => {
  assert.equal(film().at(150).hosts.get("h1").step, "down");
  const crashed = { hosts: [{ id: "h1", end: "crashed", off: [[120, null]] }] };
  assert.equal(film(crashed).at(150).hosts.get("h1").step, "crashed");
  assert.equal(film().at(210).hosts.get("h1").step, "starting");
  assert.deepEqual([film().at(150).upses.get("ups1").runtime, film().at(210).upses.get("ups1").low], [null, true]);
});

test("feeds add up", () => {
  const upses = new Map(Object.entries({ a: "good", b: "on battery", c: "off" }).map(([id, condition]) => [id, { condition }]));
  const of = (...ids) => supplyOf({ fed_by: ids, needs: 1 }, upses);
  assert.deepEqual([of(), of("a"), of("a", "c"), of("b", "c"), of("c")], ["assumed", "full", "reduced", "on battery", "lost"]);
  assert.equal(supplyOf({ fed_by: ["b", "c"], needs: 2 }, upses), "lost");
});

test("lines are told up to the moment", () => {
  const lines = [{ t: 0 }, { t: 1 }, { t: 1 }, { t: 5 }];
  assert.deepEqual([-1, 0, 1, 4, 9].map((t) => toldUntil(lines, t)), [0, 1, 3, 3, 4]);
});

test("times are read as people write them", () => {
  assert.deepEqual(["90", "90 s", "1:30", "1:02:03", "5m", "2h", "soon", "", "1:2"].map(parseTime), [90, 90, 90, 3723, 300, 7200, null, null, null]);
});

test("a line is a sentence", () => {
  assert.equal(sentence({ at: 0, do: "fail", feeder: "a" }, THINGS), "Utility power fails for feeder a (ups1)");
  const many = { fed_by: Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`u${n}`, "b"])) };
  assert.equal(feederName("b", many), "feeder b (5 UPSs)");
  assert.equal(sentence({ at: 0, do: "fail", feeder: "of ups2" }, THINGS), "Utility power fails for ups2");
  assert.equal(sentence({ at: 0, do: "crash controller", for: 30 }, THINGS), "The controller is killed, and is back after 30 s");
  assert.equal(sentence({ at: 0, do: "dance wildly", host: "h1" }, THINGS), "Dance wildly h1");
  assert.equal(titleOf([{ at: 0, do: "fail", feeder: "of ups2" }, { at: 9, do: "arm" }], THINGS), "Utility power fails for ups2 at 0:00, and 1 more");
});

test("a NAS, a switch and the controller's machine lose power, start and work again", () => {
  const things = { ...THINGS, nas: { nas1: { fed_by: ["ups1"], needs: 1, repositories: { u1: "NFS store" }, hosts: ["h1"], vms: 2 } }, switches: { sw1: { fed_by: [], needs: 1, hosts: ["h1"], nas: [], cards: [] } }, machine: { fed_by: ["ups2"], needs: 1, vm: "" } };
  const columns = { ...COLUMNS, nas: ["power", "serves"], switches: ["power", "works"], machine: ["power", "runs"] };
  const frames = [
    { ...FRAMES[0], nas: { nas1: [true, true] }, switches: { sw1: [true, true] }, machine: { "the controller": [true, true] } },
    { t: 20, nas: { nas1: [true, false] }, machine: { "the controller": [true, false] } },
    { t: 40, nas: { nas1: [false, false] }, switches: { sw1: [false, false] } },
    { t: 60, nas: { nas1: [true, false] }, switches: { sw1: [true, false] } },
    { t: 80, nas: { nas1: [true, true] }, switches: { sw1: [true, true] } },
  ];
  const played = filmOf({ things, columns, frames });
  const steps = [0, 20, 40, 60, 80].map((t) => [played.at(t).nas.get("nas1").step, played.at(t).switches.get("sw1").step]);
  assert.deepEqual(steps, [["", ""], ["shutting down", ""], ["down", "down"], ["starting", "starting"], ["", ""]]);
  assert.deepEqual([played.at(20).site.own_machine.step, played.at(0).site.own_machine.supply], ["shutting down", "full"]);
  assert.deepEqual([played.at(0).nas.get("nas1").repositories, played.at(0).storage.get("u1").name], [["u1"], "NFS store"]);
  assert.equal(film().at(0).site.own_machine, null);
});
