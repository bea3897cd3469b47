// The ways to ask a card: communities, and users of SNMP version 3.
import { h, refill } from "../dom.js";
import { button } from "../ui/button.js";
import { field } from "../ui/form.js";

const AUTH = [["", "none"], ["md5", "MD5"], ["sha1", "SHA-1"], ["sha224", "SHA-224"], ["sha256", "SHA-256"], ["sha384", "SHA-384"], ["sha512", "SHA-512"]];
const PRIVACY = [["", "none"], ["des", "DES"], ["aes128", "AES-128"], ["aes192", "AES-192"], ["aes256", "AES-256"], ["aes192-cisco", "AES-192 (Cisco)"], ["aes256-cisco", "AES-256 (Cisco)"]];
const SECRET = { autocomplete: "off", spellcheck: "false" };

/** Returns {el, values() (for the API), fault(): why they cannot be used}. */
export function ways() {
  const list = h("div", { class: "stack-s" });
  let rows = [];
  const plus = (make) => () => {
    const row = make(remove);
    rows = [...rows, row];
    show();
    row.el.querySelector("input")?.focus();
  };
  const community = button("Community", { symbol: "add", kind: "small", onClick: plus(communityRow) });
  const user = button("SNMPv3 user", { symbol: "add", kind: "small", onClick: plus(userRow) });
  const el = h("fieldset", { class: "group" }, h("legend", {}, "Asked with"), list, h("div", { class: "row" }, community, user));
  rows = [communityRow(remove, "public")];
  show();

  function remove(row) {
    rows = rows.filter((one) => one !== row);
    show();
    community.focus();
  }

  function show() {
    refill(list, rows.length > 0 ? rows.map((row) => row.el) : h("p", { class: "hint" }, "Add a community or a user: a card answers nobody else."));
  }

  return {
    el,
    values: () => rows.map((row) => row.value()),
    fault: () => (rows.length === 0 ? "Add a community or an SNMPv3 user." : rows.map((row) => row.fault()).find(Boolean) ?? ""),
  };
}

function communityRow(remove, first = "") {
  const community = field("community", "Community", { value: first, attrs: { ...SECRET, type: first ? "text" : "password" } });
  const version = field("version", "Version", { type: "select", choices: [["2c", "2c"], ["1", "1"]] });
  const row = {
    value: () => ({ version: version.value, community: community.value || "public" }),
    fault: () => "",
  };
  row.el = h("div", { class: "way" }, community.el, version.el, away("Take this community out", () => remove(row)));
  return row;
}

function userRow(remove) {
  const username = field("username", "User", { attrs: SECRET });
  const auth = field("auth", "Signs with", { type: "select", choices: AUTH, value: "sha256" });
  const authPassword = field("auth_password", "Password for signing", { type: "password", attrs: SECRET });
  const privacy = field("privacy", "Encrypts with", { type: "select", choices: PRIVACY, value: "aes128" });
  const privacyPassword = field("privacy_password", "Password for encrypting", { type: "password", attrs: SECRET });
  const show = () => {
    authPassword.el.hidden = !auth.value;
    privacy.el.hidden = !auth.value;
    if (!auth.value) privacy.value = "";
    privacyPassword.el.hidden = !privacy.value;
  };
  auth.input.addEventListener("change", show);
  privacy.input.addEventListener("change", show);
  show();
  const row = {
    value: () => ({
      version: "3",
      username: username.value,
      auth: auth.value || null,
      auth_password: auth.value ? authPassword.value : null,
      privacy: privacy.value || null,
      privacy_password: privacy.value ? privacyPassword.value : null,
    }),
    fault: () => (username.value ? "" : "Enter the name of the SNMPv3 user."),
  };
  row.el = h("div", { class: "way user" }, username.el, auth.el, authPassword.el, privacy.el, privacyPassword.el, away("Take this user out", () => remove(row)));
  return row;
}

function away(label, onClick) {
  return button("", { symbol: "remove", kind: "quiet", label, title: label, onClick });
}
