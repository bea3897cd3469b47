// The Shutdown Settings of one host or of several at once, as values. Nothing here touches a page.

export const OPTIONS = ["maintenance", "shutdown"];
export const FIRST = { maintenance: 60, shutdown: 120 }; // seconds that are proposed where none were set (manual 3.2)
const STEP = 60; // seconds that the shutdown is proposed after the maintenance

/** A host's settings, from its row of the live table. */
export function settingsOf(row) {
  const option = (name) => ({ enabled: row.options[name].enabled, after: row.options[name].after });
  return { powered_by: [...row.powered_by], needs: row.needs, maintenance: option("maintenance"), shutdown: option("shutdown") };
}

/** A host's settings as site.toml holds them (a section of GET /settings); null where it does not name the host, or wrongly. */
export function settingsIn(section) {
  if (!section) return null;
  const option = (name) => ({ enabled: Boolean(section[name].value?.enabled), after: section[name].value?.after ?? 0 });
  const feeds = section.powered_by.value;
  if (!Array.isArray(feeds)) return null;
  return { powered_by: [...feeds], needs: section.needs.value ?? 1, maintenance: option("maintenance"), shutdown: option("shutdown") };
}

/**
 * What several hosts have in common: {powered_by, needs, maintenance_enabled, maintenance_after, ...}; what differs is undefined, and stays
 * each host's own until a person chooses a value.
 */
export function inCommon(list) {
  const found = {};
  for (const [key, read] of Object.entries(READ)) {
    const values = list.map(read);
    found[key] = values.every((value) => same(value, values[0])) ? values[0] : undefined;
  }
  for (const option of OPTIONS) {
    // A timer that was never set is none: where its option is off everywhere, the usual one is proposed.
    if (list.every((one) => !one[option].enabled && !one[option].after)) found[`${option}_after`] = FIRST[option];
  }
  return found;
}

/** A host's settings with what was chosen. */
export function applied(settings, choice) {
  const pick = (key, own) => (choice[key] === undefined ? own : choice[key]);
  const powered_by = pick("powered_by", settings.powered_by);
  const option = (name) => ({ enabled: pick(`${name}_enabled`, settings[name].enabled), after: pick(`${name}_after`, settings[name].after) });
  const needs = Math.max(1, Math.min(pick("needs", settings.needs), Math.max(powered_by.length, 1)));
  return { powered_by, needs, maintenance: option("maintenance"), shutdown: option("shutdown") };
}

/** Whether these are other settings, as far as an outage could tell. */
export function differs(before, after) {
  return changesOf("", before, after).length > 0;
}

/** The changes of site.toml that make `before` to `after`: [{op, path, value}], only what is another value. */
export function changesOf(host, before, after) {
  const found = [];
  const set = (path, value) => found.push({ op: "set", path: ["host", host, ...path], value });
  if (!same(before.powered_by, after.powered_by)) set(["powered_by"], after.powered_by);
  if (before.needs !== after.needs) set(["needs"], after.needs);
  for (const option of OPTIONS) {
    const [old, next] = [before[option], after[option]];
    const moved = old.after !== next.after && (next.enabled || old.enabled);
    if (next.enabled && !old.enabled) set([option], { enabled: true, after: next.after });
    else if (!next.enabled && old.enabled) set([option, "enabled"], false);
    else if (moved) set([option, "after"], next.after);
  }
  return found;
}

/** A whole section for a host that site.toml does not name yet. */
export function sectionOf(host, pool, after) {
  const value = { pool, powered_by: after.powered_by };
  if (after.needs > 1) value.needs = after.needs;
  for (const option of OPTIONS) if (after[option].enabled) value[option] = { enabled: true, after: after[option].after };
  return { op: "set", path: ["host", host], value };
}

/** What is wrong with the chosen values, by field; {} when nothing is. */
export function faults(choice) {
  const found = {};
  for (const option of OPTIONS) {
    const after = choice[`${option}_after`];
    if (choice[`${option}_enabled`] && after === null) found[`${option}_after`] = "Enter the seconds on battery after which it is done.";
    else if (after !== null && after !== undefined && !(after >= 0 && after <= 604800)) found[`${option}_after`] = "Enter seconds from 0 to 604800 (a week).";
  }
  return found;
}

/** The timer to propose when a shutdown is enabled: after the maintenance, and early enough for the card where that is possible. */
export function proposedShutdown(settings, latest) {
  const after = settings.maintenance.enabled ? settings.maintenance.after + STEP : settings.shutdown.after || FIRST.shutdown;
  const earliest = settings.maintenance.enabled ? settings.maintenance.after : 0;
  return latest === null || latest === undefined || latest >= after ? after : Math.max(earliest, latest);
}

const READ = {
  powered_by: (one) => one.powered_by,
  needs: (one) => one.needs,
  maintenance_enabled: (one) => one.maintenance.enabled,
  maintenance_after: (one) => one.maintenance.after,
  shutdown_enabled: (one) => one.shutdown.enabled,
  shutdown_after: (one) => one.shutdown.after,
};

function same(a, b) {
  return Array.isArray(a) && Array.isArray(b) ? a.length === b.length && a.every((part, n) => part === b[n]) : a === b;
}
