// Buttons: what may not be pressed stays where it is and says why.
import { h, icon, setAttr, uniqueId } from "../dom.js";

/**
 * A button. `options`: symbol, kind ("primary", "danger", "quiet", with "small"; several with a space), title, label
 * (for an icon alone), onClick(event): while a promise it returns is pending, the button is busy.
 * Returns the element, with `refuse(why)`: disabled with this reason; "" makes it usable again.
 */
export function button(text, { symbol = null, kind = "", title = null, label = null, type = "button", onClick = null } = {}) {
  const reason = h("span", { hidden: true, id: uniqueId("why") }); // described by, not named
  const el = h(
    "button",
    { type, class: `button ${kind}${text ? "" : " icon-only"}`, title, "aria-label": label },
    symbol && icon(symbol),
    text && h("span", {}, text),
    reason,
  );
  el.refuse = (why) => {
    setAttr(el, "aria-disabled", why ? "true" : null);
    setAttr(el, "title", why || title);
    setAttr(el, "aria-describedby", why ? reason.id : null);
    reason.textContent = why || "";
  };
  el.addEventListener("click", async (event) => {
    if (el.getAttribute("aria-disabled") === "true" || el.getAttribute("aria-busy") === "true") {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    const pending = onClick?.(event);
    if (!pending?.then) return;
    el.setAttribute("aria-busy", "true");
    try {
      await pending;
    } finally {
      el.removeAttribute("aria-busy");
    }
  });
  return el;
}

/** A link that looks like a button. */
export function linkButton(text, href, { symbol = null, kind = "" } = {}) {
  return h("a", { class: `button ${kind}`, href }, symbol && icon(symbol), h("span", {}, text));
}

/** Why someone with this role may not do what `wanted` may; "" when they may. */
export function refusal(covers, role, wanted) {
  return covers(role, wanted) ? "" : `This needs the role "${wanted}"; you have "${role}".`;
}
