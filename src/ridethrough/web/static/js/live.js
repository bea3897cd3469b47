// The event stream of the server, followed for as long as the page is open.
import { get, toLogin } from "./api.js";
import { Store } from "./store.js";

const STALE_AFTER = 3; // seconds without a beat
const AGAIN_AFTER = 2000; // ms until the next try when the browser itself has given up
const KINDS = ["state", "change", "line", "beat", "job"];

/** The store of this page. */
export const live = new Store((fn) => (document.hidden ? setTimeout(fn, 250) : requestAnimationFrame(fn)));

let started = false;

/** Begin to follow the stream; a second call does nothing. */
export function follow() {
  if (started) return;
  started = true;
  open();
  setInterval(look, 500);
  document.addEventListener("visibilitychange", () => live.touch());
}

/** What time it is on the site, in seconds since 1970, by its last beat. */
export function siteNow() {
  return live.state.pulse.now ?? Date.now() / 1000;
}

function seconds() {
  return performance.now() / 1000;
}

function open() {
  const stream = new EventSource("/api/v1/events");
  for (const kind of KINDS) {
    stream.addEventListener(kind, (message) => live.take(kind, JSON.parse(message.data), seconds()));
  }
  stream.addEventListener("error", () => {
    if (stream.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    stream.close();
    setTimeout(again, AGAIN_AFTER);
  });
}

async function again() {
  try {
    await get("/session", { open: true });
  } catch (error) {
    if (error.status === 401) return toLogin();
  }
  return open();
}

function look() {
  if (live.beatAt === null || seconds() - live.beatAt > STALE_AFTER) live.setLink(live.state.ready ? "stale" : "connecting");
}
