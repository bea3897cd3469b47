// Tabs (ARIA's pattern): arrows move between them, the one that is open has the focus stop.
import { h, setAttr, uniqueId } from "../dom.js";

/** `tabs`: [{id, label, panel (a node)}, ...]. Returns {el, open(id), current}. `onOpen(id)` is told. */
export function tabs(label, list, { current = list[0].id, onOpen = null } = {}) {
  const name = uniqueId("tabs");
  const parts = list.map(({ id, label: text, panel }) => {
    const tab = h("button", { type: "button", role: "tab", id: `${name}-${id}`, "aria-controls": `${name}-${id}-panel` }, text);
    const box = h("div", { role: "tabpanel", id: `${name}-${id}-panel`, "aria-labelledby": tab.id, tabindex: "0" }, panel);
    tab.addEventListener("click", () => open(id));
    return { id, tab, box };
  });
  const bar = h("div", { class: "tabs", role: "tablist", "aria-label": label }, parts.map((one) => one.tab));
  const made = { el: h("div", {}, bar, parts.map((one) => one.box)), open, current };
  function open(id, tells = true) {
    made.current = id;
    for (const one of parts) {
      setAttr(one.tab, "aria-selected", String(one.id === id));
      setAttr(one.tab, "tabindex", one.id === id ? "0" : "-1");
      one.box.hidden = one.id !== id;
    }
    if (tells) onOpen?.(id);
  }
  bar.addEventListener("keydown", (event) => {
    const here = parts.findIndex((one) => one.tab === document.activeElement);
    const steps = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: parts.length - 1 };
    if (here < 0 || !(event.key in steps)) return;
    event.preventDefault();
    const next = parts.at(steps[event.key] % parts.length);
    next.tab.focus();
    open(next.id);
  });
  open(current, false);
  return made;
}
