import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { faultsOf, operationsOf, valuesOf } from "../../src/ridethrough/web/static/js/equipment/changes.js";
import { fieldsOf, keysOf, SHAPES, told } from "../../src/ridethrough/web/static/js/equipment/shapes.js";
import { askedFacts, machineFacts, reachedText, waysText } from "../../src/ridethrough/web/static/js/equipment/words.js";

const schema = JSON.parse(readFileSync(new URL("../../src/ridethrough/site.schema.json", import.meta.url), "utf8"));
const WHOLE = { storage: "StorageSection", switch: "SwitchSection", controller: "ControllerSection", network_ups: "NetworkUpsSection" };
const setting = (value, written = value) => ({ value, written, default: written === null });
const before = (kind, section = null) => valuesOf(kind, fieldsOf(kind), section, schema);
const changed = (kind, path, old, next, options) => operationsOf(path, fieldsOf(kind), old, { ...secretsKept(kind, old), ...next }, options);

// What a form gives that nobody has touched: secrets are kept, all else is as it was.
function secretsKept(kind, old) {
  return Object.fromEntries(fieldsOf(kind).map(({ key, as }) => [key, as === "secret" ? "" : old[key]]));
}

test("each key of these sections has a field, and each field is a key that the schema tells of", () => {
  for (const [kind, name] of Object.entries(WHOLE)) assert.deepEqual(keysOf(kind).sort(), Object.keys(schema.$defs[name].properties).sort(), kind);
  for (const kind of Object.keys(SHAPES)) for (const { key } of fieldsOf(kind)) assert.ok(told(schema, kind, key).description, `${kind}.${key}`);
  for (const [kind, table, name] of [["host", "bmc", "BmcSection"], ["host", "wake_on_lan", "WakeOnLanSection"], ["storage", "wake_on_lan", "WakeOnLanSection"]]) {
    assert.deepEqual(fieldsOf(kind).filter(({ key }) => key.startsWith(`${table}.`)).map(({ key }) => key.split(".")[1]).sort(), Object.keys(schema.$defs[name].properties).sort());
  }
});

test("choices are those of site.toml", () => {
  const choices = (kind, key) => fieldsOf(kind).find((field) => field.key === key).choices.map(([value]) => value).filter(Boolean);
  assert.deepEqual(choices("storage", "way"), schema.$defs.Way.enum);
  assert.deepEqual(choices("host", "power_on"), schema.$defs.PowerWay.enum);
  assert.deepEqual(choices("site", "make_room"), schema.$defs.MakeRoom.enum);
});

test("a form that nobody has touched changes nothing", () => {
  const section = { power_on: setting(["xapi", "ipmi"]), wake_on_lan: setting(null, null), bmc: setting({ address: "192.0.2.131", username: "r", password: "secret:bmc1", fingerprints: [] }) };
  assert.deepEqual(changed("host", ["host", "h1"], before("host", section), {}), []);
  assert.deepEqual(changed("controller", ["controller"], before("controller"), {}), []);
});

test("a new NAS is a section with what was entered, its password apart", () => {
  const next = { address: "192.0.2.20", serves: ["nfs://192.0.2.20"], powered_by: ["ups1"], way: "network ups", username: "monuser", password: "hidden", "wake_on_lan.mac": "52:54:00:12:34:56" };
  assert.deepEqual(changed("storage", ["storage", "nas1"], before("storage"), next, { fresh: true }), [
    { op: "set", path: ["storage", "nas1"], value: { address: "192.0.2.20", serves: ["nfs://192.0.2.20"], powered_by: ["ups1"], way: "network ups", username: "monuser", wake_on_lan: { mac: "52:54:00:12:34:56" } } },
    { op: "set", path: ["storage", "nas1", "password"], secret: "hidden" },
  ]);
});

test("what another way does not use is taken out", () => {
  const section = { way: setting("ssh"), username: setting("admin"), password: setting("secret:nas1"), command: setting("poweroff"), after: setting(null, null) };
  const operations = changed("storage", ["storage", "nas1"], before("storage", section), { way: "by itself", after: 300 });
  assert.deepEqual(operations, [
    { op: "set", path: ["storage", "nas1", "way"], value: "by itself" },
    { op: "set", path: ["storage", "nas1", "after"], value: 300 },
    { op: "remove", path: ["storage", "nas1", "username"] },
    { op: "remove", path: ["storage", "nas1", "password"] },
    { op: "remove", path: ["storage", "nas1", "command"] },
  ]);
});

test("a BMC comes with its way and goes with it", () => {
  const none = { power_on: setting(["xapi"], null), wake_on_lan: setting(null, null), bmc: setting(null, null) };
  const wanted = { power_on: ["ipmi", "xapi"], "bmc.address": "192.0.2.131", "bmc.username": "r", "bmc.password": "hidden" };
  assert.deepEqual(changed("host", ["host", "h1"], before("host", none), wanted), [
    { op: "set", path: ["host", "h1", "power_on"], value: ["ipmi", "xapi"] },
    { op: "set", path: ["host", "h1", "bmc"], value: { address: "192.0.2.131", username: "r" } },
    { op: "set", path: ["host", "h1", "bmc", "password"], secret: "hidden" },
  ]);
  const there = { ...none, power_on: setting(["ipmi"]), bmc: setting({ address: "192.0.2.131", username: "r", password: "secret:bmc1", fingerprints: [] }) };
  assert.deepEqual(changed("host", ["host", "h1"], before("host", there), { power_on: ["xapi"] }), [
    { op: "set", path: ["host", "h1", "power_on"], value: ["xapi"] },
    { op: "remove", path: ["host", "h1", "bmc"] },
  ]);
});

test("one key of a table is changed alone, and without its first key the table goes", () => {
  const section = { wake_on_lan: setting({ mac: "52:54:00:12:34:56", broadcast: "255.255.255.255" }), way: setting("agent") };
  const old = before("storage", section);
  assert.deepEqual(changed("storage", ["storage", "nas1"], old, { "wake_on_lan.broadcast": "192.0.2.255" }), [{ op: "set", path: ["storage", "nas1", "wake_on_lan", "broadcast"], value: "192.0.2.255" }]);
  assert.deepEqual(changed("storage", ["storage", "nas1"], old, { "wake_on_lan.mac": "" }), [{ op: "remove", path: ["storage", "nas1", "wake_on_lan"] }]);
});

test("a host that site.toml does not name gets its pool with it", () => {
  const operations = changed("host", ["host", "h9"], before("host"), { power_on: ["wake-on-lan"], "wake_on_lan.mac": "52:54:00:12:34:56" }, { fresh: true, base: { pool: "pool1" } });
  assert.deepEqual(operations, [{ op: "set", path: ["host", "h9"], value: { pool: "pool1", power_on: ["wake-on-lan"], wake_on_lan: { mac: "52:54:00:12:34:56" } } }]);
});

test("a secret is never shown: only its name is; a name may be given instead of one, and it may be taken out", () => {
  const section = { cut_output: setting(true), write_community: setting("secret:ups-write") };
  const old = before("ups", section);
  const others = { source: "snmp://192.0.2.11", version: "2c" };
  assert.equal(old.write_community, "secret:ups-write");
  assert.equal(before("ups", { ...section, write_community: setting("***") }).write_community, "");
  const path = ["ups", "ups1"];
  assert.deepEqual(changed("ups", path, old, { write_community: "secret:other" }, { others }), [{ op: "set", path: [...path, "write_community"], value: "secret:other" }]);
  assert.deepEqual(changed("ups", path, old, { write_community: null, cut_output: false }, { others }), [
    { op: "set", path: [...path, "cut_output"], value: false },
    { op: "remove", path: [...path, "write_community"] },
  ]);
});

test("what is wrong stands at its key; what concerns several, or another section, above the buttons", () => {
  const problems = [
    'site.toml: storage."nas 1".serves is missing: write serves = ["nfs://192.0.2.20"]',
    'site.toml: storage."nas 1".wake_on_lan.mac is "x"; for example mac = "52:54:00:12:34:56"',
    'site.toml: storage."nas 1" has way = "ssh" and no username',
    "site.toml: network_ups is missing",
  ];
  const { byKey, rest } = faultsOf(problems, ["storage", "nas 1"], fieldsOf("storage"));
  assert.deepEqual(Object.keys(byKey), ["serves", "wake_on_lan.mac"]);
  assert.equal(rest.length, 2);
  assert.match(byKey.serves[0], /^storage\."nas 1"\.serves is missing/);
});

test("what holds, in words", () => {
  assert.equal(waysText({ power_on: setting(["xapi", "ipmi"]) }), "Its power-on mode in XenServer, then IPMI");
  const told = reachedText({ wake_on_lan: setting(null), bmc: setting({ address: "192.0.2.131", username: "r", password: "secret:bmc1" }) });
  assert.deepEqual(told, ["BMC: 192.0.2.131, user r, password kept as secret:bmc1"]);
  assert.deepEqual(askedFacts({ listen: setting(null, null), certificate: setting("", null) }), []);
  const facts = machineFacts({ name: setting(""), powered_by: setting(["ups1"]), needs: setting(1), switch: setting(""), shutdown: setting(true), stop_time: setting(60), shutdown_command: setting(["systemctl", "poweroff"]), vm: setting("") });
  assert.deepEqual(facts.at(-1), ["Shut down", "Last of all; it takes 1 min: systemctl poweroff"]);
});
