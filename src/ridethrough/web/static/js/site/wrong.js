// What is wrong, the worst first; when nothing is, that.
import { h, icon, keyed, refill, setAttr, setData, setIcon, setText } from "../dom.js";
import { nasPath } from "../storage/words.js";
import { ago, brief, clock, countdown } from "../time.js";
import { say } from "../ui/toast.js";
import { alertTone, count, first, hostState, nasState, upsState } from "../words.js";
import { behindText, reachNodes } from "./reach.js";

const SHOWN = 6;

/**
 * What is wrong with a site: [{id, rank, tone, icon, text, at, until, href}], the worst first. `until`: when a UPS's output is cut.
 * What an alert tells of a UPS, host or storage is not told a second time.
 */
export function whatIsWrong({ site, upses, hosts, nas = new Map(), switches = new Map(), pulse = {} }) {
  const found = (site.alerts ?? []).map((alert) => ofAlert(alert, { upses, hosts, nas }));
  const told = new Set((site.alerts ?? []).map((alert) => `${alert.subject} ${alert.key}`));
  for (const row of upses.values()) {
    const state = upsState(row);
    if (state.rank < 2 || (row.silent && told.has(`${row.id} silent`) && row.condition !== "on battery")) continue;
    if (["off", "degraded"].some((key) => told.has(`${row.id} ${key}`))) continue;
    found.push({ id: `ups ${row.id}`, ...pick(state), text: ofUps(row, state), at: row.on_battery_since, until: row.cut_at ?? row.off_at, href: `/upses/${encodeURIComponent(row.id)}` });
  }
  for (const row of hosts.values()) {
    const state = hostState(row);
    if (row.step ? state.rank < 3 : state.rank < 5) continue;
    if (["still up", "missing", "stays off"].some((key) => told.has(`${row.id} ${key}`))) continue;
    const vms = row.vms.length ? `, ${count(row.vms.length, "VM")} on it` : "";
    found.push({ id: `host ${row.id}`, ...pick(state), text: `${row.id}: ${lower(state.label)}${vms}`, at: row.on_battery_since, until: null, href: `/hosts/${encodeURIComponent(row.id)}` });
  }
  for (const row of nas.values()) {
    const state = nasState(row);
    if (state.rank < 3 || ["not serving", "still up", "not logged in"].some((key) => told.has(`${row.id} ${key}`))) continue;
    const vms = row.vms ? `, ${count(row.vms, "VM")} on it` : "";
    const why = row.trouble && !row.step && !row.serves ? ` (${row.trouble})` : "";
    found.push({ id: `nas ${row.id}`, ...pick(state), text: `${row.id}: ${lower(state.label)}${why}${vms}`, at: row.on_battery_since, until: null, href: nasPath(row.id) });
  }
  for (const node of reachNodes({ switches, site, pulse })) {
    if (node.state.rank < 5) continue;
    found.push({ id: node.id, ...pick(node.state), text: ofReach(node), at: node.row.on_battery_since, until: null, href: null });
  }
  return found.sort((a, b) => b.rank - a.rank || (a.at ?? 0) - (b.at ?? 0) || a.text.localeCompare(b.text, "en", { numeric: true }));
}

// With a capital, unless it begins with the name of a thing: those are as their owner wrote them.
function sentence(text, { upses, hosts, pools = new Map(), nas = new Map() }) {
  const begin = text.split(/[\s:,]/, 1)[0];
  return [upses, hosts, pools, nas].some((rows) => rows.has(begin)) ? text : first(text);
}

function pick({ rank, tone, icon: symbol }) {
  return { rank, tone, icon: symbol };
}

function ofAlert(alert, rows) {
  const tone = alertTone(alert);
  const place = rows.upses.has(alert.subject) ? "/upses/" : rows.hosts.has(alert.subject) ? "/hosts/" : rows.nas.has(alert.subject) ? "/storage/" : null;
  return {
    id: `alert ${alert.subject} ${alert.key}`,
    rank: tone === "low" ? 8 : 4.5,
    tone: alert.key === "silent" ? "silent" : tone,
    icon: alert.key === "silent" ? "silent" : tone === "low" ? "low" : "warning",
    text: alert.text.startsWith(alert.subject) ? alert.text : sentence(alert.text, rows),
    at: alert.at,
    until: null,
    href: place && place + encodeURIComponent(alert.subject),
  };
}

function ofUps(row, state) {
  const feeds = row.condition === "on battery" && !row.cut;
  const told = [row.runtime !== null && feeds && `runtime ${brief(row.runtime)}`, row.charge !== null && feeds && `charge ${Math.round(row.charge)} %`, row.trouble];
  const rest = told.filter(Boolean).join(", ");
  return `${row.id}: ${lower(state.label)}${rest ? `, ${rest}` : ""}`;
}

function ofReach({ kind, row, name, state, left, ends }) {
  return [`${kind === "switch" ? name : "The controller's machine"}: ${lower(state.label)}`, left !== null && `${brief(left)} of power left`, ends, kind === "switch" && behindText(row)].filter(Boolean).join(", ");
}

function lower(text) {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Returns {el, update(state)}. */
export function wrongList() {
  const list = h("ul", { class: "wrong-list" });
  const more = h("p", { class: "muted small wrong-more" });
  const calm = h("p", { class: "calm" }, icon("good"), h("span", {}));
  const begin = h("p", {}, "Nothing is set up yet. ", h("a", { href: "/add" }, "Add a pool and its UPSs"), " to begin.");
  const verdict = h("p", { class: "verdict" });
  const el = h("section", { class: "panel wrong", "aria-label": "What is wrong" }, begin, calm, verdict, list, more);
  let known = null;
  const update = (state) => {
    const found = whatIsWrong(state);
    const fresh = known === null ? [] : found.filter((one) => !known.has(one.id));
    if (fresh.length) say(fresh.map((one) => one.text).join(". "));
    known = new Set(found.map((one) => one.id));
    const isEmpty = state.upses.size + state.hosts.size + state.pools.size === 0;
    begin.hidden = !isEmpty;
    calm.hidden = isEmpty || found.length > 0;
    setText(calm.lastChild, wellText(state));
    const busy = (state.site.verdict ?? "") !== "" && !/nothing to do/.test(state.site.verdict);
    verdict.hidden = !busy;
    setText(verdict, sentence(state.site.verdict ?? "", state));
    setData(el, "tone", found[0]?.tone ?? "good");
    list.hidden = found.length === 0;
    keyed(list, found.slice(0, SHOWN), (one) => one.id, makeLine, (line, one) => mendLine(line, one, state.pulse.now));
    more.hidden = found.length <= SHOWN;
    setText(more, `and ${found.length - SHOWN} more`);
  };
  return { el, update };
}

/** What there is when nothing is wrong. VMs that do not run are told: some owner may miss them. */
export function wellText({ upses, hosts, vms, nas = new Map() }) {
  const running = [...vms.values()].filter((vm) => vm.power === "running").length;
  const guests = running === vms.size ? count(vms.size, "VM") : `${running} of ${count(vms.size, "VM")} running`;
  const parts = [upses.size && count(upses.size, "UPS", "UPSs"), hosts.size && count(hosts.size, "host"), nas.size && `${nas.size} NAS or SAN`, vms.size && guests].filter(Boolean);
  if (!parts.length) return "No UPS and no host is seen yet.";
  return `${vms.size && !running ? "No alert" : "All is well"}: ${parts.join(", ")}.`;
}

function makeLine(one) {
  const sign = icon(one.icon);
  const text = h(one.href ? "a" : "span", {});
  const left = h("span", { class: "wrong-left number" });
  const when = h("time", { class: "muted small number" });
  return Object.assign(h("li", {}, sign, text, left, when), { parts: { sign, text, left, when } });
}

function mendLine(line, one, now) {
  const { sign, text, left, when } = line.parts;
  setData(line, "tone", one.tone);
  setIcon(sign, one.icon);
  setText(text, one.text);
  setAttr(text, "href", one.href);
  const remains = one.until === null || one.until === undefined ? null : one.until - now;
  refill(left, remains !== null && remains > 0 ? [`output cut in ${countdown(remains)}`] : []);
  setText(when, one.at ? ago(one.at, now) : "");
  setAttr(when, "title", one.at ? clock(one.at, now) : null);
}
