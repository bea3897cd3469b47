// Pre-flight: everything is asked once, and what is found stands here with its remedies.
import { get, post } from "../api.js";
import { h, refill } from "../dom.js";
import { part } from "../findings/list.js";
import { live } from "../live.js";
import { button } from "../ui/button.js";
import { note } from "../ui/status.js";
import { toastError } from "../ui/toast.js";

const TAKES = 30; // seconds that a request may wait for the end

/** `onAsked()` when everything was asked once. Returns {el}. */
export function checkStep(onAsked) {
  const place = h("div", { class: "stack" });
  const ask = button("Ask everything now", { kind: "primary", symbol: "search", onClick: run });
  const el = h(
    "div",
    { class: "stack" },
    h("div", { class: "row" }, h("p", { class: "grow" }, "Ridethrough logs in to every pool and asks every card, as it would in an outage, and changes nothing. It takes up to a minute."), ask),
    place,
  );
  live.on("job", (job) => job.kind === "findings" && job.state !== "running" && load());
  live.subscribe((state) => [state.upses.size, state.hosts.size, state.site.alerts?.length], load);
  return { el };

  async function load() {
    try {
      const found = await get("/findings");
      if (found.asked) onAsked();
      refill(
        place,
        found.running && note("info", "Every UPS and every pool is being asked."),
        found.asked && part(`Asked by ${found.asked.by}`, found.asked.at, found.asked.findings, ""),
        part("Seen now", found.live.at, found.live.findings, found.live.trouble),
      );
    } catch (error) {
      refill(place, note("danger", error.message));
    }
  }

  async function run() {
    try {
      await post(`/findings?wait=${TAKES}`);
      await load();
    } catch (error) {
      toastError(error);
    }
  }
}
