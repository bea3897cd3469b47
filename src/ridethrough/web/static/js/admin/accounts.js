// Accounts: who may log in, and what they may do.
import { del, get, patch, post } from "../api.js";
import { h, refill } from "../dom.js";
import { siteNow } from "../live.js";
import { ago } from "../time.js";
import { button } from "../ui/button.js";
import { confirm, openDialog } from "../ui/dialog.js";
import { field, form } from "../ui/form.js";
import { table } from "../ui/table.js";
import { toast, toastError } from "../ui/toast.js";
import { panel, section } from "./panel.js";

export const ROLES = [
  ["view", "View: look at everything"],
  ["operate", "Operate: hold, maintenance mode, arm, drills, the red button"],
  ["administer", "Administer: settings, accounts, secrets"],
];
const REASON = { hint: "For the journal; may be empty.", attrs: { maxlength: 500, autocomplete: "off" } };
const FRESH = { type: "password", required: true, hint: "10 characters or more.", attrs: { autocomplete: "new-password", minlength: 10 } };

export function accountsPanel(me) {
  const made = panel(async (place) => {
    const rows = await get("/accounts");
    const list = table(
      [
        { key: "name", label: "Name", lead: true, sort: (row) => row.name, cell: (row) => (row.name === me.name ? `${row.name} (you)` : row.name) },
        { key: "role", label: "Role", sort: (row) => row.role, cell: (row) => row.role },
        { key: "created_at", label: "Made", sort: (row) => row.created_at, cell: (row) => ago(row.created_at, siteNow()) },
        { key: "login_at", label: "Last login", sort: (row) => row.login_at ?? 0, cell: (row) => (row.login_at ? ago(row.login_at, siteNow()) : "never") },
        { key: "do", label: "", end: true, cell: (row) => [button("Change", { kind: "quiet small", label: `Change ${row.name}`, onClick: () => change(row) })] },
      ],
      { key: (row) => row.name, caption: "Accounts", noun: ["account", "accounts"] },
    );
    list.update(rows);
    refill(place, section("Accounts", [button("New account", { kind: "primary", symbol: "add", onClick: add })], list.el));
  });

  function add() {
    const name = field("name", "Name", { required: true, attrs: { autocomplete: "off", autocapitalize: "none", spellcheck: "false" } });
    const role = field("role", "Role", { type: "select", choices: ROLES, value: "view" });
    const password = field("password", "Password", FRESH);
    const why = field("why", "Why?", REASON);
    const entry = form({
      fields: [name, role, password, why],
      submit: "Make the account",
      onSubmit: async (values) => {
        await post("/accounts", values);
        toast(`Account ${values.name} is made.`);
        dialog.close();
        made.load();
      },
    });
    const dialog = openDialog({ title: "New account", body: entry.el });
  }

  function change(row) {
    const role = field("role", "Role", { type: "select", choices: ROLES, value: row.role });
    const why = field("why", "Why?", REASON);
    const entry = form({
      fields: [role, why],
      submit: "Give this role",
      extra: [
        row.name === me.name ? "" : button("New password", { kind: "quiet", onClick: () => (dialog.close(), give(row)) }),
        button("Remove", { kind: "danger", onClick: () => (dialog.close(), remove(row)) }),
      ],
      onSubmit: async (values) => {
        await patch(`/accounts/${encodeURIComponent(row.name)}`, values);
        toast(`${row.name} has the role ${values.role}.`);
        dialog.close();
        made.load();
      },
    });
    const dialog = openDialog({ title: `Account ${row.name}`, body: entry.el });
  }

  function give(row) {
    const password = field("password", `New password of ${row.name}`, FRESH);
    const why = field("why", "Why?", REASON);
    const entry = form({
      fields: [password, why],
      submit: "Set the password",
      onSubmit: async (values) => {
        await post(`/accounts/${encodeURIComponent(row.name)}/password`, values);
        toast(`${row.name} has a new password; sessions and tokens ended.`);
        dialog.close();
      },
    });
    const dialog = openDialog({ title: "New password", body: entry.el });
  }

  async function remove(row) {
    const text = `${row.name} can no longer log in. Sessions and API tokens of ${row.name} end now.`;
    const run = ({ why }) => del(`/accounts/${encodeURIComponent(row.name)}`, undefined, { query: { why } });
    try {
      if (await confirm({ title: `Remove ${row.name}?`, text, action: "Remove", danger: true, run })) made.load();
    } catch (error) {
      toastError(error);
    }
  }

  return made;
}
