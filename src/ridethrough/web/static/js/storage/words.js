// A NAS or SAN in words: where its page is, how it goes down, what it is told.
import { duration } from "../time.js";

/** The address of its page. */
export const nasPath = (id) => `/storage/${encodeURIComponent(id)}`;

const WAYS = {
  "network ups": ["Network UPS", "It asks Ridethrough for the state of its UPS, and goes down when it reads that it must."],
  ssh: ["SSH", "Ridethrough logs in to it and gives the command to go down."],
  agent: ["Agent", "ridethrough-agent on it asks Ridethrough, and shuts it down."],
  "by itself": ["By itself", "It asks its UPS, and goes down when its own minutes are over. Nobody tells it anything."],
};
const TOLD = { online: "On utility power", "on battery": "On battery", "shut down": "Shut down now" };

/** Its way: {name, text}. */
export function wayWords({ way }) {
  const [name, text] = WAYS[way] ?? [way, ""];
  return { name, text };
}

/** When it goes down at the earliest. */
export function earliest({ way, after }) {
  if (way === "by itself") return `After ${duration(after)} on battery, as is entered on it`;
  const gone = "when nothing that uses it is up, or at the last safe moment";
  return after ? `After ${duration(after)} on battery, ${gone}` : `On battery, ${gone}`;
}

/** What it reads from Ridethrough now; null where it reads nothing. */
export function toldWords({ way, told, logged_in: asks }) {
  if (way !== "network ups" && way !== "agent") return null;
  const text = TOLD[told] ?? "Nothing: the state of its UPS is not known";
  return asks === false ? `${text}; but it does not ask` : text;
}
