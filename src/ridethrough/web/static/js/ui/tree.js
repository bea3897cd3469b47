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

  // A branch is {item (its line), group (its children)}: the group stands beside the line and is owned by it, so that a line's name is its own.
  function make(item) {
    const sign = icon(item.icon ?? "site");
    const twist = h("span", { class: "tree-twist", "aria-hidden": "true" });
    const text = h("span", { class: "tree-label" });
    const told = h("span", { class: "unseen" });
    const note = h("span", { class: "tree-note" });
    const line = h("div", { role: "treeitem", class: "tree-line", tabindex: "-1" }, twist, sign, text, note, told);
    const group = h("div", { role: "group", id: uniqueId("branch") });
    Object.assign(line, { itemId: item.id, parts: { sign, twist, text, note, told, group } });
    line.addEventListener("click", (event) => {
      if (event.target.closest(".tree-twist") && line.hasAttribute("aria-expanded")) turn(line, !isOpen(line));
      else pick(line);
      line.focus();
    });
    if (!open.has(item.id)) open.set(item.id, !folded(item));
    return h("div", { role: "none" }, line);
  }

  function mend(branch, item) {
    const line = branch.firstElementChild;
    const { sign, twist, text, note, told, group } = line.parts;
    setText(text, item.label);
    setText(note, item.note ?? "");
    setText(told, item.title ? `, ${item.title}` : "");
    setAttr(line, "title", item.title ?? null);
    setIcon(sign, item.icon ?? "site");
    setData(line, "tone", item.tone ?? null);
    setAttr(line, "aria-selected", String(item.id === chosen));
    const children = item.children ?? [];
    setAttr(line, "aria-expanded", children.length ? String(open.get(item.id)) : null);
    setAttr(line, "aria-owns", children.length ? group.id : null);
    if (children.length) {
      if (!twist.firstChild) twist.append(icon("right"));
      if (group.parentNode !== branch) branch.append(group);
      group.hidden = !open.get(item.id);
      if (open.get(item.id)) keyed(group, children, (one) => one.id, make, mend);
    } else {
      twist.replaceChildren();
      group.remove();
    }
    line.item = item;
  }

  function isOpen(node) {
    return node.getAttribute("aria-expanded") === "true";
  }

  function turn(node, to) {
    open.set(node.itemId, to);
    mend(node.parentElement, node.item);
    stops();
  }

  function pick(node) {
    made.select(node.itemId);
    onSelect?.(node.itemId);
  }

  function visible() {
    return [...el.querySelectorAll("[role=treeitem]")].filter((node) => !node.closest("[role=group][hidden]"));
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
    const parent = node.parentElement.parentElement.closest("[role=group]")?.previousElementSibling;
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
