// The table of every NAS and SAN.
import { h, icon } from "../dom.js";
import { live } from "../live.js";
import { ago } from "../time.js";
import { status } from "../ui/status.js";
import { table } from "../ui/table.js";
import { nasState, upsState } from "../words.js";
import { nasPath, wayWords } from "./words.js";

/** Returns {el, update(rows)}. */
export function nasTable() {
  return table(
    [
      { key: "id", label: "Storage", lead: true, sort: (row) => row.id, cell: (row) => h("span", { class: "address" }, h("a", { href: nasPath(row.id) }, row.id), h("span", { class: "muted small" }, row.address)) },
      { key: "state", label: "State", sort: (row) => -nasState(row).rank, cell: (row) => status(nasState(row)).el },
      { key: "powered", label: "Powered by", live: true, sort: (row) => row.powered_by.join(" "), cell: feeds },
      { key: "users", label: "Used by", sort: (row) => row.hosts.length, cell: (row) => row.hosts.join(", ") || h("span", { class: "muted" }, "no host") },
      { key: "vms", label: "VMs", end: true, sort: (row) => row.vms, cell: (row) => String(row.vms) },
      { key: "way", label: "Goes down by", sort: (row) => wayWords(row).name, cell: (row) => wayWords(row).name },
      { key: "answered", label: "Answered", end: true, live: true, sort: (row) => row.serves_at, cell: (row) => ago(row.serves_at, live.state.pulse.now) },
    ],
    {
      caption: "Storage: each NAS and SAN", noun: ["NAS or SAN", "NAS and SAN"], sorted: ["id", "ascending"],
      filter: (row) => `${row.id} ${row.address} ${row.powered_by.join(" ")} ${row.hosts.join(" ")} ${nasState(row).label}`,
      empty: h("p", { class: "empty" }, "site.toml names no NAS and no SAN."),
    },
  );
}

function feeds(row) {
  return row.powered_by.map((id) => {
    const ups = live.state.upses.get(id);
    return h("a", { class: "feed-link", href: `/upses/${encodeURIComponent(id)}` }, ups && h("span", { class: "tone", data: { tone: upsState(ups).tone } }, icon(upsState(ups).icon, upsState(ups).label)), id);
  });
}
