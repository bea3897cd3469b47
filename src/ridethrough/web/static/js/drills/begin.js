// The three drills, and what each needs to begin.
import { post } from "../api.js";
import { h, icon, refill, setAttr } from "../dom.js";
import { live } from "../live.js";
import { COORDINATOR, count, feederLabel } from "../words.js";
import { button } from "../ui/button.js";
import { toggle } from "../ui/choose.js";
import { confirm } from "../ui/dialog.js";
import { field } from "../ui/form.js";
import { note } from "../ui/status.js";
import { compare } from "../ui/table.js";

const MOST_NAMED = 4; // UPSs of a feeder

/** `no`: why this person may begin none, or ""; `onBegun(id)`. Returns {el, update(state), busy(why)}. */
export function beginCards(no, onBegun) {
  const cards = [preflight(onBegun), outage(onBegun), maintenance(onBegun)];
  const el = h("div", { class: "columns drill-cards" }, cards.map((card) => card.el));
  let running = "";
  const refuse = () => cards.forEach((card) => card.press.refuse(no || running || (card.missing?.() ?? "")));
  refuse();
  return {
    el,
    update: (state) => {
      cards.forEach((card) => card.update?.(state));
      refuse();
    },
    busy: (why) => {
      running = why;
      refuse();
    },
  };
}

function card(symbol, title, text, parts, press) {
  const trouble = h("div", { hidden: true, role: "alert" });
  const el = h("section", { class: "panel stack drill-card", "aria-label": `Begin: ${title}` }, h("div", { class: "drill-title" }, icon(symbol), h("h2", {}, title)), h("p", { class: "muted" }, text), parts, trouble, h("div", { class: "row drill-go" }, press));
  const fail = (why) => {
    trouble.hidden = !why;
    refill(trouble, why && note("danger", why));
  };
  return { el, press, fail };
}

function preflight(onBegun) {
  const press = button("Run the pre-flight", { kind: "primary", symbol: "findings", onClick: () => go(made, { kind: "preflight" }, onBegun) });
  const made = card("findings", "Pre-flight", "Looks at everything: the controller, each UPS and its card, each pool, the findings, and what an outage of every UPS would do. Changes nothing.", [], press);
  return made;
}

function outage(onBegun) {
  const list = h("div", { class: "drill-upses", role: "group", "aria-label": "UPSs that lose utility power" });
  const every = toggle("every", "Every UPS loses utility power", { checked: true, onChange: (on) => show(on) });
  const chosen = new Set();
  const press = button("Play the outage", { kind: "primary", symbol: "play", onClick: () => begin() });
  const made = card("simulator", "Simulated outage", "Plays an outage on a copy of the live site, to its end. Reads only: nothing real is touched.", [every.el, list], press);
  let known = "";

  function show(on) {
    list.hidden = on;
  }

  function begin() {
    if (!every.value && !chosen.size) return made.fail("Choose at least one UPS or feeder.");
    return go(made, { kind: "outage", lose: every.value ? [] : [...chosen] }, onBegun);
  }

  made.update = ({ upses }) => {
    const choices = choicesOf(upses);
    if (JSON.stringify(choices) === known) return;
    known = JSON.stringify(choices);
    for (const id of chosen) if (!choices.some((choice) => choice.id === id)) chosen.delete(id);
    refill(list, choices.map(({ id, label }) => {
      const box = h("input", { type: "checkbox", name: "lose", value: id, ".checked": chosen.has(id) });
      box.addEventListener("change", () => (box.checked ? chosen.add(id) : chosen.delete(id)));
      return h("label", { class: id === label ? "check" : "check wide" }, box, label);
    }));
  };
  show(true);
  return made;
}

/** What may lose utility power: feeders with several UPSs, by a name that no UPS has, and each UPS: [{id, label}]. */
export function choicesOf(upses) {
  const on = new Map();
  for (const row of upses.values()) if (row.feeder && !upses.has(row.feeder)) on.set(row.feeder, [...(on.get(row.feeder) ?? []), row.id].sort(compare));
  const feeders = [...on].filter(([, ids]) => ids.length > 1).sort(([a], [b]) => compare(a, b));
  const told = (ids) => (ids.length > MOST_NAMED ? `${ids.length} UPSs` : ids.join(", "));
  return [...feeders.map(([id, ids]) => ({ id, label: `${feederLabel(id)} (${told(ids)})` })), ...[...upses.keys()].sort(compare).map((id) => ({ id, label: id }))];
}

function maintenance(onBegun) {
  const host = field("host", "Host", { type: "select" });
  const within = field("within", "Give it at most", { type: "number", unit: "min", value: 30, attrs: { min: 1, max: 1440, step: 1 } });
  const told = h("p", { class: "muted small" });
  const press = button("Begin…", { kind: "danger", symbol: "maintenance", onClick: () => begin() });
  const made = card("maintenance", "Maintenance mode of a real host", "One host really enters maintenance mode, its VMs move away, and it leaves it again. Ended at once when anything is not good.", [h("div", { class: "drill-fields" }, host.el, within.el), told], press);
  host.input.addEventListener("change", () => tell());
  let known = "";

  function tell() {
    const row = live.state.hosts.get(host.value);
    if (!row) return void (told.textContent = "");
    const vms = row.vms.length ? `${count(row.vms.length, "VM moves", "VMs move")} to other hosts and ${row.vms.length === 1 ? "stays" : "stay"} there.` : "No VM runs on it.";
    told.textContent = vms + (row.coordinator ? " It is the coordinator: better choose a member." : "");
  }

  function begin() {
    const row = live.state.hosts.get(host.value);
    if (!row) return null;
    const minutes = Number(within.value);
    if (!(minutes >= 1 && minutes <= 1440)) return within.error("Between 1 and 1440 minutes.");
    const order = { kind: "maintenance", host: row.id, within: minutes * 60, confirm_coordinator: row.coordinator };
    return confirm({
      title: `Take ${row.id} into maintenance mode`,
      text: [h("p", {}, `${row.id} is real: ${count(row.vms.length, "VM")} will be moved away from it, and it takes none until the drill is over. VMs stay where they moved.`), row.coordinator && note("warning", `${row.id} is the coordinator of ${row.pool}.`)],
      action: "Begin",
      danger: true,
      typed: row.id,
      run: async ({ why }) => onBegun((await post("/drills", { ...order, why })).id),
    });
  }

  made.missing = () => (live.state.hosts.size ? "" : "No host is known.");
  made.update = ({ hosts }) => {
    const rows = [...hosts.values()].sort((a, b) => a.coordinator - b.coordinator || compare(a.id, b.id));
    const now = rows.map((row) => `${row.id} ${row.coordinator}`).join("\n");
    if (now !== known) {
      known = now;
      const before = host.value;
      host.input.replaceChildren(...rows.map((row) => h("option", { value: row.id }, row.coordinator ? `${row.id}, ${COORDINATOR}` : row.id)));
      if (hosts.has(before)) host.value = before;
    }
    setAttr(host.input, "disabled", rows.length ? null : true);
    tell();
  };
  return made;
}

async function go(made, order, onBegun) {
  made.fail("");
  try {
    onBegun((await post("/drills", order)).id);
  } catch (error) {
    if (error.name !== "AbortError") made.fail(error.message);
  }
}
