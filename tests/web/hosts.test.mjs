import assert from "node:assert/strict";
import { test } from "node:test";
import { applied, changesOf, differs, faults, inCommon, proposedShutdown, sectionOf, settingsOf } from "../../src/ridethrough/web/static/js/hosts/choice.js";
import { listed, optionText, ROWS, rowNumber, rowState } from "../../src/ridethrough/web/static/js/hosts/words.js";

const on = (after) => ({ enabled: true, after });
const off = (after = 0) => ({ enabled: false, after });
const host = (powered_by, maintenance, shutdown, needs = 1) => ({ powered_by, needs, maintenance, shutdown });

test("settings are those of the live table's row", () => {
  const row = { id: "h1", powered_by: ["a"], needs: 1, options: { maintenance: on(60), shutdown: off() }, vms: [] };
  assert.deepEqual(settingsOf(row), host(["a"], on(60), off()));
});

test("what several hosts have in common is shown, what differs stays each one's own", () => {
  const [one, two] = [host(["a"], on(60), on(120)), host(["b"], on(60), on(300))];
  const choice = inCommon([one, two]);
  assert.equal(choice.powered_by, undefined);
  assert.equal(choice.shutdown_after, undefined);
  assert.equal(choice.maintenance_after, 60);
  assert.deepEqual(applied(two, choice), two);
  assert.deepEqual(applied(two, { ...choice, shutdown_after: 90 }), host(["b"], on(60), on(90)));
});

test("a timer that was never set is proposed as in the manual, and writes nothing until it is enabled", () => {
  const bare = host(["a"], off(), off());
  const choice = inCommon([bare]);
  assert.deepEqual([choice.maintenance_after, choice.shutdown_after], [60, 120]);
  assert.equal(differs(bare, applied(bare, choice)), false);
  assert.deepEqual(changesOf("h1", bare, applied(bare, { ...choice, shutdown_enabled: true })), [
    { op: "set", path: ["host", "h1", "shutdown"], value: { enabled: true, after: 120 } },
  ]);
});

test("only what is another value is changed", () => {
  const before = host(["a"], on(60), on(120));
  const change = (after) => changesOf("h1", before, after).map(({ path, value }) => [path.slice(2).join("."), value]);
  assert.deepEqual(change(host(["a"], on(60), on(120))), []);
  assert.deepEqual(change(host(["a", "b"], on(60), on(120), 2)), [["powered_by", ["a", "b"]], ["needs", 2]]);
  assert.deepEqual(change(host(["a"], on(30), on(120))), [["maintenance.after", 30]]);
  assert.deepEqual(change(host(["a"], on(60), off(120))), [["shutdown.enabled", false]]);
});

test("needs never asks for more UPSs than are named", () => {
  assert.equal(applied(host(["a", "b"], off(), off(), 2), { powered_by: ["a"] }).needs, 1);
  assert.equal(applied(host(["a"], off(), off()), { powered_by: [] }).needs, 1);
});

test("a host that site.toml does not name gets a section of its own", () => {
  const section = sectionOf("h9", "pool1", host(["a", "b"], off(60), on(120), 2));
  assert.deepEqual(section, { op: "set", path: ["host", "h9"], value: { pool: "pool1", powered_by: ["a", "b"], needs: 2, shutdown: { enabled: true, after: 120 } } });
});

test("wrong seconds are told at their field", () => {
  assert.deepEqual(faults({ maintenance_enabled: false, maintenance_after: null, shutdown_enabled: true, shutdown_after: 0 }), {});
  assert.deepEqual(Object.keys(faults({ maintenance_enabled: true, maintenance_after: null, shutdown_after: -1 })), ["maintenance_after", "shutdown_after"]);
  assert.deepEqual(faults({ shutdown_enabled: undefined, shutdown_after: undefined }), {});
});

test("the remedy of a crash row proposes a timer that its card leaves time for", () => {
  assert.equal(proposedShutdown(host(["a"], on(60), off()), 700), 120);
  assert.equal(proposedShutdown(host(["a"], on(60), off()), 90), 90);
  assert.equal(proposedShutdown(host(["a"], on(60), off()), 10), 60);
  assert.equal(proposedShutdown(host(["a"], off(), off()), null), 120);
  assert.equal(proposedShutdown(host(["a"], off(), off(200)), 20), 20);
});

test("each pair of options is in one row of the action table, and the crash rows are dangers", () => {
  const rows = [[on(1), on(2)], [off(), on(2)], [on(1), off()], [off(), off()]].map(([m, s]) => rowNumber(host(["a"], m, s)));
  assert.deepEqual(rows, [0, 1, 2, 3]);
  assert.deepEqual(ROWS.map((row) => row[4]), [false, false, true, true]);
  const told = (vms, crash, isProtected = false) => rowState({ row: { vms, host: "", crash }, protected: isProtected });
  assert.deepEqual([told("migrate to another available host", false).tone, told("migrate to another available host", true).tone, told("crash", true).tone], ["good", "danger", "danger"]);
  assert.equal(told("crash", true, true).tone, "info");
  assert.equal(rowState({ row: { vms: "crash", host: "", crash: true } }, false).tone, "unknown");
});

test("options and names in words", () => {
  assert.deepEqual([optionText(on(60)), optionText(off(60))], ["after 1 min", "off"]);
  assert.deepEqual([listed([]), listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])], ["", "a", "a and b", "a, b and c"]);
});
