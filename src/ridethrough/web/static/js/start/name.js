// The first step: what the site is called, and what one needs at hand.
import { ApiError } from "../api.js";
import { h, icon } from "../dom.js";
import { saveChange } from "../hosts/save.js";
import { live } from "../live.js";
import { readSettings } from "../settings.js";
import { field, form } from "../ui/form.js";
import { note } from "../ui/status.js";

const NEEDED = [
  ["pool", "Of the pool: the address of any host, and a user with the role pool-operator or pool-admin (root will do)."],
  ["ups", "Of the UPSs: the addresses of their cards and the SNMP community or user; or the address of a NUT server."],
  ["host", "Which UPS feeds which host: look at the cables behind the racks."],
];

/** Returns {el}. */
export function nameStep(onward) {
  const name = field("name", "Name of the site", { required: true, hint: "It stands on every page and in every message.", attrs: { maxlength: 100, autocomplete: "off" } });
  const kept = h("div", {});
  const made = form({ fields: [name], submit: "Save…", kind: "primary", onSubmit: save });
  const end = live.subscribe((state) => state.site.site, (now) => {
    if (now && now !== "New site" && !name.value) name.value = now;
  });
  name.input.addEventListener("input", () => end(), { once: true });
  secretsPlace(kept);
  const list = h("ul", { class: "needed" }, NEEDED.map(([symbol, text]) => h("li", {}, icon(symbol), h("span", {}, text))));
  return { el: h("div", { class: "stack" }, kept, h("section", { class: "panel stack", "aria-label": "At hand" }, h("h3", {}, "Have at hand"), list), h("section", { class: "panel narrow", "aria-label": "Name" }, made.el)) };

  async function save({ name: wanted }) {
    if (wanted.trim() === live.state.site.site) return onward();
    if (!wanted.trim()) throw new ApiError(422, "", { name: "Enter a name." });
    const { version } = await readSettings();
    const done = await saveChange("Name the site", [{ op: "set", path: ["site", "name"], value: wanted.trim() }], { seen: version });
    return done && onward();
  }
}

// Without a directory for secrets no password can be kept: better told now than after everything was typed.
async function secretsPlace(place) {
  try {
    const { secrets_can_be_kept: kept, problems } = await readSettings();
    if (!kept) place.append(note("danger", [h("strong", {}, "Passwords cannot be kept yet. "), "Make a directory that only the controller's user may read, and start Ridethrough again with it: ", h("code", {}, "mkdir -m 700 secrets; ridethrough run --secrets secrets"), ". Then open this page again."]));
    place.append(...problems.map((text) => note("danger", text)));
  } catch (error) {
    place.append(note("danger", error.message));
  }
}
