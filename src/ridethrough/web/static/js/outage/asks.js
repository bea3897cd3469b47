// What a person can ask for in an outage. Everything is asked for again, and ends in the journal with who and why.
import { covers, post } from "../api.js";
import { h, refill } from "../dom.js";
import { live, siteNow } from "../live.js";
import { countdown } from "../time.js";
import { button, refusal } from "../ui/button.js";
import { confirm } from "../ui/dialog.js";
import { field } from "../ui/form.js";
import { note } from "../ui/status.js";
import { count, first } from "../words.js";
import { budgetOf, listed } from "./model.js";

const FIVE_MINUTES = 300;
const EVERYTHING = "all"; // typed where no single thing is named

/** What this person may ask for, and `said`, where the last answer stands: {refused, asking, said}. */
export function byHand(me) {
  const refused = refusal(covers, me.role, "operate");
  const said = h("div", { role: "status" });
  const asking = asks(refused, (answer) => {
    const close = button("", { symbol: "close", kind: "quiet small", label: "Close this message", onClick: () => refill(said) });
    refill(said, note("info", h("div", { class: "said" }, answer, close)));
  });
  return { refused, asking, said };
}

// `refused`: why this person may ask for nothing ("" when they may); `answered(text)` is told each answer.
function asks(refused, answered) {
  const send = async (body) => {
    const { answer } = await post("/requests", body);
    answered(sentence(answer, body));
    return answer;
  };

  function hold(subject = "") {
    const rows = [...live.state.hosts.values()].filter((row) => !subject || row.id === subject);
    const limits = rows.map((row) => [row.id, budgetOf(row, siteNow())]).filter(([, budget]) => budget && !budget.begun);
    const capped = limits.filter(([, budget]) => budget.spare < FIVE_MINUTES).map(([id, budget]) => `${id} in ${countdown(budget.spare)}`);
    return confirm({
      title: subject ? `Hold ${subject} for 5 minutes?` : "Hold for 5 minutes?",
      text: [
        h("p", {}, `${subject || "No host of this outage"} ${subject ? "is left alone" : "is touched"} for 5 minutes: nothing is moved off it, and it is not shut down. What is under way goes on.`),
        h("p", {}, capped.length ? `A hold ends at the last safe start, whatever was asked: ${listed(capped)}.` : "A hold ends at a host's last safe start, if that comes first."),
      ],
      action: "Hold 5 minutes",
      run: ({ why }) => send({ ask: "hold", subject, seconds: FIVE_MINUTES, why }),
    });
  }

  const release = (subject = "") =>
    confirm({
      title: subject ? `End the hold on ${subject}?` : "End every hold?",
      text: "What is due is begun at once.",
      action: "End the hold",
      run: ({ why }) => send({ ask: "release", subject, why }),
    });

  const skip = (guest) =>
    confirm({
      title: `Skip ${guest.name}?`,
      text:
        guest.phase === "moving"
          ? `${guest.name} is on its way to ${guest.to} already, and that move is not cancelled. It is not moved again in this outage: should the move fail, it stays on ${guest.host} and is shut down cleanly when that host must go down.`
          : `${guest.name} is not moved in this outage. It stays on ${guest.host}, and is shut down cleanly when that host must go down.`,
      action: "Skip this VM",
      run: ({ why }) => send({ ask: "skip VM", subject: isAlone(guest.name) ? guest.name : guest.vm, why }),
    });

  const bringBack = () =>
    confirm({
      title: "Bring everything back now?",
      text: "Nobody waits any longer until utility power has settled: hosts leave maintenance mode and VMs that were stopped start. Where a UPS is still on battery this is refused.",
      action: "Bring back now",
      typed: EVERYTHING,
      run: ({ why, confirm: typed }) => send({ ask: "bring back", subject: "", why, confirm: typed }),
    });

  const evacuate = (host) => {
    const guests = live.state.hosts.get(host)?.vms.length ?? 0;
    return confirm({
      title: `Evacuate ${host}?`,
      text: `${host} enters maintenance mode and its ${count(guests, "VM")} move${guests === 1 ? "s" : ""} to other hosts, whether its power fails or not. It stays so until a person ends it.`,
      action: "Evacuate",
      danger: true,
      typed: host,
      run: ({ why, confirm: typed }) => send({ ask: "evacuate", subject: host, why, confirm: typed }),
    });
  };

  const shutDown = (pool) => {
    const hosts = [...live.state.hosts.values()].filter((row) => row.pool === pool);
    const guests = hosts.reduce((sum, row) => sum + row.vms.length, 0);
    return confirm({
      title: `Shut ${pool} down?`,
      text: `What runs on ${pool}, ${count(guests, "VM")}, is shut down, then its ${count(hosts.length, "host")}, the coordinator last. Somebody must switch the hosts on again by hand.`,
      action: "Shut down",
      danger: true,
      typed: pool,
      run: ({ why, confirm: typed }) => send({ ask: "shut down pool", subject: pool, why, confirm: typed }),
    });
  };

  /** The entries of a host's menu. */
  const ofHost = (row) => [
    row.held
      ? { label: "End the hold", symbol: "play", refused, onPick: () => release(row.id) }
      : { label: "Hold 5 minutes", symbol: "held", refused, onPick: () => hold(row.id) },
    { label: "Evacuate …", symbol: "moving", refused, onPick: () => evacuate(row.id) },
    { label: "Shutdown settings", symbol: "shutdown", href: `/hosts/${encodeURIComponent(row.id)}` },
  ];

  return { hold, release, skip, bringBack, evacuate, shutDown, ofHost };
}

const DONE = { hold: "Held", release: "The hold ends", "skip VM": "Skipped", "bring back": "Brought back", evacuate: "Evacuation begins", "shut down pool": "Shutdown begins" };

/** The controller's answer to what was asked, as a sentence. */
export function sentence(answer, { ask, subject }) {
  const rest = answer.replace(/^accepted: /, "").replace(new RegExp(`^${ask}( [^:]*)?(: |$)`), "");
  const about = subject && !rest.includes(subject) ? ` (${subject})` : "";
  return `${DONE[ask] ?? first(ask)}${about}${rest ? `: ${rest}` : ""}.`;
}

// Names read better in the journal than uuids do; but two VMs may have the same.
function isAlone(name) {
  return [...live.state.vms.values()].filter((vm) => vm.name === name || vm.id === name).length === 1;
}

/** The red buttons: each asks which, then wants it typed. */
export function redButtons(asking, refused) {
  const one = (label, symbol, title, names, go) => {
    const press = button(label, {
      symbol,
      kind: "danger",
      onClick: async () => {
        const found = names();
        const name = found.length === 1 ? found[0] : await pick(title, found);
        if (name) await go(name);
      },
    });
    press.refuse(refused);
    return press;
  };
  return h(
    "section",
    { class: "panel no-print outage-red", "aria-labelledby": "outage-red" },
    h("h2", { id: "outage-red" }, "By hand"),
    h("p", { class: "muted small" }, "For when a person knows more than the UPSs do. The name must be typed."),
    h(
      "div",
      { class: "row" },
      one("Evacuate a host", "moving", "Which host?", () => [...live.state.hosts.keys()].sort(), asking.evacuate),
      one("Shut a pool down", "off", "Which pool?", () => [...live.state.pools.keys()].sort(), asking.shutDown),
    ),
  );
}

async function pick(title, names) {
  if (!names.length) return null;
  const choice = field("which", title, { type: "select", choices: names.map((name) => [name, name]) });
  const done = await confirm({ title, text: choice.el, action: "Go on", why: false, run: async () => choice.value });
  return done;
}
