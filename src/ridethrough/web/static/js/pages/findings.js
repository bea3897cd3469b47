// What `ridethrough check` finds: live from what is seen, and asked of everything when a person wants it. And the
// weakest points, played when a person wants it.
import { covers, get, post, whoAmI } from "../api.js";
import { h, refill } from "../dom.js";
import { part } from "../findings/list.js";
import { weakPoints } from "../findings/weak.js";
import { live } from "../live.js";
import { button, refusal } from "../ui/button.js";
import { empty, note } from "../ui/status.js";
import { toastError } from "../ui/toast.js";

const place = document.getElementById("findings");
const ask = button("Ask everything now", { kind: "primary", symbol: "search", onClick: run });
const play = button("Play every pair", { symbol: "drills", onClick: sweep });
let shown = null;
let weak = null;
let weakTrouble = "";

begin();

async function begin() {
  document.getElementById("tools").append(ask);
  const { role } = await whoAmI();
  for (const each of [ask, play]) each.refuse(refusal(covers, role, "operate"));
  live.on("job", (job) => job.kind === "weak points" && ended(job));
  live.on("job", (job) => job.kind === "findings" && job.state !== "running" && load());
  live.subscribe((state) => state.site?.alerts?.length ?? 0, load);
}

async function load() {
  try {
    [shown, weak] = await Promise.all([get("/findings"), get("/plan/sweep").catch(() => null)]);
    show();
  } catch (error) {
    if (error.name === "AbortError") return;
    refill(place, note("danger", error.message));
  }
}

async function run() {
  try {
    await post("/findings?wait=30");
    await load();
  } catch (error) {
    toastError(error);
  }
}

async function sweep() {
  try {
    await post("/plan/sweep");
    await load();
  } catch (error) {
    toastError(error);
  }
}

function ended(job) {
  if (job.state === "running") return;
  weakTrouble = job.trouble;
  load();
}

function show() {
  const asked = shown.asked;
  refill(
    place,
    shown.running && note("info", "Every UPS and every pool is being asked. This takes up to a minute."),
    part("Seen now", shown.live.at, shown.live.findings, shown.live.trouble),
    asked ? part(`Asked by ${asked.by}`, asked.at, asked.findings, "") : h("section", { class: "panel" }, empty("findings", "Nobody has asked everything yet. That logs in to every pool and asks every card, and changes nothing.")),
    weak && weakPoints(weak.swept, Boolean(weak.running), weakTrouble, play),
  );
}
