"""How good the evacuation planner is, against an exact solver, and how long it takes.

    python bench/placement.py [--instances N] [--seed FIRST] [--hosts MOST] [--solver-seconds S] [--results FILE]

Random pools (bench/pools.py) are planned by the product and by OR-tools' CP-SAT. An instance that the solver cannot
prove in its seconds counts against its bound, which no plan can exceed. With `--results` every instance is written
down, and those that stand there already are not played again: a long run may be broken off and taken up. Ends with 1
where a plan keeps not to its constraints.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from chart import save
from exact import model, solved, violations
from makespan import least, least_of_any, played
from percentile import percentile
from pools import Instance, instance

from ridethrough.core.placement import Placement, place
from ridethrough.core.planner import packed
from ridethrough.core.situation import Situation


@dataclass(frozen=True, slots=True)
class Result:
    """One instance: what was saved of what could be, how long the plan took, and what is wrong with it."""

    seed: int
    hosts: int
    vms: int
    leaving: int
    saved: int
    best: int
    bound: int
    proven: bool
    milliseconds: float
    makespan: float
    least: float
    least_of_any: float
    wrong: list[str]

    @property
    def quality(self) -> float:
        return self.saved / self.bound if self.bound else 1.0


def measure(it: Instance, solver_seconds: float, workers: int) -> Result:
    plan, milliseconds = timed(it)
    m = model(it)
    # What has no time that could be counted on is no promise; it is neither counted nor held against the plan.
    places = {v: h for v, (h, _) in plan.moves.items() if v not in plan.late}
    best = solved(m, places, solver_seconds, workers)
    moves = [(m.vms[v], h) for v, h in places.items()]
    parallel = it.situation.policy.parallel
    return Result(
        it.seed,
        len(it.situation.seen.hosts),
        len(it.situation.seen.vms),
        len(m.vms),
        sum(m.worth[v] for v in places),
        best.worth,
        best.bound,
        best.proven,
        milliseconds,
        played(moves, it.link, parallel),
        least(moves, it.link),
        least_of_any(moves, it.link, len(m.free)),
        violations(m, places),
    )


def timed(it: Instance) -> tuple[Placement, float]:
    """The plan, and the processor time that it took: the middle of three, each as if nothing had been planned yet."""
    took: list[float] = []
    for _ in range(3):
        s = it.situation
        fresh = Situation(s.now, s.seen, s.memory, s.site)
        packed.cache_clear()
        gc.collect()
        began = time.thread_time()
        plan = place(fresh, it.failing)
        took.append(1000 * (time.thread_time() - began))
    return plan, statistics.median(took)


def told(results: list[Result]) -> None:
    quality = [r.quality for r in results]
    times = [r.milliseconds for r in results]
    vms, leaving = sum(r.vms for r in results), sum(r.leaving for r in results)
    print(f"instances            {len(results)}: {vms} VMs, {leaving} of them to move")
    print(f"proven optimal       {sum(r.proven for r in results)}; below the best known: {_below(results)}")
    print(f"saved, of the bound  mean {100 * statistics.mean(quality):.3f} %, worst {100 * min(quality):.2f} %")
    best = [r.saved / r.best for r in results if r.best]
    print(f"saved, of the best   mean {100 * statistics.mean(best):.3f} %, worst {100 * min(best, default=1):.2f} %")
    print(f"planning, ms         {spread(times, 1)}")
    print(f"makespan ratio       {spread([r.makespan / r.least for r in results if r.least], 3)}")
    print(f"  for any targets    {spread([r.makespan / r.least_of_any for r in results if r.least_of_any], 3)}")
    for r in sorted(results, key=lambda r: r.quality)[:5]:
        if r.quality < 1:
            share = f"{100 * r.quality:.2f} % of the {'optimum' if r.proven else 'bound'}"
            print(f"  seed {r.seed}: {r.hosts} hosts, {r.leaving} to move: {share}")


def _below(results: list[Result]) -> int:
    return sum(r.saved < r.best for r in results)


def spread(values: list[float], digits: int) -> str:
    """Mean, median, 95th percentile and greatest."""
    if not values:
        return "-"
    shown = (statistics.mean(values), percentile(values, 50), percentile(values, 95), max(values))
    return "mean {:.{n}f}, median {:.{n}f}, p95 {:.{n}f}, max {:.{n}f}".format(*shown, n=digits)


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--instances", type=int, default=500)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--hosts", type=int, default=64)
    options.add_argument("--solver-seconds", type=float, default=60.0)
    options.add_argument("--workers", type=int, default=1)
    options.add_argument("--results", type=Path)
    options.add_argument("--charts", type=Path)
    given = options.parse_args()
    known: dict[int, Result] = {}
    if given.results and given.results.exists():
        lines = given.results.read_text(encoding="utf-8").splitlines()
        known = {r.seed: r for r in (Result(**json.loads(line)) for line in lines)}
    results: list[Result] = []
    for seed in range(given.seed, given.seed + given.instances):
        result = known.get(seed)
        if result is None:
            result = measure(instance(seed, given.hosts), given.solver_seconds, given.workers)
            if given.results:
                with given.results.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(result)) + "\n")
        results.append(result)
    told(results)
    points = {"a plan": [(r.leaving, r.milliseconds) for r in sorted(results, key=lambda r: r.leaving) if r.leaving]}
    save(given.charts, "placement", "Planning an evacuation", "VMs to move", "milliseconds", points)
    wrong = [f"seed {r.seed}: {text}" for r in results for text in r.wrong]
    print("\n".join(wrong[:20]), end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
