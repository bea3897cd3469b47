// Saving: the change is shown first, the reason asked, a change made meanwhile by hand is shown, a refusal told.
import { h, refill } from "../dom.js";
import { conflictParts, previewSettings, saveSettings } from "../settings.js";
import { button } from "../ui/button.js";
import { openDialog } from "../ui/dialog.js";
import { diffView } from "../ui/diff.js";
import { field } from "../ui/form.js";
import { note } from "../ui/status.js";
import { toast, toastError } from "../ui/toast.js";
import { listed } from "./words.js";

/**
 * Show what `operations` change, ask why, and write them. `seen`: the version of the file that the person looked at; null: none.
 * Resolves with the server's answer, null when the person thought better of it.
 */
export async function saveChange(title, operations, { seen = null, action = "Save" } = {}) {
  let proposal;
  try {
    proposal = await previewSettings(operations);
  } catch (error) {
    toastError(error);
    return null;
  }
  const place = h("div", { class: "stack" });
  const why = field("why", "Why? (for the journal; may be empty)", { attrs: { maxlength: 500, autocomplete: "off" } });
  const problem = h("div", { class: "stack-s", role: "alert" });
  const go = button(action, { kind: "primary", symbol: "save", onClick: write });
  const stop = button("Cancel", { kind: "quiet", onClick: () => dialog.close() });
  show(seen !== null && proposal.version !== seen ? "The file was changed since this page was opened. This is your change of the file as it is now." : "");
  const submit = (event) => {
    event.preventDefault();
    go.click();
  };
  const body = h("form", { class: "form", novalidate: true, on: { submit } }, place, why.el, problem);
  const dialog = openDialog({ title, body, actions: [stop, go], wide: true });
  why.input.focus();
  return dialog.closed;

  function show(hint) {
    const problems = proposal.problems ?? [];
    const anew = proposal.watched_anew ?? [];
    refill(
      place,
      hint && note("warning", hint),
      problems.map((text) => note("danger", text)),
      proposal.diff ? diffView(proposal.diff) : h("p", { class: "muted" }, "Nothing would change."),
      anew.length > 0 && h("p", { class: "muted small" }, `Watching begins anew for ${listed(anew)}: it takes a few seconds, and is refused during an outage.`),
    );
    go.refuse(problems.length ? "This would make the file wrong: nothing is saved." : proposal.diff ? "" : "Nothing would change.");
  }

  async function write() {
    refill(problem);
    try {
      const answer = await saveSettings(operations, { version: proposal.version, why: why.value });
      toast(answer.taken ? "Saved. The controller goes by it." : `Saved: ${answer.answer}`, answer.taken ? "good" : "warning");
      dialog.close(answer);
    } catch (error) {
      if (error.name !== "ApiError") console.error(error);
      await (error.status === 409 ? refusedOrChanged(error) : refill(problem, note("danger", error.message)));
    }
  }

  // Somebody has edited the file: what they changed is shown, and ours is made anew on top of it. Or the controller cannot take it now.
  async function refusedOrChanged(error) {
    const before = proposal.version;
    try {
      proposal = await previewSettings(operations);
    } catch (failure) {
      return refill(problem, note("danger", failure.message));
    }
    const [text, theirs] = conflictParts(error.message);
    if (proposal.version === before) return refill(problem, note("danger", `${text} Nothing was saved.`));
    show("");
    const words = [h("p", {}, h("strong", {}, "Nothing was saved yet. "), text), theirs && diffView(theirs, "What was changed meanwhile"), h("p", {}, "Above stands your change of the file as it is now. Save again to make it.")];
    return refill(problem, note("warning", words));
  }
}
