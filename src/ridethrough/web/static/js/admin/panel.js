// One tab of Settings: it loads when it is opened, and says what went wrong.
import { h, refill } from "../dom.js";
import { note } from "../ui/status.js";

/** `fill(place)` fetches and shows. Returns {el, load()}; `load` may be called again after a change. */
export function panel(fill) {
  const place = h("div", { class: "stack" }, h("p", { class: "muted" }, "Loading …"));
  async function load() {
    try {
      await fill(place);
    } catch (error) {
      if (error.name === "AbortError") return;
      if (error.name !== "ApiError") console.error(error);
      refill(place, note("danger", error.message));
    }
  }
  return { el: place, load };
}

/** A section with a heading and, at its right, what can be done. */
export function section(title, tools, ...body) {
  return h("section", { class: "panel flush" }, h("div", { class: "panel-head" }, h("h2", {}, title), h("div", { class: "row" }, tools)), body);
}
