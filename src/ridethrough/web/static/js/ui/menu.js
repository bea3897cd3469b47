// What opens below a button: a menu, or a text.
import { h, icon, uniqueId } from "../dom.js";

/**
 * Open and close `panel` below `opener`, by the browser's popover: Escape and a click elsewhere close it.
 * `onOpen()` fills it in time.
 */
export function attachPopover(opener, panel, onOpen = null) {
  panel.id ||= uniqueId("popover");
  panel.popover = "auto";
  panel.classList.add("popover");
  opener.setAttribute("aria-expanded", "false");
  opener.setAttribute("aria-controls", panel.id);
  opener.popoverTargetElement = panel;
  panel.addEventListener("beforetoggle", (event) => {
    if (event.newState === "open") onOpen?.();
  });
  panel.addEventListener("toggle", (event) => {
    const isOpen = event.newState === "open";
    opener.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) place(opener, panel);
  });
  return panel;
}

function place(opener, panel) {
  const at = opener.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = panel;
  const gap = 6;
  const left = Math.min(Math.max(gap, at.left), window.innerWidth - width - gap);
  const below = at.bottom + gap;
  const top = below + height > window.innerHeight - gap ? Math.max(gap, at.top - height - gap) : below;
  panel.style.left = `${left}px`;
  panel.style.top = `${top}px`;
}

/**
 * A menu below `opener`. `items()` returns what stands in it: {label, symbol, onPick} or {label, href}, {heading}, with `checked` for a choice
 * and `refused` (why it may not be picked). Returns the element to put into the page, opener included.
 */
export function menu(opener, items, label) {
  const list = h("div", { role: "menu", "aria-label": label });
  opener.setAttribute("aria-haspopup", "menu");
  attachPopover(opener, list, () => list.replaceChildren(...items().map((one) => entry(one, list))));
  list.addEventListener("toggle", (event) => {
    if (event.newState === "open") list.querySelector("[role^=menuitem]")?.focus();
  });
  list.addEventListener("keydown", (event) => move(event, list));
  return h("div", { class: "menu" }, opener, list);
}

/** Open a menu below something that was pressed; it is gone when it is closed. `items` as those of `menu`. */
export function openMenu(opener, items, label) {
  const list = h("div", { role: "menu", class: "popover", "aria-label": label, popover: "auto" });
  list.replaceChildren(...items.map((one) => entry(one, list)));
  list.addEventListener("keydown", (event) => move(event, list));
  list.addEventListener("toggle", (event) => {
    if (event.newState !== "closed") return;
    if (document.activeElement === document.body && opener.isConnected) opener.focus({ preventScroll: true });
    list.remove();
  });
  document.getElementById("main").append(list);
  list.showPopover();
  place(opener, list);
  list.querySelector("[role^=menuitem]")?.focus();
}

function entry(one, list) {
  if (one.heading) return h("div", { class: "menu-label", role: "presentation" }, one.heading);
  const role = one.checked === undefined ? "menuitem" : "menuitemradio";
  const inside = [one.symbol && icon(one.symbol), h("span", {}, one.label)];
  if (one.href) return h("a", { role, href: one.href, tabindex: "-1" }, inside);
  const el = h(
    "button",
    { type: "button", role, tabindex: "-1", "aria-checked": one.checked === undefined ? null : String(one.checked), "aria-disabled": one.refused ? "true" : null, title: one.refused || null },
    inside,
  );
  el.addEventListener("click", () => {
    if (one.refused) return;
    list.hidePopover();
    one.onPick();
  });
  return el;
}

function move(event, list) {
  const all = [...list.querySelectorAll("[role^=menuitem]")];
  const here = all.indexOf(document.activeElement);
  const steps = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: all.length - 1 };
  if (event.key === "Tab") list.hidePopover();
  if (!(event.key in steps)) return;
  event.preventDefault();
  all.at(steps[event.key] % all.length)?.focus();
}
