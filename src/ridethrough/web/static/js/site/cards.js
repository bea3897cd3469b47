// The cards of the picture: one UPS, one host, one NAS, one switch, one repository; and one for several of a folded pool.
import { h, icon, refill, setAttr, setData, setIcon, setText } from "../dom.js";
import { listed } from "../hosts/words.js";
import { nasPath } from "../storage/words.js";
import { brief } from "../time.js";
import { COORDINATOR, count, percent } from "../words.js";
import { reachWords } from "./reach.js";

/** The element of a node; `mend(el, node)` fills it and keeps it true. UPSs and hosts are links, or buttons that call `onPick(id, el)`. */
export function card(node, onPick = null) {
  const made = { ups: upsCard, host: hostCard, nas: nasCard, switch: reachCard, machine: reachCard, storage: storageCard, hosts: foldedCard, upses: foldedCard, feeder: feederCard }[node.kind](node, onPick);
  made.el.dataset.node = node.id;
  made.el.mend = made.update;
  return made.el;
}

// Where a card leads: to a page, or to what `onPick` does.
function leading(kind, onPick, ...children) {
  if (!onPick) return h("a", { class: `node ${kind}` }, children);
  const el = h("button", { type: "button", class: `node ${kind}`, "aria-haspopup": "menu" }, children);
  el.addEventListener("click", () => onPick(el.dataset.node, el));
  return el;
}

function upsCard(_, onPick) {
  const sign = icon("good");
  const name = h("span", { class: "node-name" });
  const runtime = h("span", { class: "node-main number" });
  const label = h("span", { class: "node-state" });
  const load = h("span", { class: "node-load number" });
  const fill = h("span", {});
  const bar = h("span", { class: "node-bar", "aria-hidden": "true" }, fill);
  const told = h("span", { class: "unseen" });
  const el = leading("ups", onPick, sign, name, runtime, h("span", { class: "node-second" }, label, bar, load), told);
  const update = ({ row, state }) => {
    setData(el, "tone", state.tone);
    setIcon(sign, state.icon);
    if (!onPick) setAttr(el, "href", `/upses/${encodeURIComponent(row.id)}`);
    setText(name, row.id);
    // What a silent card said last is no longer so: it is told as that, and its load not at all.
    const now = row.silent ? null : row.load;
    setText(runtime, row.runtime === null ? "–" : `${row.silent ? "was " : ""}${brief(row.runtime)}`);
    setText(label, state.label);
    setText(load, now === null ? "" : percent(now));
    fill.style.width = `${Math.min(100, now ?? 0)}%`;
    setData(bar, "high", (now ?? 0) > 85 ? "" : null);
    const words = [state.label, row.silent && "its last word:", row.runtime !== null && `runtime ${brief(row.runtime)}`, row.load !== null && `load ${percent(row.load)}`, row.charge !== null && `charge ${percent(row.charge)}`].filter(Boolean).join(", ");
    setText(told, ` UPS, ${words}`);
    setAttr(el, "title", `${row.id}: ${words}`);
  };
  return { el, update };
}

function hostCard(_, onPick) {
  const sign = icon("good");
  const name = h("span", { class: "node-name" });
  const star = icon("coordinator");
  star.classList.add("node-star");
  const number = h("span", {});
  const vms = h("span", { class: "node-main number" }, icon("vm"), number);
  const label = h("span", { class: "node-state" });
  const held = h("span", { class: "node-held" }, icon("held"), "held");
  const told = h("span", { class: "unseen" });
  const el = leading("host", onPick, sign, h("span", { class: "node-title" }, name, star), vms, h("span", { class: "node-second" }, label, held), told);
  const update = ({ row, state, moving }) => {
    setData(el, "tone", state.tone);
    setIcon(sign, state.icon);
    if (!onPick) setAttr(el, "href", `/hosts/${encodeURIComponent(row.id)}`);
    setText(name, row.id);
    star.style.display = row.coordinator ? "" : "none";
    setText(number, row.vms.length);
    setText(label, moving ? `${state.label}, ${count(moving, "VM")} moving` : state.label);
    held.hidden = !row.held;
    const words = [row.coordinator && COORDINATOR, state.label, count(row.vms.length, "VM"), moving && `${moving} moving`, row.held && "held by a person"].filter(Boolean).join(", ");
    setText(told, ` host, ${words}`);
    setAttr(el, "title", `${row.id}: ${words}`);
  };
  return { el, update };
}

function nasCard(_, onPick) {
  const sign = icon("good");
  const name = h("span", { class: "node-name" });
  const number = h("span", {});
  const vms = h("span", { class: "node-main number" }, icon("vm"), number);
  const label = h("span", { class: "node-state" });
  const holds = h("span", { class: "node-holds" });
  const told = h("span", { class: "unseen" });
  const el = h(onPick ? "div" : "a", { class: "node nas" }, sign, h("span", { class: "node-title" }, name, icon("storage")), vms, h("span", { class: "node-second" }, label, holds), told);
  const update = ({ row, state, repositories }) => {
    setData(el, "tone", state.tone);
    setIcon(sign, state.icon);
    if (!onPick) setAttr(el, "href", nasPath(row.id));
    setText(name, row.id);
    setText(number, row.vms);
    setText(label, state.label);
    setText(holds, repositories.length === 1 ? repositories[0] : repositories.length ? count(repositories.length, "repository", "repositories") : "");
    const users = row.hosts.length ? `used by ${listed(row.hosts)}` : "no host uses it";
    const words = [state.label, row.trouble, repositories.length && `holds ${listed(repositories)}`, count(row.vms, "VM"), users].filter(Boolean).join(", ");
    setText(told, ` storage, ${words}`);
    setAttr(el, "title", `${row.id}: ${words}`);
  };
  return { el, update };
}

// A switch, or the controller's own machine; what is said of them is set where their forms are.
function reachCard({ kind }, onPick) {
  const sign = icon("good");
  const name = h("span", { class: "node-name" });
  const left = h("span", { class: "node-main number" });
  const label = h("span", { class: "node-state" });
  const ends = h("span", { class: "node-ends" });
  const told = h("span", { class: "unseen" });
  const el = h(onPick ? "div" : "a", { class: "node nas", href: onPick ? null : "/settings#equipment" }, sign, h("span", { class: "node-title" }, name, icon(kind === "switch" ? "switch" : "controller")), left, h("span", { class: "node-second" }, label, ends), told);
  const update = (node) => {
    setData(el, "tone", node.state.tone);
    setIcon(sign, node.state.icon);
    setText(name, node.name);
    setText(left, node.left === null ? "" : brief(node.left));
    setText(label, node.state.label);
    setText(ends, node.off && `off at ${node.off}`);
    const words = reachWords(node);
    setText(told, kind === "switch" ? ` switch, ${words}` : ` own machine of the controller, ${words}`);
    setAttr(el, "title", `${node.name}: ${words}`);
  };
  return { el, update };
}

// The name of a feeder, over its UPSs; with `onPick` a button where it has one.
function feederCard({ feeder }, onPick) {
  const label = h("span", { class: "node-feeder-label" });
  const says = h("span", { class: "node-feeder-says" });
  const children = [icon("utility"), h("span", { class: "node-feeder-name" }, label, says)];
  const el = onPick && feeder ? leading("node-feeder", onPick, children) : h("div", { class: "node-feeder" }, children);
  const update = (rail) => {
    setData(el, "tone", rail.power.tone);
    setText(label, rail.label.slice(0, rail.label.length - rail.says.length));
    setText(says, rail.says);
    setAttr(el, "title", rail.label);
  };
  return { el, update };
}

function storageCard() {
  const name = h("span", { class: "node-name" });
  const second = h("span", { class: "node-state" });
  const el = h("div", { class: "node storage" }, icon("storage"), name, h("span", { class: "node-second" }, second));
  const update = ({ row }) => {
    setText(name, row.name || row.id.slice(0, 8)); // a uuid
    setText(second, count(row.vms, "VM"));
    setAttr(el, "title", `Storage repository ${row.name || row.id}: ${count(row.vms, "VM")}, attached to ${row.hosts.join(", ") || "no host"}`);
  };
  return { el, update };
}

// Several UPSs, or the hosts of a folded pool: how many are in which state, the worst first.
function foldedCard(first) {
  const title = h("span", { class: "node-name" });
  const states = h("span", { class: "node-states" });
  const rest = h("span", { class: "node-state" });
  const isHosts = first.kind === "hosts";
  const el = h("div", { class: "node folded" }, icon(isHosts ? "host" : "ups"), title, states, h("span", { class: "node-second" }, rest));
  const update = (node) => {
    const worst = node.states[0]?.[0];
    setData(el, "tone", worst?.tone ?? "unknown");
    setText(title, isHosts ? count(node.members.length, "host") : count(node.members.length, "UPS", "UPSs"));
    refill(states, node.states.slice(0, 4).map(([state, number]) => h("span", { class: "status", data: { tone: state.tone }, title: state.label }, icon(state.icon, state.label), h("span", {}, number))));
    setText(rest, isHosts ? count(node.vms, "VM") : shortest(node.members));
  };
  return { el, update };
}

function shortest(upses) {
  const known = upses.map((row) => row.runtime).filter((runtime) => runtime !== null);
  return known.length ? `Shortest runtime ${brief(Math.min(...known))}` : "No runtime known";
}
