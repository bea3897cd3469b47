// What a person may ask for one host: enter and leave maintenance mode, hold and release.
import { covers, post } from "../api.js";
import { button, refusal } from "../ui/button.js";
import { confirm } from "../ui/dialog.js";
import { toast } from "../ui/toast.js";

const ASKS = {
  enter: {
    ask: "enter maintenance",
    word: "Enter maintenance mode",
    text: (id) => `${id} is disabled and its VMs migrate to other hosts of the pool, as in XenCenter. It stays so until it is told to leave maintenance mode. Try this once on every host: what fails here fails in an outage.`,
  },
  exit: {
    ask: "exit maintenance",
    word: "Exit maintenance mode",
    text: (id) => `${id} is enabled again. Its VMs stay where they are (XenCenter's "Skip").`,
  },
  hold: {
    ask: "hold",
    word: "Hold",
    text: (id) => `Ridethrough keeps its hands off ${id} until you release it. In an outage the hold ends before the last safe start: the host is still shut down before its UPS stops.`,
  },
  release: { ask: "release", word: "Release", text: (id) => `Ridethrough takes care of ${id} again.` },
};

/** The buttons for a host's row as it is now; `role` of who looks. */
export function askButtons(row, role) {
  const resting = row.enabled === false || row.step.startsWith("maintenance mode") || row.step === "being emptied";
  return [made(resting ? "exit" : "enter", row, role, "maintenance"), made(row.held ? "release" : "hold", row, role, "held")];
}

function made(name, row, role, symbol) {
  const { ask, word, text } = ASKS[name];
  const run = async ({ why }) => toast((await post("/requests", { ask, subject: row.id, why })).answer);
  const press = button(word, { symbol, onClick: () => confirm({ title: `${word}: ${row.id}`, text: text(row.id), action: word, run }) });
  press.refuse(refusal(covers, role, "operate"));
  return press;
}
