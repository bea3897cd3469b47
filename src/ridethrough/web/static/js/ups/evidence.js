// Everything that the UPS says when it is asked now, with the object that says it.
import { get } from "../api.js";
import { h, refill } from "../dom.js";
import { siteNow } from "../live.js";
import { clock } from "../time.js";
import { button } from "../ui/button.js";
import { empty, note } from "../ui/status.js";
import { table } from "../ui/table.js";

/** Returns {el}. The UPS is asked when the page opens, and again by the button. */
export function evidence(id) {
  const notes = h("div", { class: "stack-s" });
  const facts = h("dl", { class: "facts" });
  const list = table(
    [
      { key: "what", label: "What", lead: true, cell: (row) => row.what, sort: (row) => row.order },
      { key: "says", label: "It says", cell: (row) => row.says },
      { key: "name", label: "Object", cell: (row) => h("span", { class: "mono small breaks" }, row.name) },
      { key: "raw", label: "Value", cell: (row) => h("span", { class: "mono small breaks" }, row.raw) },
    ],
    { key: (row) => row.key, caption: "What the UPS says, object by object", noun: ["object", "objects"], sorted: ["what", "ascending"], filter: (row) => `${row.what} ${row.says} ${row.name} ${row.raw}`, empty: empty("search", "Nothing is told.") },
  );
  const ask = button("Ask it now", { symbol: "search", kind: "small", onClick: load });
  const el = h("section", { class: "panel flush", "aria-labelledby": "ups-evidence" }, h("div", { class: "panel-head" }, h("h2", { id: "ups-evidence" }, "Evidence"), ask), h("div", { class: "stack-s ups-inset" }, notes, facts), list.el);

  async function load() {
    try {
      show(await get(`/upses/${encodeURIComponent(id)}/evidence`));
    } catch (error) {
      refill(notes, note("warning", error.message));
    }
  }

  function show(found) {
    refill(
      notes,
      found.trouble && note("low", found.trouble),
      found.contradicts_itself.length > 0 && note("warning", h("div", {}, h("strong", {}, "It contradicts itself: "), found.contradicts_itself.join("; "))),
      found.does_not_tell.length > 0 && note("info", h("div", {}, h("strong", {}, "It does not tell: "), found.does_not_tell.join(", "))),
    );
    const rows = [["Family", found.family], ["Known by", found.why], ["Address", found.address], ["Commands", found.output], ["Asked", clock(siteNow(), siteNow())]];
    refill(facts, rows.filter(([, text]) => text).map(([name, text]) => [h("dt", {}, name), h("dd", {}, text)]));
    list.update(found.evidence.map((row, n) => ({ ...row, order: n, key: `${n} ${row.name}` })));
  }

  ask.click();
  return { el };
}
