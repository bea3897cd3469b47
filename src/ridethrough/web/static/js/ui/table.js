// A table: sorted by its heads, filtered by typing, moved through with the arrows; cards on a phone.
import { h, icon, keyed, refill, setAttr, setText } from "../dom.js";
import { count } from "../words.js";

/**
 * `columns`: [{key, label, cell(row) -> text or nodes, sort(row) -> value (leave out: not sortable), end (right-aligned),
 * lead (the row's name), live (cells are made anew at each update, not only when the row is another value)}, ...].
 * `options`: key(row) (its id), caption (for screen readers), filter(row) -> text to search in, sorted: [key, "ascending"],
 * empty (node when there are no rows), noun (["host", "hosts"]), selectable, onSelect(ids), tools (nodes beside the filter).
 * Returns {el, update(rows), selected (Set of ids), clear()}.
 */
export function table(columns, options = {}) {
  const { key = (row) => row.id, caption = "", filter = null, empty = null, noun = ["row", "rows"], selectable = false, onSelect = null, tools = [] } = options;
  let [by, direction] = options.sorted ?? [columns.find((c) => c.sort)?.key, "ascending"];
  let rows = [];
  const selected = new Set();
  const heads = new Map();
  const all = h("input", { type: "checkbox", "aria-label": `Select all ${noun[1]}` });
  const search = h("input", { class: "input", type: "search", placeholder: "Filter", "aria-label": `Filter ${noun[1]}` });
  const number = h("span", { class: "count", "aria-live": "polite" });
  const body = h("tbody", {});
  const head = h("tr", {}, selectable && h("th", { scope: "col" }, all), columns.map((column) => headOf(column)));
  const wrap = h("div", { class: "table-wrap" }, h("table", { class: "table" }, h("caption", { class: "unseen" }, caption), h("thead", {}, head), body));
  const none = h("div", { hidden: true }, empty);
  const el = h("div", {}, (filter || tools.length > 0) && h("div", { class: "table-tools" }, filter && search, tools, number), wrap, none);

  function headOf(column) {
    const attrs = { scope: "col", class: column.end ? "end" : null };
    if (!column.sort) return h("th", attrs, column.label);
    const th = h("th", attrs, h("button", { type: "button", on: { click: () => sortBy(column) } }, column.label, icon("sort")));
    heads.set(column.key, th);
    return th;
  }

  function sortBy(column) {
    direction = by === column.key && direction === "ascending" ? "descending" : "ascending";
    by = column.key;
    show();
  }

  function make(row) {
    const cells = columns.map((c) => h("td", { class: [c.end && "end", c.lead && "lead"].filter(Boolean).join(" ") || null, data: { label: c.label } }));
    const tr = h("tr", {});
    if (selectable) {
      tr.tick = h("input", { type: "checkbox" });
      tr.tick.addEventListener("change", () => choose([key(row)], tr.tick.checked));
      tr.append(h("td", {}, tr.tick));
    }
    tr.append(...cells);
    tr.cellsByColumn = cells;
    return tr;
  }

  function mend(tr, row) {
    const isNew = tr.row !== row;
    tr.row = row;
    columns.forEach((column, n) => {
      if (!isNew && !column.live) return;
      const value = column.cell(row);
      if (typeof value === "object" && value !== null) refill(tr.cellsByColumn[n], value);
      else setText(tr.cellsByColumn[n], value ?? "");
    });
    if (!selectable) return;
    tr.tick.checked = selected.has(key(row));
    setAttr(tr.tick, "aria-label", `Select ${key(row)}`);
    setAttr(tr, "aria-selected", tr.tick.checked ? "true" : null);
  }

  function choose(ids, on) {
    for (const id of ids) on ? selected.add(id) : selected.delete(id);
    show();
    onSelect?.(selected);
  }

  function shownRows() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = words.length ? rows.filter((row) => words.every((word) => filter(row).toLowerCase().includes(word))) : [...rows];
    const column = columns.find((c) => c.key === by);
    if (column) found.sort((a, b) => (direction === "ascending" ? 1 : -1) * compare(column.sort(a), column.sort(b)) || compare(key(a), key(b)));
    return found;
  }

  function show() {
    const shown = shownRows();
    keyed(body, shown, key, make, mend);
    for (const [name, th] of heads) setAttr(th, "aria-sort", name === by ? direction : null);
    all.checked = shown.length > 0 && shown.every((row) => selected.has(key(row)));
    all.indeterminate = !all.checked && shown.some((row) => selected.has(key(row)));
    setText(number, shown.length === rows.length ? count(rows.length, ...noun) : `${shown.length} of ${count(rows.length, ...noun)}`);
    none.hidden = rows.length > 0;
    wrap.hidden = rows.length === 0 && empty !== null;
  }

  search.addEventListener("input", show);
  all.addEventListener("change", () => choose(shownRows().map(key), all.checked));
  body.addEventListener("keydown", moveInColumn);

  const made = {
    el,
    selected,
    update(next) {
      rows = [...next];
      const ids = new Set(rows.map(key));
      for (const id of selected) if (!ids.has(id)) selected.delete(id);
      show();
    },
    clear() {
      choose([...selected], false);
    },
  };
  made.update([]);
  return made;
}

/** Order of two cells: numbers by size, text as people sort it ("host2" before "host10"), nothing last. */
export function compare(a, b) {
  const none = (value) => value === null || value === undefined || value === "";
  if (none(a) || none(b)) return none(a) - none(b);
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), "en", { numeric: true });
}

// Up and down go to the same control of the next row.
function moveInColumn(event) {
  const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  if (!step || !event.target.matches("a, button, input[type=checkbox]")) return;
  const cell = event.target.closest("td");
  const next = cell?.closest("tr")[step]?.children[cell.cellIndex]?.querySelector("a, button, input");
  if (next) {
    event.preventDefault();
    next.focus();
  }
}
