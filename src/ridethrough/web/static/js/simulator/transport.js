// Play, pause, speed, and the slider: where in a simulation one is.
import { h, setAttr, setData, setIcon, setText, uniqueId } from "../dom.js";
import { countdown, duration } from "../time.js";
import { button } from "../ui/button.js";

const TICK = 80; // ms
const SPEEDS = [1, 10, 30, 60, 120, 300];
const FASTEST_AT_FIRST = 30;

/** `onTime(t)` is called whenever the moment is another one, `onEnd()` when it was played to the end. Returns {el, at, set({until, marks}), go(t), play(), pause()}. */
export function transport({ onTime, onEnd = null }) {
  let until = 600;
  let at = 0;
  let timer = null;
  let last = 0;
  let stops = [0];
  const slider = h("input", { type: "range", class: "scrub", min: 0, max: until, step: 1, "aria-label": "Moment" });
  const marks = h("div", { class: "scrub-marks", "aria-hidden": "true" });
  const clock = h("output", { class: "scrub-clock number" });
  const id = uniqueId("speed");
  const speed = h("select", { class: "input", id }, SPEEDS.map((one) => h("option", { value: one, ".selected": one === FASTEST_AT_FIRST }, `${one}×`)));
  const press = button("", { symbol: "play", kind: "primary", label: "Play", onClick: () => (timer === null ? play() : pause()) });
  const back = button("", { symbol: "left", kind: "quiet", label: "What happened before", title: "What happened before", onClick: () => jump(stops.findLast((stop) => stop < at - 0.01) ?? 0) });
  const on = button("", { symbol: "right", kind: "quiet", label: "What happens next", title: "What happens next", onClick: () => jump(stops.find((stop) => stop > at + 0.01) ?? until) });
  const el = h(
    "div",
    { class: "transport", role: "group", "aria-label": "Playback" },
    press,
    back,
    on,
    h("div", { class: "scrub-track" }, marks, slider),
    clock,
    h("label", { class: "unseen", for: id }, "Speed"),
    speed,
  );
  slider.addEventListener("input", () => show(Number(slider.value)));

  function show(next) {
    at = Math.min(Math.max(0, next), until);
    if (Number(slider.value) !== Math.round(at)) slider.value = at;
    slider.style.setProperty("--done", `${(100 * at) / until}%`);
    setAttr(slider, "aria-valuetext", `${duration(at)} of ${duration(until)}`);
    setText(clock, `${countdown(at)} / ${countdown(until)}`);
    onTime(at);
  }

  function jump(next) {
    pause();
    show(next);
  }

  function play() {
    if (at >= until) show(0);
    last = performance.now();
    timer ??= setInterval(tick, TICK);
    setIcon(press.querySelector(".icon"), "pause");
    setAttr(press, "aria-label", "Pause");
  }

  function pause() {
    clearInterval(timer);
    timer = null;
    setIcon(press.querySelector(".icon"), "play");
    setAttr(press, "aria-label", "Play");
  }

  function tick() {
    const now = performance.now();
    show(at + ((now - last) / 1000) * Number(speed.value));
    last = now;
    if (at < until) return;
    pause();
    onEnd?.();
  }

  /** `happenings`: [{at, tone}], marked on the track; `told`: the moments at which something is told. */
  function set({ until: end, happenings, told = [] }) {
    until = Math.max(1, end);
    setAttr(slider, "max", Math.ceil(until));
    stops = [...new Set([0, ...happenings.map((one) => one.at), ...told])].sort((a, b) => a - b);
    marks.replaceChildren(
      ...happenings.map((one) => {
        const mark = h("span", { class: "scrub-mark", style: { left: `${(100 * one.at) / until}%` } });
        setData(mark, "tone", one.tone);
        return mark;
      }),
    );
    show(Math.min(at, until));
  }

  return {
    el,
    set,
    play,
    pause,
    go: jump,
    get at() {
      return at;
    },
  };
}
