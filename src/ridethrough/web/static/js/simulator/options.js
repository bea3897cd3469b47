// The hosts' options of a simulation: as the site has them, with changes; and a second set to compare with.
import { h, refill } from "../dom.js";
import { optionText } from "../hosts/words.js";
import { button } from "../ui/button.js";
import { toggle } from "../ui/choose.js";
import { openDialog } from "../ui/dialog.js";
import { field, form } from "../ui/form.js";

const EVERY = "";

/** One set. `things()` tells the hosts with their options; `onChange()` after each change. Returns {el, set(settings), settings, words}. */
export function optionSet({ title, things, onChange }) {
  let changes = new Map();
  const list = h("ul", { class: "sim-options" });
  const change = button("Change…", { kind: "small", symbol: "edit", onClick: () => ask() });
  const undo = button("As the site", { kind: "quiet small", onClick: () => put(new Map()) });
  const el = h("section", { class: "stack-s", "aria-label": title }, h("div", { class: "row" }, h("h3", {}, title), undo, change), list);

  function put(next) {
    changes = next;
    show();
    onChange();
  }

  function show() {
    undo.hidden = !changes.size;
    const groups = grouped();
    refill(list, groups.length ? groups.map(([words, hosts]) => h("li", {}, h("strong", {}, hosts), `: ${words}`)) : h("li", { class: "muted" }, "As the site has them."));
  }

  // Hosts with the same options together: [[options in words, hosts], ...].
  function grouped() {
    const groups = new Map();
    for (const [host, options] of changes) {
      const words = wordsOf(options);
      groups.set(words, [...(groups.get(words) ?? []), host]);
    }
    return [...groups].map(([words, hosts]) => [words, named(hosts)]);
  }

  function named(hosts) {
    const all = Object.keys(things()?.hosts ?? {}).length;
    return hosts.length === all && all > 1 ? "Every host" : hosts.join(", ");
  }

  async function ask() {
    if (!things()) return;
    const { hosts } = things();
    const ids = Object.keys(hosts);
    const whose = field("host", "Host", { type: "select", choices: [[EVERY, `Every host (${ids.length})`], ...ids.map((id) => [id, id])] });
    const parts = [part("maintenance", "Enable remote maintenance"), part("shutdown", "Enable remote shutdown")];
    const fill = () => {
      const id = whose.value || ids[0];
      const options = changes.get(id) ?? hosts[id].options;
      for (const one of parts) one.show(options[one.name]);
    };
    whose.input.addEventListener("change", fill);
    let dialog = null;
    const made = form({
      fields: [whose, ...parts.flatMap((one) => [{ el: one.el }, one.after])],
      submit: "Change",
      extra: [button("Cancel", { kind: "quiet", onClick: () => dialog.close() })],
      onSubmit: async () => {
        const options = Object.fromEntries(parts.map((one) => [one.name, one.read()]));
        const next = new Map(changes);
        for (const id of whose.value ? [whose.value] : ids) next.set(id, options);
        dialog.close(next);
      },
    });
    fill();
    dialog = openDialog({ title: `${title}: host options`, body: [made.el] });
    const next = await dialog.closed;
    if (next) put(next);
  }

  show();
  return {
    el,
    set(settings) {
      changes = new Map(Object.entries(settings?.host ?? {}).filter(([, one]) => one.maintenance && one.shutdown).map(([id, { maintenance, shutdown }]) => [id, { maintenance, shutdown }]));
      show();
    },
    get settings() {
      const host = Object.fromEntries([...changes].map(([id, options]) => [id, { pool: things().hosts[id]?.pool, ...options }]));
      return changes.size ? { host } : {};
    },
    get words() {
      return changes.size ? grouped().map(([words, hosts]) => `${hosts}: ${words}`).join("; ") : "As the site has them";
    },
  };
}

function wordsOf(options) {
  return `maintenance ${optionText(options.maintenance)}, shutdown ${optionText(options.shutdown)}`;
}

function part(name, label) {
  const on = toggle(name, label, { onChange: () => show() });
  const after = field(`${name}-after`, "after", { type: "number", unit: "s", required: true, attrs: { min: 0, max: 86400, step: 1, "aria-label": `${label}: after, in seconds` } });
  function show() {
    after.input.disabled = !on.value;
    after.el.hidden = !on.value;
  }
  return {
    name,
    el: on.el,
    after,
    show(option) {
      on.value = option.enabled;
      after.value = option.after;
      show();
    },
    read: () => ({ enabled: on.value, after: after.value ?? 0 }),
  };
}
