import assert from "node:assert/strict";
import { test } from "node:test";
import { covers, errorFrom, nextPage } from "../../src/ridethrough/web/static/js/api.js";
import { pieces } from "../../src/ridethrough/web/static/js/ui/chart.js";
import { linear, ticks, timeTicks } from "../../src/ridethrough/web/static/js/ui/scale.js";
import { compare } from "../../src/ridethrough/web/static/js/ui/table.js";
import { hostState, modeState, supplyState, upsState } from "../../src/ridethrough/web/static/js/words.js";

test("after logging in one comes back, but never to another site", () => {
  assert.equal(nextPage(""), "/");
  assert.equal(nextPage("?next=%2Fupses%2Fups1%3Fa%3D1"), "/upses/ups1?a=1");
  for (const bad of ["https://elsewhere.example/", "//elsewhere.example/x", "/\\elsewhere.example", "javascript:alert(1)", "http:x"]) {
    assert.equal(nextPage(`?next=${encodeURIComponent(bad)}`), "/", bad);
  }
});

test("each role may do what those before it may", () => {
  assert.deepEqual(["view", "operate", "administer"].map((role) => covers(role, "operate")), [false, true, true]);
});

test("an error is a sentence, and wrong fields are named", () => {
  assert.equal(errorFrom(409, { detail: "the site is in dry run: arm it first" }).message, "The site is in dry run: arm it first");
  const wrong = errorFrom(422, { detail: [{ loc: ["body", "name"], msg: "Value error, too short" }, { loc: ["body", "name"], msg: "again" }] });
  assert.deepEqual(wrong.fields, { name: "Too short" });
  assert.equal(errorFrom(502, null).message, "The server answered with error 502.");
});

test("people's order: numbers in names count, what is not known comes last", () => {
  assert.deepEqual(["host10", "host2", null, "host1"].sort(compare), ["host1", "host2", "host10", null]);
  assert.ok(compare(9, 10) < 0);
});

test("axes have round steps", () => {
  assert.deepEqual(ticks(0, 100), [0, 25, 50, 75, 100]);
  assert.deepEqual(ticks(0.13, 0.29), [0.15, 0.2, 0.25]);
  assert.deepEqual(timeTicks(100, 700, 6, 100), [100, 220, 340, 460, 580, 700]);
  assert.equal(linear(0, 10, 100, 200)(5), 150);
});

test("a line breaks where nothing is known", () => {
  const points = [{ at: 0, mean: 1 }, { at: 10, mean: 2 }, { at: 20, mean: null }, { at: 30, mean: 3 }, { at: 300, mean: 4 }];
  assert.deepEqual(pieces(points, 60).map((part) => part.map((p) => p.at)), [[0, 10], [30], [300]]);
});

test("every state of a UPS has a word, the worst first", () => {
  const ups = { condition: "good", silent: false, low: false, testing: false, source: "utility" };
  const label = (more) => upsState({ ...ups, ...more }).label;
  assert.equal(label({}), "On utility power");
  assert.equal(label({ condition: "on battery", source: "battery" }), "On battery");
  assert.equal(label({ condition: "on battery", low: true }), "Low battery");
  assert.equal(label({ condition: "on battery", low: true, silent: true }), "Silent, was on battery");
  assert.equal(label({ silent: true }), "Silent");
  assert.equal(label({ silent: true, condition: "unknown" }), "Unknown");
  assert.equal(label({ testing: true }), "Battery test");
  assert.equal(label({ source: "bypass" }), "On bypass");
});

test("a host's step in an outage counts more than its connection", () => {
  const host = { step: "", connected: true, supply: "full" };
  assert.equal(hostState(host).label, "Up");
  assert.equal(hostState({ ...host, step: "down", connected: false }).label, "Down");
  assert.equal(hostState({ ...host, connected: false }).label, "Not connected");
  assert.equal(hostState({ ...host, step: "being emptied", supply: "on battery" }).label, "Being emptied");
  assert.equal(supplyState({ supply: "never heard of" }).label, "Unknown");
});

test("the badge: dry run is told with what is held", () => {
  assert.equal(modeState({ armed: true }, []).label, "Armed");
  assert.equal(modeState({ armed: true }, [{ held: true }]).label, "Armed, 1 held");
  assert.equal(modeState({ armed: false }, [{ held: true }]).label, "Dry run, 1 held");
});
