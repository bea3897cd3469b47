// Who is notified, how it stands, and a test.
import { covers, get, post } from "../api.js";
import { h, refill } from "../dom.js";
import { siteNow } from "../live.js";
import { ago, duration } from "../time.js";
import { count } from "../words.js";
import { button, refusal } from "../ui/button.js";
import { ticks } from "../ui/choose.js";
import { openDialog } from "../ui/dialog.js";
import { field, form } from "../ui/form.js";
import { chip, empty } from "../ui/status.js";
import { table } from "../ui/table.js";
import { toast } from "../ui/toast.js";
import { saveChange } from "../hosts/save.js";
import { readSettings } from "../settings.js";
import { panel, section } from "./panel.js";

const SEVERITIES = [["info", "Everything"], ["warning", "Warnings and dangers"], ["danger", "Dangers only"]];
const CLASSES = [
  ["utility power", "Utility power: lost, back, low battery"],
  ["outage", "Outage: maintenance mode, shutdowns, VMs without a place"],
  ["results", "Results: how each action ended, hosts down and back"],
  ["alerts", "Alerts"],
  ["silence", "Silence of UPSs"],
  ["requests", "Requests of people: hold, maintenance mode, arm"],
  ["settings", "Settings and accounts that people change"],
  ["controller", "The controller: starts, standstills, bugs"],
];

export function notificationsPanel(me) {
  const refused = refusal(covers, me.role, "administer");
  const made = panel(async (place) => {
    const rows = await get("/notifications");
    const list = table(
      [
        { key: "name", label: "Name", lead: true, sort: (row) => row.name, cell: (row) => row.name },
        { key: "severity", label: "From", cell: (row) => row.severity },
        { key: "classes", label: "Of", cell: (row) => row.classes.join(", ") || "everything" },
        { key: "state", label: "Last", cell: (row) => [state(row)] },
        { key: "waiting", label: "Waiting", end: true, sort: (row) => row.waiting, cell: (row) => String(row.waiting) },
        { key: "do", label: "", end: true, cell: (row) => tools(row) },
      ],
      { key: (row) => row.name, caption: "Notifications", noun: ["target", "targets"], empty: empty("info", "Nobody is notified yet: by e-mail, a webhook, or any service that Apprise knows.") },
    );
    list.update(rows);
    const add = button("New target", { kind: "primary", symbol: "add", onClick: () => change() });
    add.refuse(refused);
    refill(place, section("Notifications", [add], list.el));
  });

  function state(row) {
    if (row.last_trouble) return h("span", {}, chip(`failed ${count(row.failed, "time")}`, "danger"), ` ${row.last_trouble}`, row.retry_in ? `; again in ${duration(row.retry_in)}` : "");
    return row.last_at ? `sent ${ago(row.last_at, siteNow())}` : "nothing sent yet";
  }

  function tools(row) {
    const test = button("Test", { kind: "quiet small", label: `Send a test to ${row.name}`, onClick: () => prove(row) });
    const drop = button("Remove", { kind: "quiet small", label: `Remove ${row.name}`, onClick: () => remove(row) });
    const edit = button("Change", { kind: "quiet small", label: `Change ${row.name}`, onClick: () => change(row) });
    for (const one of [test, edit, drop]) one.refuse(refused);
    return [test, edit, drop];
  }

  async function prove(row) {
    const { delivered, trouble } = await post(`/notifications/${encodeURIComponent(row.name)}/test`);
    toast(delivered ? `${row.name} took the test.` : `${row.name}: ${trouble}`);
    made.load();
  }

  async function remove(row) {
    const { version } = await readSettings();
    if (await saveChange(`Remove ${row.name}`, [{ op: "remove", path: ["notify", row.name] }], { seen: version })) made.load();
  }

  function change(row = null) {
    const name = field("name", "Name", { required: true, hint: "Letters, digits, - and _.", attrs: { autocomplete: "off", pattern: "[A-Za-z0-9_\\-]+", maxlength: 60 } });
    const hint = "An Apprise URL: mailto://user:password@example.com, json://192.0.2.9/hook … It is kept as a secret.";
    const url = field("url", "Where to", { required: !row, hint: row ? `Empty: as before. ${hint}` : hint, attrs: { autocomplete: "off", spellcheck: "false" } });
    const severity = field("severity", "From", { type: "select", choices: SEVERITIES, value: row?.severity ?? "warning" });
    const classes = ticks("Of", CLASSES, { value: row?.classes ?? [], hint: "None ticked: of everything." });
    const entry = form({
      fields: row ? [url, severity, classes] : [name, url, severity, classes],
      submit: "Go on",
      onSubmit: async (values) => {
        const { version } = await readSettings();
        const target = row?.name ?? values.name;
        dialog.close();
        if (await saveChange(`Notify ${target}`, operations(["notify", target], values, classes.value, row), { seen: version })) made.load();
      },
    });
    const dialog = openDialog({ title: row ? `Target ${row.name}` : "New target", body: entry.el });
  }

  return made;
}

function operations(path, { url, severity }, classes, row) {
  return [
    url && { op: "set", path: [...path, "url"], secret: url },
    { op: "set", path: [...path, "severity"], value: severity },
    classes.length > 0 ? { op: "set", path: [...path, "classes"], value: classes } : row?.classes.length && { op: "remove", path: [...path, "classes"] },
  ].filter(Boolean);
}
