// The card "If utility power failed now": the controller's own decisions, played forward in a copy of the site.
import { get } from "../api.js";
import { h, icon, refill } from "../dom.js";
import { live } from "../live.js";
import { ago, brief, clock } from "../time.js";
import { dryRun, figure, marginFigure, note, status } from "../ui/status.js";
import { count, first } from "../words.js";

const EVERY = 30_000; // ms between two looks
const SOON = 3_000; // while a new one is being worked out

/** Returns {el}; it keeps itself true. */
export function planCard() {
  const body = h("div", { class: "stack" }, placeholder("This is worked out in a copy of the site; the first time it takes a moment."));
  const age = h("span", { class: "muted small" });
  const el = h("section", { class: "panel plan", "aria-labelledby": "plan-title" }, h("div", { class: "panel-head" }, h("h2", { id: "plan-title" }, "If utility power failed now"), age), body);
  let answer = null;
  let timer = null;

  async function look() {
    clearTimeout(timer);
    let next = EVERY;
    try {
      if (!document.hidden) {
        answer = await get("/plan/now");
        show();
        if (answer.computing || !answer.plan) next = SOON;
      }
    } catch (error) {
      // 404 and 503: nothing plans here, or nothing is seen yet. Neither is a fault of the site.
      if (!answer) refill(body, placeholder([404, 503].includes(error.status) ? "Nothing has been worked out yet." : error.message));
    }
    timer = setTimeout(look, next);
  }

  function show() {
    if (answer) refill(body, shown(answer, live.state.site.armed !== false));
  }

  live.subscribe((state) => state.site.armed, show);
  live.subscribe((state) => state.pulse, ({ now }) => {
    age.textContent = answer?.computed_at ? (answer.computing ? "working it out again …" : `worked out ${ago(answer.computed_at, now)}`) : "";
    age.title = answer?.computed_at ? clock(answer.computed_at, now) : "";
  });
  document.addEventListener("visibilitychange", () => !document.hidden && look());
  look();
  return { el };
}

function placeholder(text) {
  return h("p", { class: "muted plan-wait" }, icon("drills"), h("span", {}, text));
}

function shown({ plan, trouble }, armed) {
  if (!plan) return [trouble ? note("warning", trouble) : placeholder("It is being worked out …")];
  return [
    !armed && dryRun(),
    h("div", { class: "plan-verdict" }, verdict(plan).el),
    h("div", { class: "figures" }, [
      figure(plan.moved === 1 ? "VM moves" : "VMs move", String(plan.moved)).el,
      figure(plan.stopped === 1 ? "VM is shut down" : "VMs are shut down", String(plan.stopped)).el,
      figure(plan.lost === 1 ? "VM crashes" : "VMs crash", String(plan.lost), "", plan.lost ? "lost" : null).el,
      plan.margin !== null && marginFigure(plan.margin),
    ]),
    h("dl", { class: "facts" }, facts(plan)),
    plan.crash_rows?.length > 0 && crashes(plan.crash_rows),
    plan.assumed?.length > 0 && assumptions(plan.assumed),
    trouble && note("warning", trouble),
  ];
}

function verdict(plan) {
  if (plan.lost || plan.crashed) {
    const text = [plan.lost && count(plan.lost, "VM"), plan.crashed && count(plan.crashed, "host")].filter(Boolean).join(" and ");
    return status({ tone: "lost", icon: "lost", label: `${text} would crash` });
  }
  if (plan.stopped) return status({ tone: "good", icon: "good", label: "Nothing crashes; some VMs are shut down in time" });
  return status({ tone: "good", icon: "good", label: "Nothing crashes" });
}

function facts(plan) {
  const rows = [];
  const add = (name, value) => rows.push(h("dt", {}, name), h("dd", {}, value));
  if (plan.last_off) add("Last off", `${plan.last_off.host}, after ${brief(plan.last_off.after)}`);
  else add("Hosts", `${count(plan.hosts_up, "host stays", "hosts stay")} up`);
  if (plan.weakest_ups) add("Runtime", [link("/upses/", plan.weakest_ups.ups), ` the shortest, ${brief(plan.weakest_ups.runtime)}`]);
  if (plan.weakest_failure) add("Weakest point", [weakest(plan.weakest_failure), ...lookedAt(plan.alone)]);
  return rows;
}

// "ups1 alone: 3 VMs move", its name a link; "if feeder A fails (ups1, ups2): ...".
function weakest({ ups, why }) {
  return ups === null ? why : [link("/upses/", ups), why.slice(ups.length)];
}

// A large site leaves no time for all: the weakest of some may not be the weakest.
function lookedAt(alone) {
  return alone && alone.looked_at < alone.of ? [h("span", { class: "muted" }, ` (the weakest of the ${alone.looked_at} looked at, of ${alone.of})`)] : [];
}

function assumptions(texts) {
  return h("details", { class: "small" }, h("summary", {}, `${count(texts.length, "thing")} that nobody tells, and that ${texts.length === 1 ? "was" : "were"} assumed`), h("ul", {}, texts.map((text) => h("li", {}, first(text)))));
}

function link(path, id) {
  return h("a", { href: path + encodeURIComponent(id) }, id);
}

// A host whose two options let it crash: the remedy is one click away.
function crashes(rows) {
  const hosts = rows.slice(0, 5).map((row) => h("li", {}, link("/hosts/", row.id), `: VMs ${row.vms}, host ${row.host}`));
  return note("lost", [
    h("strong", {}, "These settings let hosts crash"),
    h("ul", {}, hosts),
    rows.length > 5 && h("p", { class: "small" }, `and ${rows.length - 5} more`),
  ]);
}
