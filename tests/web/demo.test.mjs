// The plugs of a simulated site: what has a switch, and what can be let happen.
import assert from "node:assert/strict";
import test from "node:test";
import { faultsOf } from "../../src/ridethrough/web/static/js/demo/words.js";
import { feederLabel } from "../../src/ridethrough/web/static/js/words.js";

test("what can happen stands by the kind of thing it happens to; utility power has its switches", () => {
  const words = [
    { do: "fail", kind: "feeder", subjects: ["a"] },
    { do: "hang shutdown", kind: "vm", subjects: ["web1"] },
    { do: "lose link", kind: "ups", subjects: ["ups1"] },
    { do: "lose tools", kind: "vm", subjects: ["web1"] },
    { do: "other claims", kind: "pool", subjects: [] },
    { do: "restore", kind: "feeder", subjects: ["a"] },
  ];
  assert.deepEqual(faultsOf(words).map(([kind, some]) => [kind, some.map((word) => word.do)]), [["ups", ["lose link"]], ["vm", ["hang shutdown", "lose tools"]]]);
  assert.equal(feederLabel("a"), "Feeder a");
});
