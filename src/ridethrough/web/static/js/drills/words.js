// What a drill is called, and how it ended.
import { count } from "../words.js";

export const KINDS = { preflight: "Pre-flight", outage: "Simulated outage", maintenance: "Maintenance mode" };

const STATES = {
  running: { tone: "info", icon: "settling", label: "Running" },
  passed: { tone: "good", icon: "good", label: "Passed" },
  failed: { tone: "lost", icon: "lost", label: "Failed" },
  aborted: { tone: "warning", icon: "held", label: "Aborted" },
  interrupted: { tone: "warning", icon: "warning", label: "Interrupted" },
  unfinished: { tone: "lost", icon: "low", label: "Unfinished: look at the host" },
};

/** How a drill is, as {tone, icon, label}. */
export function drillState(drill) {
  return STATES[drill.state] ?? STATES.running;
}

/** "Maintenance mode of xenserver1". */
export function drillName(drill) {
  return KINDS[drill.kind] + (drill.host ? ` of ${drill.host}` : "");
}

/** "all 9 points are good", "2 of 9 points are not good". */
export function pointWords(points) {
  const bad = points.filter((point) => !point.good).length;
  if (!points.length) return "";
  if (!bad) return { 1: "its one point is good", 2: "both points are good" }[points.length] ?? `all ${points.length} points are good`;
  return `${bad} of ${count(points.length, "point")} ${bad === 1 ? "is" : "are"} not good`;
}
