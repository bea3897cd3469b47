// Why a host is as it is now, and what would change that: the sentence of `ridethrough why`.
import { get } from "../api.js";
import { h, setText } from "../dom.js";
import { live } from "../live.js";

const SOON = 1_000; // ms; what changes together is asked for once
const EVERY = 10_000; // ms; time alone changes the sentence too

/** Returns an element that keeps itself true; empty while nothing can be said. */
export function whyLine(id) {
  const el = h("p", { id: "host-why", class: "muted" });
  let timer = null;

  async function look() {
    clearTimeout(timer);
    try {
      if (!document.hidden) {
        const { found } = await get(`/why?name=${encodeURIComponent(id)}`);
        const host = found.find((one) => one.kind === "host");
        setText(el, host ? host.text : "");
      }
    } catch (error) {
      if (error.name !== "AbortError") setText(el, "");
    }
    soon(EVERY);
  }

  function soon(after) {
    clearTimeout(timer);
    timer = setTimeout(look, after);
  }

  live.subscribe((state) => state.hosts.get(id), () => soon(SOON));
  document.addEventListener("visibilitychange", () => !document.hidden && soon(0));
  look();
  return el;
}
