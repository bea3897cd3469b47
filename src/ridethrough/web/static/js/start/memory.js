// What this browser remembers of setting a site up.
const LEFT = "ridethrough.start.left";
const TRIED = "ridethrough.start.tried";

function kept(storage, key, value) {
  try {
    if (value !== undefined) storage().setItem(key, value);
    return storage().getItem(key);
  } catch {
    return null; // storage is forbidden here
  }
}

/** Whether a person has left the steps in this tab: then the Site page stays. */
export const wasLeft = () => kept(() => sessionStorage, LEFT) !== null;
export const leave = () => kept(() => sessionStorage, LEFT, "yes");

/** Whether an outage was simulated here. */
export const wasTried = () => kept(() => localStorage, TRIED) !== null;
export const setTried = () => kept(() => localStorage, TRIED, "yes");
