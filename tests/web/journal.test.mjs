import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { GROUPS, groupOf, isWanted, kindsOf, linked, toneOf } from "../../src/ridethrough/web/static/js/journal/kinds.js";

const line = (text, kind = "HostDown") => ({ position: 1, at: 0, kind, text });

test("every kind stands in one group", () => {
  const kinds = GROUPS.flatMap((group) => group[3]);
  equal(new Set(kinds).size, kinds.length);
  equal(groupOf("TrapHeard")[0], "cards");
  equal(groupOf("of a later version")[0], "other");
});

test("no group, or every group, is all", () => {
  equal(kindsOf(new Set()), null);
  equal(kindsOf(new Set(GROUPS.map(([name]) => name))), null);
  deepEqual(kindsOf(new Set(["vms"])), GROUPS.find(([name]) => name === "vms")[3]);
});

test("a line that comes by push is filtered as the server filters", () => {
  equal(isWanted(line("Xenserver1 is DOWN"), "down xenserver1", null), true);
  equal(isWanted(line("xenserver1 is down"), "xenserver2", null), false);
  equal(isWanted(line("x"), "", ["UtilityLost"]), false);
  equal(isWanted(line("x"), "", ["HostDown"]), true);
});

test("names lead to their pages, whole names only", () => {
  const pages = new Map([["ups1", "/upses/ups1"], ["ups11", "/upses/ups11"], ["a.b", "/hosts/a.b"]]);
  deepEqual(linked("ups11 and ups1: aXb, a.b", pages), [{ name: "ups11", href: "/upses/ups11" }, " and ", { name: "ups1", href: "/upses/ups1" }, ": aXb, ", { name: "a.b", href: "/hosts/a.b" }]);
  deepEqual(linked("my-ups1 fails", pages), ["my-ups1 fails"]);
  deepEqual(linked("nothing", new Map()), ["nothing"]);
});

test("what went wrong is seen", () => {
  equal(toneOf(line("ALERT x")), "low");
  equal(toneOf(line("failed: move web1: VM_REQUIRES_SR", "ActionFinished")), "low");
  equal(toneOf(line("ups1 is on battery", "UtilityLost")), "battery");
  equal(toneOf(line("pool1 is restored", "PoolRestored")), "good");
  equal(toneOf(line("done: web1 runs on h2", "ActionFinished")), null);
});
