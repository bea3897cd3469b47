// What feeds a NAS or SAN, who uses it, and the repositories on it.
import { h, keyed, setAttr, setText } from "../dom.js";
import { brief } from "../time.js";
import { status } from "../ui/status.js";
import { compare } from "../ui/table.js";
import { count, feederLabel, hostState, upsState } from "../words.js";

const UNKNOWN = { tone: "unknown", icon: "unknown", label: "Not seen yet" };

/** The UPSs that feed it. Returns {el, update(row, state)}, as the others here. */
export function feeders() {
  return listOf("storage-feeds", "What feeds it", "No UPS.", (row, { upses }) => ({
    lead: row.powered_by.length > 1 ? `It needs ${row.needs} of these ${row.powered_by.length} feeds.` : "",
    rows: row.powered_by.map((id) => {
      const ups = upses.get(id);
      const words = ups ? [ups.feeder && feederLabel(ups.feeder), ups.runtime !== null && `runtime ${brief(ups.runtime)}`] : [];
      return { id, href: `/upses/${encodeURIComponent(id)}`, state: ups ? upsState(ups) : UNKNOWN, words: words.filter(Boolean).join(" · ") };
    }),
  }));
}

/** The hosts that use it. */
export function users() {
  return listOf("storage-users", "Who uses it", "No host, as far as is known.", (row, { hosts }) => ({
    lead: row.hosts.length ? "Each is down before it stops. On one that keeps utility power, the VMs with disks here are stopped." : "",
    rows: row.hosts.map((id) => {
      const host = hosts.get(id);
      return { id, href: `/hosts/${encodeURIComponent(id)}`, state: host ? hostState(host) : UNKNOWN, words: host ? `${host.pool} · ${count(host.vms.length, "VM")}` : "" };
    }),
  }));
}

/** The repositories that lie on it. */
export function holds() {
  return listOf("storage-holds", "Repositories on it", "None is known: every VM of the hosts that use it counts as one with a disk on it.", (row, { storage }) => {
    const named = row.repositories.map((id) => {
      const found = storage.get(id);
      return { id, name: found?.name || id, href: null, state: null, words: found ? `${count(found.vms, "VM")} · attached to ${count(found.hosts.length, "host")}` : "" };
    });
    return { lead: "", rows: named.sort((a, b) => compare(a.name, b.name)) };
  });
}

function listOf(id, title, none, select) {
  const lead = h("p", { class: "muted small" });
  const list = h("ul", { class: "storage-list" });
  const nothing = h("p", { class: "muted" }, none);
  const el = h("section", { class: "panel stack-s", "aria-labelledby": id }, h("h2", { id }, title), lead, list, nothing);
  function update(row, state) {
    const found = select(row, state);
    setText(lead, found.lead);
    lead.hidden = !found.lead;
    list.hidden = !found.rows.length;
    nothing.hidden = found.rows.length > 0;
    keyed(list, found.rows, (one) => one.id, make, mend);
  }
  return { el, update };
}

function make(one) {
  const name = h(one.href ? "a" : "span", { href: one.href }, h("strong", {}, one.name ?? one.id));
  const sign = one.state && status(one.state);
  const words = h("span", { class: "muted small push" });
  return Object.assign(h("li", { class: "row" }, name, sign?.el, words), { parts: { name, sign, words } });
}

function mend(li, one) {
  setText(li.parts.name.firstChild, one.name ?? one.id);
  setAttr(li.parts.name, "title", one.name && one.name !== one.id ? one.id : null);
  li.parts.sign?.update(one.state);
  setText(li.parts.words, one.words);
}
