// Durations and moments in words. Seconds in, text out.

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;

/** A duration in words, two units at most: "45 s", "3 min 20 s", "2 h 5 min", "4 days". "unknown" for null. */
export function duration(seconds) {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return "unknown";
  const whole = Math.round(Math.abs(seconds));
  const sign = seconds < 0 && whole > 0 ? "−" : "";
  if (whole < MINUTE) return `${sign}${whole} s`;
  if (whole < 10 * MINUTE) return sign + two(whole, MINUTE, "min", 1, "s");
  if (whole < 2 * HOUR) return `${sign}${Math.round(whole / MINUTE)} min`;
  if (whole < DAY) return sign + two(Math.round(whole / MINUTE) * MINUTE, HOUR, "h", MINUTE, "min");
  const days = Math.floor(whole / DAY);
  return `${sign}${days} ${days === 1 ? "day" : "days"}`;
}

/** A short duration for tight places: "45 s", "12 min", "3 h", "4 d". "?" for null. */
export function brief(seconds) {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return "?";
  const whole = Math.round(Math.abs(seconds));
  const sign = seconds < 0 && whole > 0 ? "−" : "";
  if (whole < 100) return `${sign}${whole} s`;
  if (whole < 100 * MINUTE) return `${sign}${Math.floor(whole / MINUTE)} min`;
  if (whole < 2 * DAY) return `${sign}${Math.floor(whole / HOUR)} h`;
  return `${sign}${Math.floor(whole / DAY)} d`;
}

/** A running clock: "4:05", "1:02:09". "–:––" for null. */
export function countdown(seconds) {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return "–:––";
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / HOUR);
  const minutes = Math.floor((whole % HOUR) / MINUTE);
  const rest = String(whole % MINUTE).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** How long ago: "just now", "12 s ago", "in 3 min". `now` is the site's. "never" for null. */
export function ago(at, now) {
  if (at === null || at === undefined) return "never";
  const passed = now - at;
  if (Math.abs(passed) < 2) return "just now";
  return passed > 0 ? `${duration(passed)} ago` : `in ${duration(-passed)}`;
}

/** A moment as a clock shows it, with its day when that is not today: "14:03:22", "12 May, 14:03:22". */
export function clock(at, now, { seconds = true } = {}) {
  if (at === null || at === undefined) return "–";
  const moment = new Date(at * 1000);
  const time = moment.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: seconds ? "2-digit" : undefined, hourCycle: "h23" });
  const today = new Date((now ?? Date.now() / 1000) * 1000);
  if (moment.toDateString() === today.toDateString()) return time;
  const year = moment.getFullYear() === today.getFullYear() ? undefined : "numeric";
  return `${moment.toLocaleDateString([], { day: "numeric", month: "short", year })}, ${time}`;
}

/** A `<time>` value. */
export function iso(at) {
  return new Date(at * 1000).toISOString();
}

function two(whole, big, bigName, small, smallName) {
  const head = Math.floor(whole / big);
  const tail = Math.floor((whole % big) / small);
  return tail ? `${head} ${bigName} ${tail} ${smallName}` : `${head} ${bigName}`;
}
