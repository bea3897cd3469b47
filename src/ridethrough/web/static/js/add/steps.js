// What belongs to a site, in the order in which it is set up, and how far that is.
import { h, icon, refill, setAttr } from "../dom.js";
import { live } from "../live.js";
import { count } from "../words.js";

/** The way to a protected site: pool, UPSs, who feeds whom, armed. Live. */
export function steps() {
  const list = h("ol", { class: "steps" });
  live.subscribe((state) => [state.pools, state.upses, state.hosts, state.site.armed], () => show(list, live.state));
  return h("nav", { "aria-label": "What belongs to a site" }, list);
}

function show(list, { pools, upses, hosts, site }) {
  const unfed = [...hosts.values()].filter((host) => host.powered_by.length === 0).length;
  const rows = [
    ["Pool and hosts", pools.size > 0, pools.size ? `${count(pools.size, "pool")}, ${count(hosts.size, "host")}` : "none yet", "/add#pool"],
    ["UPSs", upses.size > 0, upses.size ? count(upses.size, "UPS", "UPSs") : "none yet", "/add#ups"],
    ["Who feeds whom", hosts.size > 0 && unfed === 0, hosts.size === 0 ? "needs both" : unfed ? `${count(unfed, "host")} to go` : "every host", "/hosts"],
    ["Armed", Boolean(site.armed), site.armed ? "yes" : "dry run", "/"],
  ];
  const next = rows.findIndex(([, done]) => !done);
  refill(list, rows.map(([label, done, words, href], n) => {
    const sign = h("span", { class: "step-sign" }, done ? icon("good", "Done") : String(n + 1));
    const el = h("li", { data: { tone: done ? "good" : null } }, h("a", { href }, sign, h("span", {}, label, h("span", { class: "muted small" }, words))));
    setAttr(el, "aria-current", n === next ? "step" : null);
    return el;
  }));
}
