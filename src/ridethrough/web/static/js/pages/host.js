// The Shutdown Settings of one host, or of several: /hosts/ID?with=ANOTHER&with=...
import { covers, whoAmI } from "../api.js";
import { h, refill, setText } from "../dom.js";
import { changeSection } from "../equipment/editor.js";
import { settingsIn } from "../hosts/choice.js";
import { editor } from "../hosts/editor.js";
import { askButtons } from "../hosts/people.js";
import { whyLine } from "../hosts/why.js";
import { live } from "../live.js";
import { readSettings } from "../settings.js";
import { button, linkButton } from "../ui/button.js";
import { empty, note, status } from "../ui/status.js";
import { COORDINATOR, count, hostState } from "../words.js";

const ids = [decodeURIComponent(location.pathname.split("/")[2] ?? ""), ...new URLSearchParams(location.search).getAll("with")];
const place = document.getElementById("host");
let made = null;
let file = null;

document.title = `${ids.length === 1 ? ids[0] : `${ids.length} hosts`} · Shutdown settings · Ridethrough`;
setText(document.getElementById("title"), ids.length === 1 ? ids[0] : `Shutdown settings of ${ids.length} hosts`);
refill(place, h("p", { class: "muted" }, "Waiting for the controller's first word …"));
live.subscribe((state) => state.hosts, show);
if (ids.length === 1) begin(ids[0]);
window.addEventListener("beforeunload", (event) => {
  if (made?.isChanged()) event.preventDefault();
});

function rows() {
  return ids.map((id) => live.state.hosts.get(id)).filter(Boolean);
}

// The form is made once, and again when it was saved: what is being typed is never taken away.
async function show() {
  if (made) return;
  const found = rows();
  if (found.length === 0) {
    const known = count(live.state.hosts.size, "host");
    refill(place, empty("host", `No host is named "${ids.join('", "')}". ${known} ${live.state.hosts.size === 1 ? "is" : "are"} known.`, linkButton("All hosts", "/hosts")));
    return;
  }
  made = { isChanged: () => false };
  const trouble = h("div", { class: "trouble" });
  try {
    const settings = await readSettings();
    file = { version: settings.version, of: (id) => settingsIn(settings.sections.host?.[id]), protects: settings.sections.site?.protect_coordinator?.value ?? true };
    refill(trouble, told(settings));
  } catch (error) {
    file = null;
    refill(trouble, note("warning", `The settings cannot be changed now: ${error.message}`));
  }
  made = editor(rows(), file, again);
  refill(place, h("div", { class: "stack" }, trouble, made.el));
}

function told({ problems, running_version: running, version }) {
  if (problems.length > 0) return note("danger", [h("p", {}, "site.toml is wrong now: the controller goes by its last right version, and nothing can be saved before this is mended."), problems.map((text) => h("p", {}, text))]);
  if (running && running !== version) return note("info", "site.toml was changed since the controller has read it. Shown is the file; saving makes the controller go by it.");
  return null;
}

// The form is made anew from the file; who works with the keyboard goes on at its top.
async function again() {
  made = null;
  await show();
  document.getElementById("main").focus({ preventScroll: true });
}

async function begin(id) {
  const { role } = await whoAmI();
  const about = document.getElementById("about");
  const switching = button("Switching on…", { symbol: "edit", onClick: () => void changeSection("host", id, { base: { pool: live.state.hosts.get(id)?.pool } }) });
  place.before(whyLine(id));
  live.subscribe(
    (state) => state.hosts.get(id),
    (row) => {
      if (!row) return;
      refill(document.getElementById("tools"), askButtons(row, role), covers(role, "administer") && switching);
      refill(about, " · ", row.coordinator ? `${COORDINATOR} of ${row.pool}` : `Host of ${row.pool}`, " · ", row.address && `${row.address} · `, status(hostState(row)).el, ` · ${count(row.vms.length, "VM")}`);
    },
  );
}
