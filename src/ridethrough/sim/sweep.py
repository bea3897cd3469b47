"""Every single UPS and every pair fails, each also while a host is in maintenance mode: which are the weakest points.

There are more of these cases than can be played on a large site. So each is reckoned first, roughly, from memory alone:
how much of what runs on the hosts that lose their supply has no room on the others. Then they are played by the real
decisions: the single failures first, then whatever looks worst, until the time is over. What was not played is told.
"""

from __future__ import annotations

import heapq
import itertools
import multiprocessing
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

from ridethrough.core.advice import is_protected, outcome
from ridethrough.core.learned import NOTHING_LEARNED, Learned
from ridethrough.core.model import HostId, PoolId
from ridethrough.core.observation import Snapshot
from ridethrough.core.site import Site
from ridethrough.core.supposing import in_maintenance
from ridethrough.core.topology import islands
from ridethrough.core.wording import listed

from .outlook import HARM, Failure, harm_in_words, harm_of, single_failures, unfed

CONSIDERED = 5000  # cases that are kept for playing; of those beyond, which look least bad, only the number is told
ALONE_BELOW = 12  # so few cases are not worth a second process
NOT_PLAYED_TOLD = 10
WORKERS = 2


@dataclass(frozen=True, slots=True)
class Case:
    """Utility power fails at these UPSs, while this host, if any, is in maintenance mode."""

    failure: Failure
    host: HostId = ""

    def __str__(self) -> str:
        upses = self.failure.upses
        named = f"feeder {self.failure.feeder}" if self.failure.feeder else listed(upses)
        verb = "fail" if len(upses) > 1 and not self.failure.feeder else "fails"
        return f"if {named} {verb}" + (f" while {self.host} is in maintenance mode" if self.host else "")

    @property
    def parts(self) -> tuple[Case, ...]:
        """What is less than this case, and must not already do the same harm."""
        if self.host:
            return (Case(self.failure),)
        if self.failure.feeder or len(self.failure.upses) < 2:
            return ()
        return tuple(Case(Failure("", (ups,))) for ups in self.failure.upses)


@dataclass(frozen=True, slots=True)
class Played:
    """What became of a case."""

    case: Case
    counts: Mapping[str, int]
    margin: float | None

    @property
    def harm(self) -> tuple[float, ...]:
        """Greater is worse."""
        return (*(float(self.counts[what]) for what in HARM), -(self.margin if self.margin is not None else 1e9))

    @property
    def why(self) -> str:
        return f"{self.case}, {harm_in_words(self.counts)}"


def sweep(
    site: Site, seen: Snapshot, seconds: float, workers: int = WORKERS, learned: Learned = NOTHING_LEARNED
) -> dict[str, Any]:
    """Reckon every case and play as many as there is time for, on so many processors. The weakest points stand first.

    `seconds` of the wall; what runs then is finished, and each case takes up to some seconds on a large site.
    `learned`: what the journal has taught of how long things take.
    """
    ends = time.monotonic() + seconds
    wanted, count = _cases(site, seen)
    bench = _Bench(site, seen, learned)
    alone = workers < 2 or len(wanted) < ALONE_BELOW
    played = bench.play_all(wanted, ends) if alone else _shared(bench, wanted, ends, workers)
    found = {one.case: one for one in played}
    ranked = sorted(found.values(), key=lambda one: (tuple(-part for part in one.harm), str(one.case)))
    left = [case for case in wanted if case not in found]
    return {
        "site": site.name,
        "of": count,
        "played": len(found),
        "rows": [_row(one, found) for one in ranked],
        "not_played": [str(case) for case in left[:NOT_PLAYED_TOLD]],
        "left_out": [*_silent(site, seen), *_stopped_before(site, seen, found)],
    }


def _row(one: Played, found: Mapping[Case, Played]) -> dict[str, Any]:
    return {
        "upses": list(one.case.failure.upses),
        "feeder": one.case.failure.feeder or None,
        "maintenance": one.case.host or None,
        **one.counts,
        "margin": one.margin,
        "adds": _adds(one, [found[part] for part in one.case.parts if part in found]),
        "why": one.why,
    }


def _adds(one: Played, parts: Sequence[Played]) -> bool:
    """Whether it loses or stops more than its parts do by themselves; without parts: whether it does at all."""
    return any(one.counts[what] > sum(part.counts[what] for part in parts) for what in HARM[:3])


# --- which cases there are ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Weights:
    """What the reckoning needs of each host."""

    pool: Mapping[HostId, PoolId]
    memory: Mapping[HostId, int]  # of its VMs
    free: Mapping[HostId, int]  # that others' VMs may take
    vms: Mapping[HostId, int]
    crashes: frozenset[HostId]

    @classmethod
    def of(cls, site: Site, seen: Snapshot) -> _Weights:
        guests = {host: seen.guests(host) for host in seen.hosts}
        bare = [
            h for h in site.hosts.values() if outcome(site.policy.of(h.id)).crash and not is_protected(h, site, seen)
        ]
        return cls(
            {host: there.pool for host, there in seen.hosts.items()},
            {host: sum(vm.memory for vm in on_it) for host, on_it in guests.items()},
            {host: there.memory_free if there.enabled else 0 for host, there in seen.hosts.items()},
            {host: len(on_it) for host, on_it in guests.items()},
            frozenset(host.id for host in bare),
        )

    def harm(self, gone: frozenset[HostId], host: HostId = "") -> tuple[int, int, int]:
        """Crashing hosts, bytes without room, VMs that must go: greater is worse."""
        short = 0
        for pool in {self.pool[it] for it in gone}:
            room = sum(
                free for it, free in self.free.items() if self.pool[it] == pool and it not in gone and it != host
            )
            moved = self.memory[host] if host and self.pool[host] == pool else 0
            short += max(sum(self.memory[it] for it in gone if self.pool[it] == pool) + moved - room, 0)
        return len(gone & self.crashes), short, sum(self.vms[it] for it in gone)


def _cases(site: Site, seen: Snapshot) -> tuple[list[Case], int]:
    """Those that are to be played, in that order; and how many there are."""
    weights, count = _Weights.of(site, seen), 0

    def weighed() -> Iterator[tuple[tuple[Any, ...], Case]]:
        nonlocal count
        for failure in _failures(site):
            gone = frozenset(unfed(site, seen, failure.upses))
            if not gone:
                continue  # every host has another feed
            for host in ("", *_matter(site, seen, gone)):
                count += 1
                single = not host and (bool(failure.feeder) or len(failure.upses) == 1)
                yield (single, weights.harm(gone, host), not host), Case(failure, host)

    kept = heapq.nlargest(CONSIDERED, weighed(), key=lambda entry: (entry[0], str(entry[1])))
    return [case for _, case in kept], count


def _failures(site: Site) -> Iterator[Failure]:
    """Each single failure, and each pair of UPSs of an island: those that share nothing do no more than each alone."""
    yield from single_failures(site)
    for part in islands(site):
        alone = [failure.upses[0] for failure in single_failures(part) if not failure.feeder]
        yield from (Failure("", pair) for pair in itertools.combinations(alone, 2))


def _matter(site: Site, seen: Snapshot, gone: frozenset[HostId]) -> list[HostId]:
    """The hosts that would have to take what runs on those that are gone."""
    pools = {seen.hosts[host].pool for host in gone}
    return sorted(h for h, there in seen.hosts.items() if h not in gone and there.pool in pools and there.enabled)


# --- playing -----------------------------------------------------------------------------------------------------


@dataclass(slots=True, eq=False)
class _Bench:
    """Plays cases; a host is put in maintenance mode once."""

    site: Site
    seen: Snapshot
    learned: Learned
    without: dict[HostId, Snapshot] = field(default_factory=dict)

    def play(self, case: Case) -> Played:
        if case.host and case.host not in self.without:
            self.without[case.host], _ = in_maintenance(self.site, self.seen, case.host)
        seen = self.without[case.host] if case.host else self.seen
        return Played(case, *harm_of(self.site, seen, case.failure.upses, self.learned))

    def play_all(self, cases: Sequence[Case], ends: float) -> Iterator[Played]:
        for case in cases:
            if time.monotonic() >= ends:
                return
            yield self.play(case)


def _shared(bench: _Bench, cases: Sequence[Case], ends: float, workers: int) -> Iterator[Played]:
    """The same by several processes."""
    fresh = multiprocessing.get_context("spawn")  # a fork would take locks and threads along
    with ProcessPoolExecutor(workers, fresh, _begin, (bench.site, bench.seen, bench.learned)) as pool:
        waiting, running = iter(cases), set[Future[Played]]()
        while True:
            late = time.monotonic() >= ends
            while not late and len(running) < workers and (case := next(waiting, None)) is not None:
                running.add(pool.submit(_play, case))
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            yield from (one.result() for one in done)


_bench: _Bench | None = None  # of a worker process


def _begin(site: Site, seen: Snapshot, learned: Learned) -> None:
    global _bench
    _bench = _Bench(site, seen, learned)


def _play(case: Case) -> Played:
    assert _bench is not None
    return _bench.play(case)


# --- what is not in it -------------------------------------------------------------------------------------------


def _silent(site: Site, seen: Snapshot) -> Iterator[str]:
    for pool in sorted(site.pools):
        if not seen.members(pool):
            yield f"{pool} does not answer: none of its hosts and VMs is in this"


def _stopped_before(site: Site, seen: Snapshot, found: Mapping[Case, Played]) -> Iterator[str]:
    """VMs that cannot be moved off a host: whoever puts it in maintenance mode has to stop them."""
    for host in sorted({case.host for case in found if case.host}):
        _, unplaced = in_maintenance(site, seen, host)
        if unplaced:
            names = sorted(seen.vms[vm].name for vm in unplaced)
            shown = listed(names if len(names) <= 4 else [*names[:3], f"{len(names) - 3} more"])
            yield f"{host} in maintenance mode: {shown} cannot be moved off it, and count as stopped by a person before"
