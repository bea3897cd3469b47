// Whether the Outage page opens by itself, and whether this outage has been shown already.

const CHOICE = "ridethrough.outage.opens";
const SEEN = "ridethrough.outage.seen";

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
