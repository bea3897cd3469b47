// The site at a glance: what is wrong, the picture, what an outage would do now, and the manual's view.
import { h, refill } from "../dom.js";
import { live } from "../live.js";
import { plugs } from "../demo/plugs.js";
import { empty } from "../ui/status.js";
import { goes, offer } from "../start/offer.js";
import { latest } from "../site/latest.js";
import { manualView } from "../site/manual.js";
import { picture } from "../site/picture.js";
import { planCard } from "../site/plan.js";
import { isFailing } from "../site/reach.js";
import { wrongList } from "../site/wrong.js";

const LARGE = 9; // UPSs and hosts
const place = document.getElementById("site");
refill(place, empty("site", "Waiting for the controller's first word …"));

let shown = false;
live.subscribe((state) => state.ready, async () => {
  if (shown) return;
  shown = true;
  if (!(await goes(live.state))) show();
});

function show() {
  const wrong = wrongList();
  const map = picture();
  const manual = manualView({ onLight: map.light });
  const drawn = h("section", { class: "panel picture", "aria-label": "The site as a picture" }, map.el);
  const unfinished = h("div", { hidden: true });
  const news = latest().el;
  const main = h("div", { class: "stack" }, drawn);
  const aside = h("div", { class: "stack" }, plugs().el, planCard().el);
  refill(place, h("div", { class: "stack" }, unfinished, wrong.el, h("div", { class: "split site-split" }, main, aside), manual.el));
  live.subscribe((state) => [state.site, state.upses, state.hosts, state.nas, state.vms, state.switches, state.pulse], () => wrong.update(live.state));
  live.subscribe((state) => [state.upses, state.pools, state.hosts, state.vms, state.storage, state.nas, state.switches, state.site.own_machine, isFailing(state) && state.pulse], () => map.update(live.state));
  live.subscribe((state) => [state.pools, state.upses, state.hosts], () => {
    const words = offer(live.state);
    unfinished.hidden = words === null;
    refill(unfinished, words);
  });
  // The news stand where there is room: below the picture of a small site, beside that of a large one.
  live.subscribe((state) => state.upses.size + state.hosts.size > LARGE, (isLarge) => (isLarge ? aside : main).append(news));
}
