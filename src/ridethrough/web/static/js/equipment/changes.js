// From a section of site.toml to what its form shows, and from what was entered to the changes of the file. Nothing here touches a page.
import { told } from "./shapes.js";

const BARE = /^[A-Za-z0-9_-]+$/;
const NAMED = "secret:";
const EMPTY = { list: [], names: [], ways: [], yes: false, seconds: null, number: null, secret: "", text: "", choice: "", fixed: [] };

/** The value of each field as the file has it, or by default: key -> value. `section`: of GET /settings; null where there is none. A secret is its name, or "". */
export function valuesOf(kind, fields, section, schema) {
  return Object.fromEntries(fields.map((field) => [field.key, shown(field, held(kind, field.key, section, schema))]));
}

function held(kind, key, section, schema) {
  const [top, inner] = key.split(".");
  if (section) return inner ? section[top]?.value?.[inner] : section[top]?.value;
  return inner ? undefined : told(schema, kind, top).default;
}

function shown(field, value) {
  if (value === undefined || value === null) return EMPTY[field.as];
  if (field.as === "secret") return String(value).startsWith(NAMED) ? String(value) : "";
  return value;
}

/**
 * The changes of site.toml at `path` that make `before` to `after`: [{op, path, value | secret}]. A secret is what was typed, "" to keep it, null to take it out;
 * "secret:NAME" names one that is kept. `fresh`: the section is not there yet; `base`: keys that it then has besides.
 */
export function operationsOf(path, fields, before, after, { fresh = false, base = {}, others = {} } = {}) {
  const context = { ...others, ...after };
  const found = { section: { ...base }, keys: [], secrets: [] };
  for (const [table, own] of byTable(fields)) {
    const isNew = table && own.every(({ key }) => isEmpty(before[key]));
    const [first] = own; // without it there is no such table
    if (table && !(isNew ? own : [first]).some((field) => hasValue(field, before, after, context))) {
      if (!isNew) found.keys.push({ op: "remove", path: [...path, table] });
    } else {
      const made = {};
      for (const field of own) change(field, isNew ? made : null);
      if (isNew && Object.keys(made).length) put([table], made);
    }
  }
  const begin = fresh ? [{ op: "set", path, value: found.section }] : [];
  return [...begin, ...found.keys, ...found.secrets];

  function put(parts, value) {
    if (fresh && parts.length === 1) found.section[parts[0]] = value;
    else found.keys.push({ op: "set", path: [...path, ...parts], value });
  }

  // `made`: the table that the field is in, where that is not there yet.
  function change(field, made) {
    const parts = field.key.split(".");
    const at = [...path, ...parts];
    const [old, next] = [before[field.key], after[field.key]];
    const isUsed = !field.when || field.when(context);
    if (field.as === "secret") {
      if (!isUsed || next === null) old && found.keys.push({ op: "remove", path: at });
      else if (next) found.secrets.push(next.startsWith(NAMED) ? { op: "set", path: at, value: next } : { op: "set", path: at, secret: next });
    } else if (!isUsed || isEmpty(next)) {
      if (!isEmpty(old) && !fresh) found.keys.push({ op: "remove", path: at });
    } else if (JSON.stringify(old) !== JSON.stringify(next)) {
      if (made) made[parts[1]] = next;
      else put(parts, next);
    }
  }
}

function byTable(fields) {
  const found = new Map();
  for (const field of fields) {
    const table = field.key.includes(".") ? field.key.split(".")[0] : "";
    found.set(table, [...(found.get(table) ?? []), field]);
  }
  return found;
}

// Whether the field has a value afterwards, as far as it is used.
function hasValue(field, before, after, context) {
  if (field.when && !field.when(context)) return false;
  if (field.as !== "secret") return !isEmpty(after[field.key]);
  return after[field.key] === "" ? Boolean(before[field.key]) : after[field.key] !== null;
}

function isEmpty(value) {
  return value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
}

/** What is wrong with a section, by its fields: {byKey: {key: [sentence]}, rest: [sentence]}. `problems` name the file, the place and the remedy. */
export function faultsOf(problems, path, fields) {
  const place = path.map((part) => (BARE.test(part) ? part : JSON.stringify(part))).join(".");
  const keys = fields.map(({ key }) => key).sort((a, b) => b.length - a.length);
  const found = { byKey: {}, rest: [] };
  for (const problem of problems) {
    const text = problem.replace(/^[^ ]*\.toml: /, "");
    const key = keys.find((one) => text.startsWith(`${place}.${one} `));
    if (key) (found.byKey[key] ??= []).push(text);
    else found.rest.push(text);
  }
  return found;
}
