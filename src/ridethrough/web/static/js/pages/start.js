// From an empty site to one that is ready to be armed, step by step; /start#STEP.
import { poolAdder } from "../add/pool.js";
import { upsAdder } from "../add/ups.js";
import { covers, get, whoAmI } from "../api.js";
import { h, icon, keyed, refill, setAttr, setData, setText } from "../dom.js";
import { live } from "../live.js";
import { button } from "../ui/button.js";
import { empty } from "../ui/status.js";
import { checkStep } from "../start/check.js";
import { endStep } from "../start/end.js";
import { feedsStep } from "../start/feeds.js";
import { leave, setTried, wasTried } from "../start/memory.js";
import { nameStep } from "../start/name.js";
import { timersStep } from "../start/timers.js";
import { trialStep } from "../start/trial.js";
import { nextStep, STEPS } from "../start/way.js";

const MAKE = {
  site: () => nameStep(onward),
  pool: () => poolAdder(() => nextButton("pool")),
  upses: () => upsAdder(() => nextButton("upses")),
  feeds: () => feedsStep(onward),
  timers: () => timersStep(onward),
  check: () => checkStep(() => own({ asked: true })),
  try: () => trialStep(() => {
    setTried();
    own({ tried: true });
  }),
  end: () => endStep(),
};

const place = document.getElementById("start");
const list = h("ol", { class: "start-way" });
const made = new Map();
const told = { asked: false, tried: wasTried() };
let current = "";

refill(place, h("p", { class: "muted" }, "Waiting for the controller's first word …"));
begin();

async function begin() {
  const { role } = await whoAmI();
  const later = button("Go on later", { symbol: "close", onClick: () => (leave(), location.assign("/")) });
  refill(document.getElementById("tools"), later);
  if (!covers(role, "administer")) {
    leave();
    refill(place, empty("held", `Setting a site up needs the role "administer"; you have "${role}".`));
    return;
  }
  told.asked = await wasAsked();
  window.addEventListener("hashchange", () => open(fromAddress(), true));
  window.addEventListener("beforeunload", (event) => {
    if ([...made.values()].some((step) => step.isChanged?.())) event.preventDefault();
  });
  const end = live.subscribe((state) => state.ready, () => {
    queueMicrotask(() => end());
    refill(place, h("div", { class: "start" }, h("nav", { "aria-label": "Steps" }, list), h("div", { class: "stack", id: "step" })));
    open(fromAddress() || nextStep(live.state, told), false);
    live.subscribe((state) => [state.site, state.pools, state.upses, state.hosts], showWay);
  });
}

async function wasAsked() {
  try {
    return (await get("/findings")).asked !== null;
  } catch {
    return false; // the step itself tells what is wrong
  }
}

function fromAddress() {
  const wanted = location.hash.slice(1);
  return STEPS.some((step) => step.id === wanted) ? wanted : "";
}

function own(part) {
  Object.assign(told, part);
  showWay();
}

// The way, live: what is done has its sign, where one stands is marked.
function showWay() {
  keyed(list, STEPS, (step) => step.id, makeStep, (li, step) => {
    const done = step.done(live.state, told);
    refill(li.sign, done ? icon("good", "Done") : String(STEPS.indexOf(step) + 1));
    setText(li.words, step.words(live.state, told));
    setData(li, "tone", done ? "good" : null);
    setAttr(li.firstChild, "aria-current", step.id === current ? "step" : null);
  });
}

function makeStep(step) {
  const sign = h("span", { class: "step-sign" });
  const words = h("span", { class: "muted small" });
  return Object.assign(h("li", {}, h("a", { href: `#${step.id}` }, sign, h("span", { class: "start-way-label" }, step.label, words))), { sign, words });
}

// A step is made once and kept: what was typed in it stays while one looks at another.
function open(id, focus) {
  current = id || nextStep(live.state, told);
  if (!made.has(current)) made.set(current, MAKE[current]());
  const number = STEPS.findIndex((step) => step.id === current);
  const title = h("h2", { tabindex: "-1", id: "step-title" }, h("span", { class: "muted" }, `${number + 1} of ${STEPS.length}: `), STEPS[number].label);
  const back = number > 0 && h("a", { class: "button quiet", href: `#${STEPS[number - 1].id}` }, icon("left"), h("span", {}, "Back"));
  const next = number < STEPS.length - 1 && h("a", { class: "button", href: `#${STEPS[number + 1].id}` }, h("span", {}, `Next: ${STEPS[number + 1].label}`), icon("right"));
  refill(document.getElementById("step"), title, made.get(current).el, h("div", { class: "row start-foot" }, back, next));
  showWay();
  if (focus) {
    title.focus({ preventScroll: true });
    window.scrollTo({ top: 0 });
  }
}

function onward() {
  const number = STEPS.findIndex((step) => step.id === current);
  location.hash = STEPS[number + 1].id;
}

function nextButton(from) {
  const next = STEPS[STEPS.findIndex((step) => step.id === from) + 1];
  return h("div", { class: "row" }, h("a", { class: "button primary", href: `#${next.id}` }, h("span", {}, `Next: ${next.label}`), icon("right")));
}
