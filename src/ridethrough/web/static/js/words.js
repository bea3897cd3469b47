// What a state is called, and with which tone and shape it is shown. One place, so that every page says the same.

/** A state as people see it: {tone, icon, label}. `rank`: the higher, the worse. */
function state(tone, icon, label, rank) {
  return { tone, icon, label, rank };
}

const UPS = {
  good: state("good", "good", "On utility power", 0),
  "on battery": state("battery", "battery", "On battery", 5),
  settling: state("settling", "settling", "Power is back, settling", 3),
  off: state("lost", "off", "Off", 6),
  unknown: state("unknown", "unknown", "Unknown", 4),
};
const LOW = state("low", "low", "Low battery", 7);
const CUT = state("lost", "off", "Its off-time has passed", 7.5);
const SILENT = state("silent", "silent", "Silent", 4);
const SILENT_ON_BATTERY = state("low", "silent", "Silent, was on battery", 6);
const SOURCES = {
  bypass: state("warning", "warning", "On bypass", 2),
  boost: state("good", "good", "On utility power, boosted", 0),
  trim: state("good", "good", "On utility power, trimmed", 0),
  eco: state("good", "good", "On utility power, eco mode", 0),
};

/** What a UPS's row says. */
export function upsState(ups) {
  if (ups.cut) return CUT;
  if (ups.silent && ups.condition !== "unknown") return ups.condition === "on battery" ? SILENT_ON_BATTERY : SILENT;
  if (ups.low && ups.condition === "on battery") return LOW;
  if (ups.condition === "good" && ups.testing) return state("info", "battery", "Battery test", 1);
  if (ups.condition === "good" && SOURCES[ups.source]) return SOURCES[ups.source];
  return UPS[ups.condition] ?? UPS.unknown;
}

const SUPPLY = {
  full: state("good", "good", "Full", 0),
  reduced: state("warning", "reduced", "Reduced", 2),
  assumed: state("unknown", "unknown", "Assumed: names no UPS", 1),
  settling: state("settling", "settling", "Settling", 3),
  "on battery": state("battery", "battery", "On battery", 5),
  lost: state("lost", "lost", "Lost", 7),
  unknown: state("unknown", "unknown", "Unknown", 4),
};

/** What a host's feeds add up to. */
export function supplyState(host) {
  return SUPPLY[host.supply] ?? SUPPLY.unknown;
}

/** How the host is, all in all: its step in an outage, its connection, its supply. */
export function hostState(host) {
  const supply = supplyState(host);
  if (host.step === "crashed") return state("lost", "lost", "Crashed", 8);
  if (host.step === "starting") return state("info", "settling", "Starting", 4);
  if (host.step === "down") return state("lost", "off", "Down", 7);
  if (["shutting down", "guests stop", "being emptied"].includes(host.step)) return state("battery", "moving", first(host.step), 6);
  if (host.step.startsWith("maintenance mode")) return state("info", "maintenance", first(host.step), 3);
  if (!host.connected) return host.step === "not found in its pool" ? state("unknown", "unknown", first(host.step), 5) : state("silent", "silent", "Not connected", 5);
  if (host.step && supply.rank) return { ...supply, label: first(host.step) };
  return supply.rank ? { ...supply, label: supply.label === "Full" ? "Up" : `Supply: ${supply.label.toLowerCase()}` } : state("good", "good", "Up", 0);
}

const STARTING = state("info", "settling", "Starting", 4);
const NAS_STEPS = {
  starting: STARTING,
  down: state("lost", "off", "Down", 7),
  "shutting down": state("battery", "moving", "Shutting down", 6),
  "its VMs stop": state("battery", "moving", "Its VMs stop", 6),
};

/** How a NAS or SAN is, all in all: its step in an outage, its supply, whether it serves, whether it would hear us. */
export function nasState(nas) {
  if (NAS_STEPS[nas.step]) return NAS_STEPS[nas.step];
  const supply = supplyState(nas);
  if (nas.supply === "on battery") return { ...supply, label: "On battery" };
  if (nas.supply === "lost") return { ...supply, label: "Its supply is lost" };
  if (nas.supply === "settling") return { ...supply, label: "Power is back, settling" };
  if (!nas.serves) return nas.serves_at === null && !nas.trouble ? state("unknown", "unknown", "Not asked yet", 3) : state("low", "low", "Does not serve", 6);
  if (nas.logged_in === false) return state("warning", "warning", "Does not ask for its UPS", 4);
  if (nas.supply === "unknown") return state("unknown", "unknown", "Serves, supply unknown", 4);
  if (nas.supply === "reduced") return state("warning", "reduced", "Serves, supply reduced", 2);
  return state("good", "good", "Serves", 0);
}

const POWERED = { full: "Has power", assumed: "On no UPS", reduced: "Has power, one feed is gone", settling: "Power is back, settling", "on battery": "On battery", lost: "No power", unknown: "Supply unknown" };

/** How a switch is: what its feeds add up to, or what a simulation knows of it. */
export function switchState(row) {
  if (row.step === "starting") return STARTING;
  if (row.step === "down") return { ...SUPPLY.lost, label: POWERED.lost };
  return { ...supplyState(row), label: POWERED[row.supply] ?? POWERED.unknown };
}

/** How the controller's own machine is; one that is a VM shares the fate of its host. */
export function machineState(row) {
  if (row.step) return row.step === "starting" ? STARTING : row.step === "down" ? state("lost", "off", "Down", 7) : state("battery", "moving", first(row.step), 6);
  if (!row.powered_by.length && row.vm) return state("good", "good", row.host ? `A VM on ${row.host}` : "A VM", 0);
  return switchState(row);
}

/** The manual's "Connection status". */
export function connectionState(row) {
  if (row.connected) return state("good", "good", "Connected", 0);
  if (row.step === "down") return state("lost", "off", "Down", 3);
  return state("silent", "silent", "Not connected", 4);
}

/** The mode of the site: armed, dry run, or held. */
export function modeState(site, hosts) {
  const held = [...hosts].filter((host) => host.held).length;
  if (!site.armed) return held ? state("info", "dry", `Dry run, ${held} held`, 1) : state("info", "dry", "Dry run", 1);
  if (held) return state("warning", "held", `Armed, ${held} held`, 2);
  return state("good", "armed", "Armed", 0);
}

/** How bad an alert is, by its key. */
export function alertTone(alert) {
  if (["no timers", "no coordinator", "still up", "overload", "off", "counts down", "no place", "not serving"].includes(alert.key)) return "low";
  return "warning";
}

export const PRODUCT = { coordinator: "Citrix XenCenter", host: "Citrix XenServer" };
export const COORDINATOR = "Coordinator (XenCenter)";

/** "1 VM", "3 VMs". */
export function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
}

/** A share of 100: "42 %"; "?" when it is not known. */
export function percent(value) {
  return value === null || value === undefined ? "?" : `${Math.round(value)} %`;
}

/** "Feeder A". */
export function feederLabel(name) {
  return `Feeder ${name}`;
}

/** With a capital letter. */
export function first(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
