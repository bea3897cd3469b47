// How a NAS or SAN is now, in numbers and in words.
import { h, refill } from "../dom.js";
import { countdown, duration } from "../time.js";
import { figure, note, status } from "../ui/status.js";
import { nasState } from "../words.js";

/** Returns {el, update(row, state, now)}. */
export function present() {
  const state = status({ tone: "unknown", icon: "unknown", label: "" });
  const since = h("span", { class: "muted number" });
  const age = h("span", { class: "muted small number push" });
  const counted = figure("Can be counted on for");
  const vms = figure("VMs with disks on it");
  const hosts = figure("Hosts that use it");
  const stop = figure("Time it takes to stop");
  const notes = h("div", { class: "stack-s" });
  const el = h(
    "section",
    { class: "panel stack", "aria-label": "Now" },
    h("div", { class: "row" }, h("span", { class: "storage-state" }, state.el), since, age),
    h("div", { class: "figures" }, [counted, vms, hosts, stop].map((one) => one.el)),
    notes,
  );
  let noted = "";

  function update(row, { site }, now) {
    const found = nasState(row);
    state.update(found);
    const isFailing = row.on_battery_since !== null;
    since.textContent = isFailing ? `${found.label === "On battery" ? "" : "on battery "}for ${duration(now - row.on_battery_since)}` : "";
    age.textContent = row.serves_at === null ? "It has not answered yet." : `Answered ${duration(Math.max(0, now - row.serves_at))} ago`;
    counted.el.hidden = !isFailing || row.step !== "";
    counted.update(row.counts_until === null ? "?" : countdown(row.counts_until - now), "", "battery");
    counted.el.title = "Until then everything that uses it must be down; its own stop and the cut come after that.";
    vms.update(row.vms);
    hosts.update(row.hosts.length);
    stop.update(...short(row.stop_time));
    const list = notesOf(row, site);
    if (JSON.stringify(list) === noted) return;
    noted = JSON.stringify(list);
    refill(notes, list.map(([tone, text]) => note(tone, text)));
    notes.hidden = !list.length;
  }
  return { el, update };
}

// "5 min", "1 min 30 s" would be too long for a number: "90 s".
function short(seconds) {
  return seconds % 60 ? [Math.round(seconds), "s"] : [seconds / 60, "min"];
}

function notesOf(row, site) {
  const isOff = row.step === "down" || row.step === "shutting down";
  const found = [];
  if (row.step && row.why) found.push(["info", `It must go down: ${row.why}.`]);
  if (row.trouble && !isOff) found.push(["low", `It does not answer: ${row.trouble}. VMs with disks on it do not start until it serves.`]);
  if (row.logged_in === false && row.step !== "down") found.push(["warning", "It does not ask for the state of its UPS, so it would not hear that it must go down. Look at its UPS settings, and whether it reaches this machine's port 3493."]);
  if (!row.hosts.length) found.push(["warning", "No host is known to use it, so nothing waits for it. Name its repositories or its hosts in site.toml: repositories, used_by."]);
  if (site.armed === false && row.on_battery_since !== null) found.push(["info", "Dry run: it is not told to go down. What would be done is only said."]);
  return found;
}
