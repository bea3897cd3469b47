// Each VM of an outage: where it is, where it goes, how far that is.
import { h, icon, keyed, setAttr, setData, setIcon, setText } from "../dom.js";
import { countdown, duration } from "../time.js";
import { button } from "../ui/button.js";
import { empty } from "../ui/status.js";
import { count } from "../words.js";
import { shareOf } from "./model.js";

const SHOWN = 40;
const LOOK = {
  moving: ["moving", "info", "Moving"],
  waiting: ["settling", "info", "Waits for its move"],
  stopping: ["off", "battery", "Shutting down"],
  starting: ["play", "info", "Starting"],
  stays: ["warning", "warning", "Stays, is stopped in time"],
  dry: ["dry", "warning", "Nothing is done: dry run"],
  lost: ["off", "lost", "Went down with its host"],
  skipped: ["held", "warning", "Skipped by a person"],
  stopped: ["off", "silent", "Stopped"],
  moved: ["good", "good", "Moved"],
  started: ["good", "good", "Runs again"],
};
const SKIPPABLE = ["moving", "waiting"];

/** `skip(guest)` asks for it; `refused`: why this person may not. Returns {el, update(guests, now)}. */
export function guestList(skip, refused) {
  const list = h("ul", { class: "outage-vms" });
  const summary = h("span", { class: "muted small number" });
  const none = empty("vm", "No VM is concerned so far.");
  const more = button("Show all", { kind: "quiet small", onClick: () => { all = !all; show(); } });
  const hint = h("p", { class: "muted small" }, "A bar is an estimate, from the VM's memory and the link_speed of site.toml. Only the tick says that a move is done.");
  const el = h("section", { class: "panel", "aria-labelledby": "outage-vms" }, h("div", { class: "panel-head" }, h("h2", { id: "outage-vms" }, "VMs"), summary), hint, list, none, more);
  let all = false;
  let last = [[], 0];

  function show() {
    const [guests, now] = last;
    keyed(list, all ? guests : guests.slice(0, SHOWN), (one) => one.vm, (one) => make(one, skip, refused), (li, one) => li.mend(one, now));
    const done = guests.filter((one) => ["moved", "stopped", "started"].includes(one.phase)).length;
    setText(summary, guests.length ? `${done} of ${guests.length} done` : "");
    none.hidden = guests.length > 0;
    hint.hidden = !guests.some((one) => one.phase === "moving");
    more.hidden = guests.length <= SHOWN;
    setText(more.querySelector("span"), all ? "Show fewer" : `Show all ${count(guests.length, "VM")}`);
  }
  return {
    el,
    update(guests, now) {
      last = [guests, now];
      show();
    },
  };
}

function make(first, skip, refused) {
  const sign = icon("vm");
  const name = h("strong", {}, first.name);
  const way = h("span", { class: "muted" });
  const word = h("span", { class: "vm-word number" });
  const fill = h("div", { class: "meter-fill" });
  const track = h("div", { class: "meter-track", role: "progressbar", "aria-label": `Move of ${first.name}, an estimate`, "aria-valuemin": 0, "aria-valuemax": 100 }, fill);
  const press = button("Skip", { kind: "small", title: `Do not move ${first.name}`, onClick: () => skip(el.guest) });
  press.setAttribute("aria-label", `Skip ${first.name}`);
  press.refuse(refused);
  const why = h("p", { class: "small muted" });
  const el = h("li", {}, h("div", { class: "row vm-line" }, sign, name, way, word, press), track, why);
  el.mend = (guest, now) => {
    el.guest = guest;
    const [symbol, tone, label] = LOOK[guest.phase];
    setIcon(sign, symbol);
    setData(el, "tone", tone);
    setData(el, "phase", guest.phase);
    setText(name, guest.name);
    setText(way, guest.to ? `${guest.host} → ${guest.to}` : guest.host ?? "");
    setText(word, wordOf(guest, label, now));
    const share = shareOf(guest, now);
    track.hidden = guest.phase !== "moving" || share === null;
    if (share !== null) {
      fill.style.width = `${Math.round(share * 100)}%`;
      setAttr(track, "aria-valuenow", Math.round(share * 100));
    }
    press.hidden = !SKIPPABLE.includes(guest.phase);
    setText(why, guest.why && guest.phase !== "moved" ? guest.why : "");
    why.hidden = why.textContent === "";
  };
  return el;
}

function wordOf(guest, label, now) {
  if (guest.phase === "moving" && guest.expected) {
    const left = guest.expected - (now - guest.begun_at);
    return left > 0 ? `about ${duration(left)} left` : `${duration(-left)} longer than expected`;
  }
  if (guest.phase === "stopping" && guest.deadline_at) return `${label}, at most ${countdown(guest.deadline_at - now)}`;
  return label;
}
