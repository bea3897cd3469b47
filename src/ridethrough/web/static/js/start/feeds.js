// Who feeds whom: a UPS is dragged onto a host, or picked in the host's list.
import { h, icon, keyed, setAttr, setData, setIcon, setText } from "../dom.js";
import { changesOf, sectionOf, settingsOf } from "../hosts/choice.js";
import { saveChange } from "../hosts/save.js";
import { live } from "../live.js";
import { readSettings } from "../settings.js";
import { button } from "../ui/button.js";
import { compare } from "../ui/table.js";
import { say, toastError } from "../ui/toast.js";
import { count, percent, upsState } from "../words.js";
import { board } from "./pickboard.js";

/** `onward()` when it was saved. Returns {el, isChanged}. */
export function feedsStep(onward) {
  const chosen = new Map(); // host -> {powered_by, needs}, as far as it was changed here
  const palette = h("ul", { class: "palette" });
  const rows = board({ add, remove, needs: (id, needs) => change(id, { needs }), of, upses: () => sorted(live.state.upses) });
  const save = button("Save…", { kind: "primary", symbol: "save", onClick: write });
  const undo = button("Undo", { kind: "quiet", onClick: () => (chosen.clear(), show()) });
  const el = h(
    "div",
    { class: "stack" },
    h(
      "div",
      { class: "feeding" },
      h("section", { class: "panel stack-s", "aria-label": "UPSs" }, h("h3", {}, "UPSs"), h("p", { class: "muted small" }, "Drag one onto each host that it feeds, or pick it in the host's list."), palette),
      h("section", { class: "panel stack-s", "aria-label": "Hosts" }, h("h3", {}, "Hosts"), rows.el),
    ),
    h("div", { class: "row row-end" }, undo, save),
  );
  live.subscribe((state) => [state.upses, state.hosts], show);
  show();
  return { el, isChanged: () => changed().length > 0 };

  function of(id) {
    const row = live.state.hosts.get(id);
    return chosen.get(id) ?? { powered_by: row.powered_by, needs: row.needs };
  }

  function change(id, part) {
    const next = { ...of(id), ...part };
    next.needs = Math.max(1, Math.min(next.needs, Math.max(1, next.powered_by.length)));
    chosen.set(id, next);
    show();
  }

  function add(hosts, ups) {
    const fresh = hosts.filter((id) => !of(id).powered_by.includes(ups));
    for (const id of fresh) change(id, { powered_by: [...of(id).powered_by, ups] });
    say(fresh.length === 0 ? `${ups} feeds it already.` : `${ups} feeds ${fresh.length === 1 ? fresh[0] : count(fresh.length, "host")}.`);
  }

  function remove(id, ups) {
    change(id, { powered_by: of(id).powered_by.filter((one) => one !== ups) });
    say(`${ups} does not feed ${id}.`);
  }

  function changed() {
    return [...chosen.keys()].filter((id) => live.state.hosts.has(id) && operations(live.state.hosts.get(id), () => true).length > 0);
  }

  function show() {
    keyed(palette, sorted(live.state.upses), (ups) => ups.id, dragged, mend);
    rows.update([...live.state.hosts.values()].sort((a, b) => compare(a.pool, b.pool) || compare(a.id, b.id)));
    const none = changed().length === 0;
    const bare = live.state.hosts.size === 0 ? "There is no host yet: add the pool first." : live.state.upses.size === 0 ? "There is no UPS yet: add one first." : "";
    save.refuse(bare || (none ? "Nothing was changed." : ""));
    undo.hidden = none;
  }

  function operations(row, known) {
    const before = settingsOf(row);
    const after = { ...before, ...of(row.id) };
    const found = changesOf(row.id, before, after);
    return found.length === 0 || known(row.id) ? found : [sectionOf(row.id, row.pool, after)];
  }

  async function write() {
    try {
      const { version, sections } = await readSettings();
      const named = sections.host ?? {};
      const ids = changed();
      const all = ids.flatMap((id) => operations(live.state.hosts.get(id), (host) => Object.hasOwn(named, host)));
      if (await saveChange(`Who feeds ${ids.length === 1 ? ids[0] : count(ids.length, "host")}`, all, { seen: version })) onward();
    } catch (error) {
      toastError(error);
    }
  }
}

function sorted(upses) {
  return [...upses.values()].sort((a, b) => compare(a.id, b.id));
}

function dragged(ups) {
  const sign = icon("ups");
  const state = h("span", { class: "status plain" }, sign);
  const about = h("span", { class: "muted small" });
  const li = h("li", { draggable: "true", data: { ups: ups.id } }, state, h("strong", {}, ups.id), about);
  li.addEventListener("dragstart", (event) => {
    event.dataTransfer.setData("text/plain", ups.id);
    event.dataTransfer.effectAllowed = "link";
  });
  return Object.assign(li, { sign, state, about });
}

function mend(li, ups) {
  const now = upsState(ups);
  setIcon(li.sign, now.icon);
  setAttr(li.sign, "role", "img");
  setAttr(li.sign, "aria-hidden", null);
  setAttr(li.sign, "aria-label", now.label);
  setData(li.state, "tone", now.tone);
  setText(li.about, [ups.model, ups.load !== null && `load ${percent(ups.load)}`].filter(Boolean).join(", "));
}
