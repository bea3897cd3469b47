import assert from "node:assert/strict";
import { test } from "node:test";
import { Store, isOld } from "../../src/ridethrough/web/static/js/store.js";

const FIRST = {
  site: "Head office", armed: false, now: 1000, age: 1, running: true, trouble: "",
  upses: [{ id: "ups1", charge: 100 }, { id: "ups2", charge: 99 }],
  pools: [], hosts: [], vms: [], storage: [], lines: [{ position: 4, text: "a" }],
};

function store() {
  const made = new Store((fn) => fn());
  made.take("state", structuredClone(FIRST), 10);
  return made;
}

test("a subscriber is told at once, and then only of what it selected", () => {
  const live = store();
  const told = [];
  live.subscribe((state) => state.upses.get("ups1"), (row) => told.push(row.charge));
  live.take("change", { changed: { upses: [{ id: "ups2", charge: 50 }] } }, 11);
  live.take("beat", { now: 1001, age: 2, running: true, trouble: "" }, 11);
  live.take("change", { changed: { upses: [{ id: "ups1", charge: 90 }] } }, 12);
  assert.deepEqual(told, [100, 90]);
});

test("rows that are gone are gone, and the others stay the same values", () => {
  const live = store();
  const before = live.state.upses;
  live.take("change", { changed: {}, gone: { upses: ["ups1"] } }, 11);
  assert.deepEqual([...live.state.upses.keys()], ["ups2"]);
  assert.equal(live.state.upses.get("ups2"), before.get("ups2"));
  assert.equal(before.size, 2);
});

test("after a break everything is replaced, and no line stands twice", () => {
  const live = store();
  live.take("line", { position: 5, text: "b" }, 11);
  live.take("state", { ...structuredClone(FIRST), upses: [], lines: [{ position: 5, text: "b" }, { position: 6, text: "c" }] }, 20);
  assert.equal(live.state.upses.size, 0);
  assert.deepEqual(live.state.lines.map((line) => line.position), [4, 5, 6]);
});

test("nothing is told before everything is known, unless it is asked for", () => {
  const live = new Store((fn) => fn());
  const told = [];
  live.subscribe((state) => state.link, (link) => told.push(["patient", link]));
  live.subscribe((state) => state.link, (link) => told.push(["at once", link]), { always: true });
  live.setLink("stale");
  assert.deepEqual(told, [["at once", "connecting"], ["at once", "stale"]]);
});

test("an ended subscription and an ended listener are told nothing", () => {
  const live = store();
  const told = [];
  live.subscribe((state) => state.pulse, () => told.push("pulse"))();
  live.on("job", () => told.push("job"))();
  live.take("job", {}, 11);
  assert.deepEqual(told, ["pulse"]);
});

test("data is old after 20 seconds of the site's time, later where that runs fast", () => {
  const live = store();
  live.take("beat", { now: 1001, age: 21, running: true, trouble: "" }, 11);
  assert.equal(isOld(live.state), true);
  live.take("beat", { now: 1013, age: 21, running: true, trouble: "" }, 12);
  assert.equal(live.state.speed, 12);
  assert.equal(isOld(live.state), false);
  assert.equal(isOld({ pulse: { age: null }, speed: 1 }), true);
});
