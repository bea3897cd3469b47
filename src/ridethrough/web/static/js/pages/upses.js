// Every UPS: how it is, what it feeds, how old that is.
import { h, refill } from "../dom.js";
import { live, siteNow } from "../live.js";
import { duration } from "../time.js";
import { fedText } from "../ups/fed.js";
import { empty, status } from "../ui/status.js";
import { linkButton } from "../ui/button.js";
import { table } from "../ui/table.js";
import { feederLabel, percent, upsState } from "../words.js";

const fed = (ups) => fedText(ups.id, live.state);
const age = (ups) => (ups.answered_at === null ? null : Math.max(0, siteNow() - ups.answered_at));

const list = table(
  [
    { key: "id", label: "UPS", lead: true, cell: name, sort: (ups) => ups.id },
    { key: "state", label: "State", live: true, cell: (ups) => status(upsState(ups)).el, sort: (ups) => -upsState(ups).rank },
    { key: "runtime", label: "Runtime", end: true, cell: (ups) => (ups.runtime === null ? "?" : duration(ups.runtime)), sort: (ups) => ups.runtime },
    { key: "charge", label: "Charge", end: true, cell: (ups) => percent(ups.charge), sort: (ups) => ups.charge },
    { key: "load", label: "Load", end: true, cell: (ups) => percent(ups.load), sort: (ups) => ups.load },
    { key: "input", label: "Input", end: true, cell: (ups) => (ups.input_volts === null ? "?" : `${Math.round(ups.input_volts)} V`), sort: (ups) => ups.input_volts },
    { key: "feeds", label: "Feeds", cell: feeds, sort: (ups) => fed(ups) },
    { key: "address", label: "Address", cell: (ups) => h("span", { class: "mono small" }, ups.address ?? ""), sort: (ups) => ups.address },
    { key: "age", label: "Answered", end: true, live: true, cell: (ups) => (age(ups) === null ? "never" : `${duration(age(ups))} ago`), sort: age },
  ],
  {
    caption: "UPSs and what they say",
    noun: ["UPS", "UPSs"],
    sorted: ["state", "ascending"],
    filter: (ups) => `${ups.id} ${ups.model} ${ups.feeder ? feederLabel(ups.feeder) : ""} ${ups.address} ${upsState(ups).label} ${fed(ups)}`,
    empty: empty("ups", "No UPS yet: nothing tells Ridethrough when utility power fails.", linkButton("Add UPSs", "/add#ups", { symbol: "add" })),
  },
);

refill(document.getElementById("tools"), linkButton("Add UPSs", "/add#ups", { symbol: "add" }));
refill(document.getElementById("upses"), h("section", { class: "panel flush" }, list.el));
live.subscribe((state) => [state.upses, state.hosts, state.nas, state.switches, state.site.own_machine, state.pulse], () => list.update(live.state.upses.values()));

function name(ups) {
  const about = [ups.model, ups.feeder && feederLabel(ups.feeder)].filter(Boolean).join(" · ");
  return [h("a", { href: `/upses/${encodeURIComponent(ups.id)}` }, ups.id), about && h("span", { class: "muted small under" }, about)];
}

function feeds(ups) {
  return fed(ups) || h("span", { class: "muted" }, "nothing");
}
