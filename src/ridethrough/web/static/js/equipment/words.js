// What the sections of site.toml on equipment say, in words. Nothing here touches a page.
import { listed } from "../hosts/words.js";
import { duration } from "../time.js";
import { POWER_WAYS } from "./shapes.js";

const ROOM = { off: "Nothing: a VM goes where there is room", move: "Less important VMs move to other hosts", stop: "Less important VMs move; where that is not enough, they are stopped" };
const LABELS = new Map(POWER_WAYS);

/** The UPSs that feed it: "ups1, ups2 (needs 2)". */
export function feedsText({ powered_by: feeds, needs }) {
  if (!feeds.value?.length) return "no UPS";
  return `${feeds.value.join(", ")}${needs.value > 1 ? ` (needs ${needs.value})` : ""}`;
}

/** The ways in which a host is switched on: "its power-on mode in XenServer, then IPMI". */
export function waysText({ power_on: ways }) {
  return (ways.value ?? []).map((way) => LABELS.get(way) ?? way).join(", then ");
}

/** Where these ways lead, without any secret: [text]. */
export function reachedText({ wake_on_lan: wake, bmc }) {
  return [wake.value && `Wake-on-LAN: ${wake.value.mac}`, bmc.value && `BMC: ${bmc.value.address}, user ${bmc.value.username}, password kept as ${bmc.value.password}`].filter(Boolean);
}

/** What happens to a UPS's output in an outage. */
export function outputText({ cut_output: cuts }) {
  return cuts.value ? "Is cut once everything on it is down" : "Stays as its card has it";
}

/** What is known of the controller's own machine: [[name, text]]. */
export function machineFacts({ name, powered_by, needs, switch: through, shutdown, stop_time: time, shutdown_command: command, vm }) {
  return [
    ["Name", name.value || "the machine's host name"],
    ["Powered by", feedsText({ powered_by, needs })],
    ["Switch", through.value || "none"],
    ["Shut down", shutdown.value ? `Last of all; it takes ${duration(time.value)}: ${(command.value ?? []).join(" ")}` : "No: it runs until its supply ends"],
    vm.value && ["Runs in the VM", vm.value],
  ].filter(Boolean);
}

/** What may be done to make room for a VM. */
export function roomText({ make_room: room }) {
  return ROOM[room.value] ?? String(room.value);
}

/** Where a NAS asks: [[name, text]]; [] where there is no such section. */
export function askedFacts({ listen, certificate }) {
  return listen.default ? [] : [["Listens on", listen.value], ["STARTTLS", certificate.value ? `with ${certificate.value}` : "none"]];
}

/** What a switch connects. */
export function connectsText({ connects }) {
  return listed(connects.value ?? []);
}
