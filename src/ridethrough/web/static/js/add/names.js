// Names for what is added, and texts as people type them. Nothing here touches a page.

const PORT = /^(?:\[(.*)\]|([^:]+))(:\d+)$/; // [2001:db8::1]:8443, 192.0.2.1:8443

/** Addresses as people type them: separated by spaces, commas, semicolons or lines. */
export function addressesIn(text) {
  return [...new Set(text.split(/[\s,;]+/).filter(Boolean))];
}

/** `wanted`, or `wanted-2`, ...: the first that is not taken. A name that begins with a count ("ups") starts at 1. */
export function freeName(wanted, taken, counted = false) {
  const has = taken instanceof Set ? taken : new Set(taken);
  if (!counted && !has.has(wanted)) return wanted;
  for (let n = counted ? 1 : 2; ; n += 1) {
    const name = counted ? `${wanted}${n}` : `${wanted}-${n}`;
    if (!has.has(name)) return name;
  }
}

/** Why this cannot be a name here; "" when it can. */
export function nameFault(name, taken) {
  if (!name.trim()) return "Enter a name.";
  if (name !== name.trim()) return "Take the spaces around it out.";
  if (name.length > 200) return "Enter a shorter name.";
  return taken.has(name) ? "This name is taken." : "";
}

/** A SHA-256 fingerprint as openssl prints it: "AB:CD:..."; a leading "sha256:" is left out. */
export function fingerprintText(fingerprint) {
  const digits = fingerprint.replace(/^sha256:/i, "").replace(/[^0-9a-f]/gi, "").toUpperCase();
  return digits.match(/../g)?.join(":") ?? fingerprint;
}

/** "192.0.2.101:443" is told as "192.0.2.101"; other ports stay. */
export function hostOf(address) {
  return address.replace(/:443$/, "").replace(/^\[(.*)\]$/, "$1");
}

/** An address without its port. */
export function withoutPort(address) {
  return address.replace(PORT, "$1$2");
}

/** The addresses of a pool: those that were typed, and its members'; where a port was typed, members are reached at it too. */
export function poolAddresses(typed, members) {
  const suffix = typed.map((address) => PORT.exec(address)?.[3]).find(Boolean) ?? "";
  const at = (address) => {
    if (!suffix || PORT.test(address)) return address;
    return address.includes(":") ? `[${address}]${suffix}` : address + suffix;
  };
  return [...new Set([...typed.map(hostOf), ...members.map((address) => at(hostOf(address)))])];
}

/** The changes of site.toml that add a pool with these hosts; its password is kept apart. `known`: hosts that are named there already. */
export function poolOperations({ name, addresses, username, password, fingerprints, hosts, known }) {
  const sections = hosts.filter((host) => !known.has(host)).map((host) => ({ op: "set", path: ["host", host], value: { pool: name, powered_by: [] } }));
  return [
    { op: "set", path: ["pool", name], value: { addresses, username, fingerprints } },
    { op: "set", path: ["pool", name, "password"], secret: password },
    ...sections,
  ];
}
