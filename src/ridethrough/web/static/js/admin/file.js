// site.toml as it is, and every version that was replaced.
import { get } from "../api.js";
import { h, refill } from "../dom.js";
import { siteNow } from "../live.js";
import { clock } from "../time.js";
import { readSettings } from "../settings.js";
import { button } from "../ui/button.js";
import { tell } from "../ui/dialog.js";
import { empty, note } from "../ui/status.js";
import { table } from "../ui/table.js";
import { panel, section } from "./panel.js";

export function filePanel() {
  return panel(async (place) => {
    const [now, versions] = await Promise.all([readSettings(), get("/settings/versions")]);
    const list = table(
      [
        { key: "at", label: "Replaced", lead: true, sort: (row) => row.at, cell: (row) => clock(row.at, siteNow()) },
        { key: "by", label: "By", sort: (row) => row.by, cell: (row) => row.by },
        { key: "what", label: "By what", cell: (row) => row.what },
        { key: "why", label: "Why", cell: (row) => row.why || "not told" },
        { key: "do", label: "", end: true, cell: (row) => [button("Show", { kind: "quiet small", label: `Show the version of ${clock(row.at, siteNow())}`, onClick: () => show(row) })] },
      ],
      { caption: "Old versions", noun: ["version", "versions"], sorted: ["at", "descending"], empty: empty("journal", "Nothing was replaced yet. Every version that is replaced here is kept.") },
    );
    list.update(versions);
    const differs = now.running_version && now.version !== now.running_version;
    refill(
      place,
      now.problems.map((text) => note("danger", text)),
      differs && note("warning", "The controller goes by an earlier version of this file. Take the new one with `ridethrough reload`."),
      h("section", { class: "panel stack" }, h("h2", {}, "site.toml"), text(now.text)),
      section("Old versions", [], list.el),
    );
  });
}

function text(content) {
  return content === null
    ? note("warning", "It is no TOML, so nobody knows which of it is secret: it is not shown.")
    : h("pre", { class: "diff", tabindex: "0", role: "region", "aria-label": "site.toml" }, h("code", {}, content));
}

async function show(row) {
  const { text: content } = await get(`/settings/versions/${encodeURIComponent(row.id)}`);
  return tell(`site.toml until ${clock(row.at, siteNow())}`, text(content));
}
