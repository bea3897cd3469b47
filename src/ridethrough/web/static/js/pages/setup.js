// What a one-time link is for: to make the first administrator, or to set a new password.
import { ApiError, get, post } from "../api.js";
import { h, refill, setText } from "../dom.js";
import { field, form } from "../ui/form.js";
import { note } from "../ui/status.js";

const token = decodeURIComponent(location.hash.slice(1));
const name = field("name", "Your name", { required: true, hint: "It is written into the journal with everything you do.", attrs: { autocomplete: "username", autocapitalize: "none", spellcheck: "false" } });
const password = field("password", "Password", { type: "password", required: true, hint: "Long is good: a few plain words are best.", attrs: { autocomplete: "new-password" } });
const again = field("again", "Password again", { type: "password", required: true, attrs: { autocomplete: "new-password" } });
begin();

async function begin() {
  const place = document.getElementById("notice");
  let needed;
  try {
    ({ needed } = await get("/setup", { open: true }));
  } catch (error) {
    return refill(place, note("danger", error.message));
  }
  if (!token && !needed) return refill(place, note("info", ["An administrator exists already. ", h("a", { href: "/login" }, "Log in")]));
  if (!token) {
    return refill(place, note("warning", "This address lacks its token. Open the whole link that Ridethrough printed when it started; it stands in its log, too."));
  }
  history.replaceState(null, "", "/setup"); // so that no history keeps the token
  if (!needed) {
    setText(document.getElementById("title"), "Set a new password");
    setText(document.getElementById("about"), "The link works once.");
  }
  const fields = needed ? [name, password, again] : [password, again];
  const made = form({ fields, submit: needed ? "Make the account" : "Set the password", onSubmit: make });
  document.getElementById("form").append(made.el);
  return fields[0].input.focus();
}

async function make(values) {
  if (values.password !== values.again) throw new ApiError(422, "", { again: "The two passwords differ." });
  await post("/setup", { token, name: values.name ?? "", password: values.password }, { open: true });
  location.replace("/");
}
