// What site.toml says of storage, switches, the controller's own machine, and of how hosts are switched on and outputs cut: shown, added, changed, removed.
import { changeSection, removeSection } from "../equipment/editor.js";
import { askedFacts, connectsText, feedsText, machineFacts, outputText, reachedText, roomText, waysText } from "../equipment/words.js";
import { covers } from "../api.js";
import { h, refill } from "../dom.js";
import { live } from "../live.js";
import { readSettings } from "../settings.js";
import { nasPath, wayWords } from "../storage/words.js";
import { button, refusal } from "../ui/button.js";
import { empty, note } from "../ui/status.js";
import { table } from "../ui/table.js";
import { panel, section } from "./panel.js";

export function equipmentPanel(me) {
  const refused = refusal(covers, me.role, "administer");
  const made = panel(async (place) => {
    const { sections, problems } = await readSettings();
    const wrong = problems.length > 0;
    refill(
      place,
      wrong && note("danger", "site.toml is wrong now: nothing can be changed before it is mended. The tab site.toml tells what is wrong."),
      !wrong && [nas(sections), asked(sections), switches(sections), machine(sections), hosts(sections), upses(sections), room(sections)],
    );
  });

  let heard = () => {}; // ends the wish to hear of hosts

  const reload = async (work) => (await work) && made.load();

  function press(text, label, work, symbol = null) {
    const made = button(text, { kind: symbol ? "primary" : "quiet small", symbol, label: symbol ? null : label, onClick: () => void reload(work()) });
    made.refuse(refused);
    return made;
  }

  const tools = (kind) => (row) => [press("Change", `Change ${row.id}`, () => changeSection(kind, row.id)), press("Remove", `Remove ${row.id}`, () => removeSection(kind, row.id))];

  function nas({ storage = {} }) {
    return several("storage", "NAS and SAN", storage, [
      { key: "address", label: "Address", cell: (row) => row.address.value },
      { key: "feeds", label: "Powered by", cell: (row) => feedsText(row) },
      { key: "way", label: "Goes down by", cell: (row) => wayWords({ way: row.way.value }).name },
    ], "site.toml names no NAS and no SAN.", (row) => h("a", { href: nasPath(row.id) }, row.id));
  }

  function switches({ switch: rows = {} }) {
    return several("switch", "Switches", rows, [
      { key: "feeds", label: "Powered by", cell: (row) => feedsText(row) },
      { key: "connects", label: "Connects", cell: (row) => connectsText(row) },
    ], "site.toml names no switch: each is taken to have power.");
  }

  function several(kind, title, rows, columns, none, name = (row) => row.id) {
    const list = table(
      [{ key: "id", label: "Name", lead: true, sort: (row) => row.id, cell: name }, ...columns, { key: "do", label: "", end: true, cell: tools(kind) }],
      { caption: title, noun: ["entry", "entries"], empty: empty(kind === "storage" ? "storage" : "site", none) },
    );
    list.update(Object.entries(rows).map(([id, keys]) => ({ ...keys, id })));
    const add = press("Add", "", () => changeSection(kind), "add");
    add.setAttribute("aria-label", kind === "storage" ? "Add a NAS or SAN" : "Add a switch");
    return section(title, [add], list.el);
  }

  function asked({ network_ups: keys }) {
    const facts = keys ? askedFacts(keys) : [];
    const buttons = [press("Change", "Change the port where a NAS asks for its UPS", () => changeSection("network_ups"))];
    if (facts.length) buttons.push(press("Remove", "Remove the port where a NAS asks for its UPS", () => removeSection("network_ups")));
    return one("Where a NAS asks for its UPS", buttons, facts, "No port: a NAS whose way is “Network UPS” needs one.");
  }

  function machine({ controller }) {
    return one("The controller's own machine", [press("Change", "Change the controller's own machine", () => changeSection("controller"))], machineFacts(controller));
  }

  function room({ site }) {
    return one("Making room", [press("Change", "Change what is done to make room", () => changeSection("site"))], [["For a VM that finds none", roomText(site)]]);
  }

  function one(title, buttons, facts, none = "") {
    return h(
      "section",
      { class: "panel flush" },
      h("div", { class: "panel-head" }, h("h2", {}, title), h("div", { class: "row" }, buttons)),
      h("div", { class: "panel-body" }, facts.length ? h("dl", { class: "facts" }, facts.flatMap(([name, text]) => [h("dt", {}, name), h("dd", {}, text)])) : h("p", { class: "muted" }, none)),
    );
  }

  // Every host that is known, whether site.toml names it or not.
  function hosts({ host = {} }) {
    const list = table(
      [
        { key: "id", label: "Host", lead: true, sort: (row) => row.id, cell: (row) => row.id },
        { key: "ways", label: "Is switched on by", cell: (row) => (row.keys ? waysText(row.keys) : "Its power-on mode in XenServer") },
        { key: "at", label: "Over", cell: (row) => over(row.keys) },
        { key: "do", label: "", end: true, cell: (row) => [press("Change", `Change how ${row.id} is switched on`, () => changeSection("host", row.id, { base: { pool: row.pool } }))] },
      ],
      { caption: "How each host is switched on", noun: ["host", "hosts"], filter: (row) => row.id, empty: empty("host", "No host is known yet.") },
    );
    const rows = Object.entries(host).map(([id, keys]) => ({ id, keys, pool: keys.pool.value }));
    heard();
    heard = live.subscribe((state) => state.hosts, (known) => {
      const others = [...known.values()].filter((row) => !host[row.id]).map((row) => ({ id: row.id, keys: null, pool: row.pool }));
      list.update([...rows, ...others]);
    });
    if (!live.state.ready) list.update(rows);
    return section("How hosts are switched on", [], list.el);
  }

  function upses({ ups = {} }) {
    const list = table(
      [
        { key: "id", label: "UPS", lead: true, sort: (row) => row.id, cell: (row) => row.id },
        { key: "output", label: "Its output", cell: (row) => outputText(row) },
        { key: "by", label: "Is set with", cell: (row) => setWith(row) },
        { key: "do", label: "", end: true, cell: (row) => [press("Change", `Change the output of ${row.id}`, () => changeSection("ups", row.id))] },
      ],
      { caption: "Outputs of UPSs", noun: ["UPS", "UPSs"], filter: (row) => row.id, empty: empty("ups", "No UPS is in site.toml yet.") },
    );
    list.update(Object.entries(ups).map(([id, keys]) => ({ ...keys, id })));
    return section("Outputs of UPSs", [], list.el);
  }

  return made;
}

function over(keys) {
  const found = keys ? reachedText(keys) : [];
  return found.length ? h("div", {}, found.map((text) => h("div", {}, text))) : "–";
}

// With what a UPS is set; the name of a secret, never the secret.
function setWith({ source, version, username, write_community: community }) {
  if (source.value?.toLowerCase().startsWith("nut://")) return username.value ? `upsd's user ${username.value}` : "nothing: upsd's user is missing";
  if (version.value === "3") return `its user ${username.value}`;
  return community.value ? `the community kept as ${community.value}` : "nothing: it is only read";
}
