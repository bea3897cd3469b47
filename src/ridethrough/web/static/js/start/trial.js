// A simulated outage on the site as it is: what each loss of utility power would do. Nothing real is touched.
import { get } from "../api.js";
import { h, keyed, refill } from "../dom.js";
import { live } from "../live.js";
import { duration } from "../time.js";
import { button, linkButton } from "../ui/button.js";
import { dryRun, figure, marginFigure, note, status } from "../ui/status.js";
import { compare, table } from "../ui/table.js";
import { count, first } from "../words.js";

const ENDS = {
  up: { tone: "good", icon: "good", label: "Stays up", rank: 0 },
  off: { tone: "info", icon: "off", label: "Shut down in time", rank: 1 },
  crashed: { tone: "lost", icon: "lost", label: "Crashes", rank: 2 },
};

/** `onTried()` when one was played. Returns {el}. */
export function trialStep(onTried) {
  const ticks = h("div", { class: "row", role: "group", "aria-label": "UPSs that lose utility power" });
  const place = h("div", { class: "stack", "aria-live": "polite" });
  const play = button("Let utility power fail", { kind: "primary", symbol: "play", onClick: run });
  const lost = new Map(); // UPS -> whether it loses utility power; all do unless said otherwise
  const el = h(
    "div",
    { class: "stack" },
    h("p", {}, "A copy of your site as it is this minute, played forward by the same decisions that Ridethrough would make. Nothing real is touched."),
    h("section", { class: "panel stack-s", "aria-label": "What fails" }, h("h3", {}, "Utility power fails at"), ticks, h("div", { class: "row row-end" }, play)),
    place,
  );
  live.subscribe((state) => state.upses, show);
  return { el };

  function show() {
    const upses = [...live.state.upses.keys()].sort(compare);
    keyed(ticks, upses, (id) => id, (id) => {
      const tick = h("input", { type: "checkbox", value: id, ".checked": true });
      tick.addEventListener("change", () => {
        lost.set(id, tick.checked);
        show();
      });
      return h("label", { class: "check" }, tick, id);
    });
    play.refuse(upses.length === 0 ? "There is no UPS yet: add one first." : chosen().length === 0 ? "Tick a UPS." : "");
  }

  function chosen() {
    return [...live.state.upses.keys()].filter((id) => lost.get(id) ?? true);
  }

  async function run() {
    refill(place, note("info", "Playing it …"));
    try {
      const report = await get("/plan", { query: { lose: chosen() } });
      refill(place, told(report));
      onTried();
    } catch (error) {
      refill(place, note("danger", error.message));
    }
  }
}

function told(report) {
  const { summary } = report;
  const bad = summary.lost + summary.crashed > 0;
  const verdict = bad
    ? note("lost", [h("p", {}, h("strong", {}, `${worst(summary)} would crash.`), " The steps above tell what to change: the feeds, the timers, or the findings."), remedies(report)])
    : note("good", h("strong", {}, summary.stopped ? "Nothing crashes. Some VMs are shut down cleanly in time." : "Nothing crashes."));
  const numbers = h("div", { class: "figures" }, [
    figure(summary.moved === 1 ? "VM moves" : "VMs move", String(summary.moved)).el,
    figure(summary.stopped === 1 ? "VM is shut down" : "VMs are shut down", String(summary.stopped)).el,
    figure(summary.lost === 1 ? "VM crashes" : "VMs crash", String(summary.lost), "", summary.lost ? "lost" : null).el,
    figure(summary.hosts_off === 1 ? "host shut down" : "hosts shut down", String(summary.hosts_off)).el,
    summary.margin !== null && marginFigure(summary.margin),
  ]);
  const hosts = table(
    [
      { key: "id", label: "Host", lead: true, cell: (row) => row.id, sort: (row) => row.id },
      { key: "end", label: "In the end", cell: (row) => status(ENDS[row.end] ?? { tone: "unknown", icon: "unknown", label: first(row.end) }).el, sort: (row) => -(ENDS[row.end]?.rank ?? 0) },
      { key: "at", label: "Off after", end: true, cell: (row) => (row.at === null ? "" : duration(row.at)), sort: (row) => row.at },
      { key: "ends", label: "Its power ends after", end: true, cell: (row) => (row.supply_ends_at === null ? "never" : duration(row.supply_ends_at)), sort: (row) => row.supply_ends_at },
    ],
    { caption: "What becomes of each host", noun: ["host", "hosts"] },
  );
  hosts.update(report.hosts);
  const story = h("ol", { class: "story" }, report.narrative.map((line) => h("li", {}, line)));
  return [
    !live.state.site.armed && dryRun(),
    verdict,
    h("section", { class: "panel", "aria-label": "In figures" }, numbers),
    h("section", { class: "panel flush" }, hosts.el),
    h("details", { class: "panel" }, h("summary", {}, `The whole story, ${count(report.narrative.length, "line")}`), story),
    report.assumed.length > 0 && note("info", [h("p", {}, "Nobody tells this, so it was assumed:"), h("ul", {}, report.assumed.map((text) => h("li", {}, first(text))))]),
    h("div", { class: "row" }, linkButton("Make up other outages", "/simulator", { symbol: "simulator" })),
  ];
}

function worst({ lost, crashed }) {
  return [lost && count(lost, "VM"), crashed && count(crashed, "host")].filter(Boolean).join(" and ");
}

function remedies({ crash_rows: rows }) {
  if (!rows.length) return null;
  return h("p", {}, "Their settings let these crash: ", rows.slice(0, 5).flatMap((row, n) => [n ? ", " : "", h("a", { href: `/hosts/${encodeURIComponent(row.id)}` }, row.id)]), ".");
}
