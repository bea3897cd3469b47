// Which sections of site.toml have a form, and how each key is entered. What a key means, the schema of site.toml tells. Nothing here touches a page.

const asks = (values) => values.way === "network ups";
const logsIn = (values) => values.way === "ssh";
const byItself = (values) => values.way === "by itself";
const hasLogin = (values) => asks(values) || logsIn(values);
const wakes = (values) => values.power_on.includes("wake-on-lan");
const byBmc = (values) => values.power_on.some((way) => way === "ipmi" || way === "redfish");
const readsVersion3 = (values) => values.version === "3";
const isCard = (values) => !values.source.toLowerCase().startsWith("nut://");

export const POWER_WAYS = [["xapi", "Its power-on mode in XenServer"], ["wake-on-lan", "Wake-on-LAN"], ["ipmi", "IPMI"], ["redfish", "Redfish"]];

/**
 * Section -> {title, lead, groups: [[legend, [field]]]}. A field: {key ("wake_on_lan.mac" for a key of a table), label, as, of, choices, when}.
 * `as`: text, list (one on each line), names (of sections `of`), seconds, number, choice, ways, yes (a switch), secret, fixed (shown: only the file itself may change it). `when(values)`: whether it is
 * used at all; what is not used is taken out of the file. `named`: there may be several, each with a name.
 */
export const SHAPES = {
  storage: {
    title: "NAS or SAN",
    named: true,
    groups: [
      ["What it is", [
        { key: "address", label: "IP address", as: "text" },
        { key: "serves", label: "Services, one on each line", as: "list" },
        { key: "repositories", label: "Repositories, one on each line", as: "list" },
        { key: "used_by", label: "Used by", as: "names", of: ["host"] },
      ]],
      ["What it hangs on", [
        { key: "powered_by", label: "Powered by", as: "names", of: ["ups"] },
        { key: "needs", label: "Feeds that it needs", as: "number" },
        { key: "switch", label: "Switch", as: "text" },
      ]],
      ["How it goes down", [
        { key: "way", label: "Way", as: "choice", choices: [["", "Choose one"], ["network ups", "Network UPS"], ["ssh", "SSH"], ["agent", "Agent"], ["by itself", "By itself"]] },
        { key: "after", label: "After, on battery", as: "seconds" },
        { key: "stop_time", label: "Time that it takes", as: "seconds" },
        { key: "ups_name", label: "Name of the UPS", as: "text", when: asks },
        { key: "asks_from", label: "Asks from, one on each line", as: "list", when: asks },
        { key: "username", label: "User", as: "text", when: hasLogin },
        { key: "password", label: "Password", as: "secret", when: hasLogin },
        { key: "at", label: "SSH server", as: "text", when: logsIn },
        { key: "host_key", label: "Fingerprint of its key", as: "text", when: logsIn },
        { key: "key_file", label: "File with our key", as: "text", when: logsIn },
        { key: "command", label: "Command that stops it", as: "text", when: logsIn },
      ]],
      ["How it is woken", [
        { key: "wake_on_lan.mac", label: "MAC address", as: "text" },
        { key: "wake_on_lan.broadcast", label: "Sent to", as: "text" },
      ]],
    ],
  },
  switch: {
    title: "switch",
    named: true,
    groups: [["", [
      { key: "powered_by", label: "Powered by", as: "names", of: ["ups"] },
      { key: "needs", label: "Feeds that it needs", as: "number" },
      { key: "connects", label: "Connects", as: "names", of: ["host", "storage", "ups", "pool"] },
    ]]],
  },
  controller: {
    title: "The controller's own machine",
    groups: [
      ["What it hangs on", [
        { key: "name", label: "Name", as: "text" },
        { key: "powered_by", label: "Powered by", as: "names", of: ["ups"] },
        { key: "needs", label: "Feeds that it needs", as: "number" },
        { key: "switch", label: "Switch", as: "text" },
        { key: "vm", label: "VM that it runs in", as: "text" },
      ]],
      ["How it goes down", [
        { key: "shutdown", label: "Shut it down", as: "yes" },
        { key: "stop_time", label: "Time that it takes", as: "seconds" },
        { key: "shutdown_command", label: "Command", as: "fixed" },
      ]],
    ],
  },
  network_ups: {
    title: "The port where a NAS asks for its UPS",
    groups: [["", [
      { key: "listen", label: "Address and port", as: "text" },
      { key: "certificate", label: "File with the certificate", as: "text" },
      { key: "key", label: "File with its key", as: "text" },
    ]]],
  },
  host: {
    title: "How it is switched on",
    groups: [
      ["", [
        { key: "power_on", label: "Ways", as: "ways", choices: POWER_WAYS },
        { key: "agent", label: "It has an agent", as: "yes" },
      ]],
      ["Wake-on-LAN", [
        { key: "wake_on_lan.mac", label: "MAC address", as: "text", when: wakes },
        { key: "wake_on_lan.broadcast", label: "Sent to", as: "text", when: wakes },
      ]],
      ["Its BMC", [
        { key: "bmc.address", label: "Address", as: "text", when: byBmc },
        { key: "bmc.username", label: "User", as: "text", when: byBmc },
        { key: "bmc.password", label: "Password", as: "secret", when: byBmc },
        { key: "bmc.fingerprints", label: "Fingerprints of its certificate, one on each line", as: "list", when: byBmc },
      ]],
    ],
  },
  ups: {
    title: "Its output",
    groups: [["", [
      { key: "cut_output", label: "Cut its output", as: "yes" },
      { key: "write_community", label: "Community for setting", as: "secret", when: (values) => isCard(values) && !readsVersion3(values) },
    ]]],
  },
  site: {
    title: "Making room",
    groups: [["", [
      { key: "make_room", label: "What may be done", as: "choice", choices: [["off", "Nothing"], ["move", "Move less important VMs"], ["stop", "Move them, and stop them where that is not enough"]] },
    ]]],
  },
};

/** The fields of a section's form. */
export const fieldsOf = (kind) => SHAPES[kind].groups.flatMap(([, fields]) => fields);

/** The keys of the section that its form knows, those of a table within it by the table's name. */
export const keysOf = (kind) => [...new Set(fieldsOf(kind).map(({ key }) => key.split(".")[0]))];

/** What the schema says of a key: {description, default, examples}; {} where it says nothing. */
export function told(schema, kind, key) {
  let found = tableOf(schema, schema.properties[kind]);
  const parts = key.split(".");
  const last = parts.pop();
  for (const part of parts) found = tableOf(schema, found?.properties?.[part]);
  return found?.properties?.[last] ?? {};
}

// The table that a property is, or has for each name, or may be.
function tableOf(schema, property) {
  const options = [property, property?.additionalProperties, ...(property?.anyOf ?? []), ...(property?.allOf ?? [])];
  const name = options.map((one) => one?.$ref).find(Boolean)?.split("/").pop();
  return schema.$defs[name];
}
