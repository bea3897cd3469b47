// Having a story played by the server, and what is kept of it.
import { del, get, post } from "../api.js";
import { live } from "../live.js";

const LOOK = 1000; // ms between two looks while nothing is told

/** Play a story. Resolves with the simulation, its `frames` included; `signal` cancels it. */
export async function played(story, signal) {
  const job = await post("/simulations?wait=10", story, { signal }); // the server cancels it when this is aborted
  const end = job.state === "running" ? await ended(job.id, signal) : job;
  if (end.state !== "done") throw new Error(end.trouble || "The simulation was not played to its end. Try again.");
  return opened(job.id, signal);
}

/** A simulation that is kept. */
export async function opened(id, signal) {
  const path = `/simulations/${encodeURIComponent(id)}`;
  const [found, frames] = await Promise.all([get(path, { signal }), get(`${path}/frames`, { signal })]);
  return { ...found, frames };
}

// The job's end comes over the event stream; a look at what is kept finds it where the stream missed it.
function ended(id, signal) {
  return new Promise((done, fail) => {
    const finish = (what, value) => {
      stop();
      clearInterval(timer);
      signal?.removeEventListener("abort", cancel);
      what(value);
    };
    const cancel = () => {
      del(`/simulations/${encodeURIComponent(id)}`).catch(() => {}); // it may have ended by itself
      finish(fail, signal.reason);
    };
    const stop = live.on("job", (job) => job.id === id && job.state !== "running" && finish(done, job));
    const timer = setInterval(async () => {
      try {
        await get(`/simulations/${encodeURIComponent(id)}`, { signal });
        finish(done, { state: "done" });
      } catch (error) {
        if (error.status !== 404) finish(fail, error);
      }
    }, LOOK);
    signal?.addEventListener("abort", cancel);
    if (signal?.aborted) cancel();
  });
}
