// Round steps for axes: of numbers, and of time.

const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 1209600, 2592000];

/** Round values from `low` to `high`, about `wanted` of them. */
export function ticks(low, high, wanted = 4) {
  const span = high - low || 1;
  const rough = span / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n >= rough * 0.999);
  const found = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + step * 1e-9; n += 1) found.push(Number((n * step).toPrecision(12)));
  return found;
}

/** Round moments from `from` to `to` (seconds), at most `wanted` of them, counted from `origin`. */
export function timeTicks(from, to, wanted = 6, origin = 0) {
  const step = TIME_STEPS.find((one) => (to - from) / one <= wanted) ?? TIME_STEPS.at(-1);
  const found = [];
  for (let at = origin + Math.ceil((from - origin) / step) * step; at <= to; at += step) found.push(at);
  return found;
}

/** A function from `low`..`high` to `start`..`end`. */
export function linear(low, high, start, end) {
  const span = high - low || 1;
  return (value) => start + ((value - low) / span) * (end - start);
}
