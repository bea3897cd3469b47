// Settings of the pages themselves: accounts, API tokens, notifications, the certificate; equipment; and site.toml with its old versions.
import { covers, whoAmI } from "../api.js";
import { accountsPanel } from "../admin/accounts.js";
import { certificatePanel } from "../admin/certificate.js";
import { equipmentPanel } from "../admin/equipment.js";
import { filePanel } from "../admin/file.js";
import { notificationsPanel } from "../admin/notifications.js";
import { ownPanel } from "../admin/own.js";
import { tokensPanel } from "../admin/tokens.js";
import { tabs } from "../ui/tabs.js";

begin();

async function begin() {
  const me = await whoAmI();
  const list = [
    ["own", "My account", ownPanel],
    covers(me.role, "administer") && ["accounts", "Accounts", accountsPanel],
    ["tokens", "API tokens", tokensPanel],
    ["equipment", "Equipment", equipmentPanel],
    ["notifications", "Notifications", notificationsPanel],
    ["certificate", "Certificate", certificatePanel],
    ["file", "site.toml", filePanel],
  ].filter(Boolean);
  const wanted = location.hash.slice(1);
  const panels = new Map(list.map(([id, , make]) => [id, make(me)]));
  const made = tabs("Settings", list.map(([id, label]) => ({ id, label, panel: panels.get(id).el })), {
    current: panels.has(wanted) ? wanted : "own",
    onOpen: (id) => {
      history.replaceState(null, "", `#${id}`);
      panels.get(id).load();
    },
  });
  document.getElementById("settings").append(made.el);
  panels.get(made.current).load();
}
