// On every page: an outage goes on, and where to watch it. The Site page goes there by itself.
import { h, icon, setText } from "../dom.js";
import { siteNow } from "../live.js";
import { countdown } from "../time.js";
import { first } from "../words.js";
import { cutWords, listed, offWords, onBattery, outageOf, weakest } from "./model.js";
import { opensByItself, takeOver, wasSeen } from "./takeover.js";

/** Keep the banner in `place`; `page` is this page's name. */
export function outageBanner(live, place, page) {
  if (page === "outage") return;
  const words = h("span", {});
  const headline = h("strong", {});
  const link = h("a", { class: "button primary small", href: "/outage" }, icon("outage"), "Watch it");
  const banner = h("div", { class: "banner banner-outage", role: "region", "aria-label": "Outage", hidden: true }, icon("battery"), headline, words, link);
  const told = h("span", { class: "unseen", role: "alert" });
  place.replaceChildren(banner, told);
  live.subscribe((state) => [state.pulse, state.upses, state.pools], () => {
    const found = outageOf(live.state);
    banner.hidden = !found;
    setText(told, found ? (found.byPerson ? "Work on hosts is under way." : "An outage goes on.") : "");
    if (!found) return;
    banner.dataset.tone = found.byPerson ? "info" : "low";
    setText(headline, found.byPerson ? (offWords(live.state) ? "Shutdown by a person" : "Work on hosts is under way") : "Outage");
    setText(words, found.byPerson ? byPerson(live.state) : wordsOf(live.state, found));
    if (page === "site" && !found.byPerson && opensByItself() && !wasSeen(found.since)) takeOver();
  });
}

function wordsOf({ upses }, { since }) {
  const now = siteNow();
  const [feeding, cut] = onBattery(upses);
  const weak = weakest(upses, now);
  const which = feeding.length > 3 ? `${feeding.length} UPSs` : listed(feeding);
  const told = feeding.length ? `${which} on battery for ${countdown(now - since)}${weak ? `, ${countdown(weak.left)} left at ${weak.ups}` : ""}` : "";
  return [told, told ? cutWords(cut) : first(cutWords(cut))].filter(Boolean).join("; ");
}

function byPerson(state) {
  const off = offWords(state);
  return off ? `${off}.` : "What was done is not undone yet.";
}
