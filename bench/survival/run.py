"""Plays thousands of outages under every policy, and says what each of them cost.

    python -m bench.survival [--outages 2000] [--seed 320000] [--workers 2] [--json FILE] [--policy NAME ...]

The same seeds give the same figures. Seeds 1 to 9999 are for tuning, and never reported. Without `--policy` it plays
those of the table in bench/README.md, but for "without agents".
"""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ridethrough.sim.scenario import Scenario, read

from .bound import bound
from .outages import story
from .policies import NAMED, POLICIES
from .score import Score, Why, score
from .tables import distribution, table
from .truth import outage, truth

SCENARIOS = Path(__file__).parents[2] / "scenarios"
CHUNK = 10


@dataclass(frozen=True, slots=True)
class Played:
    """One outage under every policy, and the least that it must cost. `seconds`: of processor time."""

    seed: int
    bound: float
    scores: Mapping[str, Score]
    seconds: Mapping[str, float]


def scenario_of(seed: int) -> Scenario:
    return read(story(seed), SCENARIOS / "survival.toml")


def play(seed: int, policies: Sequence[str]) -> Played:
    """Raises what a policy raises: that is a bug, and not a score."""
    scenario = scenario_of(seed)
    first = scenario.site.build()
    scores: dict[str, Score] = {}
    seconds: dict[str, float] = {}
    for name in policies:
        began = time.process_time()
        last = NAMED[name](scenario)
        scores[name] = score(truth(scenario, first, last))
        seconds[name] = time.process_time() - began
    return Played(seed, bound(outage(scenario, first)), scores, seconds)


def play_all(policies: Sequence[str], seeds: range) -> list[Played]:
    logging.lastResort = None
    return [play(seed, policies) for seed in seeds]


def as_json(played: Sequence[Played]) -> dict[str, Any]:
    """Everything, for each outage and in sum. Processor times are not among it: it is the same in each run."""
    names = list(played[0].scores)
    return {
        "seeds": [played[0].seed, played[-1].seed],
        "bound": round(sum(p.bound for p in played), 2),
        "policies": {name: distribution([p.scores[name] for p in played], [p.bound for p in played]) for name in names},
        "outages": [
            {"seed": p.seed, "bound": round(p.bound, 2), **{name: _row(p.scores[name]) for name in names}}
            for p in played
        ],
    }


def _row(it: Score) -> dict[str, Any]:
    return {
        "total": round(it.total, 2),
        "crashed": it.crashed,
        "preventable": it.why.count(Why.PREVENTABLE),
        "hard_stopped": it.hard_stopped,
        "minutes": round(it.minutes, 2),
        "hosts_off": it.hosts_off,
        "storage_lost": it.storage_lost,
        "moved": it.moved,
    }


def chunks(first: int, count: int) -> list[range]:
    return [range(n, min(n + CHUNK, first + count)) for n in range(first, first + count, CHUNK)]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.survival", description="Random outages, scored.")
    parser.add_argument("--outages", type=int, default=2000, help="how many (default 2000)")
    parser.add_argument("--seed", type=int, default=320_000, help="the first seed (default 320000)")
    parser.add_argument("--workers", type=int, default=2, help="processes (default 2)")
    parser.add_argument("--json", type=Path, help="write everything into this file")
    parser.add_argument("--policy", action="append", choices=[*NAMED], help="only this one; may be repeated")
    parser.add_argument("--worst", type=int, default=0, help="tell the costliest outages of the first policy")
    asked = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # with the processes below, not without them
    began, names = time.monotonic(), asked.policy or list(POLICIES)
    played: list[Played] = []
    with ProcessPoolExecutor(asked.workers) as processes:
        for part in processes.map(partial(play_all, names), chunks(asked.seed, asked.outages)):
            played += part
    print(f"{len(played)} outages, seeds {played[0].seed} to {played[-1].seed}, {time.monotonic() - began:.0f} s")
    rows = {name: [p.scores[name] for p in played] for name in names}
    print(table(rows, [p.bound for p in played]))
    spent = {name: sum(p.seconds[name] for p in played) for name in names}
    print("processor time: " + ", ".join(f"{name} {seconds:.0f} s" for name, seconds in spent.items()))
    for p in sorted(played, key=lambda p: p.bound - p.scores[names[0]].total)[: asked.worst]:
        print(f"seed {p.seed}: bound {p.bound:.1f}; " + "; ".join(f"{n} {p.scores[n].total:.1f}" for n in names))
    if asked.json:
        asked.json.write_text(json.dumps(as_json(played), indent=1) + "\n", encoding="utf-8")
    return 0
