// The feeders in the picture: which UPSs hang on which, and whether utility power is there, by what their cards say.
import { feederLabel } from "../words.js";

const MOST_FEEDERS = 6; // with more of them, the UPSs of a folded pool stand together for all

const FLOWS = { class: "flows", tone: "good" };
const CUT = { class: "cut", tone: "lost" };
const SILENT = { class: "dead", tone: "silent" };
const UNKNOWN = { class: "dead", tone: "unknown" };

/** Whether utility power reaches all of these UPSs: {class: "flows" | "cut" | "dead", tone}. */
export function utilityOf(rows) {
  if (rows.every(isFed)) return rows.every((row) => !row.silent) ? FLOWS : SILENT;
  return rows.some(isCut) ? CUT : UNKNOWN;
}

/** Whether utility power is on a feeder, as `utilityOf`: it is while any UPS on it has it, for the others may have lost it by themselves. */
export function feederState(rows) {
  if (rows.some((row) => isFed(row) && !row.silent)) return FLOWS;
  if (rows.some(isCut)) return CUT;
  return rows.every(isFed) ? SILENT : UNKNOWN;
}

function isFed(row) {
  return row.condition === "good" || row.condition === "settling";
}

function isCut(row) {
  return row.condition === "on battery" || (row.condition === "off" && (row.on_battery_since ?? null) !== null);
}

/** The feeder by which a UPS of a folded pool stands: its own; null where all stand together, since there are many. */
export function foldsBy(upses) {
  const all = byFeeder(upses.values());
  return all.size > MOST_FEEDERS ? () => null : (row) => feederOf(row);
}

/**
 * The nodes of UPSs by feeder, each kept in its order: [{id, kind: "feeder", feeder, label, says, power, nodes}]. `feeder`: its name, "" for the UPSs of which
 * nobody says it, null for those of several feeders. The feeder whose UPSs come first on the average is the first.
 */
export function railsOf(left, upses) {
  const all = byFeeder(upses.values());
  const rails = new Map();
  left.forEach((node, n) => {
    const rail = rails.get(node.feeder) ?? { id: railId(node.feeder), kind: "feeder", feeder: node.feeder, nodes: [], places: 0, first: n };
    rail.nodes.push(node);
    rail.places += n;
    rails.set(node.feeder, rail);
  });
  const mean = (rail) => rail.places / rail.nodes.length;
  const ordered = [...rails.values()].sort((a, b) => mean(a) - mean(b) || a.first - b.first);
  return ordered.map(({ places, first, ...rail }) => ({ ...rail, ...told(rail, all) }));
}

/** Whether any UPS hangs on a feeder that has a name; else nothing is to be told apart. */
export function isNamed(rails) {
  return rails.some((rail) => rail.feeder !== "");
}

export function feederOf(row) {
  return row.feeder ?? "";
}

function byFeeder(rows) {
  const found = new Map();
  for (const row of rows) found.set(feederOf(row), [...(found.get(feederOf(row)) ?? []), row]);
  return found;
}

function railId(feeder) {
  return feeder === null ? "feeders" : `feeder:${feeder}`;
}

function told({ feeder, nodes }, all) {
  if (feeder !== null) {
    const power = feederState(all.get(feeder));
    return { power, ...labelOf(feeder, power) };
  }
  const names = new Set(nodes.flatMap((node) => node.members.map(feederOf)));
  const states = [...names].map((name) => feederState(all.get(name)));
  const gone = states.filter((state) => state === CUT).length;
  const power = gone ? CUT : (states.find((state) => state !== FLOWS) ?? FLOWS);
  return { power, says: "", label: gone ? `${gone} of ${names.size} feeders failed` : `${names.size} feeders` };
}

// `says`: the end of the label, which stands even where there is no room for the whole name.
function labelOf(feeder, power) {
  const says = { flows: "", cut: " failed", dead: ": unknown" }[power.class];
  if (feeder) return { label: feederLabel(feeder) + says, says };
  return power.class === "cut" ? { label: "No utility power", says: "" } : { label: `Utility power${says}`, says };
}
