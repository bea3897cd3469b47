// What can be done to what was pressed in the picture.
import { count, first } from "../words.js";
import { choiceOf, choiceText, feederName, sentence } from "./words.js";

const UPS = ["silence card", "answer card", "lose link", "restore link", "start test"];
const HOST = ["pull power", "plug in", "lose network", "restore network", "restart toolstack", "ignore shutdown", "ignore wake"];
const ASKED = ["hold", "release", "enter maintenance", "exit maintenance", "evacuate"];
const GUEST = ["hang shutdown", "refuse move", "stall move", "lose tools"];
const MACHINE = ["crash controller", "freeze controller", "break journal", "mend journal", "set clock ahead", "set clock back"];

/**
 * The menu of a node. `add({do, ...})` puts it into the timeline at the moment that is shown, `ask({do, ...})` opens the dialog with it.
 */
export function menuOf(node, { things, state, words, add, ask }) {
  const known = new Set(words.map((word) => word.do));
  const [kind, ...rest] = node.split(":");
  const id = rest.join(":");
  const line = (do_, key, value) => ({ label: choiceText(do_), onPick: () => add({ do: do_, [key]: value }) });
  const lines = (list, key, value) => list.filter((one) => known.has(one)).map((one) => line(one, key, value));
  const power = (feeder, isOn) => {
    const both = [["fail", "lost"], ["restore", "good"]].map(([do_, symbol]) => ({ ...line(do_, "feeder", feeder), symbol, label: `${choiceText(do_)}: ${feederName(feeder, things)}` }));
    return isOn ? both : both.reverse();
  };
  const isOn = (ups) => state.upses.get(ups)?.condition === "good";
  if (kind === "feeder") {
    const upses = Object.keys(things.fed_by).filter((ups) => things.fed_by[ups] === id);
    return [{ heading: first(feederName(id, things)) }, ...power(id, upses.some(isOn))];
  }
  if (kind === "ups") return [{ heading: id }, ...power(things.fed_by[id], isOn(id)), ...lines(UPS, "ups", id)];
  const guests = state.hosts.get(id)?.vms ?? [];
  return [
    { heading: id },
    ...lines(HOST, "host", id),
    guests.length > 0 && { heading: `${count(guests.length, "VM")} on it` },
    ...(guests.length ? GUEST : []).filter((one) => known.has(one)).map((one) => ({
      label: guests.length === 1 ? sentence({ do: one, vm: guests[0] }) : `${choiceOf(one, "vm")}…`,
      onPick: () => (guests.length === 1 ? add({ do: one, vm: guests[0] }) : ask({ do: one, vm: guests[0] })),
    })),
    { heading: "Asked of Ridethrough" },
    ...lines(ASKED, "host", id),
  ].filter(Boolean);
}

/** The menu of the machine on which the controller runs. */
export function machineMenu({ words, add, ask }) {
  const found = MACHINE.map((do_) => words.find((word) => word.do === do_)).filter(Boolean);
  return found.map((word) => {
    const takes = Object.keys(word.takes).length > 0;
    return { label: choiceText(word.do) + (takes ? "…" : ""), onPick: () => (takes ? ask({ do: word.do }) : add({ do: word.do })) };
  });
}
