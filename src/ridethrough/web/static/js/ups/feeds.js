// What feeds a UPS, and what it feeds.
import { h, keyed, setText } from "../dom.js";
import { empty, status } from "../ui/status.js";
import { linkButton } from "../ui/button.js";
import { count, hostState } from "../words.js";
import { feeder } from "./feeder.js";

/** Returns {el, update(row, state, now)}. */
export function feeds() {
  const list = h("ul", { class: "ups-feeds" });
  const from = feeder();
  const none = empty("host", "It feeds no host that site.toml names.", linkButton("Shutdown settings", "/hosts"));
  const el = h("section", { class: "panel stack-s", "aria-labelledby": "ups-feeds" }, h("h2", {}, "What feeds it"), from.el, h("h2", { id: "ups-feeds" }, "What it feeds"), list, none);
  function update(row, state) {
    from.update(row, state);
    const hosts = [...state.hosts.values()].filter((host) => host.powered_by.includes(row.id)).sort((a, b) => a.id.localeCompare(b.id, "en", { numeric: true }));
    none.hidden = hosts.length > 0;
    keyed(list, hosts, (host) => host.id, make, (li, host) => li.mend(host, row.id));
  }
  return { el, update };
}

function make(first) {
  const sign = status(hostState(first));
  const words = h("span", { class: "muted small" });
  const el = h("li", {}, h("div", { class: "row" }, h("a", { href: `/hosts/${encodeURIComponent(first.id)}` }, h("strong", {}, first.id)), sign.el, h("span", { class: "muted small push" }, first.pool)), words);
  el.mend = (host, ups) => {
    sign.update(hostState(host));
    const others = host.powered_by.filter((one) => one !== ups);
    const supply = others.length ? `also fed by ${others.join(", ")}; needs ${host.needs} of ${host.powered_by.length}` : "fed by this UPS alone";
    const crash = host.row.crash && !host.row.spared ? "; crashes when its UPS stops" : "";
    setText(words, `${count(host.vms.length, "VM")} · ${supply}${crash}`);
  };
  return el;
}
