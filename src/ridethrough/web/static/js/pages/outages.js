// The outages that were.
import { get } from "../api.js";
import { h, refill } from "../dom.js";
import { live, siteNow } from "../live.js";
import { clock, duration } from "../time.js";
import { linkButton } from "../ui/button.js";
import { chip, empty, note } from "../ui/status.js";
import { table } from "../ui/table.js";
import { listed, outageOf } from "../outage/model.js";
import { count } from "../words.js";

const place = document.getElementById("outages");
const list = table(
  [
    { key: "begun", label: "Began", lead: true, cell: (row) => h("a", { href: `/outage/${row.id}` }, clock(row.begun_at, siteNow())), sort: (row) => row.begun_at },
    { key: "lasted", label: "Lasted", cell: (row) => (row.ended_at === null ? chip("goes on", "battery", "battery") : duration(row.ended_at - row.begun_at)), sort: (row) => (row.ended_at ?? Infinity) - row.begun_at },
    { key: "upses", label: "UPSs", cell: (row) => (row.by_person ? "asked for by a person" : listed(row.upses)), sort: (row) => row.upses.join() },
    { key: "moved", label: "VMs moved", end: true, cell: (row) => row.vms_moved, sort: (row) => row.vms_moved },
    { key: "stopped", label: "VMs stopped", end: true, cell: (row) => row.vms_stopped, sort: (row) => row.vms_stopped },
    { key: "down", label: "Hosts shut down", end: true, cell: (row) => row.hosts_shut_down, sort: (row) => row.hosts_shut_down },
    { key: "result", label: "Came of it", cell: result, sort: (row) => row.hosts_lost + row.failed + row.differences },
  ],
  {
    caption: "Past outages",
    noun: ["outage", "outages"],
    sorted: ["begun", "descending"],
    filter: (row) => `${row.upses.join(" ")} ${row.hosts.join(" ")} ${clock(row.begun_at, siteNow())}`,
    empty: empty("outage", "No outage yet, since this journal began.", linkButton("Try one in the simulator", "/simulator", { symbol: "simulator" })),
  },
);

refill(place, h("section", { class: "panel flush" }, list.el));
live.subscribe((state) => JSON.stringify(outageOf(state)), load);

async function load() {
  try {
    list.update(await get("/outages"));
  } catch (error) {
    refill(place, note("warning", error.message));
  }
}

function result(row) {
  if (row.ended_at === null) return "";
  const found = [];
  if (row.dry_run) found.push(chip("dry run", "info", "dry"));
  if (row.hosts_lost) found.push(chip(`${count(row.hosts_lost, "host")} crashed`, "lost", "off"));
  if (row.failed) found.push(chip(`${row.failed} failed`, "low", "warning"));
  if (row.differences) found.push(chip(count(row.differences, "difference"), "warning", "warning"));
  return found.length ? h("span", { class: "row" }, found) : chip("as before", "good", "good");
}
