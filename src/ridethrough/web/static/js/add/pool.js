// A pool: address, user, password; the certificates to accept; what was found; then it is saved with its hosts.
import { post } from "../api.js";
import { h, refill } from "../dom.js";
import { saveChange } from "../hosts/save.js";
import { readSettings } from "../settings.js";
import { button, linkButton } from "../ui/button.js";
import { field, form } from "../ui/form.js";
import { note } from "../ui/status.js";
import { toastError } from "../ui/toast.js";
import { count } from "../words.js";
import { certificates } from "./certificates.js";
import { addressesIn, poolAddresses, poolOperations } from "./names.js";
import { poolFound } from "./poolfound.js";

/** `onward()`: what stands below the word that a pool was added: where to go on. Returns {el}. */
export function poolAdder(onward = toHosts) {
  const address = field("addresses", "Address", {
    required: true,
    hint: "Of any host of the pool; several with spaces. The coordinator (the manual's XenCenter) is found by itself.",
    attrs: { autocomplete: "off", spellcheck: "false", inputmode: "url", placeholder: "192.0.2.101" },
  });
  const username = field("username", "User name", { required: true, value: "root", hint: "With the role pool-operator or pool-admin.", attrs: { autocomplete: "off", spellcheck: "false" } });
  const password = field("password", "Password", { type: "password", required: true, hint: "It is kept in a file of its own that only the controller reads. It is shown nowhere.", attrs: { autocomplete: "off" } });
  const place = h("div", { class: "stack" });
  const accepted = new Set();
  const made = form({ fields: [address, username, password], submit: "Look", onSubmit: () => begin() });
  for (const one of [address, username, password]) one.input.addEventListener("input", () => refill(place));
  return { el: h("div", { class: "stack" }, h("section", { class: "panel narrow", "aria-label": "Log in to the pool" }, made.el), place) };

  function begin() {
    accepted.clear();
    return look();
  }

  async function look() {
    const login = { addresses: addressesIn(address.value), username: username.value, password: password.value };
    const found = await post("/pools/look", { ...login, fingerprints: [...accepted] });
    show(found);
  }

  function show({ certificates: shown, pool, troubles }) {
    const waiting = shown.filter((one) => !one.accepted);
    const parts = [];
    if (shown.length > 0) parts.push(certificatePanel(shown, waiting));
    if (pool === null && waiting.length === 0) {
      const all = troubles.length ? troubles : ["Nothing was found at this address."];
      parts.push(...all.map((text) => note("danger", text)));
    }
    if (pool !== null) parts.push(poolFound(pool, waiting.length > 0 ? "Accept the certificates of its other hosts first." : "", save).el);
    refill(place, parts);
    (place.querySelector("input:not([disabled]), button") ?? place).focus({ preventScroll: false });
  }

  function certificatePanel(shown, waiting) {
    const go = button(waiting.length > 0 ? "Accept and log in" : "Accepted", { kind: "primary", symbol: "good", onClick: () => accept() });
    const list = certificates(shown, (ticked) => go.refuse(ticked.size ? "" : "Tick those that you have compared."));
    go.refuse("Tick those that you have compared.");
    const title = waiting.length > 0 ? "Are these your hosts?" : "Certificates";
    const why = waiting.length > 0 && h("p", { class: "muted" }, "Nothing is sent to a host before its certificate is accepted, your password neither. From then on Ridethrough speaks to hosts with these certificates only.");
    return h("section", { class: "panel stack", "aria-label": "Certificates" }, h("h2", {}, title), why, list.el, waiting.length > 0 && h("div", { class: "row row-end" }, go));

    async function accept() {
      for (const one of list.ticked) accepted.add(one);
      try {
        await look();
      } catch (error) {
        toastError(error);
      }
    }
  }

  async function save({ name, hosts, pool }) {
    let file;
    try {
      file = await readSettings();
    } catch (error) {
      toastError(error);
      return;
    }
    const addresses = poolAddresses(addressesIn(address.value), pool.members.map((member) => member.address));
    const known = new Set(Object.keys(file.sections.host ?? {}));
    const operations = poolOperations({ name, addresses, username: username.value, password: password.value, fingerprints: [...accepted], hosts, known });
    if (!(await saveChange(`Add ${name}`, operations, { seen: file.version, action: "Add" }))) return;
    password.value = "";
    refill(place, done(`${name} is added with ${count(hosts.length, "host")}.`, onward()));
  }
}

function toHosts() {
  return [
    h("p", {}, "Next: add the UPSs, if you have not yet, then say which of them feed each host."),
    h("div", { class: "row" }, linkButton("Who feeds whom", "/hosts", { symbol: "shutdown", kind: "primary" }), linkButton("Add UPSs", "/add#ups", { symbol: "ups" })),
  ];
}

function done(text, onward) {
  const el = note("good", [h("p", {}, h("strong", {}, text)), onward]);
  el.setAttribute("role", "status");
  return el;
}
