// Hosts, each with the UPSs that feed it: a place to drop them on, and a list to pick them from.
import { h, icon, keyed, refill, setAttr, setText } from "../dom.js";
import { button } from "../ui/button.js";
import { chip } from "../ui/status.js";
import { COORDINATOR } from "../words.js";

const ALL = "every host";

/**
 * `add(hosts, ups)`, `remove(host, ups)`, `needs(host, number)`: what a person wants; `of(host)`: {powered_by, needs} as chosen; `upses()`: rows.
 * Returns {el, update(rows of hosts)}.
 */
export function board({ add, remove, needs, of, upses }) {
  const every = target(ALL, () => shown.map((host) => host.id), "Give every host");
  const list = h("ul", { class: "fed" });
  const el = h("div", { class: "stack-s" }, every.el, list);
  let shown = [];
  return { el, update };

  function update(hosts) {
    shown = hosts;
    every.el.hidden = hosts.length < 2;
    every.offer(upses().map((ups) => ups.id));
    keyed(list, hosts, (host) => host.id, make, mend);
  }

  // A box that takes a dragged UPS, with the list to pick one from.
  function target(name, ids, label) {
    const pick = h("select", { class: "input small", "aria-label": `${label} a UPS` });
    // A list alone would add each UPS that somebody passes with the arrow keys.
    const press = button("Add", { kind: "small", symbol: "add", label: `Add it to ${name}`, onClick: () => pick.value && add(ids(), pick.value) });
    const feeds = h("div", { class: "row fed-by" }, h("span", { class: "fed-pick" }, pick, press));
    const box = h("div", { class: "target", data: { host: name } }, h("div", { class: "row fed-name" }), feeds);
    box.addEventListener("dragover", (event) => {
      event.preventDefault();
      event.dataTransfer.dropEffect = "link";
      box.classList.add("over");
    });
    box.addEventListener("dragleave", (event) => box.contains(event.relatedTarget) || box.classList.remove("over"));
    box.addEventListener("drop", (event) => {
      event.preventDefault();
      box.classList.remove("over");
      const ups = event.dataTransfer.getData("text/plain");
      if (upses().some((one) => one.id === ups)) add(ids(), ups);
    });
    if (name === ALL) refill(box.firstChild, h("span", { class: "muted" }, "Every host"));
    let offered = null;
    const offer = (left) => {
      const key = left.join("\n");
      if (key === offered) return;
      offered = key;
      const before = pick.value;
      refill(pick, left.length ? left.map((id) => h("option", { value: id }, id)) : h("option", { value: "" }, "No other UPS"));
      if (left.includes(before)) pick.value = before;
      press.refuse(left.length ? "" : "There is no other UPS.");
    };
    return { el: box, head: box.firstChild, feeds, pick, offer };
  }

  function make(host) {
    const made = target(host.id, () => [host.id], `Give ${host.id}`);
    const mark = chip(COORDINATOR, "info", "coordinator");
    const pool = h("span", { class: "muted small" });
    refill(made.head, icon("host"), h("strong", {}, host.id), pool, mark);
    const chips = h("ul", { class: "row fed-list" });
    const none = h("span", { class: "status", data: { tone: "warning" } }, icon("warning"), h("span", {}, "Names no UPS"));
    const wants = h("select", { class: "input small", "aria-label": `Utility power that ${host.id} needs` });
    wants.addEventListener("change", () => needs(host.id, Number(wants.value)));
    made.feeds.prepend(chips, none, wants);
    return Object.assign(h("li", {}, made.el), { made, mark, pool, chips, none, wants });
  }

  function mend(li, host) {
    const { powered_by: feeds, needs: wanted } = of(host.id);
    li.mark.hidden = !host.coordinator;
    setText(li.pool, host.pool);
    li.none.hidden = feeds.length > 0;
    li.wants.hidden = feeds.length < 2;
    const number = feeds.length;
    if (li.wants.length !== number) refill(li.wants, feeds.map((_, n) => h("option", { value: String(n + 1) }, `needs ${n + 1} of ${number}`)));
    li.wants.value = String(wanted);
    setAttr(li.chips, "aria-label", number ? `UPSs that feed ${host.id}` : null);
    keyed(li.chips, feeds, (ups) => ups, (ups) => fedBy(host.id, ups));
    li.made.offer(upses().map((ups) => ups.id).filter((id) => !feeds.includes(id)));
  }

  function fedBy(host, ups) {
    const away = button("", { symbol: "close", kind: "quiet small", label: `${ups} does not feed ${host}`, onClick: () => take(host, ups) });
    return h("li", { class: "fed-chip" }, icon("ups"), ups, away);
  }

  // The focus stays at the host whose UPS was taken away.
  function take(host, ups) {
    const pick = [...list.children].find((li) => li.made.el.dataset.host === host)?.made.pick;
    remove(host, ups);
    pick?.focus();
  }
}
