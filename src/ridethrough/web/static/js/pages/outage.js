// The outage: the one that goes on, or one that is over (/outage/ID).
import { get, whoAmI } from "../api.js";
import { h, refill, setText } from "../dom.js";
import { live, siteNow } from "../live.js";
import { clock } from "../time.js";
import { plugs } from "../demo/plugs.js";
import { linkButton } from "../ui/button.js";
import { empty, note } from "../ui/status.js";
import { toastError } from "../ui/toast.js";
import { byHand } from "../outage/asks.js";
import { calm } from "../outage/calm.js";
import { outageOf } from "../outage/model.js";
import { now as present } from "../outage/now.js";
import { setSeen, wayBack } from "../outage/takeover.js";
import { printButton, summaryOf, told } from "../outage/told.js";

const AGAIN = 5000; // ms between two looks when the journal is quiet
const CALM_AGAIN = 30_000;
const SOON = 300; // ms after a line of the journal
const MOST_LINES = 500;

const place = document.getElementById("outage");
const title = document.getElementById("title");
const leadLine = document.getElementById("lead");
const tools = document.getElementById("tools");
const wanted = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const past = linkButton("Past outages", "/outages", { symbol: "journal" });

let hand = null; // what this person may ask for
let shown = null; // {id, page} of the outage that goes on and stands here
let outage = null;
let over = false; // an outage was watched to its end, and is told again here
let calmSince = null; // the latest outage that the calm page shows
let due = null;
let dueAt = Infinity;
let looking = false;
const end = h("span", {}, ""); // says that the outage is over
const way = wayBack(() => setText(end, "The outage is over."));

start();

async function start() {
  const me = await whoAmI();
  if (wanted) return tellAgain(wanted);
  hand = byHand(me);
  place.before(plugs().el);
  live.on("line", () => lookSoon(SOON));
  live.subscribe((state) => [state.pulse, state.hosts, state.upses, state.lines], () => show());
  live.subscribe((state) => JSON.stringify(outageOf(state)), () => lookSoon(0));

  // One look at a time, soon after something happened: a flood of lines neither multiplies nor delays it.
  function lookSoon(after) {
    const at = performance.now() + after;
    if (at >= dueAt) return;
    clearTimeout(due);
    dueAt = at;
    due = setTimeout(take, after);
  }

  async function take() {
    dueAt = Infinity;
    if (looking) return lookSoon(SOON);
    looking = true;
    try {
      await look();
    } finally {
      looking = false;
    }
    return lookSoon(shown ? AGAIN : CALM_AGAIN);
  }
  return lookSoon(0);
}

async function look() {
  let found;
  try {
    found = await get("/outages/current");
  } catch (error) {
    if (!shown && error.status !== 401) refill(place, note("warning", error.message));
    return null;
  }
  outage = found;
  if (found) {
    way.again();
    over = false;
    calmSince = null;
    if (shown?.id !== found.id) begin(found);
    return show();
  }
  if (shown) return isOver(shown.id);
  return over ? null : refillCalm();
}

function begin(found) {
  const page = present(hand);
  shown = { id: found.id, page };
  document.body.dataset.outage = "now";
  setText(title, found.by_person ? "Work under way" : "Outage");
  refill(tools, page.tools, past);
  refill(place, page.el);
}

function show() {
  if (!outage || !shown || !live.state.ready) return;
  const since = outageOf(live.state)?.since;
  if (since) setSeen(since);
  setText(leadLine, shown.page.lead(live.state, outage, siteNow()));
  shown.page.update(live.state, outage);
}

async function isOver(id) {
  shown = null;
  over = true;
  await tellAgain(id);
  setText(end, way.over() ? "The outage is over. Unless somebody touches this page, it goes back to Site in 5 minutes." : "The outage is over.");
  place.prepend(note("good", end));
}

async function refillCalm() {
  delete document.body.dataset.outage;
  try {
    const [last = null] = await get("/outages");
    if (calmSince === (last?.id ?? 0)) return;
    calmSince = last?.id ?? 0;
    setText(title, "Outage");
    setText(leadLine, "");
    refill(tools, past);
    refill(place, calm(last, siteNow(), hand));
  } catch (error) {
    toastError(error);
  }
}

async function tellAgain(id) {
  delete document.body.dataset.outage;
  let found;
  try {
    found = await get(`/outages/${encodeURIComponent(id)}`);
  } catch (error) {
    setText(title, "No such outage");
    refill(tools, past);
    return refill(place, h("section", { class: "panel" }, empty("outage", error.message, linkButton("Past outages", "/outages"))));
  }
  setText(title, `Outage of ${clock(found.begun_at, siteNow(), { seconds: false })}`);
  setText(leadLine, summaryOf(found));
  refill(tools, printButton(), past);
  const query = { after: Math.max(0, found.id - 1), before: found.last + 1, limit: MOST_LINES };
  const { items } = await get("/journal", { query });
  return refill(place, found.ended_at === null && note("info", h("span", {}, "This outage goes on. ", h("a", { href: "/outage" }, "Watch it"))), told(found, items.reverse(), siteNow()));
}
