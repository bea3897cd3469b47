// How a simulation ended: what was lost, what moved, when each host was off; and two of them side by side.
import { h } from "../dom.js";
import { countdown, duration } from "../time.js";
import { count, first } from "../words.js";
import { figure, note, status } from "../ui/status.js";

const ENDS = {
  up: { tone: "good", icon: "good", label: "Up" },
  off: { tone: "silent", icon: "off", label: "Off" },
  crashed: { tone: "lost", icon: "lost", label: "Crashed" },
};
const VMS = [
  ["lost", "lost", "lost", "Crashed with their host"],
  ["shut down", "silent", "off", "Shut down"],
  ["moves", "info", "moving", "Moved"],
];
const FIGURES = { moved: "VMs moved", stopped: "VMs shut down", lost: "VMs crashed", stay: "VMs that stay", crashed: "Hosts crashed", hosts_off: "Hosts off at the end", hosts_up: "Hosts up at the end", margin: "Smallest margin, s" };
const SHOWN = 40;

/** The outcome of one simulation. */
export function outcomeOf(found) {
  const { outcome, assumed = [] } = found;
  const { summary } = outcome;
  const isGood = !outcome.crashed.length && !outcome.lost.length;
  const verdict = isGood ? note("good", "No host and no VM crashed.") : note("lost", `${count(outcome.crashed.length, "host")} and ${count(outcome.lost.length, "VM")} crashed.`);
  const big = [
    figure("hosts crashed", outcome.crashed.length, "", outcome.crashed.length ? "lost" : null),
    figure("VMs crashed", outcome.lost.length, "", outcome.lost.length ? "lost" : null),
    figure("VMs moved", summary.moved),
    figure("VMs shut down", summary.stopped),
    summary.margin !== null && summary.margin !== undefined && figure(`smallest margin${summary.margin_host ? `, ${summary.margin_host}` : ""}`, Math.round(summary.margin), "s", summary.margin <= 0 ? "lost" : null),
  ];
  return h(
    "div",
    { class: "stack", "data-good": isGood ? "" : null },
    verdict,
    h("div", { class: "figures" }, big.filter(Boolean).map((one) => one.el)),
    h("h3", {}, "Hosts"),
    h("ul", { class: "sim-ends" }, outcome.hosts.slice(0, SHOWN).map(hostLine), more(outcome.hosts, "host")),
    vmParts(outcome.vms),
    assumed.length > 0 && h("details", {}, h("summary", {}, `What is assumed of the real site (${assumed.length})`), h("ul", { class: "sim-plain" }, assumed.map((text) => h("li", {}, first(text))))),
  );
}

function hostLine(row) {
  const off = row.off.map(([from, to]) => (to === null ? `off from ${countdown(from)}` : `off ${countdown(from)} to ${countdown(to)}`)).join(", ");
  const margin = row.margin === null ? "" : `, down ${duration(row.margin)} before its UPS stopped`;
  return h("li", {}, h("strong", {}, row.id), status(ENDS[row.end] ?? ENDS.off).el, h("span", { class: "muted" }, (off || "never off") + margin + budget(row)));
}

// With how much power left its way down began, and how much that took by the plan.
function budget({ begins_at: at, left, needed }) {
  if (at === null || at === undefined) return "";
  const had = left === null ? "" : ` with ${duration(left)} of power left`;
  return `; its way down begins at ${countdown(at)}${had}, ${duration(needed)} needed`;
}

function vmParts(vms) {
  const parts = VMS.map(([end, tone, symbol, label]) => {
    const rows = vms.filter((row) => row.end === end);
    if (!rows.length) return null;
    const list = h("ul", { class: "sim-plain" }, rows.slice(0, SHOWN).map((row) => h("li", {}, vmWords(row))), more(rows, "VM"));
    return h("details", { ".open": end === "lost" }, h("summary", {}, status({ tone, icon: symbol, label: `${label}: ${count(rows.length, "VM")}` }).el), list);
  }).filter(Boolean);
  return parts.length ? [h("h3", {}, "VMs"), parts] : h("p", { class: "muted" }, "Every VM stays where it was.");
}

function vmWords(row) {
  const when = row.at === null ? "" : ` at ${countdown(row.at)}`;
  if (row.end === "moves") return `${row.name}: ${row.from} to ${row.host}${when}`;
  return `${row.name}, on ${row.from ?? "no host"}${when}`;
}

function more(rows, noun) {
  return rows.length > SHOWN && h("li", { class: "muted" }, `and ${count(rows.length - SHOWN, noun)} more`);
}

/** Two simulations side by side. `comparison` as the server tells it; `sets`: how the two sets of options are in words. */
export function comparisonOf(comparison, sets) {
  const { figures, differences } = comparison;
  const same = !figures.length && !differences.length;
  return h(
    "div",
    { class: "stack" },
    h("dl", { class: "facts" }, h("dt", {}, "A"), h("dd", {}, sets[0]), h("dt", {}, "B"), h("dd", {}, sets[1])),
    same && note("info", "Both end the same."),
    figures.length > 0 && h(
      "table",
      { class: "sim-figures" },
      h("caption", { class: "unseen" }, "Figures that differ"),
      h("thead", {}, h("tr", {}, h("td", {}), h("th", { scope: "col" }, "A"), h("th", { scope: "col" }, "B"))),
      h("tbody", {}, figures.map((row) => h("tr", {}, h("th", { scope: "row" }, FIGURES[row.name] ?? row.name), h("td", { class: "number" }, shown(row.a)), h("td", { class: "number" }, shown(row.b))))),
    ),
    differences.length > 0 && h("ul", { class: "sim-differences" }, differences.slice(0, 2 * SHOWN).map(difference), more(differences.slice(SHOWN), "difference")),
  );
}

function difference(row) {
  return h("li", {}, h("strong", {}, row.name), h("p", {}, h("span", { class: "sim-letter" }, "A"), h("span", {}, row.a)), h("p", {}, h("span", { class: "sim-letter" }, "B"), h("span", {}, row.b)));
}

function shown(value) {
  return value === null ? "–" : Math.round(value).toLocaleString("en");
}
