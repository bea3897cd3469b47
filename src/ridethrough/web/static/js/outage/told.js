// An outage that is over, told again.
import { h, icon } from "../dom.js";
import { clock, countdown, duration } from "../time.js";
import { button } from "../ui/button.js";
import { chip, empty, figure, note } from "../ui/status.js";
import { timeline } from "../ui/timeline.js";
import { count } from "../words.js";
import { extent, listed, timelineRows } from "./model.js";

/** What came of an outage, in a sentence. */
export function summaryOf(outage) {
  const parts = [
    outage.vms_moved && `${count(outage.vms_moved, "VM")} moved`,
    outage.vms_stopped && `${count(outage.vms_stopped, "VM")} stopped`,
    outage.hosts_shut_down && `${count(outage.hosts_shut_down, "host")} shut down`,
    outage.failed && `${count(outage.failed, "action")} failed`,
  ].filter(Boolean);
  const what = outage.by_person ? "Asked for by a person" : `${listed(names(outage.upses))} on battery`;
  const dry = outage.dry_run ? " (dry run: only said, not done)" : "";
  return `${what}: ${parts.length ? listed(parts) : "nothing had to be done"}${dry}.`;
}

const names = (list) => list.map((one) => one.id ?? one);

/** The whole story. `lines` of the journal, oldest first. */
export function told(outage, lines, now) {
  const end = outage.ended_at;
  const line = timeline("Time line of this outage");
  line.update({ ...extent(outage, end === null ? now : null), rows: timelineRows(outage, end === null ? now : null) });
  return h(
    "div",
    { class: "stack report" },
    outage.dry_run && note("warning", "Dry run: Ridethrough only said what it would do.", "dry"),
    numbers(outage, now),
    h("section", { class: "panel", "aria-labelledby": "told-line" }, h("h2", { id: "told-line" }, "Time line"), line.el),
    h("div", { class: "outage-columns" }, hosts(outage), comparison(outage)),
    guests(outage),
    alerts(outage, now),
    steps(outage),
    story(lines, outage),
  );
}

/** The button that prints the report. */
export const printButton = () => button("Print report", { symbol: "print", onClick: () => window.print() });

function numbers(outage, now) {
  const list = [
    figure("Lasted", countdown((outage.ended_at ?? now) - outage.begun_at)),
    figure("UPSs on battery", outage.upses.length),
    figure("Hosts shut down", outage.hosts_shut_down),
    figure("VMs moved", outage.vms_moved),
    figure("VMs stopped", outage.vms_stopped),
    figure("Actions", outage.actions, outage.failed ? `${outage.failed} failed` : "", outage.failed ? "low" : null),
  ];
  return h("section", { class: "panel", "aria-label": "In numbers" }, h("div", { class: "figures" }, list.map((one) => one.el)));
}

function hosts(outage) {
  const rows = outage.hosts.map((host) => {
    const told = [
      host.maintenance_at && ["entered maintenance mode", host.maintenance_at, host.early && "early"],
      host.emptied_at && [host.left.length ? `was empty but for ${listed(host.left)}` : "was empty", host.emptied_at],
      host.shut_down_at && ["was told to shut down", host.shut_down_at],
      host.down_at && ["was down", host.down_at],
      host.returned_at && ["started again", host.returned_at],
      host.enabled_at && ["left maintenance mode", host.enabled_at],
    ].filter(Boolean);
    return h(
      "li",
      {},
      h("h3", {}, h("a", { href: `/hosts/${encodeURIComponent(host.id)}` }, host.id)),
      h("ul", { class: "told-steps" }, told.map(([text, at, more]) => h("li", {}, after(at, outage), h("span", {}, text, more && h("span", {}, " ", chip(more, "low")))))),
      host.why.length > 0 && h("details", { open: true }, h("summary", { class: "small" }, "Why"), h("ul", { class: "small muted why-list" }, [...new Set(host.why)].map((text) => h("li", {}, text)))),
    );
  });
  const touched = new Set(outage.hosts.map((host) => host.id));
  const others = outage.before.flatMap((pool) => pool.hosts).filter((host) => !touched.has(host));
  if (others.length) rows.push(h("li", { class: "muted small" }, `Not touched: ${listed(others)}.`));
  return section("told-hosts", "Hosts", rows.length ? h("ul", { class: "told-hosts" }, rows) : empty("host", "No host had to be touched: they rode through."));
}

function comparison(outage) {
  const found = new Map(outage.differences.map((one) => [one.pool, one.texts]));
  const moved = outage.vms.filter((vm) => vm.host && vm.host !== vm.home);
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
  const stayed = moved.length > 0 && h("p", { class: "muted small" }, `${count(moved.length, "VM")} stayed where ${moved.length === 1 ? "it" : "they"} had moved to, as ${moved.length === 1 ? "it" : "they"} should: nothing is moved back.`);
  return section("told-compare", "Before and after", body.length ? h("div", { class: "stack-s" }, body, stayed) : empty("good", "Nothing was changed, so there is nothing to compare."));
}

function afterWords(texts) {
  if (!texts.length) return h("span", { class: "status", data: { tone: "good" } }, icon("good"), "As it was before");
  return h("ul", { class: "why-list" }, texts.map((text) => h("li", {}, text)));
}

function guests(outage) {
  if (!outage.vms.length) return null;
  const head = ["VM", "Before", "After", "What happened"];
  const rows = outage.vms.map((vm) => {
    const what = [
      vm.moves && (vm.moves === 1 ? "moved" : `moved ${vm.moves} times`),
      vm.stopped_at && (vm.forced ? "stopped hard" : "shut down cleanly"),
      vm.started_at && "started again",
      !vm.moves && !vm.stopped_at && vm.stays && `stayed: ${vm.stays}`,
    ].filter(Boolean);
    return [vm.name, vm.home, vm.host ?? "off", what.join(", ") || "touched, not moved"];
  });
  return section("told-vms", "VMs", grid(head, rows), true);
}

function steps(outage) {
  if (!outage.done.length) return null;
  const rows = outage.done.map((done) => [
    after(done.at, outage),
    done.text,
    done.told ? chip("only said", "info", "dry") : done.error ? chip(`failed: ${done.error}`, "low", "warning") : done.done_at ? `done in ${duration(done.done_at - done.at)}` : "not known",
  ]);
  return section("told-steps", "Actions", grid(["After", "What", "Came of it"], rows), true);
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
  return h("time", { class: "number muted small", title: clock(at, at) }, `+${duration(at - outage.begun_at)}`);
}

function section(id, title, body, flush = false) {
  return h("section", { class: flush ? "panel flush" : "panel", "aria-labelledby": id }, h("div", { class: "panel-head" }, h("h2", { id }, title)), body);
}

function grid(head, rows) {
  return h(
    "div",
    { class: "table-wrap" },
    h("table", { class: "table" }, h("thead", {}, h("tr", {}, head.map((text) => h("th", { scope: "col" }, text)))), h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, n) => h("td", { class: n ? null : "lead", data: { label: head[n] } }, cell)))))),
  );
}
