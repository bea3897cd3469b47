// UPSs: searched in a range of addresses, behind a NUT server, or one by one.
import { ApiError } from "../api.js";
import { h } from "../dom.js";
import { field, form } from "../ui/form.js";
import { tabs } from "../ui/tabs.js";
import { search } from "./search.js";
import { ways } from "./ways.js";

const PLAIN = { autocomplete: "off", spellcheck: "false" };
const SILENT = "Nothing answered. A card answers only who knows its community or user, and only machines that its access list names: look there. A UPS on a USB or serial port is reached through a NUT server.";

/** `onward()`: where to go on when UPSs were added. Returns {el}. */
export function upsAdder(onward) {
  return {
    el: tabs("Ways to add UPSs", [
      { id: "search", label: "Search device", panel: range(onward) },
      { id: "nut", label: "NUT server", panel: nut(onward) },
      { id: "one", label: "One by one", panel: one(onward) },
    ]).el,
  };
}

function range(onward) {
  const start = field("start", "Start address", { required: true, hint: "Or a network, such as 192.0.2.0/24; then leave the end address empty.", attrs: { ...PLAIN, placeholder: "192.0.2.1" } });
  const end = field("end", "End address", { attrs: { ...PLAIN, placeholder: "192.0.2.254" } });
  const port = portField();
  const all = h("div", { class: "range" }, start.el, end.el, port.el);
  return panel([start, end, port], [all], "Search", search(SILENT, onward), (values) => ({ start: values.start.trim(), end: values.end.trim(), port: values.port ?? 161 }));
}

function one(onward) {
  const address = field("start", "Address of the card", { required: true, attrs: { ...PLAIN, placeholder: "192.0.2.11" } });
  const port = portField();
  const both = h("div", { class: "range" }, address.el, port.el);
  return panel([address, port], [both], "Look", search(SILENT, onward), (values) => ({ start: values.start.trim(), port: values.port ?? 161 }));
}

function portField() {
  return field("port", "Port", { type: "number", value: 161, attrs: { min: 1, max: 65535 } });
}

function panel(fields, shown, submit, found, wanted) {
  const asked = ways();
  const made = form({
    fields: [...fields.map(placed), ...shown.map((el) => ({ el })), asked],
    submit,
    onSubmit: (values) => {
      const fault = asked.fault();
      if (fault) throw new ApiError(422, fault);
      return found.begin({ ...wanted(values), ways: asked.values() });
    },
  });
  return h("div", { class: "stack" }, h("section", { class: "panel", "aria-label": submit }, made.el), found.el);
}

// A field whose element stands elsewhere already.
function placed(one) {
  return Object.create(one, { el: { value: null } });
}

function nut(onward) {
  const address = field("nut", "Address of the NUT server", { required: true, hint: "Where upsd listens; with :PORT if that is not 3493. All its UPSs are listed.", attrs: { ...PLAIN, placeholder: "192.0.2.5" } });
  const found = search("This server has no UPS. Look at its ups.conf, and whether its drivers run.", onward);
  const made = form({ fields: [address], submit: "Look", onSubmit: (values) => found.begin({ nut: values.nut.trim() }) });
  return h("div", { class: "stack" }, h("section", { class: "panel narrow", "aria-label": "Look" }, made.el), found.el);
}
