// What an outage does to a host, in words: the rows of the action table (manual 3.1).
import { duration } from "../time.js";

/** Rows of the table, in the manual's order: [maintenance, shutdown, VMs, host, crash]. */
export const ROWS = [
  [true, true, "Migrate to another available host", "Shuts down", false],
  [false, true, "Migrate to another available host", "Shuts down", false],
  [true, false, "Migrate to another available host", "Crashes when its UPS stops", true],
  [false, false, "Crash", "Crashes", true],
];

/** Which of ROWS these settings are in. */
export function rowNumber(settings) {
  return ROWS.findIndex(([maintenance, shutdown]) => maintenance === settings.maintenance.enabled && shutdown === settings.shutdown.enabled);
}

/** A row as {tone, icon, label}. `told`: what the server foresees ({row, protected}), or a host's row of the live table. */
export function rowState(told, powered = true) {
  if (!powered) return { tone: "unknown", icon: "unknown", label: "No UPS named: nothing is done", rank: 2 };
  if (told.protected || told.row.spared) return { tone: "info", icon: "armed", label: "Protected: VMs move or stop, then it is shut down last", rank: 1 };
  if (told.row.crash && told.row.vms.startsWith("migrate")) return { tone: "danger", icon: "low", label: "VMs migrate, host crashes when its UPS stops", rank: 3 };
  if (told.row.crash) return { tone: "danger", icon: "lost", label: "VMs and host crash when the UPS stops", rank: 4 };
  return { tone: "good", icon: "good", label: "VMs migrate, host shuts down", rank: 0 };
}

/** "after 1 min", "off". */
export function optionText(option) {
  return option.enabled ? `after ${duration(option.after)}` : "off";
}

/** "ups1", "ups1 and ups2", "ups1, ups2 and ups3". */
export function listed(names) {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** What `check` says, for a page on which what it asks for is a button or a field: without what to write into site.toml. */
export function withoutKeys(text) {
  return text.replace(/\. (?:For that case w|W)rite [a-z_.]+ = .*$/, "");
}

/** The address of the settings of these hosts, set together when they are several. */
export function pathOf([first, ...others]) {
  const more = others.map((id) => `with=${encodeURIComponent(id)}`).join("&");
  return `/hosts/${encodeURIComponent(first)}${more ? `?${more}` : ""}`;
}
