// The badge of every page: armed, dry run or held; below it the reasons, and the button to arm or disarm.
import { post } from "./api.js";
import { h, icon, refill, setData, setIcon, setText } from "./dom.js";
import { siteNow } from "./live.js";
import { clock } from "./time.js";
import { button } from "./ui/button.js";
import { confirm } from "./ui/dialog.js";
import { attachPopover } from "./ui/menu.js";
import { toast } from "./ui/toast.js";
import { modeState } from "./words.js";

const MOST = 8; // held hosts that the panel names

/** The badge; `refused`: why this person may neither arm nor disarm ("" when they may). */
export function modeBadge(live, refused) {
  const sign = icon("dry");
  const label = h("span", {}, "…");
  const badge = h("button", { type: "button", class: "badge", data: { tone: "unknown" } }, sign, label);
  const panel = h("div", { class: "text stack-s", role: "dialog", "aria-label": "What Ridethrough may do" });
  attachPopover(badge, panel, () => refill(panel, reasons(live.state, refused, panel)));
  live.subscribe((state) => [state.site.armed, state.hosts], () => {
    const mode = modeState(live.state.site, live.state.hosts.values());
    setIcon(sign, mode.icon);
    setText(label, mode.label);
    setData(badge, "tone", mode.tone);
  });
  return h("div", { class: "menu" }, badge, panel);
}

function reasons({ site, hosts }, refused, panel) {
  const held = [...hosts.values()].filter((host) => host.held);
  const text = site.armed
    ? "Armed: Ridethrough moves VMs and shuts hosts down when their power fails."
    : "Dry run: Ridethrough watches and says what it would do. It touches nothing until it is armed.";
  const press = button(site.armed ? "Disarm" : "Arm", {
    symbol: site.armed ? "dry" : "armed",
    kind: site.armed ? "" : "primary",
    onClick: () => {
      panel.hidePopover();
      change(!site.armed);
    },
  });
  press.refuse(refused);
  return [
    h("p", {}, text),
    held.length > 0 && [
      h("p", {}, icon("held"), ` Held by a person. Nothing is done to ${held.length === 1 ? "it" : "them"} before the last safe start.`),
      h("ul", { class: "held-list small" }, held.slice(0, MOST).map((host) => h("li", {}, heldText(host, siteNow())))),
      held.length > MOST && h("p", { class: "muted small" }, `and ${held.length - MOST} more`),
    ],
    site.verdict && h("p", { class: "muted small" }, `Now: ${site.verdict}`),
    h("div", { class: "row" }, press),
    refused && h("p", { class: "muted small" }, refused),
  ];
}

/** "h1, by anna, until 12:05: the generator starts". */
export function heldText(host, now) {
  const by = host.held_by ? `, by ${host.held_by}` : "";
  const until = host.held_until === null || host.held_until === undefined ? "" : `, until ${clock(host.held_until, now)}`;
  return `${host.id}${by}${until}${host.held_why ? `: ${host.held_why}` : ""}`;
}

/** Ask, then arm or disarm. */
export function change(arm) {
  const title = arm ? "Arm Ridethrough?" : "Disarm Ridethrough?";
  const text = arm
    ? "From now on it acts by itself: when a host's utility power fails, it moves the VMs away and shuts the host down in time."
    : "It goes on watching, but it moves nothing and shuts nothing down: hosts and VMs crash when their UPS stops.";
  const run = async ({ why }) => {
    const { answer } = await post("/requests", { ask: arm ? "arm" : "disarm", why });
    toast(answer);
  };
  return confirm({ title, text, action: arm ? "Arm" : "Disarm", danger: !arm, run });
}

