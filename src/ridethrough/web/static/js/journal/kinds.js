// The kinds of events, in people's words.

/** [name, what it is called, icon, kinds]. Every kind of event stands in one group. */
export const GROUPS = [
  ["power", "Power", "battery", ["UtilityDoubted", "DoubtCleared", "UtilityLost", "UtilitySeen", "UtilityLostAgain", "OutputOff", "UtilityBack", "RuntimeTold", "BatteryMeasured", "LowBattery", "CountdownSeen", "CountdownOver"]],
  ["cards", "Cards and traps", "ups", ["UpsKnown", "UpsSilent", "UpsAnswers", "TrapHeard"]],
  ["hosts", "Hosts", "host", ["EvacuationBegun", "HostEmptied", "EvacuationEnded", "ShutdownBegun", "ShutdownDropped", "ShutdownLost", "HostDown", "HostHeard", "HostReturned", "HostYielded", "HoldOverridden", "HoldEnded", "HandOverBegun", "HandOverEnded"]],
  ["storage", "Storage", "storage", ["StorageStopBegun", "StorageStopDropped", "StorageDown", "StorageBack"]],
  ["vms", "VMs", "vm", ["VmUnplaced", "VmRunsAgain", "VmFound", "VmLeftOff", "SkipEnded"]],
  ["actions", "Actions", "play", ["ActionStarted", "ActionFinished", "ActionTold"]],
  ["people", "People", "user", ["Requested", "RequestDone", "RequestRefused", "Armed", "Disarmed"]],
  ["alerts", "Alerts", "warning", ["Alerted", "AlertCleared"]],
  ["self", "Ridethrough itself", "logo", ["ControllerStarted", "ControllerResumed", "SettingsTaken", "PoolRecorded", "PoolRestored", "RoundFailed", "JournalCutBack"]],
];

const OF = new Map(GROUPS.flatMap((group) => group[3].map((kind) => [kind, group])));
const OTHER = ["other", "Other", "info", []];

/** The group of a kind. */
export const groupOf = (kind) => OF.get(kind) ?? OTHER;

/** The kinds of these groups; none chosen: null, which is all. */
export function kindsOf(names) {
  const chosen = GROUPS.filter(([name]) => names.has(name));
  return chosen.length === 0 || chosen.length === GROUPS.length ? null : chosen.flatMap((group) => group[3]);
}

/** Whether a line is one of those that are shown: the server's rule, for lines that come by push. */
export function isWanted(line, words, kinds) {
  const text = line.text.toLowerCase();
  return (kinds === null || kinds.includes(line.kind)) && words.toLowerCase().split(/\s+/).filter(Boolean).every((word) => text.includes(word));
}

/** How a line is to be seen: "low" for what went wrong, "good" for what is well again. */
export function toneOf(line) {
  if (/^(ALERT|failed|not done|refused|a round failed)/.test(line.text) || ["LowBattery", "HoldOverridden"].includes(line.kind)) return "low";
  if (["UtilityLost", "UtilityLostAgain", "CountdownSeen"].includes(line.kind)) return "battery";
  return ["UtilityBack", "PoolRestored"].includes(line.kind) ? "good" : null;
}

/** A text in pieces: strings, and {name, href} for each name that a page of its own has. `pages`: Map name -> address. */
export function linked(text, pages) {
  const names = [...pages.keys()].filter(Boolean).sort((a, b) => b.length - a.length);
  if (!names.length) return [text];
  const one = new RegExp(`(?<![\\w-])(${names.map(escaped).join("|")})(?![\\w-])`, "g");
  return text.split(one).map((part, n) => (n % 2 ? { name: part, href: pages.get(part) } : part)).filter((part) => part !== "");
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
