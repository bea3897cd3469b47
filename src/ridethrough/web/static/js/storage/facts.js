// How a NAS or SAN goes down, and when.
import { h, refill } from "../dom.js";
import { duration } from "../time.js";
import { earliest, toldWords, wayWords } from "./words.js";

/** Returns {el, update(row)}. */
export function facts() {
  const list = h("dl", { class: "facts" });
  const text = h("p", { class: "muted" });
  const el = h("section", { class: "panel stack-s", "aria-labelledby": "storage-down" }, h("h2", { id: "storage-down" }, "How it goes down"), text, list);
  let known = "";

  function update(row) {
    const told = toldWords(row);
    const rows = [
      ["Way", wayWords(row).name],
      ["When", earliest(row)],
      ["Takes", `${duration(row.stop_time)} until it may lose its power`],
      told && ["It reads now", told],
      ["Is woken", row.wakes ? "Over the network, when it stays off" : "By nothing: it starts with its power, or by hand"],
      ["Comes back", "Before VMs with disks on it start, and before its hosts are switched on"],
    ].filter(Boolean);
    text.textContent = wayWords(row).text;
    if (JSON.stringify(rows) === known) return;
    known = JSON.stringify(rows);
    refill(list, rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
  }
  return { el, update };
}
