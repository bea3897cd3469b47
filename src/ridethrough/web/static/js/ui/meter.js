// How much of something: a bar, a ring, and the progress of work.
import { h, s, setAttr, setData, setText } from "../dom.js";

/** A bar of 0 to `max` with its label and value above it. Returns {el, update(value, text, tone)}; null: not known. */
export function meter(label, { max = 100 } = {}) {
  const fill = h("div", { class: "meter-fill" });
  const track = h("div", { class: "meter-track", role: "meter", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": max }, fill);
  const words = h("span", { class: "number" });
  const el = h("div", { class: "meter" }, h("div", { class: "meter-text" }, h("span", { class: "muted" }, label), words), track);
  const update = (value, text, tone = null) => {
    setAttr(track, "aria-valuenow", value === null ? null : Math.round(value));
    setAttr(track, "aria-valuetext", text);
    fill.style.width = `${value === null ? 0 : Math.min(100, Math.max(0, (100 * value) / max))}%`;
    setText(words, text);
    setData(el, "tone", tone);
  };
  return { el, update };
}

/** The progress of work. Returns {el, update(done, total, text)}; a null `total` moves to and fro. */
export function progress(label) {
  const fill = h("div", { class: "meter-fill" });
  const track = h("div", { class: "meter-track", role: "progressbar", "aria-label": label, "aria-valuemin": 0 }, fill);
  const words = h("span", { class: "number" });
  const el = h("div", { class: "meter progress" }, h("div", { class: "meter-text" }, h("span", {}, label), words), track);
  const update = (done, total, text = total === null ? "" : `${done} of ${total}`) => {
    setData(el, "busy", total === null ? "" : null);
    setAttr(track, "aria-valuemax", total);
    setAttr(track, "aria-valuenow", total === null ? null : done);
    fill.style.width = total ? `${Math.min(100, (100 * done) / total)}%` : "0";
    setText(words, text);
  };
  return { el, update };
}

/** A ring of 0 to 1 with something in its middle. Returns {el, update(share, tone)}; null: empty. */
export function ring(size, content, label) {
  const radius = size / 2 - 4;
  const around = 2 * Math.PI * radius;
  const circle = (name) => s("circle", { class: name, cx: size / 2, cy: size / 2, r: radius, fill: "none", "stroke-width": 6 });
  const track = circle("ring-track");
  const fill = circle("ring-fill");
  setAttr(fill, "transform", `rotate(-90 ${size / 2} ${size / 2})`);
  setAttr(fill, "stroke-linecap", "round");
  const picture = s("svg", { width: size, height: size, viewBox: `0 0 ${size} ${size}`, "aria-hidden": "true" }, track, fill);
  const el = h("div", { class: "ring", role: "img", "aria-label": label }, picture, content);
  const update = (share, tone = null, text = label) => {
    const part = Math.min(1, Math.max(0, share ?? 0));
    setAttr(fill, "stroke-dasharray", `${part * around} ${around}`);
    setAttr(fill, "visibility", part > 0.003 ? null : "hidden");
    setData(el, "tone", tone);
    setAttr(el, "aria-label", text);
  };
  update(null);
  return { el, update };
}
