// The traps that were heard in this UPS's name. They make us look; they are never evidence.
import { get } from "../api.js";
import { h, refill } from "../dom.js";
import { live, siteNow } from "../live.js";
import { clock } from "../time.js";
import { empty } from "../ui/status.js";
import { count } from "../words.js";

const SHOWN = 20;

/** Returns {el, update(row)}. */
export function traps(id) {
  const list = h("ol", { class: "ups-traps" });
  const words = h("p", { class: "muted small" });
  const el = h("section", { class: "panel stack-s", "aria-labelledby": "ups-traps" }, h("h2", { id: "ups-traps" }, "Traps heard"), words, list);
  let heard = null;

  async function load() {
    const { items } = await get("/journal", { query: { kind: "TrapHeard", q: id, limit: SHOWN } });
    const mine = items.filter((line) => line.text.startsWith(`a trap of ${id} `));
    refill(list, mine.map((line) => h("li", {}, h("time", { class: "number muted small" }, clock(line.at, siteNow())), h("span", {}, line.text))));
    if (!mine.length) refill(list, h("li", { class: "plain" }, empty("silent", "None yet. Traps are a help, not a need: the card is asked every few seconds all the same.")));
  }

  function update(row) {
    words.textContent = row.traps ? `${count(row.traps, "trap")} since the controller started. A trap makes it ask the card at once; it is never taken for proof.` : "";
    words.hidden = !row.traps;
    if (row.traps === heard) return;
    heard = row.traps;
    load().catch((error) => refill(list, h("li", { class: "plain muted" }, error.message)));
  }

  live.on("line", (line) => line.kind === "TrapHeard" && load().catch(() => {}));
  return { el, update };
}
