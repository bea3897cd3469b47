// Feeders: what is offered, what is said of one, and its change in site.toml.
import assert from "node:assert/strict";
import { test } from "node:test";
import { feedersOf } from "../../src/ridethrough/web/static/js/add/feeder.js";
import { choicesOf } from "../../src/ridethrough/web/static/js/drills/begin.js";
import { feederOperations, feederWords } from "../../src/ridethrough/web/static/js/ups/feeder.js";

const ups = (id, feeder, condition = "good") => ({ id, feeder, condition, silent: false });
const site = (...rows) => new Map(rows.map((row) => [row.id, row]));

test("the names that are known are offered once, in their order", () => {
  assert.deepEqual(feedersOf([ups("a", "B"), ups("b", ""), ups("c", "A"), ups("d", "B"), { id: "e" }]), ["A", "B"]);
});

test("a feeder is set, or taken out when no name is given", () => {
  assert.deepEqual(feederOperations("ups1", "A"), [{ op: "set", path: ["ups", "ups1", "feeder"], value: "A" }]);
  assert.deepEqual(feederOperations("ups1", ""), [{ op: "remove", path: ["ups", "ups1", "feeder"] }]);
});

test("a UPS's page tells its feeder, who shares it, and whether it has failed", () => {
  const told = (row, ...others) => Object.values(feederWords(row, site(row, ...others))).join(": ");
  assert.equal(told(ups("a", "A")), "Feeder A: No other UPS hangs on it");
  assert.equal(told(ups("a", "A"), ups("c", "A"), ups("b", "A"), ups("d", "B")), "Feeder A: Shared with b and c");
  assert.equal(told(ups("a", "A", "on battery"), ups("b", "A", "on battery")), "Feeder A: Has failed; shared with b");
  assert.equal(told(ups("a", "A", "unknown")), "Feeder A: Not known whether it has utility power; no other UPS hangs on it");
  assert.match(told(ups("a", "")), /^Feeder not named: /);
});

test("a drill may take a feeder with several UPSs, unless a UPS has its name", () => {
  const upses = site(ups("ups1", "A"), ups("ups2", "A"), ups("ups3", "B"), ups("ups4", "ups1"), ups("ups5", "ups1"));
  const labels = choicesOf(upses).map((choice) => choice.label);
  assert.deepEqual(labels, ["Feeder A (ups1, ups2)", "ups1", "ups2", "ups3", "ups4", "ups5"]);
  assert.equal(choicesOf(upses)[0].id, "A");
  const many = site(...[1, 2, 3, 4, 5].map((n) => ups(`u${n}`, "A")));
  assert.equal(choicesOf(many)[0].label, "Feeder A (5 UPSs)");
});
