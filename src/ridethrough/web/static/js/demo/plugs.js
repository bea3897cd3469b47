// The plugs of a simulated site (`ridethrough demo`): utility power by feeder, and whatever else can go wrong.
import { covers, get, post, whoAmI } from "../api.js";
import { h, keyed, refill } from "../dom.js";
import { choiceOf, sentence, SUBJECTS } from "../simulator/words.js";
import { button, refusal } from "../ui/button.js";
import { toggle } from "../ui/choose.js";
import { toast, toastError } from "../ui/toast.js";
import { feederLabel } from "../words.js";
import { faultsOf } from "./words.js";

const AGAIN = 4000; // ms: the prompt of the demo pulls the same plugs

/** A panel that stands only on the pages of a simulated site. Returns {el}. */
export function plugs() {
  const el = h("section", { class: "panel plugs", "aria-label": "Simulated site", hidden: true });
  begin(el);
  return { el };
}

async function begin(el) {
  const me = await whoAmI();
  if (!me.simulated) return;
  const refused = refusal(covers, me.role, "operate");
  const switches = h("div", { class: "row" });
  const what = h("select", { class: "input", "aria-label": "What happens" });
  const whom = h("select", { class: "input", "aria-label": "To which" });
  const go = button("Let it happen", { symbol: "play", onClick: () => happen(what.value, whom.value) });
  go.refuse(refused);
  const faults = h("details", {}, h("summary", {}, "Let something else happen"), h("div", { class: "stack-s plugs-fault" }, what, whom, h("div", { class: "row row-end" }, go)));
  refill(el, h("h2", {}, "Simulated site: utility power"), refused && h("p", { class: "muted small" }, refused), switches, faults);
  let shown = null;
  what.addEventListener("change", showSubjects);
  if (await look()) setInterval(() => document.hidden || look(), AGAIN);

  async function look() {
    try {
      show(await get("/demo"));
      return true;
    } catch {
      el.hidden = true; // the demo has ended
      return false;
    }
  }

  async function happen(word, subject) {
    try {
      show(await post("/demo", { do: word, subject }));
      const kind = shown.words.find((one) => one.do === word)?.kind ?? "";
      toast(`${sentence({ do: word, [kind]: subject })}.`, "info");
    } catch (error) {
      toastError(error);
      await look();
    }
  }

  function show(told) {
    const anew = shown === null;
    shown = told;
    keyed(switches, told.feeders, (feeder) => feeder.id, makeSwitch, (one, feeder) => {
      one.made.value = feeder.on;
    });
    if (anew) {
      refill(what, faultsOf(told.words).map(([kind, words]) => h("optgroup", { label: SUBJECTS[kind] ?? kind }, words.map((word) => h("option", { value: word.do }, choiceOf(word.do, kind))))));
      showSubjects();
    }
    el.hidden = false;
  }

  function makeSwitch(feeder) {
    const made = toggle(feeder.id, feederLabel(feeder.id), { checked: feeder.on, onChange: (on) => happen(on ? "restore" : "fail", feeder.id) });
    made.input.disabled = Boolean(refused);
    if (refused) made.el.title = refused;
    return Object.assign(h("div", {}, made.el), { made });
  }

  function showSubjects() {
    const word = shown.words.find((one) => one.do === what.value);
    refill(whom, (word?.subjects ?? []).map((id) => h("option", { value: id }, id)));
  }
}
