import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { budgetOf, concerned, extent, nextSteps, onBatteryFor, outageOf, shareOf, timelineRows, weakest } from "../../src/ridethrough/web/static/js/outage/model.js";

const map = (...rows) => new Map(rows.map((row) => [row.id, row]));
const ups = (id, more = {}) => ({ id, condition: "good", on_battery_since: null, runtime: 1500, answered_at: 100, off_at: null, cut_at: null, ...more });
const host = (id, more = {}) => ({ id, supply: "on battery", step: "rides through", power_until: 400, seconds_needed: 90, ...more });
const outage = (more = {}) => ({ begun_at: 100, ended_at: null, upses: [], hosts: [], next: [], ...more });

test("an outage goes on while a UPS is on battery, or something is still to be undone", () => {
  equal(outageOf({ upses: map(ups("a")), pools: map({ id: "p", recorded: false }) }), null);
  deepEqual(outageOf({ upses: map(ups("a"), ups("b", { on_battery_since: 50 })), pools: map() }), { since: 50, byPerson: false });
  deepEqual(outageOf({ upses: map(ups("a")), pools: map({ id: "p", recorded: true }) }), { since: null, byPerson: true });
});

test("a host's budget ends when nothing limits it, and when it is down", () => {
  deepEqual(budgetOf(host("h"), 200), { left: 200, needed: 90, spare: 110, begun: false, committed: false });
  equal(budgetOf(host("h"), 350).spare, -40);
  equal(budgetOf(host("h", { step: "being emptied" }), 200).begun, true);
  for (const more of [{ step: "down" }, { supply: "full" }, { power_until: null }]) equal(budgetOf(host("h", more), 200), null);
});

test("the weakest UPS is the one that ends first, by its battery or by its card", () => {
  const a = ups("a", { on_battery_since: 100, runtime: 600 });
  const b = ups("b", { on_battery_since: 100, runtime: 900, off_at: 400 });
  deepEqual(weakest(map(a, b, ups("c", { runtime: 5 })), 160), { ups: "b", left: 240, byCard: true });
  deepEqual(weakest(map(a, ups("b", { on_battery_since: 100, condition: "settling", runtime: 1 })), 160), { ups: "a", left: 540, byCard: false });
  equal(weakest(map(ups("a", { on_battery_since: 1, runtime: null })), 160), null);
  equal(onBatteryFor(map(a, b), 160), 60);
});

test("hosts with the least power come first, those that are down last, the others not at all", () => {
  const rows = map(host("calm", { supply: "full", step: "", power_until: null }), host("down", { step: "down" }), host("late", { power_until: 900 }), host("soon"));
  deepEqual(concerned(rows, outage()).map((row) => row.id), ["soon", "late", "down"]);
  deepEqual(concerned(rows, outage({ hosts: [{ id: "calm" }] })).map((row) => row.id), ["soon", "late", "calm", "down"]);
});

const part = (more) => ({ id: "h", maintenance_at: null, emptied_at: null, shutdown_begun_at: null, shut_down_at: null, down_at: null, returned_at: null, enabled_at: null, ...more });

test("a time line shows what was done, what runs and what comes next, each once", () => {
  const told = outage({
    upses: [{ id: "u", since: 100, off_at: 400, back_at: null, output_off_at: null, low_at: null, countdown_at: null }],
    hosts: [part({ maintenance_at: 160, emptied_at: 190 })],
    next: [{ at: 220, host: "h", what: "shutdown", takes: 60 }, { at: 250, host: "g", what: "last safe start", takes: null }, { at: 400, host: "h", what: "power ends", takes: null }],
  });
  const [power, first, other] = timelineRows(told, 200);
  deepEqual(power.bars.map((bar) => [bar.text, bar.state]), [["on battery", "running"], ["until its card cuts the output", "next"]]);
  deepEqual(first.bars.map((bar) => [bar.text, bar.from, bar.to, bar.state]), [["evacuate", 160, 190, "done"], ["maintenance mode", 190, 200, "running"], ["shut down", 220, 280, "next"]]);
  deepEqual([other.label, other.bars.length, other.marks.map((mark) => mark.label)], ["g", 0, ["last safe start"]]);
  equal(extent(told, 200).to >= 400, true);
  deepEqual(nextSteps(told).map((step) => step.text), ["shuts down", "must begin to go down: its last safe start", "loses power"]);
});

test("of an outage that is over everything is done, and nothing comes next", () => {
  const told = outage({ ended_at: 700, hosts: [part({ maintenance_at: 160, emptied_at: 190, shutdown_begun_at: 220, shut_down_at: 221, down_at: 260, returned_at: 500, enabled_at: 520 })] });
  const [row] = timelineRows(told, null);
  deepEqual(row.bars.map((bar) => bar.text), ["evacuate", "maintenance mode", "shut down", "down", "comes back"]);
  equal(row.bars.every((bar) => bar.state === "done"), true);
  equal(extent(told, null).to, 700);
});

test("a bar of a move is an estimate, and never says that the move is done", () => {
  const move = { phase: "moving", begun_at: 100, expected: 40 };
  equal(shareOf(move, 110), 0.25);
  equal(shareOf(move, 900) < 1, true);
  for (const more of [{ phase: "waiting" }, { expected: null }]) equal(shareOf({ ...move, ...more }, 110), null);
});

test("a NAS in the time line: its VMs stop, it shuts down, is down, and serves again, after the outage's end too", () => {
  const nas = { id: "nas1", stop_begun_at: 300, told_at: 310, down_at: 400, back_at: null, spared_at: null, why: [] };
  const [going] = timelineRows(outage({ nas: [nas] }), 450);
  deepEqual(going.bars.map((bar) => [bar.text, bar.from, bar.to, bar.state]), [["its VMs stop", 300, 310, "done"], ["shuts down", 310, 400, "done"], ["down", 400, 450, "running"]]);
  const over = outage({ ended_at: 500, nas: [{ ...nas, back_at: 700 }] });
  deepEqual(timelineRows(over, null)[0].bars.at(-1), { from: 400, to: 700, text: "down", tone: "lost", state: "done" });
  equal(extent(over, null).to, 700);
  const [spared] = timelineRows(outage({ ended_at: 500, nas: [{ ...nas, told_at: null, down_at: null, spared_at: 350 }] }), null);
  deepEqual([spared.bars.map((bar) => [bar.text, bar.to]), spared.marks.map((mark) => mark.at)], [[["its VMs stop", 350]], [350]]);
});
