// Switches and the controller's own machine in the picture: what they hang on, how long that holds, and what hangs on them.
import { listed } from "../hosts/words.js";
import { brief, clock } from "../time.js";
import { compare } from "../ui/table.js";
import { machineState, switchState } from "../words.js";

export const MACHINE = "machine:";
const NAMED = 3; // of what is behind a switch

/** The nodes: [{id, kind: "switch" | "machine", row, name, state, left (seconds of power, on battery), off (when it is shut down, by the clock), ends (the same, in
 * words)}]. */
export function reachNodes({ switches = new Map(), site = {}, pulse = {} }) {
  const now = pulse.now ?? null;
  const left = (row) => (now === null || (row.power_until ?? null) === null ? null : Math.max(0, row.power_until - now));
  const rows = [...switches.values()].sort((a, b) => compare(a.id, b.id));
  const nodes = rows.map((row) => ({ id: `switch:${row.id}`, kind: "switch", row, name: row.id, state: switchState(row), left: left(row), off: "", ends: "" }));
  const own = site.own_machine;
  if (own) nodes.push({ id: MACHINE, kind: "machine", row: own, name: "Controller", state: machineState(own), left: left(own), ...endOf(own, now) });
  return nodes;
}

function endOf({ shuts_down_at: at, shutdown }, now) {
  if (now === null || (at ?? null) === null) return { off: "", ends: shutdown === false ? "not shut down" : "" };
  const off = clock(at, now, { seconds: false });
  return { off, ends: `shut down at ${off}` };
}

/** What such a node is, in words: "on battery, 4 min of power left, shut down at 14:05, connects h1, h2". */
export function reachWords({ kind, row, state, left, ends }) {
  const parts = [state.label, left !== null && `${brief(left)} of power left`, ends, row.powered_by.length > 0 && `powered by ${row.powered_by.join(", ")}`];
  if (kind === "switch") parts.push(connected(row).length ? `connects ${connected(row).join(", ")}` : "connects nothing");
  else if (row.switch) parts.push(`behind ${row.switch}`);
  return parts.filter(Boolean).join(", ");
}

/** What is reached through a switch, the first by name: "reached through it: h1, h2, nas1 and 5 more"; "" for nothing. */
export function behindText(row) {
  const behind = connected(row);
  const some = behind.length > NAMED + 1 ? [...behind.slice(0, NAMED), `${behind.length - NAMED} more`] : behind;
  return behind.length ? `reached through it: ${listed(some)}` : "";
}

/** What is reached through a switch. */
export function connected({ hosts = [], nas = [], cards = [] }) {
  return [...hosts, ...nas, ...cards.map((ups) => `the card of ${ups}`)];
}

/** What hangs together with such a node besides its feeds: [[id, id]]. Hosts and UPSs may stand in a node for several. */
export function tiesOf(nodes, left, groups) {
  const hosts = new Map(groups.flatMap((group) => group.nodes).flatMap((node) => (node.members ?? [node.row]).map((row) => [row.id, node.id])));
  const upses = new Map(left.flatMap((node) => node.members.map((row) => [row.id, node.id])));
  return nodes.flatMap(({ id, kind, row }) => {
    const named = kind === "switch" ? [...row.hosts.map((host) => hosts.get(host)), ...row.nas.map((nas) => `nas:${nas}`), ...row.cards.map((ups) => upses.get(ups))] : [hosts.get(row.host), row.switch && `switch:${row.switch}`];
    return [...new Set(named.filter(Boolean))].map((other) => [id, other]);
  });
}

/** Whether one of them runs on battery: then its time runs, too. */
export function isFailing({ switches, site }) {
  return [...switches.values(), site.own_machine].some((row) => row && (row.power_until ?? null) !== null);
}
