// Whether the Outage page opens by itself, whether this outage has been shown already, and whether it leads back by itself.

const CHOICE = "ridethrough.outage.opens";
const SEEN = "ridethrough.outage.seen";
const TAKEN = "ridethrough.outage.taken";
const BACK_AFTER = 5 * 60_000; // ms after the outage's end
const TOUCHES = ["pointerdown", "keydown", "wheel", "touchstart"];

function stored(storage, key) {
  try {
    return storage().getItem(key);
  } catch {
    return null; // storage is forbidden here
  }
}

function store(storage, key, value) {
  try {
    storage().setItem(key, value);
  } catch {
    // storage is forbidden here: the choice lasts as long as the page
  }
}

export const opensByItself = () => stored(() => localStorage, CHOICE) !== "no";
export const setOpensByItself = (yes) => store(() => localStorage, CHOICE, yes ? "yes" : "no");

/** Whoever has seen this outage in this tab is not taken back to it. */
export const wasSeen = (since) => Number(stored(() => sessionStorage, SEEN)) >= since - 1;
export const setSeen = (since) => store(() => sessionStorage, SEEN, String(since));

/** From the Site page to the outage, by itself. Until somebody touches the page there, it may lead back by itself too. */
export function takeOver() {
  store(() => sessionStorage, TAKEN, "yes");
  location.assign("/outage");
}

/**
 * The way back of a screen that nobody touches: `over()` begins the wait when the outage has ended, and returns whether
 * there is one; `again()` ends it. `touched()` is called once somebody has touched the page: then it stays.
 */
export function wayBack(touched) {
  let untouched = stored(() => sessionStorage, TAKEN) === "yes";
  let due = null;
  const again = () => clearTimeout(due);
  const stays = () => {
    for (const kind of TOUCHES) removeEventListener(kind, stays, true);
    again();
    untouched = false;
    store(() => sessionStorage, TAKEN, "no");
    touched();
  };
  if (untouched) for (const kind of TOUCHES) addEventListener(kind, stays, { capture: true, passive: true });
  const over = () => {
    if (untouched) due = setTimeout(() => location.assign("/"), BACK_AFTER);
    return untouched;
  };
  return { over, again };
}
