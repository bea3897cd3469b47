// Pictures that are drawn as wide as they stand on the page, so that their text keeps its size.

/**
 * Call `draw(width, scale)` when the element's width (CSS pixels) has changed; nothing is called while it is not shown. `scale`: how
 * much larger the page's text is than usual: on a wall screen, or by the reader's own choice.
 */
export function atWidth(el, draw) {
  let last = 0;
  new ResizeObserver((entries) => {
    const width = Math.round(entries[0].contentRect.width);
    if (width === last || width === 0) return;
    last = width;
    draw(width, scaleOfText());
  }).observe(el);
}

function scaleOfText() {
  return (Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16) / 16;
}
