// The simulations that the server keeps: open one again, or forget it.
import { del, get } from "../api.js";
import { h, refill } from "../dom.js";
import { siteNow } from "../live.js";
import { ago } from "../time.js";
import { count } from "../words.js";
import { button } from "../ui/button.js";
import { chip } from "../ui/status.js";
import { toastError } from "../ui/toast.js";

/** `onOpen(id)`. Returns {el, load()}. */
export function keptList({ onOpen, mayDrop }) {
  const list = h("ul", { class: "sim-kept" });
  const summary = h("summary", {}, "Played before");
  const el = h("details", { class: "panel", hidden: true }, summary, list);

  async function load() {
    try {
      const rows = await get("/simulations");
      el.hidden = !rows.length;
      refill(summary, h("h2", {}, "Played before"), h("span", { class: "muted small" }, count(rows.length, "simulation")));
      refill(list, rows.map(line));
    } catch (error) {
      toastError(error);
    }
  }

  function line(row) {
    const { crashed, lost } = row.summary;
    const name = row.title || "Without a title";
    return h(
      "li",
      {},
      h("div", {}, button(name, { kind: "quiet small", onClick: () => onOpen(row.id) }), h("p", { class: "muted small" }, `${row.by}, ${ago(row.at, siteNow())}`)),
      crashed || lost ? chip(`${count(crashed, "host")} and ${count(lost, "VM")} crashed`, "lost", "lost") : chip("nothing crashed", "good", "good"),
      mayDrop && button("", { symbol: "remove", kind: "quiet small", label: `Forget ${name}`, onClick: () => drop(row.id) }),
    );
  }

  async function drop(id) {
    try {
      await del(`/simulations/${encodeURIComponent(id)}`);
    } catch (error) {
      toastError(error);
    }
    await load();
  }

  return { el, load };
}
