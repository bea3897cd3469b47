// Dialogs, on the browser's own <dialog>: focus is kept inside and goes back to where it was.
import { h, uniqueId } from "../dom.js";
import { button } from "./button.js";
import { field } from "./form.js";

/**
 * Open a dialog. `body`: nodes; `actions`: buttons of the foot; `wide`. Returns {el, close(value), closed: promise of the value}.
 * Escape and the cross close it with null.
 */
export function openDialog({ title, body, actions = [], wide = false }) {
  const id = uniqueId("dialog");
  const cross = button("", { symbol: "close", kind: "quiet small", label: "Close" });
  const foot = h("div", { class: "dialog-foot" }, actions);
  const el = h(
    "dialog",
    { class: wide ? "wide" : null, "aria-labelledby": id },
    h("div", { class: "dialog-head" }, h("h2", { id }, title), cross),
    h("div", { class: "dialog-body" }, body),
    actions.length ? foot : null,
  );
  const before = document.activeElement;
  let answer = null;
  const closed = new Promise((done) => {
    el.addEventListener("close", () => {
      el.remove();
      if (before?.isConnected) before.focus({ preventScroll: true });
      done(answer);
    });
  });
  const close = (value = null) => {
    answer = value;
    el.close();
  };
  cross.addEventListener("click", () => close());
  document.body.append(el);
  el.showModal();
  const first = el.querySelector(".dialog-body :is(input, select, textarea, button)") ?? foot.querySelector("button");
  first?.focus();
  return { el, close, closed };
}

/**
 * Ask before doing. `text`: what will happen (string or nodes); `action`: the word on the button; `danger`; `typed`: what must be typed
 * to go on; `why`: ask for a reason (it goes into the journal); `run({why, confirm})` does it: while it runs the dialog waits, an error
 * is shown in it. Resolves with what `run` returned, or null when the person thought better of it.
 */
export function confirm({ title, text, action, danger = false, typed = "", why = true, run }) {
  const reason = field("why", "Why? (for the journal; may be empty)", { attrs: { maxlength: 500, autocomplete: "off" } });
  const word = field("confirm", `Type "${typed}" to go on`, { attrs: { autocomplete: "off", spellcheck: "false" } });
  const problem = h("div", { class: "form-error", role: "alert", hidden: true });
  const go = button(action, { kind: danger ? "danger primary" : "primary", type: "submit" });
  const stop = button("Cancel", { kind: "quiet" });
  const id = uniqueId("confirm");
  go.setAttribute("form", id);
  const body = h(
    "form",
    { id, class: "form", novalidate: true },
    typeof text === "string" ? h("p", {}, text) : text,
    why && reason.el,
    typed && word.el,
    problem,
  );
  const dialog = openDialog({ title, body, actions: [stop, go] });
  const check = () => go.refuse(typed && word.value !== typed ? `Type "${typed}" first.` : "");
  word.input.addEventListener("input", check);
  check();
  stop.addEventListener("click", () => dialog.close());
  body.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (go.getAttribute("aria-disabled") === "true" || go.getAttribute("aria-busy") === "true") return;
    problem.hidden = true;
    go.setAttribute("aria-busy", "true");
    try {
      dialog.close((await run({ why: reason.value, confirm: word.value })) ?? true);
    } catch (error) {
      if (error.name !== "ApiError") console.error(error);
      problem.textContent = error.message;
      problem.hidden = false;
    } finally {
      go.removeAttribute("aria-busy");
    }
  });
  if (!why && !typed) go.focus();
  return dialog.closed;
}

/** Tell something that has one answer: "Close". */
export function tell(title, ...body) {
  const done = button("Close", { kind: "primary" });
  const dialog = openDialog({ title, body, actions: [done] });
  done.addEventListener("click", () => dialog.close());
  return dialog.closed;
}

