// Everything that is asked of the server. Errors are sentences for people.

/** What went wrong with a call. `fields` names the inputs that were wrong, with a sentence each. */
export class ApiError extends Error {
  constructor(status, message, fields = {}, body = null) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.fields = fields;
    this.body = body;
  }
}

const BASE = "/api/v1";
const ROLES = ["view", "operate", "administer"];
let session = null;

/** Who is logged in: {name, role, csrf, ...}. Asked once; null from `forget` on. */
export function whoAmI() {
  session ??= call("GET", "/session").catch((error) => {
    session = null;
    throw error;
  });
  return session;
}

/** Forget who is logged in (after logging in or out). */
export function forget() {
  session = null;
}

/** Whether someone with `role` may do what `wanted` may. */
export function covers(role, wanted) {
  return ROLES.indexOf(role) >= ROLES.indexOf(wanted);
}

export const get = (path, options) => call("GET", path, undefined, options);
export const post = (path, body, options) => call("POST", path, body, options);
export const put = (path, body, options) => call("PUT", path, body, options);
export const patch = (path, body, options) => call("PATCH", path, body, options);
export const del = (path, body, options) => call("DELETE", path, body, options);

/**
 * One call of the API. `path` begins below /api/v1. Returns the answer's JSON, null when it has none.
 * `options`: signal (AbortSignal), query ({name: value}; null is left out), open (true: a 401 does not lead to /login).
 */
export async function call(method, path, body, options = {}) {
  const headers = { accept: "application/json" };
  const writes = method !== "GET";
  if (body !== undefined) headers["content-type"] = "application/json";
  if (writes && !options.open) headers["x-ridethrough-csrf"] = (await whoAmI()).csrf ?? "";
  let answer;
  try {
    answer = await fetch(BASE + path + queryText(options.query), {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: options.signal,
      credentials: "same-origin",
      cache: "no-store",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "The server does not answer. Check the network, and whether Ridethrough runs.");
  }
  const parsed = await parse(answer);
  if (answer.ok) return parsed;
  if (answer.status === 401 && !options.open) {
    toLogin();
    return new Promise(() => {}); // the page is being left: nobody is to be told anything more
  }
  throw errorFrom(answer.status, parsed);
}

/** Go to the log-in page and come back here afterwards. */
export function toLogin() {
  const here = location.pathname + location.search + location.hash;
  location.assign("/login" + (here === "/" ? "" : "?next=" + encodeURIComponent(here)));
}

/** Where to go after logging in: a path of our own, whatever the address says. */
export function nextPage(search) {
  const wanted = new URLSearchParams(search).get("next") ?? "/";
  try {
    const there = new URL(wanted, "http://here.invalid");
    return there.origin === "http://here.invalid" && wanted.startsWith("/") ? there.pathname + there.search + there.hash : "/";
  } catch {
    return "/";
  }
}

/** The error that an answer stands for. FastAPI tells wrong fields as a list in `detail`. */
export function errorFrom(status, body) {
  const detail = body?.detail;
  if (Array.isArray(detail)) {
    const fields = {};
    for (const one of detail) {
      const name = (one.loc ?? []).filter((part) => part !== "body" && part !== "query").join(".");
      fields[name] ??= sentence(one.msg ?? "is not right");
    }
    const text = Object.entries(fields).map(([name, words]) => (name ? `${name}: ${words}` : words)).join("; ");
    return new ApiError(status, text, fields, body);
  }
  if (typeof detail === "string" && detail) return new ApiError(status, sentence(detail), {}, body);
  if (detail && typeof detail === "object") return new ApiError(status, sentence(detail.text ?? `The server answered with error ${status}.`), {}, body);
  return new ApiError(status, `The server answered with error ${status}.`, {}, body);
}

function sentence(text) {
  const clean = text.replace(/^Value error, /, "");
  return clean.charAt(0).toUpperCase() + clean.slice(1);
}

async function parse(answer) {
  if (answer.status === 204) return null;
  try {
    return await answer.json();
  } catch {
    return null;
  }
}

function queryText(query) {
  if (!query) return "";
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined && one !== "") parts.append(name, one);
    }
  }
  const text = parts.toString();
  return text ? "?" + text : "";
}
