// What feeds a UPS, and what it feeds.
import { h, keyed, setText } from "../dom.js";
import { empty, status } from "../ui/status.js";
import { linkButton } from "../ui/button.js";
import { behindText } from "../site/reach.js";
import { nasPath } from "../storage/words.js";
import { count, hostState, nasState } from "../words.js";
import { fedBy } from "./fed.js";
import { feeder } from "./feeder.js";

/** Returns {el, update(row, state, now)}. */
export function feeds() {
  const list = h("ul", { class: "ups-feeds" });
  const from = feeder();
  const none = empty("host", "It feeds nothing that site.toml names.", linkButton("Shutdown settings", "/hosts"));
  const el = h("section", { class: "panel stack-s", "aria-labelledby": "ups-feeds" }, h("h2", {}, "What feeds it"), from.el, h("h2", { id: "ups-feeds" }, "What it feeds"), list, none);
  function update(row, state) {
    from.update(row, state);
    const { hosts, stores, reach } = fedBy(row.id, state);
    none.hidden = hosts.length + stores.length + reach.length > 0;
    const all = [...hosts.map((host) => [host, make]), ...stores.map((nas) => [nas, makeNas]), ...reach.map((node) => [node, makeReach])];
    keyed(list, all, ([one]) => one.id, ([one, made]) => made(one), (li, [one]) => li.mend(one, row.id));
  }
  return { el, update };
}

function make(first) {
  const sign = status(hostState(first));
  const words = h("span", { class: "muted small" });
  const el = h("li", {}, h("div", { class: "row" }, h("a", { href: `/hosts/${encodeURIComponent(first.id)}` }, h("strong", {}, first.id)), sign.el, h("span", { class: "muted small push" }, first.pool)), words);
  el.mend = (host, ups) => {
    sign.update(hostState(host));
    const crash = host.row.crash && !host.row.spared ? "; crashes when its UPS stops" : "";
    setText(words, `${count(host.vms.length, "VM")} · ${supplyWords(host, ups)}${crash}`);
  };
  return el;
}

function makeNas(first) {
  const sign = status(nasState(first));
  const words = h("span", { class: "muted small" });
  const el = h("li", {}, h("div", { class: "row" }, h("a", { href: nasPath(first.id) }, h("strong", {}, first.id)), sign.el, h("span", { class: "muted small push" }, "storage")), words);
  el.mend = (nas, ups) => {
    sign.update(nasState(nas));
    setText(words, `${count(nas.vms, "VM")} · ${supplyWords(nas, ups)}`);
  };
  return el;
}

function makeReach(first) {
  const sign = status(first.state);
  const words = h("span", { class: "muted small" });
  const kind = first.kind === "switch" ? "switch" : "own machine";
  const el = h("li", {}, h("div", { class: "row" }, h("a", { href: "/settings#equipment" }, h("strong", {}, first.name)), sign.el, h("span", { class: "muted small push" }, kind)), words);
  el.mend = (node, ups) => {
    sign.update(node.state);
    const behind = node.kind === "switch" ? behindText(node.row) : node.ends;
    setText(words, [behind, supplyWords(node.row, ups)].filter(Boolean).join(" · "));
  };
  return el;
}

function supplyWords(fed, ups) {
  const others = fed.powered_by.filter((one) => one !== ups);
  return others.length ? `also fed by ${others.join(", ")}; needs ${fed.needs} of ${fed.powered_by.length}` : "fed by this UPS alone";
}
