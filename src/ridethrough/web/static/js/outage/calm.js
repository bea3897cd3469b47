// No outage: say so, show the last one, and where to try what would happen.
import { h } from "../dom.js";
import { ago, duration } from "../time.js";
import { toggle } from "../ui/choose.js";
import { empty } from "../ui/status.js";
import { linkButton } from "../ui/button.js";
import { redButtons } from "./asks.js";
import { opensByItself, setOpensByItself } from "./takeover.js";
import { summaryOf } from "./told.js";

/** `last` is the summary of the latest outage, or null; `hand`: what this person may ask for, since power is not all that can fail. */
export function calm(last, now, hand) {
  const choice = toggle("takeover", "Open this page by itself when an outage begins", {
    checked: opensByItself(),
    hint: "In this browser, when the Site page is open.",
    onChange: setOpensByItself,
  });
  return h(
    "div",
    { class: "stack outage-now" },
    hand.said,
    h(
      "section",
      { class: "panel calm" },
      empty(
        "good",
        "No outage. Every UPS that answers is on utility power, and nothing is to be undone.",
        h("div", { class: "row" }, linkButton("If utility power failed now", "/", { symbol: "site" }), linkButton("Simulator", "/simulator", { symbol: "simulator" })),
      ),
    ),
    h(
      "div",
      { class: "columns" },
      h(
        "section",
        { class: "panel stack-s" },
        h("h2", {}, "The last outage"),
        last
          ? [h("p", {}, h("a", { href: `/outage/${last.id}` }, `${ago(last.ended_at ?? last.begun_at, now)}, ${duration((last.ended_at ?? now) - last.begun_at)} long`)), h("p", { class: "muted" }, summaryOf(last))]
          : h("p", { class: "muted" }, "There was none yet, since this journal began."),
        last && h("p", {}, h("a", { href: "/outages" }, "All past outages")),
      ),
      h("section", { class: "panel stack-s" }, h("h2", {}, "When one begins"), choice.el),
      redButtons(hand.asking, hand.refused),
    ),
  );
}
