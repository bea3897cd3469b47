// What a look at a pool has found: its hosts, and what must be known before it can be protected.
import { h } from "../dom.js";
import { live } from "../live.js";
import { button } from "../ui/button.js";
import { field } from "../ui/form.js";
import { chip, note, status } from "../ui/status.js";
import { table } from "../ui/table.js";
import { COORDINATOR, count, first } from "../words.js";
import { freeName, hostOf, nameFault, withoutPort } from "./names.js";

/** `pool`: as the API tells it; `refused`: why it cannot be added yet; `save({name, hosts, pool})`. Returns {el}. */
export function poolFound(pool, refused, save) {
  const taken = new Set(live.state.pools.keys());
  const name = field("name", "Name of the pool here", { required: true, value: freeName(pool.name || "pool1", taken), attrs: { autocomplete: "off", spellcheck: "false" } });
  const hosts = table(
    [
      { key: "name", label: "Host", lead: true, cell: (row) => h("div", { class: "row" }, row.name, row.is_coordinator && chip(COORDINATOR, "info", "coordinator")), sort: (row) => row.name },
      { key: "address", label: "Address", cell: (row) => hostOf(row.address), sort: (row) => row.address },
      { key: "version", label: "Version", cell: (row) => row.version, sort: (row) => row.version },
      { key: "state", label: "State", cell: (row) => status(reach(row)).el, sort: (row) => reach(row).rank },
    ],
    { key: (row) => row.name, caption: "Hosts found", noun: ["host", "hosts"] },
  );
  hosts.update(pool.members);
  const press = button("Add this pool…", {
    kind: "primary",
    symbol: "add",
    onClick: () => {
      const fault = nameFault(name.value, taken);
      name.error(fault);
      return fault ? name.input.focus() : save({ name: name.value, hosts: pool.members.map((member) => member.name), pool });
    },
  });
  const known = knownAs(pool);
  press.refuse(known ? `This pool is known here already, as ${known}.` : refused);
  const found = [known && note("info", `This pool is known here already, as ${known}.`), ...findings(pool)].filter(Boolean);
  return {
    el: h(
      "section",
      { class: "panel stack", "aria-label": "The pool" },
      h("h2", {}, `Found: ${pool.name || "a pool"} with ${count(pool.members.length, "host")} and ${count(pool.guests, "running VM")}`),
      found.length > 0 && h("div", { class: "stack-s" }, found),
      h("div", { class: "panel flush" }, hosts.el),
      h("div", { class: "narrow" }, name.el),
      h("div", { class: "row row-end" }, press),
    ),
  };
}

// The pool here that has hosts at these addresses; "" when none has.
function knownAs(pool) {
  const addresses = new Set(pool.members.map((member) => withoutPort(hostOf(member.address))));
  return [...live.state.hosts.values()].find((host) => addresses.has(withoutPort(host.address)))?.pool ?? "";
}

function reach(member) {
  if (member.trouble) return { tone: "danger", icon: "warning", label: first(member.trouble), rank: 3 };
  if (!member.live) return { tone: "lost", icon: "off", label: "Not live", rank: 2 };
  if (!member.enabled) return { tone: "info", icon: "maintenance", label: "Maintenance mode", rank: 1 };
  return { tone: "good", icon: "good", label: "Reached", rank: 0 };
}

/** What must be known of a pool, the worst first. */
export function findings(pool) {
  const found = [];
  if (pool.missing_rights.length > 0) found.push(note("danger", `The user may not do everything that an outage needs: ${pool.missing_rights.join(", ")} is missing. Give it the role pool-operator or pool-admin.`));
  if (pool.claim) found.push(note("danger", `The controller "${pool.claim}" has claimed this pool already: two controllers must not act on one pool.`));
  for (const text of pool.troubles) found.push(note("warning", first(text)));
  if (pool.ha_enabled) found.push(note("warning", "High availability (HA) is on: it may fence hosts or start VMs again while Ridethrough takes them down."));
  if (pool.local_storage.length > 0) found.push(note("warning", `Not shared by the hosts: ${pool.local_storage.join(", ")}. A VM with a disk there cannot move; it is shut down instead.`));
  if (pool.wlb_enabled) found.push(note("info", "Workload Balancing (WLB) is on. Its advice is used when it comes in time and names a powered host; it cannot block anything."));
  return found;
}
