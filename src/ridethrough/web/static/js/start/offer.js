// What the Site page says while the site is not set up: it leads to the steps, or offers them.
import { covers, whoAmI } from "../api.js";
import { h } from "../dom.js";
import { linkButton } from "../ui/button.js";
import { note } from "../ui/status.js";
import { first } from "../words.js";
import { wasLeft } from "./memory.js";
import { isEmpty, missing } from "./way.js";

/** Go to the steps if the site is empty and this person may set it up; whether we go. */
export async function goes(state) {
  if (!isEmpty(state) || wasLeft() || !state.pulse.running) return false;
  const { role } = await whoAmI();
  if (!covers(role, "administer")) return false;
  location.replace("/start");
  return true;
}

/** What is missing, with the way there; null when nothing is. */
export function offer(state) {
  const what = missing(state);
  if (!what) return null;
  return note("info", [
    h("p", {}, `${first(what)}: nothing can be protected before that.`),
    h("div", { class: "row" }, linkButton("Go on with the set-up", "/start", { symbol: "right", kind: "primary" })),
  ]);
}
