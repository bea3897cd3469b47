// site.toml through the API: read, a change shown before it is made, and made.
import { get, post } from "./api.js";

/** The file now: {version, ...}. */
export function readSettings() {
  return get("/settings");
}

/** What these operations ([{op: "set" | "remove", path, value}]) would make of the file: {version, diff, problems, ...}. `secrets`: {name: value}. */
export function previewSettings(operations, secrets = {}) {
  return post("/settings/preview", { operations, secrets });
}

/** Make the change of the file that was seen as `version`. A 409 tells what was changed meanwhile. */
export function saveSettings(operations, { version, why, secrets = {} }) {
  return post("/settings", { operations, secrets, version, why });
}
