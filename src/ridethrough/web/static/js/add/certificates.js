// The certificates that the hosts of a pool show: accepted by a person who has compared them, before any password is sent.
import { h, icon } from "../dom.js";
import { chip } from "../ui/status.js";
import { fingerprintText, hostOf } from "./names.js";

const COMMAND = "openssl x509 -in /etc/xensource/xapi-ssl.pem -noout -fingerprint -sha256";

/** `found`: [{address, fingerprint, accepted}]; `onChange(fingerprints that are ticked and were not accepted yet)`. Returns {el, ticked}. */
export function certificates(found, onChange) {
  const ticked = new Set();
  const rows = found.map(({ address, fingerprint, accepted }) => {
    const tick = h("input", { type: "checkbox", ".checked": accepted, disabled: accepted, name: "fingerprint", value: fingerprint });
    tick.addEventListener("change", () => {
      if (tick.checked) ticked.add(fingerprint);
      else ticked.delete(fingerprint);
      onChange(ticked);
    });
    const state = accepted ? chip("Accepted", "good", "good") : chip("Not accepted yet", "warning", "warning");
    return h(
      "li",
      {},
      h("label", { class: "check" }, tick, h("span", { class: "feed-name" }, hostOf(address)), h("span", { class: "unseen" }, `: accept ${fingerprintText(fingerprint)}`)),
      state,
      h("code", { class: "fingerprint" }, fingerprintText(fingerprint)),
    );
  });
  const how = h(
    "details",
    { class: "how" },
    h("summary", {}, icon("info"), " How do I compare them?"),
    h("p", {}, "On each host's own console (in XenCenter: the host's tab Console), not over the network that you want to check:"),
    h("pre", { class: "command", tabindex: "0" }, h("code", {}, COMMAND)),
    h("p", {}, "It must print the same. If one differs, somebody may stand between: do not accept it, for your password would go there."),
  );
  return { el: h("div", { class: "stack-s" }, h("ul", { class: "certificates" }, rows), how), ticked };
}
