// The dialog for one line of a timeline: when, what, and to what.
import { h, refill } from "../dom.js";
import { countdown } from "../time.js";
import { button } from "../ui/button.js";
import { openDialog } from "../ui/dialog.js";
import { field, form } from "../ui/form.js";
import { compare } from "../ui/table.js";
import { choiceText, feederName, groupOf, parseTime, SUBJECTS, takesText } from "./words.js";

const ORDER = ["Utility power", "UPS", "VM", "Host", "The controller's machine", "Asked of Ridethrough", "Pool"];

/** Ask for a line; `entry` is what stands there at first: {at, do?, ...}. Resolves with the line, or null. */
export function askHappening({ title, submit, entry, words, things }) {
  const at = field("at", "When", { value: countdown(entry.at), hint: "Minutes and seconds from the beginning: 1:30. Or 90, 5m, 1h.", required: true, attrs: { autocomplete: "off" } });
  const what = field("do", "What happens", { type: "select" });
  what.input.replaceChildren(...groupsOf(words, things));
  what.value = entry.do ?? "fail";
  const rest = h("div", { class: "form" });
  let fields = [];
  const word = () => words.find((one) => one.do === what.value);

  function showRest() {
    const { subject, takes } = word();
    fields = [];
    if (subject) fields.push(field(subject, SUBJECTS[subject] ?? subject, { type: "select", value: entry[subject], choices: choicesOf(subject, things) }));
    for (const [key, preset] of Object.entries(takes)) fields.push(field(key, takesText(key), { value: shown(entry[key] ?? preset), attrs: { autocomplete: "off" } }));
    refill(rest, fields.map((one) => one.el));
  }

  what.input.addEventListener("change", showRest);
  showRest();
  let dialog = null;
  const cancel = button("Cancel", { kind: "quiet", onClick: () => dialog.close() });
  const made = form({
    fields: [at, what, { el: rest }],
    submit,
    extra: [cancel],
    onSubmit: async () => {
      const line = read();
      if (line) dialog.close(line);
    },
  });

  function read() {
    const moment = parseTime(at.value);
    at.error(moment === null ? "Write a time, like 1:30 or 90." : "");
    if (moment === null) return void at.input.focus();
    const line = { at: moment, do: what.value };
    const { takes } = word();
    for (const one of fields) {
      const isTime = typeof takes[one.name] === "number";
      const value = isTime ? parseTime(one.value) : one.value;
      if (value === null) {
        one.error("Write a time, like 30 or 1:30.");
        return void one.input.focus();
      }
      line[one.name] = value;
    }
    return line;
  }

  dialog = openDialog({ title, body: [made.el] });
  return dialog.closed;
}

function shown(value) {
  return typeof value === "number" ? countdown(value) : value;
}

function choicesOf(subject, things) {
  return things[subject].map((id) => [id, subject === "feeder" ? feederName(id, things) : id]);
}

function groupsOf(words, things) {
  const groups = new Map();
  for (const word of words) {
    if (word.subject && !things[word.subject]?.length) continue;
    const name = groupOf(word);
    groups.set(name, [...(groups.get(name) ?? []), word]);
  }
  const place = (name) => (ORDER.indexOf(name) + ORDER.length + 1) % (ORDER.length + 1);
  return [...groups].sort(([a], [b]) => place(a) - place(b)).map(([name, rows]) => h(
    "optgroup",
    { label: name },
    rows.sort((a, b) => compare(choiceText(a.do), choiceText(b.do))).map((row) => h("option", { value: row.do }, choiceText(row.do))),
  ));
}
