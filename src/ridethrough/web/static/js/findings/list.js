// Findings, the worst first, each with its place and its remedy.
import { h } from "../dom.js";
import { siteNow } from "../live.js";
import { ago } from "../time.js";
import { chip, note } from "../ui/status.js";
import { first } from "../words.js";

const WORDS = { danger: ["danger", "Danger"], warning: ["warning", "Warning"], note: ["info", "Note"] };

/** A panel with findings; `at`: when they were found, `trouble`: why not all of them could be. */
export function part(title, at, findings, trouble) {
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
  const paths = { host: "/hosts/", ups: "/upses/", storage: "/storage/" };
  return id && paths[kind] ? h("a", { href: paths[kind] + encodeURIComponent(id) }, id) : about;
}
