// The weakest points: every UPS and every pair lost in copies of the site, the worst first.
import { h } from "../dom.js";
import { siteNow } from "../live.js";
import { ago } from "../time.js";
import { chip, empty, note } from "../ui/status.js";
import { count, first } from "../words.js";

const SHOWN = 20;

/** A panel; `swept`: the last time it was played, or null; `running`: whether it is played now; `ask`: the button. */
export function weakPoints(swept, running, trouble, ask) {
  const when = swept && h("span", { class: "muted small" }, `${ago(swept.at, siteNow())}, by ${swept.by}`);
  return h(
    "section",
    { class: "panel stack", "aria-labelledby": "weak-title" },
    h("div", { class: "panel-head" }, h("h2", { id: "weak-title" }, "Weakest points"), when, ask),
    running && note("info", "Every UPS and every pair fails in a copy of the site, also while a host is in maintenance mode. This takes up to a minute; nothing real is touched."),
    trouble && note("warning", trouble),
    swept ? found(swept) : !running && empty("drills", "Nobody has played this yet: the loss of every UPS and of every pair, in copies of the site."),
  );
}

function found(swept) {
  const weak = swept.rows.filter((row) => row.adds);
  const rest = swept.of - swept.played;
  return [
    weak.length ? h("ol", { class: "findings" }, weak.slice(0, SHOWN).map(line)) : note("good", "Nothing that was played stops a VM or loses anything."),
    weak.length > SHOWN && h("p", { class: "muted small" }, `${weak.length - SHOWN} more that do less harm.`),
    swept.left_out.map((text) => h("p", { class: "muted small" }, `${text}.`)),
    h("p", { class: "muted small" }, rest ? `${swept.played} of ${swept.of} cases were played; ${count(rest, "case")} that ${rest === 1 ? "looks" : "look"} less bad ${rest === 1 ? "was" : "were"} not.` : `All ${count(swept.of, "case")} were played.`),
  ];
}

function line(row) {
  const [tone, word] = row.crashed || row.lost ? ["danger", "Crash"] : ["warning", "Stop"];
  return h("li", { class: "row", data: { tone } }, chip(word, tone), h("p", {}, first(row.why)));
}
