// One UPS: what it says and how old that is, its past, its card's timers, what it feeds, and the evidence.
import { h, refill, setText } from "../dom.js";
import { live, siteNow } from "../live.js";
import { linkButton } from "../ui/button.js";
import { empty } from "../ui/status.js";
import { charts } from "../ups/charts.js";
import { evidence } from "../ups/evidence.js";
import { feeds } from "../ups/feeds.js";
import { readings } from "../ups/readings.js";
import { timers } from "../ups/timers.js";
import { traps } from "../ups/traps.js";

const id = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const place = document.getElementById("ups");
setText(document.getElementById("title"), id);
document.title = `${id} · ${document.title}`;
refill(document.getElementById("tools"), linkButton("All UPSs", "/upses", { symbol: "left", kind: "quiet" }));

let shown = null;
live.subscribe((state) => [state.upses, state.hosts, state.nas, state.switches, state.site.own_machine, state.pulse], () => {
  const row = live.state.upses.get(id);
  if (!row) {
    shown = null;
    return refill(place, h("section", { class: "panel" }, empty("ups", `No UPS is named "${id}".`, linkButton("All UPSs", "/upses"))));
  }
  shown ??= begin(row);
  setText(document.getElementById("lead"), [row.model, row.address].filter(Boolean).join(" · "));
  return shown.forEach((part) => part.update(row, live.state, siteNow()));
});

function begin(row) {
  const parts = { readings: readings(), timers: timers(), feeds: feeds(), charts: charts(id), evidence: evidence(id), traps: traps(id) };
  refill(
    place,
    parts.readings.el,
    h("div", { class: "ups-columns" }, parts.timers.el, parts.feeds.el),
    parts.charts.el,
    h("div", { class: "ups-columns" }, parts.evidence.el, parts.traps.el),
  );
  return Object.values(parts).filter((part) => part.update);
}
