// Saving: the change is shown first, the reason asked, a change made meanwhile by hand is shown, a refusal told.
import { h, refill } from "../dom.js";
import { previewSettings, saveSettings } from "../settings.js";
import { button } from "../ui/button.js";
import { openDialog } from "../ui/dialog.js";
import { diffView } from "../ui/diff.js";
import { field } from "../ui/form.js";
import { note } from "../ui/status.js";
import { toast, toastError } from "../ui/toast.js";

/**
 * Show what `operations` change, ask why, and write them. `seen`: the version of the file that the person looked at, "" when it was none.
 * Resolves with the server's answer, null when the person thought better of it.
 */
export async function saveChange(title, operations, { seen = null, secrets = {}, action = "Save" } = {}) {
  let proposal;
  try {
    proposal = await previewSettings(operations, secrets);
  } catch (error) {
    toastError(error);
    return null;
  }
  const place = h("div", { class: "stack" });
  const why = field("why", "Why? (for the journal; may be empty)", { attrs: { maxlength: 500, autocomplete: "off" } });
  const problem = h("div", { class: "stack-s", role: "alert" });
  const go = button(action, { kind: "primary", symbol: "save", onClick: () => write() });
  const stop = button("Cancel", { kind: "quiet", onClick: () => dialog.close() });
  show(seen !== null && proposal.version !== seen ? "The file was changed since this page was opened. This is your change of the file as it is now." : "");
  const body = h("form", { class: "form", novalidate: true, on: { submit: (event) => { event.preventDefault(); go.click(); } } }, place, why.el, problem);
  const dialog = openDialog({ title, body, actions: [stop, go], wide: true });
  why.input.focus();
  return dialog.closed;

  function show(hint) {
    refill(
      place,
      hint && note("warning", hint),
      (proposal.problems ?? []).map((text) => note("danger", text)),
      proposal.diff ? diffView(proposal.diff) : h("p", { class: "muted" }, "Nothing would change."),
    );
    go.refuse(proposal.problems?.length ? "This would make the file wrong: nothing is saved." : proposal.diff ? "" : "Nothing would change.");
  }

  async function write() {
    refill(problem);
    try {
      const answer = await saveSettings(operations, { version: proposal.version, why: why.value, secrets });
      toast("Saved.");
      dialog.close(answer ?? true);
    } catch (error) {
      if (error.status === 409) return conflict(error);
      if (error.name !== "ApiError") console.error(error);
      refill(problem, note("danger", error.message));
    }
  }

  // Somebody has edited the file: what they changed is shown, and the change is made anew on top of it.
  async function conflict(error) {
    const theirs = error.body?.diff ?? error.body?.detail?.diff ?? "";
    try {
      proposal = await previewSettings(operations, secrets);
    } catch (failure) {
      return refill(problem, note("danger", failure.message));
    }
    show("");
    return refill(
      problem,
      note("warning", [h("p", {}, `${error.message} Nothing was saved yet.`), theirs && diffView(theirs, "What was changed meanwhile"), h("p", {}, "Above stands your change of the file as it is now: save again to make it.")]),
    );
  }
}
