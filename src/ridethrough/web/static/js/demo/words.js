// What the plugs are called. Nothing here touches a page.

const ORDER = ["ups", "host", "vm", "pool"];
const SWITCHES = ["fail", "restore"]; // each feeder has a switch of its own for these

/** What can happen besides, by the kind of thing it happens to: [[kind, words], ...]; a word that nothing here can have is left out. */
export function faultsOf(words) {
  const kinds = new Map();
  for (const word of words) {
    if (SWITCHES.includes(word.do) || word.subjects.length === 0) continue;
    kinds.set(word.kind, [...(kinds.get(word.kind) ?? []), word]);
  }
  return [...kinds].sort(([a], [b]) => placeOf(a) - placeOf(b));
}

function placeOf(kind) {
  return ORDER.includes(kind) ? ORDER.indexOf(kind) : ORDER.length;
}
