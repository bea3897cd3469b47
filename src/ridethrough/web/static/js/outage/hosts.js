// Each host of an outage: its state, its budget (seconds left against seconds needed), why it is as it is, what may be asked.
import { h, icon, keyed, refill, setAttr, setData, setText } from "../dom.js";
import { countdown, duration } from "../time.js";
import { menu } from "../ui/menu.js";
import { status } from "../ui/status.js";
import { count, hostState } from "../words.js";
import { budgetOf } from "./model.js";

/** `actions(host)` gives the entries of a host's menu. Returns {el, update(rows, outage, now)}. */
export function hostList(actions) {
  const list = h("ul", { class: "outage-hosts" });
  const whyNot = h("dl", { class: "facts small" });
  const others = h("details", {}, h("summary", { class: "small" }, "Why are the others still up?"), whyNot);
  let said = "";
  const legend = h("p", { class: "muted small" }, "Each bar is the power that is left. Its striped end is the time that the way down needs; where the stripes begin is the last safe start, the point of no return.");
  const el = h("section", { class: "panel", "aria-labelledby": "outage-hosts" }, h("div", { class: "panel-head" }, h("h2", { id: "outage-hosts" }, "Hosts")), legend, list, others);

  function update(rows, outage, now, armed) {
    const words = outage.why.map((one) => ({ host: one.host, text: whole(one, now) }));
    const why = new Map(words.map((one) => [one.host, one.text]));
    const most = Math.max(60, ...rows.map((row) => (row.power_until ?? 0) - outage.begun_at), ...rows.map((row) => row.seconds_needed ?? 0));
    keyed(list, rows, (row) => row.id, (row) => make(row, actions), (el, row) => el.mend(row, budgetOf(row, now), why.get(row.id) ?? "", most, armed));
    const listed = new Set(rows.map((row) => row.id));
    const rest = words.filter((one) => !listed.has(one.host));
    others.hidden = rest.length === 0;
    if (JSON.stringify(rest) === said) return;
    said = JSON.stringify(rest);
    refill(whyNot, rest.map((one) => [h("dt", {}, one.host), h("dd", {}, one.text)]));
  }
  return { el, update };
}

// Why a host is as it is, and what comes next, counted by the second.
function whole({ text, then, then_at: at }, now) {
  return then && at >= now ? `${text} ${then} in ${duration(at - now)}.` : text;
}

function make(first, actions) {
  const sign = status(hostState(first));
  const name = h("a", { href: `/hosts/${encodeURIComponent(first.id)}` }, first.id);
  const role = h("span", { class: "muted small" });
  const opener = h("button", { type: "button", class: "button quiet small icon-only", "aria-label": `Ask something for ${first.id}` }, icon("more"));
  const free = h("div", { class: "budget-free" });
  const need = h("div", { class: "budget-need" });
  const track = h("div", { class: "budget", role: "meter", "aria-label": `Power left for ${first.id}`, "aria-valuemin": 0 }, free, need);
  const words = h("p", { class: "small" });
  const reason = h("p", { class: "small muted" });
  const el = h("li", {}, h("div", { class: "row" }, h("strong", {}, name), role, sign.el, h("span", { class: "push" }), menu(opener, () => actions(el.row), `For ${first.id}`)), track, words, reason);

  el.mend = (row, budget, why, whole, armed) => {
    el.row = row;
    sign.update(hostState(row));
    setText(role, row.coordinator ? "coordinator" : "");
    setText(reason, why);
    track.hidden = words.hidden = budget === null;
    if (!budget) return;
    const { left, needed, spare } = budget;
    const share = (seconds) => `${Math.min(100, (100 * seconds) / whole)}%`;
    free.style.width = share(Math.max(0, spare));
    need.style.width = share(Math.min(left, needed));
    setData(el, "tone", spare < 0 ? "lost" : spare < 60 ? "low" : "good");
    setAttr(track, "aria-valuemax", Math.round(whole));
    setAttr(track, "aria-valuenow", Math.round(left));
    const text = armed ? textOf(row, budget) : `${countdown(left)} of power left; then it crashes, unless somebody arms Ridethrough`;
    setAttr(track, "aria-valuetext", text);
    setText(words, text);
  };
  return el;
}

function textOf(row, { left, needed, spare, begun, committed }) {
  const power = `${countdown(left)} of power left, ${duration(needed)} needed`;
  if (committed) return `${countdown(left)} of power left; it goes down now`;
  const guests = row.vms.length ? ` with ${count(row.vms.length, "VM")} on it` : "";
  if (spare < 0) return `${power}${guests}: ${duration(-spare)} short`;
  return begun ? `${power}${guests}: ${countdown(spare)} to spare` : `${power}${guests}: last safe start in ${countdown(spare)}`;
}
