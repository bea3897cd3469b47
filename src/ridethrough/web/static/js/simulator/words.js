// What can happen in a timeline, in words for people. A word without an entry here is shown as the server names it.
import { countdown, duration } from "../time.js";
import { first } from "../words.js";

// Each word: how it is chosen, and the sentence that it makes; % is the subject.
const WORDS = {
  fail: ["Utility power fails", "Utility power fails for %"],
  restore: ["Utility power returns", "Utility power returns for %"],
  "silence card": ["Its card goes silent", "The card of % goes silent"],
  "answer card": ["Its card answers again", "The card of % answers again"],
  "lose link": ["Its card loses the link to the UPS", "The card of % loses the link to its UPS"],
  "restore link": ["Its card has the link to the UPS again", "The card of % has the link to its UPS again"],
  "start test": ["A battery test begins", "% begins a battery test"],
  "stop test": ["The battery test ends", "% ends its battery test"],
  "forge trap": ["Somebody forges a trap: on battery", "Somebody forges a trap of %: on battery"],
  "pull power": ["Somebody pulls its power", "Somebody pulls the power of %"],
  "plug in": ["Somebody plugs it in", "Somebody plugs % in"],
  "switch on": ["Somebody switches it on", "Somebody switches % on"],
  "restart toolstack": ["Its toolstack restarts", "The toolstack of % restarts"],
  "lose network": ["It loses its network", "% loses its network"],
  "restore network": ["Its network is back", "The network of % is back"],
  "lose statefile": ["It loses the HA state file", "% loses the HA state file"],
  "restore statefile": ["The HA state file is back", "The HA state file of % is back"],
  "refuse hello": ["The coordinator does not take it in", "The coordinator does not take % in"],
  "accept hello": ["The coordinator takes it in", "The coordinator takes % in"],
  "ignore shutdown": ["It will hang when it shuts down", "% will hang when it shuts down"],
  "ignore wake": ["It will not start by itself", "% will not start by itself"],
  "person enables": ["Somebody enables it in XenCenter", "Somebody enables % in XenCenter"],
  "person disables": ["Somebody disables it in XenCenter", "Somebody disables % in XenCenter"],
  "hang shutdown": ["It hangs when it is to shut down", "% will hang when it is to shut down"],
  "lose tools": ["It loses its guest tools", "% loses its guest tools"],
  "refuse move": ["It refuses to move", "% refuses to move"],
  "allow move": ["It may move again", "% may move again"],
  "stall move": ["Its move will stall", "The move of % will stall"],
  "person shuts down": ["Somebody shuts it down", "Somebody shuts % down"],
  "person starts": ["Somebody starts it", "Somebody starts %"],
  "other claims": ["Another controller claims it", "Another controller claims %"],
  "other releases": ["The other controller lets it go", "The other controller lets % go"],
  arm: ["Somebody arms Ridethrough"],
  disarm: ["Somebody disarms Ridethrough"],
  hold: ["Hold", "Somebody holds %"],
  release: ["Release the hold", "Somebody releases %"],
  "enter maintenance": ["Enter maintenance mode", "Somebody has % enter maintenance mode"],
  "exit maintenance": ["Exit maintenance mode", "Somebody has % exit maintenance mode"],
  evacuate: ["Evacuate", "Somebody has % evacuated"],
  "shut down pool": ["Shut down the pool", "Somebody has % shut down"],
  "hold pool": ["Hold the pool", "Somebody holds %"],
  "release pool": ["Release the pool", "Somebody releases %"],
  "hold all": ["Hold everything", "Somebody holds everything"],
  "release all": ["Release everything", "Somebody releases everything"],
  skip: ["Skip this VM", "Somebody has % skipped"],
  "bring back": ["Bring the pool back now", "Somebody has % brought back now"],
  "bring all back": ["Bring everything back now", "Somebody has everything brought back now"],
  "crash controller": ["Kill the controller", "The controller is killed"],
  "freeze controller": ["Freeze the controller", "The controller freezes"],
  "set clock ahead": ["Set the clock ahead", "The controller's clock is set ahead"],
  "set clock back": ["Set the clock back", "The controller's clock is set back"],
  "break journal": ["The journal's disk fails", "The disk of the journal fails"],
  "mend journal": ["The journal's disk is mended", "The disk of the journal is mended"],
};

export const SUBJECTS = { feeder: "Feeder", ups: "UPS", host: "Host", vm: "VM", pool: "Pool" };
const GROUPS = { feeder: "Utility power", ups: "UPS", host: "Host", vm: "VM", pool: "Pool", "": "Everything" };
const MOST_NAMED = 4; // UPSs of a feeder
const LASTING = ["crash controller", "freeze controller"];
const TAKES = { for: "For how long", by: "By how much", code: "Error code" };
const TONES = { fail: "lost", restore: "good", "answer card": "good", "restore link": "good", "plug in": "good", "allow move": "good", "mend journal": "good" };

/** How a word is chosen. */
export function choiceText(do_) {
  return WORDS[do_]?.[0] ?? first(do_);
}

/** The same where nothing else says what it happens to: "A VM may move again". */
export function choiceOf(do_, kind) {
  const sentence = WORDS[do_]?.[1];
  return sentence && SUBJECTS[kind] ? first(sentence.replace("%", `a ${kind === "ups" || kind === "vm" ? SUBJECTS[kind] : kind}`)) : choiceText(do_);
}

/** In which group a word is chosen: by who or what it happens to; what people ask Ridethrough for stands apart. */
export function groupOf(word) {
  if (word.actor === "machine") return word.subject ? GROUPS[word.subject] : "The controller's machine";
  return word.actor === "person" ? "Asked of Ridethrough" : GROUPS[word.subject];
}

/** What a further key of a word is called. */
export function takesText(key) {
  return TAKES[key] ?? first(key);
}

/** Whether a feeder is a UPS's own, of which site.toml says no name. */
export function isOwn(feeder) {
  return feeder.startsWith("of ");
}

/** The feeder's name: by the UPSs that hang on it. */
export function feederName(feeder, things) {
  const upses = Object.keys(things?.fed_by ?? {}).filter((ups) => things.fed_by[ups] === feeder);
  if (isOwn(feeder) && upses.length === 1) return upses[0];
  if (upses.length > MOST_NAMED) return `feeder ${feeder} (${upses.length} UPSs)`;
  return upses.length ? `feeder ${feeder} (${upses.join(", ")})` : `feeder ${feeder}`;
}

/** One line of a timeline as a sentence. */
export function sentence(entry, things) {
  const key = Object.keys(SUBJECTS).find((name) => name in entry);
  const subject = key === "feeder" ? feederName(entry.feeder, things) : (entry[key] ?? "");
  const words = WORDS[entry.do];
  const text = words ? (words[1] ?? words[0]).replace("%", subject) : `${first(entry.do)} ${subject}`.trim();
  const lasts = typeof entry.for === "number" && entry.for > 0 ? LASTING.includes(entry.do) ? `, and is back after ${duration(entry.for)}` : ` for ${duration(entry.for)}` : "";
  const by = typeof entry.by === "number" ? ` by ${duration(entry.by)}` : "";
  return (words?.[1]?.startsWith("%") ? text : first(text)) + lasts + by;
}

/** The tone of a line: what takes away is amber, what gives back is green. */
export function toneOf(entry) {
  return TONES[entry.do] ?? (["hold", "skip", "arm", "release"].some((word) => entry.do.startsWith(word)) ? "info" : "battery");
}

/** A time as people type it: "90", "90 s", "1:30", "1:02:00", "5m", "2h"; null when it is none. */
export function parseTime(text) {
  const clean = String(text).trim();
  const parts = /^(?:(\d+):)?(\d{1,3}):(\d{2})$/.exec(clean);
  if (parts) return Number(parts[1] ?? 0) * 3600 + Number(parts[2]) * 60 + Number(parts[3]);
  const one = /^(\d+(?:\.\d+)?)\s*(s|m|min|h)?$/.exec(clean);
  if (!one) return null;
  return Number(one[1]) * { s: 1, m: 60, min: 60, h: 3600 }[one[2] ?? "s"];
}

/** A title for a story that has none. */
export function titleOf(timeline, things) {
  if (!timeline.length) return "Nothing happens";
  const rest = timeline.length - 1;
  return (sentence(timeline[0], things) + (rest ? ` at ${countdown(timeline[0].at)}, and ${rest} more` : "")).slice(0, 200);
}
