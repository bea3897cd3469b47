// The form of one section of site.toml, in a dialog: what is wrong stands at its key; the change is shown before it is made.
import { get } from "../api.js";
import { h } from "../dom.js";
import { saveChange } from "../hosts/save.js";
import { previewSettings, readSettings } from "../settings.js";
import { button } from "../ui/button.js";
import { openDialog } from "../ui/dialog.js";
import { field } from "../ui/form.js";
import { toastError } from "../ui/toast.js";
import { nameFault } from "../add/names.js";
import { faultsOf, operationsOf, valuesOf } from "./changes.js";
import { entry } from "./entry.js";
import { fieldsOf, SHAPES, told } from "./shapes.js";

/**
 * Ask for the keys of a section, and save them. `name`: of the section, null for a new one; `base`: keys that a section which is not there yet has besides.
 * Resolves with the server's answer, null when the person thought better of it.
 */
export async function changeSection(kind, name = null, { base = {} } = {}) {
  let settings, schema;
  try {
    [settings, schema] = await Promise.all([readSettings(), get("/settings/schema")]);
  } catch (error) {
    toastError(error);
    return null;
  }
  const shape = SHAPES[kind];
  const sections = settings.sections;
  const several = Boolean(schema.properties[kind].additionalProperties);
  const section = several ? sections[kind]?.[name] ?? null : sections[kind];
  const isThere = several ? section !== null : Object.values(section).some((setting) => !setting.default);
  const fields = fieldsOf(kind);
  const before = valuesOf(kind, fields, isThere ? section : null, schema);
  const others = Object.fromEntries(Object.entries(section ?? {}).map(([key, setting]) => [key, setting.value]));
  const named = (kinds) => [...new Set(kinds.flatMap((one) => Object.keys(sections[one] ?? {})))].map((id) => [id, kinds.length > 1 ? `${id} (${kinds.filter((one) => sections[one]?.[id]).map((one) => KIND[one]).join(", ")})` : id]);
  const entries = new Map(fields.map((one) => [one.key, entry(one, before[one.key], told(schema, kind, one.key), named)]));
  const called = shape.named && name === null ? field("name", "Name", { required: true, attrs: { autocomplete: "off", spellcheck: "false", maxlength: 200 } }) : null;
  const problem = h("div", { class: "form-error", role: "alert", hidden: true });
  const groups = shape.groups.map(([legend, own]) => h("fieldset", { class: "group" }, legend && h("legend", {}, legend), own.map(({ key }) => entries.get(key).el)));
  const body = h("form", { class: "form", novalidate: true, on: { submit: pressed, input: show, change: show } }, called?.el, groups, problem);
  const stop = button("Cancel", { kind: "quiet", onClick: () => dialog.close() });
  const go = button("Next", { kind: "primary", onClick: next });
  const title = called ? `New ${shape.title}` : several ? `${name}: ${lower(shape.title)}` : shape.title;
  show();
  const dialog = openDialog({ title, body, actions: [stop, go] });
  return dialog.closed;

  function values() {
    return Object.fromEntries([...entries].map(([key, one]) => [key, one.value]));
  }

  // What is not used is not shown; a group of which nothing is used neither.
  function show() {
    const context = { ...others, ...values() };
    for (const one of fields) entries.get(one.key).el.hidden = Boolean(one.when) && !one.when(context);
    for (const group of groups) group.hidden = [...group.children].every((el) => el.hidden || el.tagName === "LEGEND");
  }

  function pressed(event) {
    event.preventDefault();
    go.click();
  }

  async function next() {
    problem.hidden = true;
    for (const one of entries.values()) one.error("");
    const id = called ? called.value : name;
    const wrong = called ? nameFault(id, new Set(Object.keys(sections[kind] ?? {}))) : "";
    if (wrong) {
      called.error(wrong);
      return called.input.focus();
    }
    const path = several ? [kind, id] : [kind];
    const operations = operationsOf(path, fields, before, values(), { fresh: several && !isThere, base, others });
    if (!operations.length) return say("Nothing was changed.");
    try {
      const { problems } = await previewSettings(operations);
      if (problems.length) return refuse(problems, path);
      const saved = await saveChange(title, operations, { seen: settings.version });
      return saved && dialog.close(saved);
    } catch (error) {
      return say(error.message);
    }
  }

  function refuse(problems, path) {
    const { byKey, rest } = faultsOf(problems, path, fields);
    const shown = Object.keys(byKey).filter((key) => !entries.get(key).el.hidden);
    for (const key of shown) entries.get(key).error(byKey[key].join(" "));
    const left = [...rest, ...Object.keys(byKey).filter((key) => !shown.includes(key)).flatMap((key) => byKey[key])];
    say(left.join("\n"));
    const first = fields.find(({ key }) => shown.includes(key));
    if (first) entries.get(first.key).focus();
    else problem.scrollIntoView({ block: "nearest" });
  }

  function say(text) {
    problem.hidden = !text;
    problem.textContent = text;
  }
}

/** Take a section out of site.toml. Resolves as `changeSection`. */
export async function removeSection(kind, name = null) {
  try {
    const { version } = await readSettings();
    const path = name === null ? [kind] : [kind, name];
    return await saveChange(`Remove ${name ?? lower(SHAPES[kind].title)}`, [{ op: "remove", path }], { seen: version });
  } catch (error) {
    toastError(error);
    return null;
  }
}

const KIND = { host: "host", storage: "storage", ups: "UPS", pool: "pool" };

function lower(text) {
  return /^[A-Z]{2}/.test(text) ? text : text.charAt(0).toLowerCase() + text.slice(1);
}
