// The field for the feeder of a UPS, with the names that are known.
import { h, refill, uniqueId } from "../dom.js";
import { live } from "../live.js";
import { field } from "../ui/form.js";
import { compare } from "../ui/table.js";

/** The names of feeders that UPSs have, in their order. */
export function feedersOf(upses) {
  return [...new Set([...upses].map((row) => row.feeder ?? "").filter(Boolean))].sort(compare);
}

/** As `field`; `more()`: further names to offer, such as those that were just typed elsewhere. */
export function feederField({ label = "Feeder", more = () => [], ...options } = {}) {
  const list = h("datalist", { id: uniqueId("feeders") });
  const attrs = { list: list.id, maxlength: 200, autocomplete: "off", spellcheck: "false", ...options.attrs };
  const made = field("feeder", label, { ...options, attrs });
  made.input.addEventListener("focus", () => {
    const names = feedersOf([...live.state.upses.values(), ...more().map((feeder) => ({ feeder }))]);
    refill(list, names.map((name) => h("option", { value: name })));
  });
  made.el.append(list);
  return made;
}
