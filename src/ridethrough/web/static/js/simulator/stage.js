// The picture of the site in a simulation; two of them while two sets of options are compared.
import { h, setText } from "../dom.js";
import { picture } from "../site/picture.js";
import { filmOf } from "./film.js";

/** `onPick(node, el, state)` is called for a UPS or host that was pressed. Returns {el, show(films), at(t)}; `films`: one or two of [label, simulation]. */
export function stage({ onPick }) {
  const el = h("div", { class: "sim-stage" });
  const screens = []; // as many as were ever shown at once
  let shown = [];
  let moment = 0;

  function screen() {
    const one = { film: null, state: null, name: h("h3", {}) };
    one.map = picture({ onPick: (node, at) => onPick(node, at, one.state) });
    one.el = h("section", { class: "sim-screen" }, one.name, one.map.el);
    return one;
  }

  function show(films) {
    while (screens.length < films.length) screens.push(screen());
    shown = screens.slice(0, films.length);
    el.replaceChildren(...shown.map((one) => one.el));
    films.forEach(([label, found], n) => {
      setText(shown[n].name, label);
      shown[n].name.hidden = !label;
      shown[n].film = filmOf(found);
      shown[n].state = null;
    });
    at(moment);
  }

  function at(t) {
    moment = t;
    for (const one of shown) {
      const next = one.film.at(t);
      if (next === one.state) continue;
      one.state = next;
      one.map.update(next);
    }
  }

  return { el, show, at };
}
