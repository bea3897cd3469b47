// API tokens: for scripts, with a role and an end.
import { del, get, post } from "../api.js";
import { h, refill } from "../dom.js";
import { siteNow } from "../live.js";
import { ago, duration } from "../time.js";
import { button } from "../ui/button.js";
import { confirm, openDialog, tell } from "../ui/dialog.js";
import { field, form } from "../ui/form.js";
import { empty } from "../ui/status.js";
import { table } from "../ui/table.js";
import { ROLES } from "./accounts.js";
import { panel, section } from "./panel.js";

const DAY = 86400;
const LIFETIMES = [[DAY, "a day"], [30 * DAY, "30 days"], [90 * DAY, "90 days"], [365 * DAY, "a year"]];

export function tokensPanel(me) {
  const made = panel(async (place) => {
    const rows = await get("/tokens");
    const list = table(
      [
        { key: "name", label: "Name", lead: true, sort: (row) => row.name, cell: (row) => row.name },
        { key: "owner", label: "Of", sort: (row) => row.owner, cell: (row) => row.owner },
        { key: "role", label: "Role", sort: (row) => row.role, cell: (row) => row.role },
        { key: "ends", label: "Ends", sort: (row) => row.expires_at, cell: ends },
        { key: "used_at", label: "Last used", sort: (row) => row.used_at ?? 0, cell: (row) => (row.used_at ? ago(row.used_at, siteNow()) : "never") },
        { key: "do", label: "", end: true, cell: (row) => [row.revoked_at || row.expires_at <= siteNow() ? "" : button("Revoke", { kind: "quiet small", label: `Revoke ${row.name}`, onClick: () => revoke(row) })] },
      ],
      { caption: "API tokens", noun: ["token", "tokens"], empty: empty("user", "No API token yet. A script shows one instead of logging in.") },
    );
    list.update(rows);
    refill(place, section("API tokens", [button("New token", { kind: "primary", symbol: "add", onClick: add })], list.el));
  });

  function ends(row) {
    if (row.revoked_at) return "revoked";
    return row.expires_at <= siteNow() ? "ended" : `in ${duration(row.expires_at - siteNow())}`;
  }

  function add() {
    const name = field("name", "Name", { required: true, hint: "What uses it: it stands in the journal.", attrs: { autocomplete: "off", maxlength: 64 } });
    const allowed = ROLES.slice(0, 1 + ROLES.findIndex(([role]) => role === me.role));
    const role = field("role", "Role", { type: "select", choices: allowed, value: "view" });
    const lifetime = field("lifetime", "Valid for", { type: "select", choices: LIFETIMES, value: 90 * DAY });
    const entry = form({
      fields: [name, role, lifetime],
      submit: "Make the token",
      onSubmit: async (values) => {
        const token = await post("/tokens", { ...values, lifetime: Number(values.lifetime) });
        dialog.close();
        made.load();
        await shown(token);
      },
    });
    const dialog = openDialog({ title: "New API token", body: entry.el });
  }

  async function revoke(row) {
    const run = ({ why }) => del(`/tokens/${encodeURIComponent(row.id)}`, undefined, { query: { why } });
    if (await confirm({ title: `Revoke ${row.name}?`, text: "What uses it is refused from now on.", action: "Revoke", danger: true, run })) made.load();
  }

  return made;
}

function shown(token) {
  const value = h("input", { class: "input mono", readonly: true, "aria-label": "The token", ".value": token.value, on: { focus: (event) => event.target.select() } });
  return tell("The token, shown this once", h("p", {}, "Keep it now: only its hash is stored. Send it in the header Authorization."), value, h("pre", { class: "diff", tabindex: "0" }, `curl -H "Authorization: Bearer TOKEN" ${location.origin}/api/v1/site`));
}
