// What `ridethrough check` finds: live from what is seen, and asked of everything when a person wants it.
import { covers, get, post, whoAmI } from "../api.js";
import { h, refill } from "../dom.js";
import { live, siteNow } from "../live.js";
import { ago } from "../time.js";
import { first } from "../words.js";
import { button, refusal } from "../ui/button.js";
import { chip, empty, note } from "../ui/status.js";
import { toastError } from "../ui/toast.js";

const WORDS = { danger: ["danger", "Danger"], warning: ["warning", "Warning"], note: ["info", "Note"] };
const place = document.getElementById("findings");
const ask = button("Ask everything now", { kind: "primary", symbol: "search", onClick: run });
let shown = null;

begin();

async function begin() {
  document.getElementById("tools").append(ask);
  ask.refuse(refusal(covers, (await whoAmI()).role, "operate"));
  live.on("job", (job) => job.kind === "findings" && job.state !== "running" && load());
  live.subscribe((state) => state.site?.alerts?.length ?? 0, load);
}

async function load() {
  try {
    shown = await get("/findings");
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

function show() {
  const asked = shown.asked;
  refill(
    place,
    shown.running && note("info", "Every UPS and every pool is being asked. This takes up to a minute."),
    part("Seen now", shown.live.at, shown.live.findings, shown.live.trouble),
    asked ? part(`Asked by ${asked.by}`, asked.at, asked.findings, "") : h("section", { class: "panel" }, empty("findings", "Nobody has asked everything yet. That logs in to every pool and asks every card, and changes nothing.")),
  );
}

function part(title, at, findings, trouble) {
  const when = at === null || at === undefined ? null : h("span", { class: "muted small" }, ago(at, siteNow()));
  const rows = [...findings].sort((a, b) => Object.keys(WORDS).indexOf(a.level) - Object.keys(WORDS).indexOf(b.level));
  return h(
    "section",
    { class: "panel stack" },
    h("div", { class: "panel-head" }, h("h2", {}, title), when),
    trouble && note("warning", trouble),
    rows.length ? h("ul", { class: "findings" }, rows.map(line)) : note("good", "Nothing to advise."),
  );
}

function line(found) {
  const [tone, word] = WORDS[found.level];
  return h("li", { class: "row", data: { tone } }, chip(word, tone), h("div", {}, h("strong", {}, where(found.about)), h("p", {}, first(found.text))));
}

function where(about) {
  const [kind, ...rest] = about.split(".");
  const id = rest.join(".");
  const paths = { host: "/hosts/", ups: "/upses/" };
  return id && paths[kind] ? h("a", { href: paths[kind] + encodeURIComponent(id) }, id) : about;
}
