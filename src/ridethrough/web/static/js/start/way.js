// The steps from an empty site to one that is ready to be armed, and how far it is. Nothing here touches a page.
import { FIRST } from "../hosts/choice.js";
import { count } from "../words.js";

/** In their order. `words(state, own)`: how far it is; `done(state, own)`. `own`: what this browser and the server's findings tell besides the live state. */
export const STEPS = [
  {
    id: "site",
    label: "The site's name",
    done: ({ site, pools }) => (site.site ?? "New site") !== "New site" || pools.size > 0,
    words: ({ site }) => site.site ?? "",
  },
  { id: "pool", label: "Pool and hosts", done: ({ pools }) => pools.size > 0, words: ({ pools, hosts }) => (pools.size ? `${count(pools.size, "pool")}, ${count(hosts.size, "host")}` : "none yet") },
  { id: "upses", label: "UPSs", done: ({ upses }) => upses.size > 0, words: ({ upses }) => (upses.size ? count(upses.size, "UPS", "UPSs") : "none yet") },
  { id: "feeds", label: "Who feeds whom", done: ({ hosts }) => hosts.size > 0 && unfed(hosts) === 0, words: ({ hosts }) => (hosts.size === 0 ? "needs both" : unfed(hosts) ? `${count(unfed(hosts), "host")} to go` : "every host") },
  { id: "timers", label: "Shutdown settings", done: ({ hosts }) => hosts.size > 0 && crashing(hosts) === 0, words: ({ hosts }) => (hosts.size === 0 ? "needs hosts" : crashing(hosts) ? `${count(crashing(hosts), "host")} would crash` : "no host would crash") },
  { id: "check", label: "Pre-flight", done: (_, own) => own.asked, words: (_, own) => (own.asked ? "asked" : "not yet") },
  { id: "try", label: "Simulated outage", done: (_, own) => own.tried, words: (_, own) => (own.tried ? "played" : "not yet") },
  { id: "end", label: "Dry run, and arming", done: ({ site }) => Boolean(site.armed), words: ({ site }) => (site.armed ? "armed" : "dry run") },
];

/** Whether this site holds nothing: then the Site page leads here. */
export function isEmpty({ pools, upses }) {
  return pools.size === 0 && upses.size === 0;
}

/** What is still to be set before anything can be protected, in words; "" when nothing is. */
export function missing({ pools, upses, hosts }) {
  if (pools.size === 0) return "no pool is set up yet";
  if (upses.size === 0) return "no UPS is set up yet";
  if (hosts.size > 0 && unfed(hosts) === hosts.size) return "no host has a UPS that feeds it yet";
  return "";
}

/** The first step that is not done; the last one when all are. */
export function nextStep(state, own) {
  return (STEPS.find((step) => !step.done(state, own)) ?? STEPS.at(-1)).id;
}

/** Timers for a host that has none. `latest`: the longest of a shutdown that ends within the warning period; null: not known. */
export function proposed(latest) {
  const shutdown = latest === null || latest === undefined ? FIRST.shutdown : Math.max(0, Math.min(FIRST.shutdown, latest));
  const maintenance = Math.min(FIRST.maintenance, Math.floor(shutdown / 2));
  return { maintenance: { enabled: true, after: maintenance }, shutdown: { enabled: true, after: shutdown } };
}

function unfed(hosts) {
  return [...hosts.values()].filter((host) => host.powered_by.length === 0).length;
}

// A coordinator without timers is protected all the same, unless its owner wants that otherwise.
function crashing(hosts) {
  return [...hosts.values()].filter((host) => host.row.crash && !host.row.spared).length;
}
