// Building and mending elements. Text always goes in as text: nothing here parses HTML.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An HTML element. `props`: `class`, `data` ({name: value}), `on` ({event: handler}), `style` ({property: value}), properties that start
 * with a dot (".value"), else attributes; null, undefined and false are left out, true is an empty attribute.
 * Children: strings, numbers, nodes, arrays of them; null and false are left out.
 */
export function h(tag, props, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** An SVG element; as `h`. */
export function s(tag, props, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

/** A symbol of the sprite (templates/icons.svg). Decorative unless it has a `label`. */
export function icon(name, label) {
  const found = s("svg", label ? { class: "icon", role: "img", "aria-label": label } : { class: "icon", "aria-hidden": "true" });
  found.append(s("use", { href: `#i-${name}` }));
  return found;
}

/** Show another symbol in an icon. */
export function setIcon(svg, name) {
  setAttr(svg.firstChild, "href", `#i-${name}`);
}

function fill(el, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) set(el, name, value);
  append(el, children);
  return el;
}

function set(el, name, value) {
  if (name === "on") {
    for (const [event, handler] of Object.entries(value)) el.addEventListener(event, handler);
  } else if (name === "data") {
    for (const [key, text] of Object.entries(value)) if (text !== null && text !== undefined) el.dataset[key] = text;
  } else if (name === "style") {
    for (const [property, text] of Object.entries(value)) el.style.setProperty(property, text);
  } else if (name.startsWith(".")) {
    el[name.slice(1)] = value;
  } else {
    setAttr(el, name, value);
  }
}

function append(el, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) el.append(child);
  }
}

/** Set an attribute, or take it away (null, undefined, false); leaves the element alone when nothing differs. */
export function setAttr(el, name, value) {
  if (value === null || value === undefined || value === false) {
    if (el.hasAttribute(name)) el.removeAttribute(name);
    return;
  }
  const text = value === true ? "" : String(value);
  if (el.getAttribute(name) !== text) el.setAttribute(name, text);
}

/** Set an element's text; leaves it alone when nothing differs, so that a selection in it stays. */
export function setText(el, text) {
  const wanted = String(text);
  if (el.textContent !== wanted) el.textContent = wanted;
}

/** Set `data-NAME`. */
export function setData(el, name, value) {
  setAttr(el, `data-${name}`, value);
}

/** Replace all children. A focused element's place keeps the focus, by its order among what can be focused. */
export function refill(el, ...children) {
  const inside = el.contains(document.activeElement) && document.activeElement !== el;
  const order = inside ? focusable(el).indexOf(document.activeElement) : -1;
  el.replaceChildren();
  append(el, children);
  if (order >= 0) focusable(el)[order]?.focus({ preventScroll: true });
  return el;
}

/** What can be focused in an element, in its order. */
export function focusable(el) {
  return [...el.querySelectorAll("a[href], button:not([disabled]), input:not([disabled]), select, textarea, [tabindex='0']")];
}

/**
 * Make the children of `parent` be those of `items`, in their order. `key(item)` names an item; `create(item)` makes
 * its element; `update(el, item)` mends one, new or old. Elements stay the same for a key, so focus and scroll stay too.
 */
export function keyed(parent, items, key, create, update) {
  const known = (parent.keyedElements ??= new Map());
  const focused = parent.contains(document.activeElement) ? document.activeElement : null;
  const wanted = new Set();
  let place = parent.firstChild;
  for (const item of items) {
    const id = key(item);
    wanted.add(id);
    let el = known.get(id);
    if (!el) {
      el = create(item);
      known.set(id, el);
    }
    update?.(el, item);
    if (el === place) place = place.nextSibling;
    else parent.insertBefore(el, place);
  }
  for (const [id, el] of known) {
    if (!wanted.has(id)) {
      el.remove();
      known.delete(id);
    }
  }
  // Moving an element takes the focus from it.
  if (focused && focused !== document.activeElement && parent.contains(focused)) focused.focus({ preventScroll: true });
}

let counter = 0;

/** An id that nothing else on the page has. */
export function uniqueId(prefix = "id") {
  counter += 1;
  return `${prefix}-${counter}`;
}
