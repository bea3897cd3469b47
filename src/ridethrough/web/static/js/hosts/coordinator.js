// The coordinator (the manual's XenCenter): its manual forbids timers for it; what is done for it instead is told, and they may be set all the same.
import { h } from "../dom.js";
import { button } from "../ui/button.js";
import { note } from "../ui/status.js";
import { COORDINATOR } from "../words.js";
import { listed } from "./words.js";

/** The two options; those of a coordinator without timers are behind a button, with the reason; the element may have `reveal()`. `protects`: site.toml's protect_coordinator. */
export function coordinatorNote(rows, settings, protects, options, changed) {
  const both = h("div", { class: "form" }, options.maintenance.el, options.shutdown.el);
  const names = rows.filter((row) => row.coordinator).map((row) => row.id);
  if (names.length === 0) return both;
  const bare = rows.every((row) => row.coordinator && !settings[row.id].maintenance.enabled && !settings[row.id].shutdown.enabled);
  const one = rows.length === 1;
  const text = note("info", [
    h("p", {}, h("strong", {}, one ? `This is the ${COORDINATOR}. ` : `Among them: ${listed(names)}, ${COORDINATOR}. `), "The manual says: do not set timers for it, because everything works through it."),
    protects ? h("p", {}, "Without timers it is protected all the same: it stays up for as long as its UPS lets it, its VMs move to a powered host or are shut down cleanly, and it is shut down after every other host of the pool, before its UPS stops.")
      : h("p", {}, "site.toml says protect_coordinator = false: without timers it crashes when its UPS stops."),
    h("p", {}, "Timers belong to the host, whatever its role: set them if another host may become the coordinator, or if it must go down early. It still goes down after the members."),
  ], "coordinator");
  if (!bare) return h("div", { class: "form" }, text, both);
  both.hidden = true;
  const reveal = () => {
    both.hidden = false;
    open.hidden = true;
  };
  const open = button("Set timers all the same", {
    kind: "small",
    onClick: () => {
      reveal();
      both.querySelector("input")?.focus();
      changed();
    },
  });
  return Object.assign(h("div", { class: "form" }, text, h("div", { class: "row" }, open), both), { reveal });
}
