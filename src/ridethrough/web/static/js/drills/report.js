// The report of one drill.
import { h, icon } from "../dom.js";
import { siteNow } from "../live.js";
import { ago, clock, duration, iso } from "../time.js";
import { count, first } from "../words.js";
import { linkButton } from "../ui/button.js";
import { note, status } from "../ui/status.js";
import { drillName, drillState, pointWords } from "./words.js";

/** The whole report. `heading`: "h2" or "h3"; `tools`: buttons beside it. */
export function report(drill, { tools = [], canOpen = true } = {}) {
  const now = siteNow();
  const took = drill.ended_at === null ? "" : `, took ${duration(drill.ended_at - drill.at)}`;
  const bad = drill.points.filter((point) => !point.good);
  const good = drill.points.filter((point) => point.good);
  return h(
    "section",
    { class: "panel stack drill-report", "aria-labelledby": `drill-${drill.id}`, data: { state: drill.state } },
    h("div", { class: "panel-head" }, h("h2", { id: `drill-${drill.id}` }, drillName(drill)), status(drillState(drill)).el, tools),
    h("p", { class: "muted" }, `${drill.by}, ${clock(drill.at, now)} (${ago(drill.at, now)})${took}`, drill.why && `: ${drill.why}`),
    drill.trouble && !bad.length && note(drill.state === "unfinished" ? "lost" : "warning", drill.trouble),
    bad.length > 0 && points("Not good", bad),
    good.length > 0 && (bad.length ? h("details", {}, h("summary", {}, `Good: ${count(good.length, "point")}`), points("", good)) : points(first(pointWords(drill.points)), good)),
    drill.steps.length > 0 && [h("h3", {}, "What was done"), steps(drill)],
    drill.summary && [h("h3", {}, "If utility power failed like this"), summaryLine(drill.summary)],
    moved(drill),
    drill.simulation && canOpen && h("div", { class: "row" }, linkButton("Open it in the Simulator", `/simulator?open=${encodeURIComponent(drill.simulation)}`, { symbol: "simulator", kind: "small" })),
  );
}

function points(title, rows) {
  return [
    title && h("h3", {}, title),
    h(
      "ul",
      { class: "drill-points" },
      rows.map((point) => h(
        "li",
        { data: { tone: point.good ? "good" : "lost" } },
        icon(point.good ? "good" : "lost", point.good ? "good" : "not good"),
        h("div", {}, h("strong", {}, `${first(point.name)}:`), h("span", {}, point.text), point.remedy && !point.good && h("p", { class: "drill-remedy" }, icon("right"), point.remedy, findingsLink(point))),
      )),
    ),
  ];
}

function findingsLink(point) {
  return point.remedy.includes("findings") && h("a", { href: "/findings" }, "Findings");
}

function steps(drill) {
  return h("ol", { class: "drill-steps" }, drill.steps.map((step) => h("li", {}, h("time", { class: "muted number", datetime: iso(step.at) }, `+${duration(step.at - drill.at)}`), h("span", {}, step.text))));
}

function summaryLine(summary) {
  const parts = [
    count(summary.crashed, "host crashes", "hosts crash"),
    count(summary.lost, "VM crashes", "VMs crash"),
    `${count(summary.moved, "VM moves", "VMs move")}`,
    `${count(summary.stopped, "VM is", "VMs are")} shut down`,
    summary.hosts_off > 0 && `${count(summary.hosts_off, "host ends", "hosts end")} shut down`,
  ].filter(Boolean);
  return h("p", {}, `${parts.join(", ")}.`);
}

function moved(drill) {
  if (drill.kind !== "maintenance" || drill.state === "running") return null;
  if (!drill.moved.length) return drill.steps.length > 0 && h("p", { class: "muted" }, "Every VM is where it was before.");
  return [
    h("h3", {}, "What is otherwise than before"),
    h("ul", { class: "drill-moved" }, drill.differences.map((text) => h("li", {}, text))),
  ];
}
