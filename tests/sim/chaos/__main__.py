"""python -m tests.sim.chaos N [--seed S] [--workers W]: N random outages, from seed S on. See docs/scenarios.md."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from ridethrough.core.decide import decide as decide_for_real
from ridethrough.core.model import Seconds
from ridethrough.runtime.loop import Decide
from ridethrough.sim.scenario import narrative

from .outages import story
from .shrink import Shrinker
from .sites import Content
from .watch import Broken, Watch
from .written import written

BASE_SEED = 1  # of ./test: the same outages for everybody
TOLD = 5  # findings that are shrunk and told in full
CHUNK = 20


@dataclass(frozen=True)
class Played:
    """One seed: how long it was in virtual time, and what was broken."""

    seed: int
    seconds: Seconds
    broken: tuple[Broken, ...]


def play(seed: int) -> Played:
    watch = Watch(story(seed))
    broken, seconds = played(watch), watch.world.now
    return Played(seed, seconds, tuple({b.rule: b for b in reversed(broken)}.values()))


def played(watch: Watch) -> list[Broken]:
    """Play it to its end; an exception breaks a rule too."""
    try:
        return watch.play()
    except Exception as error:
        return [*watch.broken, Broken(f"no exception: {type(error).__name__}", watch.world.now, str(error))]


def play_all(seeds: range) -> list[Played]:
    quiet()
    return [play(seed) for seed in seeds]


def quiet() -> None:
    """Errors of the program are looked at, not printed."""
    logging.lastResort = None


def breaks(rule: str, content: Content, decide: Decide = decide_for_real) -> bool:
    return any(b.rule == rule for b in played(Watch(content, decide, looks_for=rule)))


def tell(finding: Played, decide: Decide = decide_for_real) -> Iterator[str]:
    """The seed, the broken rules, the smallest story that breaks the first of them, and its file."""
    first = finding.broken[0]
    small = Shrinker(lambda content: breaks(first.rule, content, decide)).shrink(story(finding.seed))
    watch = Watch(small, decide, looks_for=first.rule)
    broken = next((b for b in played(watch) if b.rule == first.rule), first)
    yield f"seed {finding.seed} breaks: {', '.join(b.rule for b in finding.broken)}"
    yield f"{broken.rule}, at {broken.at - watch.scenario.lead_in:.1f} s: {broken.text}"
    yield narrative(watch.scenario, watch.world, watch.journal.entries)
    yield "--- as a scenario's file ---"
    yield written(small)


def chunks(first: int, count: int) -> list[range]:
    return [range(n, min(n + CHUNK, first + count)) for n in range(first, first + count, CHUNK)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="./test --chaos", description="Random outages against the rules.")
    parser.add_argument("count", type=int, help="how many outages")
    parser.add_argument("--seed", type=int, default=BASE_SEED, help=f"the first seed (default {BASE_SEED})")
    parser.add_argument("--workers", type=int, default=2, help="processes (default 2)")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # with the processes below, not without them
    quiet()
    began, found, seconds, done = time.monotonic(), [], 0.0, 0
    print(f"{asked.count} random outages, seeds {asked.seed} to {asked.seed + asked.count - 1}", flush=True)
    with ProcessPoolExecutor(asked.workers) as processes:
        for part in processes.map(play_all, chunks(asked.seed, asked.count)):
            done += len(part)
            seconds += sum(p.seconds for p in part)
            found += [p for p in part if p.broken]
            if done % 500 < CHUNK or done == asked.count:
                print(f"  {done} played, {len(found)} broken, {time.monotonic() - began:.0f} s", flush=True)
    for finding in found[:TOLD]:
        print("\n" + "\n".join(tell(finding)), flush=True)
    rules = Counter(b.rule for p in found for b in p.broken)
    for rule, times in rules.most_common():
        seeds = [p.seed for p in found if any(b.rule == rule for b in p.broken)]
        print(f"{times} x {rule}: seeds {', '.join(map(str, seeds[:8]))}")
    print(f"{done} outages, {seconds / 3600:.0f} hours of virtual time: {len(found)} broken")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
