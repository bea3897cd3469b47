// The steps from an empty site to one that may be armed.
import assert from "node:assert/strict";
import test from "node:test";
import { isEmpty, missing, nextStep, proposed } from "../../src/ridethrough/web/static/js/start/way.js";

const OFF = { enabled: false, after: 0 };
const ON = { enabled: true, after: 60 };

function state({ name = "New site", pools = 0, upses = 0, hosts = [], armed = false } = {}) {
  const some = (number) => new Map(Array.from({ length: number }, (_, n) => [String(n), {}]));
  return { site: { site: name, armed }, pools: some(pools), upses: some(upses), hosts: new Map(hosts.map((row, n) => [`h${n}`, row])) };
}

function host({ feeds = ["ups1"], crash = false, spared = false, coordinator = false, shutdown = OFF } = {}) {
  return { powered_by: feeds, coordinator, row: { crash, spared }, options: { maintenance: OFF, shutdown } };
}

const NOT = { asked: false, tried: false };

test("one goes on where one left off", () => {
  assert.equal(nextStep(state(), NOT), "site");
  assert.equal(nextStep(state({ name: "Head office" }), NOT), "pool");
  assert.equal(nextStep(state({ pools: 1 }), NOT), "upses");
  assert.equal(nextStep(state({ pools: 1, upses: 1, hosts: [host(), host({ feeds: [] })] }), NOT), "feeds");
  assert.equal(nextStep(state({ pools: 1, upses: 1, hosts: [host({ crash: true })] }), NOT), "timers");
  const set = state({ pools: 1, upses: 1, hosts: [host({ shutdown: ON })] });
  assert.equal(nextStep(set, NOT), "check");
  assert.equal(nextStep(set, { ...NOT, asked: true }), "try");
  assert.equal(nextStep(set, { asked: true, tried: true }), "end");
});

test("a coordinator without timers is protected, and asks for none", () => {
  const hosts = [host({ crash: true, spared: true, coordinator: true }), host({ shutdown: ON })];
  assert.equal(nextStep(state({ pools: 1, upses: 1, hosts }), NOT), "check");
});

test("what is missing is told until one host is fed", () => {
  assert.equal(isEmpty(state()), true);
  assert.equal(isEmpty(state({ upses: 1 })), false);
  assert.match(missing(state()), /no pool/);
  assert.match(missing(state({ pools: 1 })), /no UPS/);
  assert.match(missing(state({ pools: 1, upses: 1, hosts: [host({ feeds: [] })] })), /no host/);
  assert.equal(missing(state({ pools: 1, upses: 1, hosts: [host(), host({ feeds: [] })] })), "");
});

test("proposed timers end within the card's warning period", () => {
  assert.deepEqual(proposed(null), { maintenance: { enabled: true, after: 60 }, shutdown: { enabled: true, after: 120 } });
  assert.deepEqual(proposed(700), proposed(undefined));
  assert.deepEqual(proposed(15), { maintenance: { enabled: true, after: 7 }, shutdown: { enabled: true, after: 15 } });
  assert.equal(proposed(-20).shutdown.after, 0);
});
