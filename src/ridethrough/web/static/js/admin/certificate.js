// The certificate that these pages came with.
import { get } from "../api.js";
import { h, refill } from "../dom.js";
import { siteNow } from "../live.js";
import { clock, duration } from "../time.js";
import { note } from "../ui/status.js";
import { panel } from "./panel.js";

export function certificatePanel() {
  return panel(async (place) => {
    let found;
    try {
      found = await get("/certificate");
    } catch (error) {
      if (error.status !== 404) throw error;
      return refill(place, note("info", `${error.message}.`));
    }
    const facts = [
      ["Made by", found.own ? "Ridethrough; it is replaced by itself before it ends" : "its owner, who replaces it"],
      ["For", found.names.join(", ")],
      ["Valid until", `${clock(found.valid_until, siteNow())}, ${duration(found.valid_until - siteNow())} from now`],
      ["Fingerprint", h("code", { class: "mono" }, found.fingerprint)],
    ];
    const pem = h("a", { class: "button", href: `data:application/x-pem-file,${encodeURIComponent(found.pem)}`, download: "ridethrough.pem" }, "Download it, to trust it");
    return refill(
      place,
      found.trouble && note("danger", found.trouble),
      h("section", { class: "panel stack" }, h("h2", {}, "Certificate"), h("dl", { class: "facts" }, facts.flatMap(([what, says]) => [h("dt", {}, what), h("dd", {}, says)])), h("div", {}, pem)),
    );
  });
}
