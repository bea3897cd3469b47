// Short messages: seen at the edge, and read out.
import { h, icon } from "../dom.js";

const SHOWN_FOR = 7000; // ms; errors stay until they are closed
const SIGNS = { good: "good", info: "info", warning: "warning", danger: "warning" };

/** Have a screen reader say this without interrupting. */
export function say(text) {
  const place = document.getElementById("say");
  place.textContent = "";
  setTimeout(() => {
    place.textContent = text;
  }, 50);
}

/** Show a message. `tone`: "good", "info", "warning", "danger". */
export function toast(text, tone = "good") {
  const close = h("button", { type: "button", class: "button quiet small icon-only", "aria-label": "Close this message" }, icon("close"));
  const el = h("div", { class: "toast", data: { tone } }, icon(SIGNS[tone] ?? "info"), h("p", {}, text), close);
  close.addEventListener("click", () => el.remove());
  document.getElementById("toasts").append(el);
  say(text);
  if (tone !== "danger") setTimeout(() => el.remove(), SHOWN_FOR);
}

/** Show an error of a call; one that was cancelled is none. */
export function toastError(error) {
  if (error.name === "AbortError") return;
  if (error.name !== "ApiError") console.error(error);
  toast(error.message, "danger");
}
