// Drills: begin one, watch it, abort it, and read the reports of those that were.
import { covers, get, post, whoAmI } from "../api.js";
import { h, keyed, refill, setText } from "../dom.js";
import { live, siteNow } from "../live.js";
import { ago } from "../time.js";
import { button, refusal } from "../ui/button.js";
import { empty, note, status } from "../ui/status.js";
import { say, toastError } from "../ui/toast.js";
import { beginCards } from "../drills/begin.js";
import { report } from "../drills/report.js";
import { drillName, drillState, pointWords } from "../drills/words.js";

const place = document.getElementById("drills");
const SOON = 300; // ms between two looks while a drill tells its progress
const AGAIN = 2000; // ms between two looks while one runs
let wanted = decodeURIComponent(location.pathname.split("/")[2] ?? "");
let no = "";
let rows = [];
let due = null;
let simulations = new Set();
const current = h("div", { class: "stack" });
const list = h("ol", { class: "drill-list" });
const none = empty("drills", "There was no drill yet. The pre-flight changes nothing: begin with it.");
let cards = null;
let drawn = "";

begin().catch((error) => error.name !== "AbortError" && refill(place, note("danger", error.message)));

async function begin() {
  no = refusal(covers, (await whoAmI()).role, "operate");
  cards = beginCards(no, (id) => open(id));
  const past = h("section", { class: "panel stack", "aria-labelledby": "past" }, h("h2", { id: "past" }, "Reports"), none, list);
  refill(place, current, cards.el, past);
  live.subscribe((state) => [state.upses, state.hosts], () => cards.update(live.state));
  live.on("job", (job) => job.kind === "drill" && lookSoon(SOON));
  await look();
}

function open(id) {
  wanted = id;
  history.replaceState(null, "", `/drills/${encodeURIComponent(id)}`);
  lookSoon(0);
}

function lookSoon(after) {
  clearTimeout(due);
  due = setTimeout(() => look().catch(toastError), after);
}

async function look() {
  const before = rows.find((row) => row.id === wanted);
  const [drills, kept] = await Promise.all([get("/drills"), get("/simulations")]);
  rows = drills;
  simulations = new Set(kept.map((row) => row.id));
  const running = rows.find((row) => row.state === "running");
  if (running && running.id !== wanted && !wanted) wanted = running.id;
  const shown = rows.find((row) => row.id === wanted);
  const news = shown?.steps.at(-1)?.text;
  if (before?.state === "running" && shown && shown.state !== "running") say(`${drillName(shown)}: ${drillState(shown).label}`);
  else if (shown?.state === "running" && news && news !== before?.steps.at(-1)?.text) say(news);
  show(shown);
  cards.busy(running ? `${drillName(running)} runs: wait for its end, or abort it.` : "");
  if (running) lookSoon(AGAIN);
}

function show(shown) {
  const now = JSON.stringify([shown, wanted, simulations.has(shown?.simulation)]);
  if (now !== drawn) draw(shown);
  drawn = now;
  none.hidden = rows.length > 0;
  list.hidden = !rows.length;
  keyed(list, rows, (row) => row.id, line, mend);
}

function draw(shown) {
  if (shown) refill(current, report(shown, { tools: shown.state === "running" ? [abort(shown)] : [close()], canOpen: simulations.has(shown.simulation) }));
  else refill(current, wanted && note("warning", h("span", {}, `There is no report "${wanted}" (any more). `, h("a", { href: "/drills" }, "All drills"))));
}

function abort(drill) {
  const press = button("Abort", {
    kind: "danger small",
    symbol: "close",
    onClick: async () => {
      try {
        await post(`/drills/${encodeURIComponent(drill.id)}/abort`);
        say("The drill is being ended.");
      } catch (error) {
        toastError(error);
      }
      lookSoon(SOON);
    },
  });
  press.refuse(no);
  return press;
}

function close() {
  return button("", { symbol: "close", kind: "quiet small", label: "Close this report", onClick: () => {
    wanted = "";
    history.replaceState(null, "", "/drills");
    show(null);
    list.querySelector("button")?.focus();
  } });
}

function line(row) {
  const state = status(drillState(row));
  const name = h("button", { type: "button", class: "drill-open" });
  const words = h("span", { class: "muted" });
  const when = h("span", { class: "muted small number" });
  name.addEventListener("click", () => {
    open(row.id);
    current.scrollIntoView({ block: "nearest" });
  });
  const li = h("li", {}, state.el, h("div", {}, name, words), when);
  Object.assign(li, { state, name, words, when });
  return li;
}

function mend(li, row) {
  li.state.update(drillState(row));
  setText(li.name, drillName(row));
  setText(li.words, [row.why, row.state === "running" ? row.steps.at(-1)?.text : pointWords(row.points)].filter(Boolean).join(" · "));
  setText(li.when, `${row.by}, ${ago(row.at, siteNow())}`);
  li.toggleAttribute("data-shown", row.id === wanted);
}
