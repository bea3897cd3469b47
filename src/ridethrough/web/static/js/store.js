// What the event stream has told so far, and who wants to hear of it.

const TABLES = ["upses", "pools", "hosts", "vms", "storage", "nas", "switches"];
const LINES_KEPT = 500;
const OLD = 20; // site seconds after which no controller can be keeping the status file

/**
 * The present of the site. Values are replaced, never changed in place, so `===` tells whether something is new:
 * `site` (name, mode, verdict, alerts, ...), one Map of rows by id for each table, `lines` of the journal (oldest first), `pulse`
 * ({now, age, running, trouble}), `link` ("connecting", "live" or "stale") and `ready` (true once everything was told).
 */
export class Store {
  /** `later(fn)` calls fn soon; the browser's next frame unless told otherwise. */
  constructor(later) {
    this.later = later;
    this.state = { site: {}, lines: [], pulse: {}, link: "connecting", ready: false, speed: 1 };
    for (const table of TABLES) this.state[table] = new Map();
    this.subscribers = new Set();
    this.listeners = new Map();
    this.due = false;
    this.beatAt = null;
  }

  /**
   * Call `fn(value)` now and whenever what `select(state)` returns is another value; an array is compared part by part. Nothing is told before
   * everything is known, unless `always`. Returns how to end it.
   */
  subscribe(select, fn, { always = false } = {}) {
    const one = { select, fn, always, last: undefined, told: false };
    this.subscribers.add(one);
    if (this.state.ready || always) this.tell(one);
    return () => this.subscribers.delete(one);
  }

  /** Call `fn(data)` for each message of this kind, as it comes ("job", "line"). Returns how to end it. */
  on(kind, fn) {
    if (!this.listeners.has(kind)) this.listeners.set(kind, new Set());
    this.listeners.get(kind).add(fn);
    return () => this.listeners.get(kind).delete(fn);
  }

  /** Take a message of the stream. `at` is the browser's clock in seconds. */
  take(kind, data, at) {
    if (kind === "state") this.begin(data, at);
    else if (kind === "change") this.change(data);
    else if (kind === "line") this.addLines([data]);
    else if (kind === "beat") this.beat(data, at);
    for (const fn of this.listeners.get(kind) ?? []) fn(data);
    this.touch();
  }

  /** The link to the server as it is: "connecting", "live", "stale". */
  setLink(link) {
    if (link !== this.state.link) {
      this.state = { ...this.state, link };
      this.touch();
    }
  }

  /** Whether the values shown may no longer be true: nobody keeps the status file, or nobody tells us. */
  get isOld() {
    return isOld(this.state);
  }

  begin(data, at) {
    const { lines = [], ...rest } = data;
    const next = { ...this.state, ready: true };
    for (const table of TABLES) {
      next[table] = new Map((rest[table] ?? []).map((row) => [row.id, row]));
      delete rest[table];
    }
    this.state = next;
    this.beat({ now: rest.now, age: rest.age, running: rest.running, trouble: rest.trouble }, at);
    for (const name of ["now", "age", "running", "trouble"]) delete rest[name];
    this.state = { ...this.state, site: rest };
    this.addLines(lines);
  }

  change({ changed = {}, gone = {} }) {
    const next = { ...this.state };
    for (const table of TABLES) {
      if (!changed[table] && !gone[table]) continue;
      next[table] = new Map(next[table]);
      for (const row of changed[table] ?? []) next[table].set(row.id, row);
      for (const id of gone[table] ?? []) next[table].delete(id);
    }
    if (changed.site) next.site = changed.site;
    this.state = next;
  }

  addLines(lines) {
    const last = this.state.lines.at(-1)?.position ?? -1;
    const fresh = lines.filter((line) => line.position > last);
    if (fresh.length) this.state = { ...this.state, lines: [...this.state.lines, ...fresh].slice(-LINES_KEPT) };
  }

  beat(pulse, at) {
    const before = this.state.pulse.now;
    let { speed } = this.state;
    if (before !== undefined && this.beatAt !== null && at - this.beatAt > 0.5) {
      const seen = (pulse.now - before) / (at - this.beatAt);
      // A simulated site runs fast; a real one at 1. One late beat must not look like another speed.
      if (seen > 0 && Math.abs(seen - speed) > 0.3 * speed) speed = seen;
    }
    this.beatAt = at;
    this.state = { ...this.state, pulse, speed, link: "live" };
  }

  touch() {
    if (this.due) return;
    this.due = true;
    this.later(() => {
      this.due = false;
      for (const one of [...this.subscribers]) if (this.state.ready || one.always) this.tell(one);
    });
  }

  tell(one) {
    const value = one.select(this.state);
    if (one.told && same(value, one.last)) return;
    one.told = true;
    one.last = value;
    one.fn(value);
  }
}

/** Whether the status is too old to be kept by a controller; a fast simulated site may be older by its speed. */
export function isOld({ pulse, speed }) {
  return pulse.age === null || pulse.age === undefined || pulse.age > OLD * Math.max(1, speed);
}

// Arrays are compared by their parts, so that a selector may ask for several values at once.
function same(a, b) {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((part, n) => part === b[n]);
  return a === b;
}
