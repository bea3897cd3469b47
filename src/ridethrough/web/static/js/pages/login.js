// Log in, then go to where one wanted to be.
import { ApiError, get, nextPage, post } from "../api.js";
import { refill } from "../dom.js";
import { field, form } from "../ui/form.js";
import { note } from "../ui/status.js";

const name = field("name", "Name", { required: true, attrs: { autocomplete: "username", autocapitalize: "none", spellcheck: "false" } });
const password = field("password", "Password", { type: "password", required: true, attrs: { autocomplete: "current-password" } });
const made = form({ fields: [name, password], submit: "Log in", onSubmit: logIn });
document.getElementById("form").append(made.el);
name.input.focus();
look();

async function logIn(values) {
  try {
    await post("/session", values, { open: true });
  } catch (error) {
    password.value = "";
    password.input.focus();
    throw error instanceof ApiError && error.status === 401 && !error.message ? new ApiError(401, "Name or password is wrong.") : error;
  }
  location.replace(nextPage(location.search));
}

// Nobody can log in before there is an account: say how to make the first.
async function look() {
  try {
    const setup = await get("/setup", { open: true });
    if (setup.needed) {
      const text = "There is no account yet. Open the link that Ridethrough printed when it started; it stands in its log, too.";
      refill(document.getElementById("notice"), note("info", text));
    }
  } catch {
    // the form itself will tell what is wrong
  }
}
