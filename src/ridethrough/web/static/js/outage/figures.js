// The big numbers of an outage.
import { h } from "../dom.js";
import { countdown, duration } from "../time.js";
import { figure } from "../ui/status.js";
import { first } from "../words.js";
import { cutWords, onBattery, onBatteryFor, weakest } from "./model.js";

/** Returns {el, update(state, outage, now)}. */
export function figures() {
  const battery = figure("Without utility power");
  const runtime = figure("Power left, weakest UPS");
  const hosts = figure("Hosts still to go down");
  const moved = figure("VMs moved");
  const move = figure("VMs to move");
  const stop = figure("VMs to stop");
  const el = h("section", { class: "panel outage-figures", "aria-label": "In numbers" }, h("div", { class: "figures" }, [battery, runtime, hosts, moved, move, stop].map((one) => one.el)));

  function update(state, { ahead }, now) {
    const since = onBatteryFor(state.upses, now);
    battery.el.hidden = runtime.el.hidden = since === null;
    battery.update(countdown(since), "", "battery");
    const weak = weakest(state.upses, now);
    const [feeding, cut] = onBattery(state.upses);
    const none = feeding.length ? ["?", ""] : ["0:00", "output off", "lost"];
    runtime.update(...(weak ? [countdown(weak.left), weak.ups, weak.left < 120 ? "low" : null] : none));
    const until = weak?.byCard ? "its card cuts the output" : "its battery is empty, as it says";
    runtime.el.title = weak ? `${weak.ups}: ${duration(weak.left)} until ${until}` : first(cutWords(cut)) || "No UPS on battery tells its runtime.";
    hosts.update(ahead.hosts_to_go_down.length, ahead.hosts_to_crash.length ? `and ${ahead.hosts_to_crash.length} will crash` : "", ahead.hosts_to_crash.length ? "lost" : null);
    moved.update(ahead.vms_moved);
    move.update(ahead.vms_to_move);
    const more = [ahead.vms_stopped && `${ahead.vms_stopped} stopped`, ahead.vms_to_crash && `${ahead.vms_to_crash} will crash`];
    stop.update(ahead.vms_to_stop, more.filter(Boolean).join(", "), ahead.vms_to_crash ? "lost" : null);
  }
  return { el, update };
}
