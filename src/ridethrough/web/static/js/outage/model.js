// What an outage's record says, put in order for showing. Pure: moments in seconds since 1970, nothing of the page.

const FAILING = ["on battery", "lost"];
const CALM = ["down", "shutting down"];

/** Whether the site is in an outage: a UPS is on battery, or the controller has something to undo. [since, by a person]. */
export function outageOf({ upses, pools }) {
  const since = [...upses.values()].map((ups) => ups.on_battery_since).filter((at) => at !== null && at !== undefined);
  if (since.length) return { since: Math.min(...since), byPerson: false };
  return [...pools.values()].some((pool) => pool.recorded) ? { since: null, byPerson: true } : null;
}

/** The pools that a person wants off, in words: "pool1 was shut down by a person: switch its hosts on". Empty for none. */
export function offWords({ pools, hosts }) {
  const wanted = [...pools.values()].filter((pool) => pool.wanted_off).map((pool) => pool.id);
  if (!wanted.length) return "";
  const up = [...hosts.values()].filter((host) => wanted.includes(host.pool) && !CALM.includes(host.step));
  const one = wanted.length === 1;
  if (up.length) return `${listed(wanted)} ${one ? "is" : "are"} being shut down, as a person wants`;
  return `${listed(wanted)} ${one ? "was" : "were"} shut down by a person: switch ${one ? "its" : "their"} hosts on to end this`;
}

/** Hosts that the outage concerns, the most pressing first. */
export function concerned(hosts, outage) {
  const named = new Set(outage.hosts.map((part) => part.id));
  const found = [...hosts.values()].filter((row) => FAILING.includes(row.supply) || row.step || named.has(row.id));
  return found.sort((a, b) => urgency(a) - urgency(b) || a.id.localeCompare(b.id, "en", { numeric: true }));
}

function urgency(row) {
  if (row.step === "down") return 1e12;
  return row.power_until ?? 1e11;
}

/** A host's budget at `now`: {left, needed, spare, begun}; null when nothing known limits it. `spare`: until its last safe start. */
export function budgetOf(row, now) {
  if (row.supply !== "on battery" || row.step === "down" || row.power_until === null) return null;
  const left = Math.max(0, row.power_until - now);
  const needed = row.seconds_needed ?? 0;
  return { left, needed, spare: left - needed, begun: !["", "rides through"].includes(row.step), committed: CALM.includes(row.step) };
}

/** UPSs on battery: [those that still feed, those whose off-time has passed], ids. */
export function onBattery(upses) {
  const rows = [...upses.values()].filter((ups) => ups.on_battery_since !== null);
  return [rows.filter((ups) => !ups.cut).map((ups) => ups.id), rows.filter((ups) => ups.cut).map((ups) => ups.id)];
}

/** Whose off-time has passed, in words: "the off-time of ups2 has passed". Empty for none. */
export function cutWords(cut, most = 3) {
  if (!cut.length) return "";
  return cut.length > most ? `the off-times of ${cut.length} UPSs have passed` : `the off-time${cut.length === 1 ? "" : "s"} of ${listed(cut)} ${cut.length === 1 ? "has" : "have"} passed`;
}

/** The weakest UPS on battery at `now`: {ups, left, why}: what its battery and its card still give. */
export function weakest(upses, now) {
  let found = null;
  for (const ups of upses.values()) {
    if (ups.on_battery_since === null || ups.condition === "settling" || ups.cut) continue;
    const told = ups.runtime === null ? null : Math.max(0, ups.runtime - Math.max(0, now - (ups.answered_at ?? now)));
    const cut = Math.min(ups.off_at ?? Infinity, ups.cut_at ?? Infinity) - now;
    const byCard = cut < (told ?? Infinity);
    const left = byCard ? Math.max(0, cut) : told;
    if (left !== null && (found === null || left < found.left)) found = { ups: ups.id, left, byCard };
  }
  return found;
}

/** How long the site has been on battery: since the first UPS that still is. */
export function onBatteryFor(upses, now) {
  const since = [...upses.values()].map((ups) => ups.on_battery_since).filter((at) => at !== null);
  return since.length ? Math.max(0, now - Math.min(...since)) : null;
}

/** From when to when a time line of this outage goes. `now` is null for one that is over. */
export function extent(outage, now) {
  if (now === null) return { from: outage.begun_at, to: Math.max(outage.ended_at ?? outage.begun_at, outage.begun_at + 60, ...(outage.nas ?? []).map((nas) => nas.back_at ?? 0)) };
  const coming = [...outage.next.map((step) => step.at), ...outage.upses.filter((ups) => !ups.back_at).map((ups) => ups.off_at ?? 0)];
  const to = Math.max(now + 30, outage.begun_at + 120, ...coming.filter((at) => at < now + 4 * 3600));
  return { from: outage.begun_at, to: to + (to - outage.begun_at) * 0.03 };
}

/** The rows of the time line: each UPS, each NAS, then each host, with what was done, runs and comes next. */
export function timelineRows(outage, now) {
  const end = now ?? outage.ended_at;
  const known = new Set(outage.hosts.map((host) => host.id));
  const fallen = (outage.lost ?? []).filter((one) => !known.has(one.host)).map((one) => ({ id: one.host }));
  const stores = (outage.nas ?? []).map((nas) => nasRow(nas, end));
  const rows = [...outage.upses.map((ups) => upsRow(ups, end, now)), ...stores, ...[...outage.hosts, ...fallen].map((host) => hostRow(host, outage, end, now))];
  if (now !== null) return [...rows, ...comingRows(outage, now, known)];
  return rows.map((row) => ({ ...row, bars: row.bars.map((one) => ({ ...one, state: "done" })) }));
}

function upsRow(ups, end, now) {
  const passed = now !== null && ups.off_surely_at && ups.off_surely_at <= now && !ups.seen_at && !ups.back_at;
  const off = ups.output_off_at ?? (passed ? ups.off_at : null);
  const bars = [bar(ups.since, off ?? ups.back_at, end, "on battery", "battery")];
  if (off) bars.push(bar(off, ups.back_at, end, "output off", "lost"));
  const marks = [];
  if (ups.low_at) marks.push({ at: ups.low_at, label: "low battery", tone: "low", shape: "up" });
  if (ups.countdown_at) marks.push({ at: ups.countdown_at, label: "its card counts down", tone: "battery", shape: "diamond" });
  if (ups.off_at && !off && !ups.back_at) {
    if (now !== null && ups.off_at > now) bars.push({ from: now, to: ups.off_at, text: "until its card cuts the output", tone: "battery", state: "next" });
    marks.push({ at: ups.off_at, label: "its card cuts the output", tone: "lost", shape: "cross" });
  }
  return { label: ups.id, bars, marks };
}

// A NAS may serve again only after the outage's end.
function nasRow(nas, end) {
  const bars = [];
  const until = (...moments) => moments.find((at) => at) ?? null;
  const stopped = until(nas.told_at, nas.down_at, nas.spared_at);
  if (nas.stop_begun_at && nas.stop_begun_at !== stopped) bars.push(bar(nas.stop_begun_at, stopped, end, "its VMs stop", "info"));
  if (nas.told_at) bars.push(bar(nas.told_at, until(nas.down_at, nas.back_at), end, "shuts down", "battery"));
  if (nas.down_at) bars.push(bar(nas.down_at, nas.back_at, Math.max(end, nas.back_at ?? 0), "down", "lost"));
  const marks = [
    nas.told_at && { at: nas.told_at, label: "storage told to go down", tone: "low", shape: "square" },
    nas.spared_at && { at: nas.spared_at, label: "spared: utility power is back", tone: "info", shape: "up" },
    nas.back_at && { at: nas.back_at, label: "storage serves again", tone: "info", shape: "up" },
  ].filter(Boolean);
  return { label: nas.id, bars, marks };
}

function hostRow(host, outage, end, now) {
  const bars = [];
  const to = (...moments) => moments.find((at) => at !== null && at !== undefined) ?? null;
  if (host.maintenance_at) {
    const emptied = to(host.emptied_at, host.shutdown_begun_at, host.enabled_at);
    bars.push(bar(host.maintenance_at, emptied, end, "evacuate", "info"));
    const rests = to(host.shutdown_begun_at, host.enabled_at, host.down_at);
    if (emptied && emptied !== rests) bars.push(bar(emptied, rests, end, "maintenance mode", "silent"));
  }
  if (host.shutdown_begun_at) bars.push(bar(host.shutdown_begun_at, to(host.down_at, host.returned_at), end, "shut down", "battery"));
  const lost = (outage.lost ?? []).find((one) => one.host === host.id);
  const down = lost?.at ?? host.down_at;
  if (down) bars.push(bar(down, to(host.returned_at, host.enabled_at), end, lost ? "down with its supply" : "down", "lost"));
  if (host.returned_at) bars.push(bar(host.returned_at, host.enabled_at, end, "comes back", "info"));
  const coming = ahead(host.id, outage, now);
  return { label: host.id, bars: [...bars, ...coming.bars], marks: [...(host.shut_down_at ? [{ at: host.shut_down_at, label: "told to shut down: no way back", tone: "low", shape: "square" }] : []), ...coming.marks] };
}

// Hosts to which nothing was done yet.
function comingRows(outage, now, known) {
  const names = [...new Set(outage.next.map((step) => step.host))].filter((host) => !known.has(host));
  return names.map((host) => ({ label: host, ...ahead(host, outage, now) }));
}

function ahead(host, outage, now) {
  if (now === null) return { bars: [], marks: [] };
  const step = (what) => outage.next.find((one) => one.host === host && one.what === what);
  const [maintenance, shutdown] = ["maintenance", "shutdown"].map(step);
  const [ends, last, held] = ["power ends", "last safe start", "hold ends"].map((what) => step(what)?.at ?? null);
  const bars = [];
  const next = (one, until, text, tone) => bars.push({ from: one.at, to: Math.min(one.at + (one.takes ?? 60), until ?? Infinity), text, tone, state: "next" });
  if (maintenance) next(maintenance, shutdown?.at ?? ends, "evacuate", "info");
  if (shutdown) next(shutdown, ends, "shut down", "battery");
  const marks = [];
  if (held) bars.unshift({ from: now, to: held, text: "held by a person", tone: "silent", state: "next" });
  if (held) marks.push({ at: held, label: "the hold ends", tone: "silent", shape: "bars" });
  if (last) marks.push({ at: last, label: "last safe start", tone: "low", shape: "down" });
  if (ends) marks.push({ at: ends, label: "power ends", tone: "lost", shape: "cross" });
  return { bars, marks };
}

function bar(from, to, end, text, tone) {
  return { from, to: Math.max(to ?? end, from), text, tone, state: to === null || to === undefined ? "running" : "done" };
}

/** What comes next, in words: [{at, host, text}], by time. In dry run what would come. */
export function nextSteps(outage, armed = true) {
  const words = {
    maintenance: armed ? "enters maintenance mode" : "would enter maintenance mode (dry run)",
    shutdown: armed ? "shuts down" : "would shut down (dry run)",
    "hold ends": "is no longer held",
    "last safe start": armed ? "must begin to go down: its last safe start" : "would have to begin to go down: its last safe start",
    "power ends": armed ? "loses power" : "loses power, and crashes",
  };
  return outage.next.map((step) => ({ at: step.at, host: step.host, what: step.what, text: words[step.what] ?? step.what }));
}

/** How far a move is, 0 to 1, by its begin and how long it should take; it never says that it is done. */
export function shareOf(guest, now) {
  if (guest.phase !== "moving" || guest.begun_at === null || !guest.expected) return null;
  return Math.min(0.97, Math.max(0, (now - guest.begun_at) / guest.expected));
}

/** "ups1, ups2 and ups3". */
export function listed(names) {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
