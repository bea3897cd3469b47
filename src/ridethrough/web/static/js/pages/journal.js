// The journal: searched, filtered, exported, and as it grows.
import { get } from "../api.js";
import { h, icon, refill, setText } from "../dom.js";
import { live } from "../live.js";
import { button } from "../ui/button.js";
import { empty, note } from "../ui/status.js";
import { say } from "../ui/toast.js";
import { count } from "../words.js";
import { GROUPS, isWanted, kindsOf } from "../journal/kinds.js";
import { lineList } from "../journal/lines.js";

const PAGE = 100;
const TYPED = 250; // ms without another letter

const address = new URLSearchParams(location.search);
const chosen = new Set((address.get("show") ?? "").split(",").filter(Boolean));
let words = address.get("q") ?? "";
let lines = [];
let unread = [];
let next = null;
let asked = 0;
let busy = false;

const search = h("input", { class: "input", type: "search", placeholder: "Search", "aria-label": "Search the journal", ".value": words });
const groups = h("fieldset", { class: "journal-groups" }, h("legend", { class: "unseen" }, "Show only"), GROUPS.map(groupBox));
const summary = h("p", { class: "muted small", role: "status" });
const fresh = button("", { symbol: "sort", kind: "primary small", onClick: showUnread });
const more = button("Older lines", { symbol: "down", onClick: () => loadOlder() });
const trouble = h("div", {});
const none = h("div", { hidden: true }, empty("journal", "No line of the journal is like this.", button("Show everything", { onClick: clear })));
const list = lineList();

const exports = [exportLink("CSV", "csv"), exportLink("JSON lines", "jsonl")];
refill(document.getElementById("tools"), exports.map((one) => one.el));
refill(
  document.getElementById("journal"),
  h(
    "section",
    { class: "panel flush", "aria-label": "Journal" },
    h("div", { class: "table-tools journal-tools" }, search, groups, summary),
    h("div", { class: "journal-fresh" }, fresh),
    trouble,
    list.el,
    none,
    h("div", { class: "journal-more" }, more),
  ),
);
fresh.hidden = true;

let timer = null;
search.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(() => {
    words = search.value.trim();
    begin();
  }, TYPED);
});
new IntersectionObserver((seen) => seen[0].isIntersecting && next !== null && lines.length && loadOlder()).observe(more);
live.on("line", arrived);
live.subscribe((state) => [...state.upses.keys(), ...state.hosts.keys()], () => show());
begin();

function groupBox([name, label, symbol]) {
  const input = h("input", { type: "checkbox", ".checked": chosen.has(name) });
  input.addEventListener("change", () => {
    if (input.checked) chosen.add(name);
    else chosen.delete(name);
    begin();
  });
  return h("label", {}, input, icon(symbol), h("span", {}, label));
}

function exportLink(label, format) {
  const el = h("a", { class: "button", download: `journal.${format}` }, icon("save"), h("span", {}, label));
  // What is searched and shown is what is exported.
  const update = () => {
    const query = new URLSearchParams({ format });
    if (words) query.set("q", words);
    for (const kind of kindsOf(chosen) ?? []) query.append("kind", kind);
    const some = query.size > 1;
    el.href = `/api/v1/journal/export?${query}`;
    el.title = some ? "The lines that were searched for" : "The whole journal";
  };
  return { el, update };
}

function clear() {
  words = search.value = "";
  chosen.clear();
  for (const input of groups.querySelectorAll("input")) input.checked = false;
  search.focus();
  return begin();
}

function begin() {
  lines = [];
  unread = [];
  next = null;
  const query = new URLSearchParams();
  if (words) query.set("q", words);
  if (chosen.size) query.set("show", [...chosen].join(","));
  history.replaceState(null, "", query.size ? `?${query}` : location.pathname);
  for (const one of exports) one.update();
  return load(null);
}

function loadOlder() {
  return busy ? null : load(next);
}

async function load(before) {
  const mine = ++asked;
  busy = true;
  more.hidden = false;
  more.setAttribute("aria-busy", "true");
  try {
    // A search looks at so many lines at once, and goes on from `next`: until something is found.
    for (let from = before; ; from = next) {
      const page = await get("/journal", { query: { q: words, kind: kindsOf(chosen), before: from, limit: PAGE } });
      if (mine !== asked) return;
      next = page.next;
      const known = new Set(lines.map((line) => line.position));
      lines = [...lines, ...page.items.filter((line) => !known.has(line.position))];
      if (page.items.length || next === null) break;
    }
    refill(trouble);
  } catch (error) {
    if (mine === asked) refill(trouble, note("warning", error.message));
  } finally {
    if (mine === asked) {
      busy = false;
      more.removeAttribute("aria-busy");
      show();
    }
  }
}

function arrived(line) {
  if (!isWanted(line, words, kindsOf(chosen)) || line.position <= (unread[0]?.position ?? lines[0]?.position ?? 0)) return;
  unread = [line, ...unread];
  // Who reads further down is not moved: a button tells of what is new.
  if (window.scrollY < 200) showUnread();
  else show();
}

function showUnread() {
  const moved = window.scrollY >= 200;
  lines = [...unread, ...lines];
  unread = [];
  show();
  if (moved) window.scrollTo({ top: 0 });
}

function show() {
  const pages = new Map([
    ...[...live.state.upses.keys()].map((id) => [id, `/upses/${encodeURIComponent(id)}`]),
    ...[...live.state.hosts.keys()].map((id) => [id, `/hosts/${encodeURIComponent(id)}`]),
  ]);
  list.update(lines, pages);
  fresh.hidden = unread.length === 0;
  if (unread.length) {
    setText(fresh.querySelector("span"), `${count(unread.length, "new line")} on top`);
    say(`${count(unread.length, "new line")}`);
  }
  none.hidden = busy || lines.length > 0;
  more.hidden = next === null && !busy;
  const filtered = words || chosen.size;
  setText(summary, busy && !lines.length ? "Looking …" : `${count(lines.length, "line")}${filtered ? " found" : ""}${next === null ? "" : " so far"}`);
}
