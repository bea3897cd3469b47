// The last step: the site stays in dry run; how and when to arm it.
import { covers, whoAmI } from "../api.js";
import { h, refill } from "../dom.js";
import { live } from "../live.js";
import { change } from "../mode.js";
import { button, linkButton, refusal } from "../ui/button.js";
import { note } from "../ui/status.js";
import { missing } from "./way.js";

/** Returns {el}. */
export function endStep() {
  const place = h("div", { class: "stack" });
  const arm = button("Arm…", { symbol: "armed", onClick: () => change(true) });
  let role = "view";
  whoAmI().then((me) => {
    role = me.role;
    show();
  });
  live.subscribe((state) => [state.site.armed, state.pools, state.upses, state.hosts], show);
  show();
  return { el: place };

  function show() {
    const { site } = live.state;
    const what = missing(live.state);
    arm.refuse(refusal(covers, role, "operate") || (what && `Not yet: ${what}.`));
    refill(place, site.armed ? armed() : dry());
  }

  function dry() {
    return [
      note("info", [h("p", {}, h("strong", {}, "This site is in dry run, and may stay so. ")), h("p", {}, "Ridethrough watches, and writes into the journal what it would do. It moves nothing and shuts nothing down until a person arms it.")], "dry"),
      h(
        "section",
        { class: "panel stack" },
        h("h3", {}, "Before you arm it"),
        h(
          "ol",
          { class: "before" },
          h("li", {}, "Let it watch for a day: no UPS and no pool should fall silent. What does stands on the ", h("a", { href: "/" }, "Site"), " page."),
          h("li", {}, "Put each host into maintenance mode once, under guard, on the page ", h("a", { href: "/drills" }, "Drills"), ": a VM that cannot move shows itself there."),
          h("li", {}, "Read what a test of the batteries makes of the runtimes: a UPS that promises too much is told in the ", h("a", { href: "/findings" }, "Findings"), "."),
        ),
        h("p", {}, "Then arm it: press the badge ", h("strong", {}, "Dry run"), " at the top of any page, or type ", h("code", {}, "ridethrough arm"), "."),
        h("div", { class: "row row-end" }, arm, linkButton("Stay in dry run", "/", { kind: "primary", symbol: "dry" })),
      ),
    ];
  }

  function armed() {
    return [
      note("good", [h("p", {}, h("strong", {}, "This site is armed.")), h("p", {}, "When utility power fails, Ridethrough moves VMs and shuts hosts down in time.")], "armed"),
      h("div", { class: "row row-end" }, linkButton("To the site", "/", { kind: "primary", symbol: "site" })),
    ];
  }
}
