// A search for UPSs: begun, followed over the event stream, cancelled, its finds shown.
import { del, get, post } from "../api.js";
import { h, refill } from "../dom.js";
import { live } from "../live.js";
import { button } from "../ui/button.js";
import { progress } from "../ui/meter.js";
import { note } from "../ui/status.js";
import { say, toastError } from "../ui/toast.js";
import { count } from "../words.js";
import { added, foundUpses } from "./found.js";

/**
 * Returns {el, begin(wanted)}: `wanted` as the API takes it; `nothing`: what to say when nothing was found; `onward()`: where to go on when UPSs
 * were added, if not to the hosts.
 */
export function search(nothing, onward) {
  let job = null;
  const bar = progress("Searching");
  const stop = button("Cancel", { kind: "small", symbol: "close", onClick: cancel });
  const running = h("section", { class: "panel stack-s", hidden: true, "aria-label": "Search" }, bar.el, h("div", { class: "row row-end" }, stop));
  const told = h("div", { class: "stack-s", role: "status" });
  const done = h("div", {});
  const found = foundUpses(() => job, (names, answer) => refill(done, added(names, answer, onward?.())));
  live.on("job", (message) => {
    if (job && message.id === job.id) show(message);
  });

  async function begin(wanted) {
    refill(told);
    refill(done);
    found.update([]);
    job = await post("/discovery", wanted);
    show(job);
    // What ended before this page knew its number was told to nobody here.
    show(await get(`/discovery/${encodeURIComponent(job.id)}`));
  }

  async function cancel() {
    try {
      show(await del(`/discovery/${encodeURIComponent(job.id)}`));
    } catch (error) {
      toastError(error);
    }
  }

  function show(message) {
    if (job.state !== "running" && message.state === "running") return; // an older word that came late
    job = message;
    const { asked = 0, of = 0, found: number = 0 } = job.progress;
    running.hidden = job.state !== "running";
    bar.update(asked, of || null, of ? `${asked} of ${of} asked, ${number} found` : "");
    if (job.state === "running") return;
    const rows = job.result?.found ?? [];
    const troubles = [...(job.result?.troubles ?? []), job.trouble].filter(Boolean);
    refill(told, troubles.map((text) => note("warning", text)), rows.length === 0 && note("info", nothing));
    found.update(rows);
    say(`The search has ended: ${count(rows.length, "UPS", "UPSs")} found.`);
  }

  return { el: h("div", { class: "stack" }, running, told, done, found.el), begin };
}
