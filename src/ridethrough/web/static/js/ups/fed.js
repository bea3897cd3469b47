// What hangs on a UPS: hosts, storage, switches, the controller's own machine. Nothing here touches a page.
import { reachNodes } from "../site/reach.js";
import { compare } from "../ui/table.js";
import { count } from "../words.js";

const NAMED = 3; // more hosts than that are counted

/** {hosts: [row], stores: [row], reach: [node of the picture]}. */
export function fedBy(id, state) {
  const of = (rows) => [...rows.values()].filter((row) => row.powered_by.includes(id)).sort((a, b) => compare(a.id, b.id));
  return { hosts: of(state.hosts), stores: of(state.nas), reach: reachNodes(state).filter(({ row }) => row.powered_by.includes(id)) };
}

/** The same in a few words: "h1, h2, nas1"; "" where nothing does. */
export function fedText(id, state) {
  const { hosts, stores, reach } = fedBy(id, state);
  const named = hosts.length > NAMED ? [count(hosts.length, "host")] : hosts.map((host) => host.id);
  return [...named, ...stores.map((nas) => nas.id), ...reach.map((node) => (node.kind === "machine" ? "the controller" : node.name))].join(", ");
}
