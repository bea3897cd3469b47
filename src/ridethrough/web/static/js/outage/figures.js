// The big numbers of an outage.
import { h } from "../dom.js";
import { countdown, duration } from "../time.js";
import { figure } from "../ui/status.js";
import { onBatteryFor, weakest } from "./model.js";

/** Returns {el, update(state, outage, now)}. */
export function figures() {
  const battery = figure("On battery for");
  const runtime = figure("Power left, weakest UPS");
  const hosts = figure("Hosts still to go down");
  const moved = figure("VMs moved");
  const move = figure("VMs to move");
  const stop = figure("VMs to stop");
  const el = h("section", { class: "panel outage-figures", "aria-label": "In numbers" }, h("div", { class: "figures" }, [battery, runtime, hosts, moved, move, stop].map((one) => one.el)));

  function update(state, { ahead }, now) {
    battery.update(countdown(onBatteryFor(state.upses, now)), "", "battery");
    const weak = weakest(state.upses, now);
    runtime.update(weak ? countdown(weak.left) : "?", weak ? weak.ups : "", weak && weak.left < 120 ? "low" : null);
    runtime.el.title = weak ? `${weak.ups}: ${duration(weak.left)} until ${weak.byCard ? "its card cuts the output" : "its battery is empty, as it says"}` : "No UPS on battery tells its runtime.";
    hosts.update(ahead.hosts_to_go_down.length, ahead.hosts_to_crash.length ? `and ${ahead.hosts_to_crash.length} will crash` : "", ahead.hosts_to_crash.length ? "lost" : null);
    moved.update(ahead.vms_moved);
    move.update(ahead.vms_to_move);
    stop.update(ahead.vms_to_stop, ahead.vms_stopped ? `${ahead.vms_stopped} stopped` : "");
  }
  return { el, update };
}
