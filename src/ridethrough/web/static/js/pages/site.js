// The site at a glance.
import { h, refill } from "../dom.js";
import { live } from "../live.js";
import { empty } from "../ui/status.js";

const place = document.getElementById("site");
refill(place, empty("site", "Waiting for the controller's first word …"));
live.subscribe((state) => state.site.verdict, (verdict) => refill(place, h("section", { class: "panel" }, h("p", {}, verdict))));
