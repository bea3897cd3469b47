// Pictures that are drawn as wide as they stand on the page, so that their text keeps its size.

/** Call `draw(width)` (CSS pixels) when the element's width has changed; nothing is called while it is not shown. */
export function atWidth(el, draw) {
  let last = 0;
  new ResizeObserver((entries) => {
    const width = Math.round(entries[0].contentRect.width);
    if (width === last || width === 0) return;
    last = width;
    draw(width);
  }).observe(el);
}
