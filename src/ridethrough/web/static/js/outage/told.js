// An outage that is over, told again.
import { h, icon } from "../dom.js";
import { clock, countdown, duration } from "../time.js";
import { button } from "../ui/button.js";
import { chip, empty, figure, note } from "../ui/status.js";
import { timeline } from "../ui/timeline.js";
import { nasPath } from "../storage/words.js";
import { count } from "../words.js";
import { extent, listed, timelineRows } from "./model.js";

/** What came of an outage, in a sentence. */
export function summaryOf(outage) {
  const parts = [
    outage.hosts_lost && `${count(outage.hosts_lost, "host")} went down with ${outage.hosts_lost === 1 ? "its" : "their"} supply`,
    outage.vms_moved && `${count(outage.vms_moved, "VM")} moved`,
    outage.vms_stopped && `${count(outage.vms_stopped, "VM")} stopped`,
    outage.hosts_shut_down && `${count(outage.hosts_shut_down, "host")} shut down`,
    outage.failed && `${count(outage.failed, "action")} failed`,
  ].filter(Boolean);
  const what = outage.by_person ? "Asked for by a person" : `${listed(names(outage.upses))} on battery`;
  const none = outage.dry_run ? "nothing was done" : "nothing had to be done";
  const dry = !outage.dry_run ? "" : outage.actions ? " (in part in dry run)" : " (dry run: what was to be done was only said)";
  return `${what}: ${parts.length ? listed(parts) : none}${dry}.`;
}

const names = (list) => list.map((one) => one.id ?? one);

/** The whole story. `lines` of the journal, oldest first. */
export function told(outage, lines, now) {
  const end = outage.ended_at;
  const line = timeline("Time line of this outage");
  line.update({ ...extent(outage, end === null ? now : null), rows: timelineRows(outage, end === null ? now : null), legend: true });
  return h(
    "div",
    { class: "stack report" },
    outage.lost.length > 0 && note("lost", lossOf(outage), "off"),
    outage.dry_run && note("warning", "Dry run: Ridethrough only said what it would do, and did nothing of it.", "dry"),
    numbers(outage, now),
    h("section", { class: "panel", "aria-labelledby": "told-line" }, h("h2", { id: "told-line" }, "Time line"), line.el),
    h("div", { class: "outage-columns" }, hosts(outage), h("div", { class: "stack" }, comparison(outage), stores(outage))),
    guests(outage),
    alerts(outage, now),
    steps(outage),
    story(lines, outage),
  );
}

// Which hosts went down with their supply, and what went down with them.
function lossOf({ lost }) {
  const known = lost.flatMap((one) => one.vms ?? []).length;
  const vms = known ? `, and with ${lost.length === 1 ? "it" : "them"} ${count(known, "VM")}` : "";
  return `${listed(lost.map((one) => one.host))} went down with ${lost.length === 1 ? "its" : "their"} supply while running${vms}.`;
}

/** The button that prints the report. */
export const printButton = () => button("Print report", { symbol: "print", onClick: () => window.print() });

function numbers(outage, now) {
  const list = [
    figure("Lasted", countdown((outage.ended_at ?? now) - outage.begun_at)),
    figure("UPSs on battery", outage.upses.length),
    outage.hosts_lost > 0 && figure("Hosts crashed", outage.hosts_lost, "", "lost"),
    figure("Hosts shut down", outage.hosts_shut_down),
    figure("VMs moved", outage.vms_moved),
    figure("VMs stopped", outage.vms_stopped),
    figure("Actions", outage.actions, outage.failed ? `${outage.failed} failed` : "", outage.failed ? "low" : null),
  ].filter(Boolean);
  return h("section", { class: "panel", "aria-label": "In numbers" }, h("div", { class: "figures" }, list.map((one) => one.el)));
}

function hosts(outage) {
  const lost = new Map(outage.lost.map((one) => [one.host, one]));
  const touched = outage.hosts.filter((host) => stepsOf(host, lost.get(host.id)).length > 0 || host.why.length > 0);
  const rest = outage.lost.filter((one) => !touched.some((host) => host.id === one.host)).map((one) => ({ id: one.host, why: [] }));
  const rows = [...touched, ...rest].map((host) =>
    h(
      "li",
      {},
      h("h3", {}, h("a", { href: `/hosts/${encodeURIComponent(host.id)}` }, host.id)),
      h("ul", { class: "told-steps" }, stepsOf(host, lost.get(host.id)).map(([at, text, more, tone]) => h("li", {}, after(at, outage), h("span", {}, text, more && h("span", {}, " ", chip(more, tone)))))),
      host.why.length > 0 && h("details", { open: true }, h("summary", { class: "small" }, "Why"), h("ul", { class: "small muted why-list" }, [...new Set(host.why)].map((text) => h("li", {}, text)))),
    ),
  );
  const none = outage.dry_run ? "Nothing was done to any host: dry run." : outage.by_person ? "No host was touched." : "No host had to be touched: they rode through.";
  const body = rows.length ? h("ul", { class: "told-hosts" }, rows) : empty("host", none);
  return section("told-hosts", "Hosts", h("div", { class: "stack-s" }, body, others(outage)));
}

// What happened to a host, by time: [moment, text, a word beside it, its tone].
function stepsOf(host, lost) {
  const told = [
    host.maintenance_at && [host.maintenance_at, "entered maintenance mode", host.early && "early", "low"],
    host.emptied_at && [host.emptied_at, host.left.length ? `was empty but for ${listed(host.left)}` : "was empty"],
    host.shut_down_at && [host.shut_down_at, "was told to shut down"],
    lost && [lost.at, lost.upses.length ? `lost its supply while it ran: ${listed(lost.upses)} cut the output` : "went down, and nobody had told it to"],
    host.down_at && [host.down_at, "was proven down"],
    host.returned_at && [host.returned_at, "started again"],
    host.enabled_at && [host.enabled_at, "left maintenance mode"],
  ].filter(Boolean);
  return told.sort((a, b) => a[0] - b[0]);
}

// What happened to each NAS and SAN.
function stores(outage) {
  const known = (outage.nas ?? []).filter((nas) => nas.stop_begun_at || nas.told_at || nas.down_at);
  if (!known.length) return null;
  const rows = known.map((nas) => {
    const steps = [
      nas.stop_begun_at && [nas.stop_begun_at, "had to go down"],
      nas.told_at && [nas.told_at, "was told to go down"],
      nas.spared_at && [nas.spared_at, "was spared: utility power was back"],
      nas.down_at && [nas.down_at, "was down"],
      nas.back_at && [nas.back_at, "served again"],
    ].filter(Boolean);
    return h(
      "li",
      {},
      h("h3", {}, h("a", { href: nasPath(nas.id) }, nas.id)),
      h("ul", { class: "told-steps" }, steps.map(([at, text]) => h("li", {}, after(at, outage), h("span", {}, text)))),
      h("ul", { class: "small muted why-list" }, [...new Set(nas.why)].map((text) => h("li", {}, text))),
    );
  });
  return section("told-storage", "Storage", h("ul", { class: "told-hosts" }, rows));
}

// Why nothing happened to the others.
function others({ why, ended_at: end }) {
  if (end === null || !why.length) return null;
  const list = h("dl", { class: "facts small" }, why.map((one) => [h("dt", {}, one.host), h("dd", {}, one.text)]));
  return h("details", { open: why.length <= 6 }, h("summary", { class: "small" }, "Why did the others stay up?"), list);
}

function comparison(outage) {
  const found = new Map(outage.differences.map((one) => [one.pool, one.texts]));
  const body = outage.before.map((pool) => [
    h("h3", {}, pool.pool),
    h(
      "dl",
      { class: "facts" },
      h("dt", {}, "Before"),
      h("dd", {}, `Coordinator ${pool.coordinator}; ${count(pool.hosts.length, "host")}; ${count(pool.vms, "VM")} ran${pool.disabled.length ? `; in maintenance mode already: ${listed(pool.disabled)}` : ""}`),
      h("dt", {}, "After"),
      h("dd", {}, found.has(pool.pool) ? afterWords(found.get(pool.pool)) : "Not restored yet."),
    ),
  ]);
  const gone = outage.lost.map((one) => [h("h3", {}, one.host), h("p", {}, wentDown(one, outage))]);
  const all = [...body, elsewhere(outage), ...gone].filter(Boolean);
  const none = outage.dry_run ? empty("dry", "Nothing was done, and no host lost its supply.") : empty("good", "Nothing was changed, so there is nothing to compare.");
  return section("told-compare", "Before and after", all.length ? h("div", { class: "stack-s" }, all) : none);
}

function wentDown({ vms }, { dry_run: dry }) {
  const then = dry ? " Ridethrough brings nothing of it back: it was in dry run." : "";
  if (vms === null) return `It ran, and lost its supply. Which VMs ran on it the journal does not tell.${then}`;
  return vms.length ? `${count(vms.length, "VM")} ran on it and went down with it: ${listed(vms)}.${then}` : `No VM ran on it.${then}`;
}

// What runs on another host than before, and how it came there.
function elsewhere({ vms }) {
  const there = vms.filter((vm) => vm.host && vm.host !== vm.home);
  const started = there.filter((vm) => vm.started_at).length;
  const moved = there.length - started;
  const parts = [
    moved && `${count(moved, "VM")} stayed where ${moved === 1 ? "it" : "they"} had moved to`,
    started && `${count(started, "VM")} ${started === 1 ? "was" : "were"} started on another host than before`,
  ].filter(Boolean);
  return parts.length > 0 && h("p", { class: "muted small" }, `${listed(parts)}, as it should be: nothing is moved back.`);
}

function afterWords(texts) {
  if (!texts.length) return h("span", { class: "status", data: { tone: "good" } }, icon("good"), "As it was before");
  return h("ul", { class: "why-list" }, texts.map((text) => h("li", {}, text)));
}

function guests(outage) {
  if (!outage.vms.length) return null;
  const head = ["VM", "Before", "After", "What happened"];
  const lost = new Map(outage.lost.map((one) => [one.host, new Set(one.vms)]));
  const rows = outage.vms.map((vm) => {
    const [from, to] = [vm.home, vm.moves ? vm.host : vm.home];
    const gone = lost.get(to)?.has(vm.name);
    const what = [
      vm.moves && (vm.moves === 1 ? "moved" : `moved ${vm.moves} times`),
      vm.stopped_at && (vm.forced ? "stopped hard" : "shut down cleanly"),
      vm.told && `${vm.told.replace(` ${vm.name}`, "")}: only said`,
      gone && `went down with ${to}`,
      vm.started_at && "started again",
      !vm.moves && !vm.stopped_at && vm.stays && `stayed: ${vm.stays}`,
    ].filter(Boolean);
    return [vm.name, from, gone && !vm.started_at ? chip(`down with ${to}`, "lost", "off") : (vm.host ?? "off"), what.join(", ") || "stayed where it was"];
  });
  return section("told-vms", "VMs", grid("VMs", head, rows), true);
}

function steps(outage) {
  if (!outage.done.length) return null;
  const rows = outage.done.map((done) => [
    after(done.at, outage),
    done.text,
    done.told ? chip("only said", "info", "dry") : done.error ? chip(`failed: ${done.error}`, "low", "warning") : done.done_at ? `done in ${duration(done.done_at - done.at)}` : "not known",
  ]);
  return section("told-steps", "Actions", grid("Actions", ["After", "What", "Came of it"], rows), true);
}

function alerts(outage, now) {
  const list = [
    ...outage.requests.map((one) => [one.at, "user", one.text, one.answer]),
    ...outage.alerts.map((one) => [one.at, "warning", one.text, ""]),
  ].sort((a, b) => a[0] - b[0]);
  if (!list.length) return null;
  return section("told-alerts", "People and alerts", h("ul", { class: "story" }, list.map(([at, symbol, text, answer]) => h("li", {}, h("time", { class: "number muted small" }, clock(at, now)), h("span", {}, icon(symbol), " ", text, answer && h("span", { class: "muted" }, ` (${answer})`))))));
}

function story(lines, outage) {
  if (!lines.length) return null;
  const list = h("ol", { class: "story" }, lines.map((one) => h("li", {}, after(one.at, outage), h("span", {}, one.text.replace(/^-> /, "→ ")))));
  return section("told-story", "The journal's words", h("details", {}, h("summary", {}, count(lines.length, "line")), list));
}

function after(at, outage) {
  return h("time", { class: "number muted small", title: clock(at, at) }, `+${countdown(at - outage.begun_at)}`);
}

function section(id, title, body, flush = false) {
  return h("section", { class: flush ? "panel flush" : "panel", "aria-labelledby": id }, h("div", { class: "panel-head" }, h("h2", { id }, title)), body);
}

// A long one scrolls, by the keyboard too.
function grid(name, head, rows) {
  return h(
    "div",
    { class: "table-wrap", tabindex: "0", role: "group", "aria-label": name },
    h("table", { class: "table" }, h("thead", {}, h("tr", {}, head.map((text) => h("th", { scope: "col" }, text)))), h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, n) => h("td", { class: n ? null : "lead", data: { label: head[n] } }, cell)))))),
  );
}
