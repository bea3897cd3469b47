// An outage that goes on.
import { h, keyed, refill, setText } from "../dom.js";
import { siteNow } from "../live.js";
import { clock, countdown, duration } from "../time.js";
import { button } from "../ui/button.js";
import { note } from "../ui/status.js";
import { timeline } from "../ui/timeline.js";
import { count, first } from "../words.js";
import { redButtons } from "./asks.js";
import { figures } from "./figures.js";
import { guestList } from "./guests.js";
import { hostList } from "./hosts.js";
import { story } from "./lines.js";
import { concerned, cutWords, extent, listed, nextSteps, offWords, onBattery, timelineRows } from "./model.js";

const NEXT_SHOWN = 8;
const TOGETHER = 10; // seconds; UPSs that lost power within them have been on battery for the same time, as people say

/** The page of an outage that goes on. Returns {el, tools, lead(state, outage, now), update(state, outage)}. */
export function now({ refused, asking, said }) {
  const hold = button("Hold 5 minutes", { symbol: "held", onClick: () => asking.hold() });
  const release = button("End every hold", { symbol: "play", onClick: () => asking.release() });
  const back = button("Bring back now", { symbol: "utility", onClick: () => asking.bringBack() });
  for (const press of [hold, release]) press.refuse(refused);

  const notes = h("div", { class: "stack-s" });
  const big = figures();
  const line = timeline("Time line of this outage");
  const coming = h("ol", { class: "coming" });
  const noneComing = h("p", { class: "muted" }, "Nothing is due.");
  const hosts = hostList(asking.ofHost);
  const guests = guestList(asking.skip, refused);
  const lines = story();
  const el = h(
    "div",
    { class: "stack outage-now" },
    notes,
    said,
    big.el,
    h("section", { class: "panel", "aria-labelledby": "outage-line" }, h("div", { class: "panel-head" }, h("h2", { id: "outage-line" }, "Time line"), legend()), line.el),
    h("div", { class: "outage-columns" }, hosts.el, guests.el),
    h(
      "div",
      { class: "outage-columns" },
      h("div", { class: "stack" }, h("section", { class: "panel", "aria-labelledby": "outage-next" }, h("h2", { id: "outage-next" }, "If utility power stays away"), coming, noneComing), redButtons(asking, refused)),
      lines.el,
    ),
  );

  let noted = "";
  function update(state, outage) {
    const at = siteNow();
    const rows = concerned(state.hosts, outage);
    const text = JSON.stringify(notesOf(state));
    if (text !== noted) refill(notes, notesOf(state).map(([tone, words, symbol]) => note(tone, words, symbol)));
    noted = text;
    release.hidden = !rows.some((row) => row.held);
    back.refuse(refused || notBackYet(state));
    big.update(state, outage, at);
    line.update({ ...extent(outage, at), now: at, rows: timelineRows(outage, at), legend: true });
    const steps = nextSteps(outage, state.site.armed).filter((step) => step.at >= at).slice(0, NEXT_SHOWN);
    keyed(coming, steps, (step) => `${step.host} ${step.what} ${step.text}`, makeStep, (li, step) => setText(li.firstChild, countdown(step.at - at)));
    noneComing.hidden = steps.length > 0;
    hosts.update(rows, outage, at, state.site.armed);
    guests.update(outage.guests, at);
    lines.update(state.lines.filter((one) => one.position >= outage.id), at);
  }

  return { el, tools: [hold, release, back], update, lead };
}

/** One sentence on what goes on. */
function lead(state, outage, at) {
  const [feeding, cut] = onBattery(state.upses);
  const off = offWords(state);
  if (!feeding.length && !cut.length) {
    if (outage.by_person) return off ? `${off}. No UPS is on battery.` : "A person asked for this; no UPS is on battery.";
    if (!state.site.armed) return "Utility power is back. Dry run: nothing was done, and nothing is undone.";
    return `Utility power is back. ${off || "What was done is being undone"}.`;
  }
  const told = [feeding.length && onBatteryWords(state.upses, feeding, at), first(cutWords(cut)), off].filter(Boolean);
  return `${told.join(". ")}. ${doing(state, outage)}`.trim();
}

// "ups1 has been on battery for 5 min", "ups2 and ups3 have been on battery, the first for 5 min".
function onBatteryWords(upses, ids, at) {
  const since = ids.map((id) => upses.get(id).on_battery_since);
  const together = Math.max(...since) - Math.min(...since) < TOGETHER;
  return `${listed(ids)} ${ids.length === 1 ? "has" : "have"} been on battery${together ? "" : ", the first"} for ${duration(at - Math.min(...since))}`;
}

function doing(state, outage) {
  const rows = concerned(state.hosts, outage).filter((row) => row.step);
  const shown = rows.slice(0, 3).map((row) => `${row.id}: ${row.step}`);
  if (rows.length > shown.length) shown.push(count(rows.length - shown.length, "more host"));
  return shown.length ? `${shown.join("; ")}.` : "";
}

function notesOf({ site, hosts }) {
  const held = [...hosts.values()].filter((row) => row.held).map((row) => (row.held_until === null ? row.id : `${row.id} until ${clock(row.held_until, siteNow())}`));
  return [
    !site.armed && ["warning", "Dry run: nothing is done. Hosts and VMs crash when their UPS stops, unless somebody arms Ridethrough (at the top of the page).", "dry"],
    held.length > 0 && ["info", `Held by a person: ${listed(held)}. A hold ends at the last safe start.`, "held"],
    ...(site.alerts ?? []).filter((alert) => alert.key !== "held").map((alert) => ["low", alert.text, "warning"]),
  ].filter(Boolean);
}

function notBackYet(state) {
  const { upses } = state;
  if (!state.site.armed) return "The site is in dry run: there is nothing to bring back.";
  if ([...state.pools.values()].some((pool) => pool.wanted_off)) return `${offWords(state)}.`;
  const away = [...upses.values()].filter((ups) => ups.on_battery_since !== null && ups.condition !== "settling").map((ups) => ups.id);
  return away.length ? `Utility power is not back at ${listed(away)}.` : "";
}

function makeStep(step) {
  const bad = step.what === "power ends" || step.what === "last safe start";
  return h("li", { data: { tone: step.what === "power ends" ? "lost" : bad ? "low" : "info" } }, h("span", { class: "coming-in number" }), h("span", {}, h("strong", {}, step.host), ` ${step.text}`));
}

function legend() {
  const one = (name, text) => h("span", { class: "legend-one" }, h("span", { class: `legend-${name}`, "aria-hidden": "true" }), text);
  return h("p", { class: "row small muted" }, one("done", "done"), one("running", "running"), one("next", "next"));
}
