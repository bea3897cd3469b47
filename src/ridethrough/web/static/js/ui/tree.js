// A tree (ARIA's pattern): up and down walk it, left and right fold it, letters jump, Enter opens.
import { h, icon, keyed, setAttr, setData, setIcon, setText, uniqueId } from "../dom.js";

/**
 * `items` for `update`: [{id, label, icon, tone, note, title, children: [...]}, ...]; ids are unique in the tree. `onSelect(id)` is called when one is
 * chosen. `folded(item)`: whether an item begins folded. Returns {el, update(items), select(id)}.
 */
export function tree(label, { onSelect = null, folded = () => false } = {}) {
  const el = h("div", { class: "tree", role: "tree", "aria-label": label });
  const open = new Map();
  let chosen = null;

  function make(item) {
    const sign = icon(item.icon ?? "site");
    const twist = h("span", { class: "tree-twist", "aria-hidden": "true" });
    const text = h("span", { class: "tree-label", id: uniqueId("branch") });
    const note = h("span", { class: "tree-note" });
    const line = h("div", { class: "tree-line" }, twist, sign, text, note);
    const group = h("div", { role: "group" });
    const node = h("div", { role: "treeitem", tabindex: "-1", "aria-labelledby": text.id }, line);
    Object.assign(node, { itemId: item.id, parts: { sign, twist, text, note, line, group } });
    line.addEventListener("click", (event) => {
      if (event.target.closest(".tree-twist") && node.hasAttribute("aria-expanded")) turn(node, !isOpen(node));
      else pick(node);
      node.focus();
    });
    if (!open.has(item.id)) open.set(item.id, !folded(item));
    return node;
  }

  function mend(node, item) {
    const { sign, twist, text, note, line, group } = node.parts;
    setText(text, item.label);
    setText(note, item.note ?? "");
    setAttr(line, "title", item.title ?? null);
    setIcon(sign, item.icon ?? "site");
    setData(line, "tone", item.tone ?? null);
    setAttr(node, "aria-selected", String(item.id === chosen));
    const children = item.children ?? [];
    if (children.length) {
      if (!twist.firstChild) twist.append(icon("right"));
      if (!group.isConnected || group.parentNode !== node) node.append(group);
      setAttr(node, "aria-expanded", String(open.get(item.id)));
      group.hidden = !open.get(item.id);
      if (open.get(item.id)) keyed(group, children, (one) => one.id, make, mend);
    } else {
      twist.replaceChildren();
      setAttr(node, "aria-expanded", null);
      group.remove();
    }
    node.item = item;
  }

  function isOpen(node) {
    return node.getAttribute("aria-expanded") === "true";
  }

  function turn(node, to) {
    open.set(node.itemId, to);
    mend(node, node.item);
    stops();
  }

  function pick(node) {
    made.select(node.itemId);
    onSelect?.(node.itemId);
  }

  function visible() {
    return [...el.querySelectorAll("[role=treeitem]")].filter((node) => !node.parentElement.closest("[role=group][hidden]"));
  }

  // One stop for Tab: the chosen item, else the first.
  function stops() {
    const nodes = visible();
    const stop = nodes.find((node) => node === document.activeElement) ?? nodes.find((node) => node.itemId === chosen) ?? nodes[0];
    for (const node of nodes) setAttr(node, "tabindex", node === stop ? "0" : "-1");
  }

  function go(node) {
    if (!node) return;
    node.focus();
    stops();
  }

  el.addEventListener("keydown", (event) => {
    const nodes = visible();
    const node = document.activeElement;
    const at = nodes.indexOf(node);
    if (at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    const parent = node.parentElement.closest("[role=treeitem]");
    const keys = {
      ArrowDown: () => go(nodes[at + 1]),
      ArrowUp: () => go(nodes[at - 1]),
      Home: () => go(nodes[0]),
      End: () => go(nodes.at(-1)),
      Enter: () => pick(node),
      " ": () => pick(node),
      ArrowRight: () => (node.getAttribute("aria-expanded") === "false" ? turn(node, true) : isOpen(node) && go(nodes[at + 1])),
      ArrowLeft: () => (isOpen(node) ? turn(node, false) : go(parent)),
    };
    const act = keys[event.key] ?? (event.key.length === 1 && (() => go(jump(nodes, at, event.key))));
    if (!act) return;
    event.preventDefault();
    act();
  });

  const made = {
    el,
    update(items) {
      keyed(el, items, (one) => one.id, make, mend);
      stops();
    },
    select(id) {
      chosen = id;
      for (const node of el.querySelectorAll("[role=treeitem]")) setAttr(node, "aria-selected", String(node.itemId === id));
      stops();
    },
  };
  return made;
}

// The next item that begins with this letter, round the end.
function jump(nodes, at, letter) {
  const order = [...nodes.slice(at + 1), ...nodes.slice(0, at)];
  return order.find((node) => node.parts.text.textContent.toLowerCase().startsWith(letter.toLowerCase()));
}
