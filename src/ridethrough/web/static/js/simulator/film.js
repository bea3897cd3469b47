// A simulation as it is at each moment: its frames become the rows that the picture of the site shows.
import { isOwn } from "./words.js";

const CONDITIONS = { "utility power": "good", "on battery": "on battery", "low battery": "on battery", off: "off" };
const TABLES = ["upses", "hosts", "vms", "nas", "switches", "machine", "steps"];
const BOXES = ["nas", "switches", "machine"]; // {name: [power, whether it works]}

/**
 * `things` (what is on the site), `columns` and `frames` as the server tells them; `outcome` may be null. Returns {at(t), until}: `at` gives
 * {upses, pools, hosts, vms, storage, nas, switches, site}, the same object as long as nothing is new.
 */
export function filmOf({ things, columns, frames, outcome = null }) {
  const crashes = new Map();
  for (const host of outcome?.hosts ?? []) if (host.end === "crashed" && host.off.length) crashes.set(host.id, host.off.at(-1)[0]);
  let raw = null;
  let done = 0;
  let shown = null;

  function begin() {
    raw = Object.fromEntries(TABLES.map((table) => [table, new Map()]));
    raw.wasOff = new Set();
    done = 0;
    shown = null;
  }

  function apply(frame) {
    for (const table of TABLES) {
      for (const [id, row] of Object.entries(frame[table] ?? {})) raw[table].set(id, table === "steps" ? row : named(columns[table], row));
    }
    for (const [id, row] of raw.hosts) if (!row.power) raw.wasOff.add(id);
    for (const [kind, id, row] of boxes(raw)) {
      if (!row.power) raw.wasOff.add(`${kind} ${id}`);
      else if (works(row)) raw.wasOff.delete(`${kind} ${id}`);
    }
  }

  function at(t) {
    if (!raw || (done > 0 && frames[done - 1].t > t)) begin();
    const before = done;
    while (done < frames.length && (frames[done].t <= t || done === 0)) apply(frames[done++]);
    if (!shown || done !== before) shown = { ...stateOf(things, raw, crashes, frames[done - 1]?.t ?? 0) };
    return shown;
  }

  begin();
  return { at };
}

function named(columns, row) {
  return Object.fromEntries(columns.map((name, n) => [name, row[n]]));
}

function stateOf(things, raw, crashes, t) {
  const upses = new Map([...raw.upses].map(([id, row]) => [id, upsRow(id, row, things.fed_by?.[id] ?? "")]));
  const running = new Map([...raw.hosts.keys()].map((id) => [id, []]));
  const vms = new Map();
  for (const [id, row] of raw.vms) {
    const isUp = row.state === "running" || row.state === "paused";
    vms.set(id, { id, name: things.names[id] ?? id, host: row.host, power: row.state, moving_to: row.moving_to });
    if (isUp) running.get(row.host)?.push(things.names[id] ?? id);
  }
  const hosts = new Map();
  for (const [id, row] of raw.hosts) hosts.set(id, hostRow(id, row, { thing: things.hosts[id], raw, upses, vms: running.get(id), crashedAt: crashes.get(id), t }));
  const pools = new Map(things.pool.map((id) => [id, { id, connected: true }]));
  const box = (kind, id, row, thing) => boxRow(id, row, thing, upses, raw.wasOff.has(`${kind} ${id}`));
  const nas = new Map([...raw.nas].map(([id, row]) => [id, nasRow(box("nas", id, row, things.nas[id]))]));
  const switches = new Map([...raw.switches].map(([id, row]) => [id, box("switches", id, row, things.switches[id])]));
  const [own] = [...raw.machine].map(([id, row]) => ownRow(box("machine", id, row, things.machine), vms));
  return { upses, pools, hosts, vms, storage: repositoriesOf(things), nas, switches, site: { own_machine: own ?? null } };
}

function boxes(raw) {
  return BOXES.flatMap((kind) => [...raw[kind]].map(([id, row]) => [kind, id, row]));
}

function works(row) {
  return row.serves ?? row.works ?? row.runs;
}

// What a NAS, a switch and the controller's machine have in common.
function boxRow(id, row, thing, upses, wasOff) {
  const step = works(row) ? "" : !row.power ? "down" : wasOff ? "starting" : "shutting down";
  return { ...thing, id, powered_by: thing.fed_by, supply: supplyOf(thing, upses), step, on_battery_since: null };
}

function repositoriesOf({ nas = {} }) {
  return new Map(Object.values(nas).flatMap((box) => Object.entries(box.repositories)).map(([id, name]) => [id, { id, name, hosts: [], vms: 0 }]));
}

function nasRow(row) {
  return { ...row, repositories: Object.keys(row.repositories), serves: !row.step, serves_at: 0, trouble: "", logged_in: null };
}

function ownRow(row, vms) {
  return { ...row, host: vms.get(row.vm)?.host ?? "", switch: "" };
}

function upsRow(id, row, feeder) {
  const isOff = row.output === "off";
  return {
    id,
    feeder: isOwn(feeder) ? "" : feeder,
    condition: CONDITIONS[row.output] ?? "unknown",
    low: row.output === "low battery",
    silent: row.card !== "answers" && !isOff,
    testing: false,
    source: row.output === "utility power" ? "utility" : "battery",
    charge: row.charge,
    runtime: isOff ? null : row.runtime,
    load: isOff ? null : row.load,
    on_battery_since: isOff ? 0 : null, // an output goes off only after utility power has failed
    cut_in: row.cut_in,
  };
}

function hostRow(id, row, { thing, raw, upses, vms, crashedAt, t }) {
  return {
    id,
    pool: thing.pool,
    coordinator: row.coordinator,
    connected: row.power && row.answers,
    enabled: row.enabled,
    powered_by: thing.fed_by,
    needs: thing.needs,
    supply: supplyOf(thing, upses),
    step: stepOf(row, raw.steps.get(id) ?? "", raw.wasOff.has(id), crashedAt !== undefined && t >= crashedAt - 0.15),
    held: false,
    vms,
  };
}

/** What a host's feeds add up to, by what truly comes out of its UPSs. */
export function supplyOf({ fed_by: fedBy, needs = 1 }, upses) {
  if (!fedBy.length) return "assumed";
  const conditions = fedBy.map((id) => upses.get(id)?.condition ?? "unknown");
  const good = conditions.filter((one) => one === "good").length;
  if (good === conditions.length) return "full";
  if (good >= Math.max(1, needs)) return "reduced";
  return conditions.filter((one) => one !== "off").length < Math.max(1, needs) ? "lost" : "on battery";
}

function stepOf(row, step, wasOff, hasCrashed) {
  if (!row.power) return hasCrashed ? "crashed" : "down";
  if (!row.answers && wasOff && step !== "shutting down") return "starting";
  if (step === "down" || step === "shutting down") return row.answers ? (step === "down" ? "" : step) : step;
  return step || (row.enabled ? "" : "maintenance mode");
}

/** What was told up to a moment: how many of the lines, which are in the order of time. */
export function toldUntil(lines, t) {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (lines[middle].t <= t) low = middle + 1;
    else high = middle;
  }
  return low;
}
