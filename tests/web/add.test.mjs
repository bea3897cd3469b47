import assert from "node:assert/strict";
import { test } from "node:test";
import { addressesIn, fingerprintText, freeName, hostOf, nameFault, poolAddresses, poolOperations, withoutPort } from "../../src/ridethrough/web/static/js/add/names.js";
import { conflictParts } from "../../src/ridethrough/web/static/js/settings.js";

test("addresses are taken as people type them", () => {
  assert.deepEqual(addressesIn(" 192.0.2.1, 192.0.2.2;192.0.2.1\n[2001:db8::1] "), ["192.0.2.1", "192.0.2.2", "[2001:db8::1]"]);
  assert.deepEqual(addressesIn("  "), []);
  assert.deepEqual([hostOf("192.0.2.1:443"), hostOf("192.0.2.1:8443"), hostOf("[2001:db8::1]:443")], ["192.0.2.1", "192.0.2.1:8443", "2001:db8::1"]);
});

test("a pool is reached at each of its hosts, at the port that was typed", () => {
  assert.deepEqual(poolAddresses(["192.0.2.1"], ["192.0.2.1", "192.0.2.2"]), ["192.0.2.1", "192.0.2.2"]);
  assert.deepEqual(poolAddresses(["192.0.2.1:8443"], ["192.0.2.1", "2001:db8::2"]), ["192.0.2.1:8443", "[2001:db8::2]:8443"]);
  assert.deepEqual(poolAddresses(["192.0.2.1:8443"], ["192.0.2.1:8443", "192.0.2.2:9"]), ["192.0.2.1:8443", "192.0.2.2:9"]);
  assert.deepEqual(["192.0.2.1:9", "[2001:db8::1]:9", "2001:db8::1", "h1"].map(withoutPort), ["192.0.2.1", "2001:db8::1", "2001:db8::1", "h1"]);
  assert.deepEqual(poolAddresses(["2001:db8::1"], ["2001:db8::1"]), ["2001:db8::1"]);
});

test("a name that is free is proposed, one that is taken is refused", () => {
  assert.equal(freeName("pool1", ["pool2"]), "pool1");
  assert.equal(freeName("pool1", ["pool1", "pool1-2"]), "pool1-3");
  assert.equal(freeName("ups", new Set(["ups1", "ups3"]), true), "ups2");
  assert.deepEqual([nameFault(" ", new Set()), nameFault("a", new Set(["a"])), nameFault("b", new Set(["a"]))], ["Enter a name.", "This name is taken.", ""]);
});

test("a fingerprint is told as a host's console prints it", () => {
  assert.equal(fingerprintText(`sha256:${"0a".repeat(32)}`), Array(32).fill("0A").join(":"));
});

test("a pool is added with the hosts that are new, and its password apart", () => {
  const added = poolOperations({ name: "p", addresses: ["192.0.2.1"], username: "root", password: "x", fingerprints: ["f"], hosts: ["h1", "h2"], known: new Set(["h1"]) });
  assert.deepEqual(added.map(({ path }) => path.join(".")), ["pool.p", "pool.p.password", "host.h2"]);
  assert.equal(added[1].secret, "x");
  assert.equal(JSON.stringify(added[0]).includes('"x"'), false);
});

test("a conflict has its sentence and what was changed meanwhile", () => {
  assert.deepEqual(conflictParts("It was changed\n--- a\n+++ b\n+x"), ["It was changed", "--- a\n+++ b\n+x"]);
  assert.deepEqual(conflictParts("An outage is under way"), ["An outage is under way", ""]);
});
