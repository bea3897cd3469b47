// site.toml through the API: read, a change shown before it is made, and made.
import { get, post } from "./api.js";

/** The file now: {version, text, sections: section -> name -> key -> {value, written, default}, problems, secrets_can_be_kept, ...}. */
export function readSettings() {
  return get("/settings");
}

/**
 * What these operations would make of the file: {version, diff, problems, warnings, watched_anew, ...}. An operation is
 * {op: "set", path, value}, {op: "set", path, secret} (kept as a file of its own) or {op: "remove", path}.
 */
export function previewSettings(operations) {
  return post("/settings/preview", { operations });
}

/** Make the change of the file that was seen as `version`. A 409 tells what was changed meanwhile, or why the controller refuses. */
export function saveSettings(operations, { version, why }) {
  return post("/settings", { operations, version, why });
}

/** The two parts of a conflict's text: the sentence, and the diff of what was changed meanwhile ("" when there is none). */
export function conflictParts(message) {
  const cut = message.indexOf("\n---");
  return cut < 0 ? [message, ""] : [message.slice(0, cut), message.slice(cut + 1)];
}
