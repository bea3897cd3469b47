"""Guests to hosts: everybody at once if it works, else what is worth most, bettered step by step.

Deterministic, and bounded by a number of steps, not by a clock.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from .better import better
from .problem import Plan, Problem
from .state import NOWHERE, State


@lru_cache(maxsize=8)
def packed(problem: Problem) -> Plan:
    """A place for as much of what the guests are worth as can be found.

    While nothing moves, and no battery limits the time, the problem of a round is that of the one before.
    """
    state = State(problem)
    if not state.timed:
        _pack(problem, state)
        return _plan(problem, state)
    _pack(problem, state)
    in_time = {g for g, t in enumerate(state.where) if t != NOWHERE}
    state.without_time()
    _fill(state, state.unplaced(), _gentle)
    late = frozenset(problem.guests[g].id for g, t in enumerate(state.where) if t != NOWHERE and g not in in_time)
    return _plan(problem, state, late)


def _plan(problem: Problem, state: State, late: frozenset[str] = frozenset()) -> Plan:
    ids = [t.id for t in problem.targets]
    places = {g.id: ids[t] for g, t in zip(problem.guests, state.where, strict=True) if t != NOWHERE}
    return Plan(places, late)


def _pack(problem: Problem, state: State) -> None:
    everybody = range(len(state.guests))
    order = sorted(everybody, key=lambda g: (len(state.allowed[g]), -state.memory[g], g))
    if _evenly(problem, state, order):
        return
    _fill(state, order, _gentle)
    if not state.unplaced():
        return
    best, places = state.saved, state.copy_places()
    pressure = _pressure(state)

    def easy(state: State, g: int) -> int:
        """The host that the fewest others need: who can go anywhere leaves the rest to those who cannot."""
        fitting = [(pressure[t], state.free[t], t) for t in state.allowed[g] if state.fits(g, t)]
        return min(fitting)[2] if fitting else NOWHERE

    for order in _orders(state):
        for choose in (_tight, easy):
            state.restore([NOWHERE] * len(state.guests))
            _fill(state, order, choose)
            if state.saved > best:
                best, places = state.saved, state.copy_places()
    state.restore(places)
    better(state)


def _evenly(problem: Problem, state: State, order: list[int]) -> bool:
    """Everybody as `_gentle` has them, but spread over the CPUs too; False, and nobody placed, where that loses one."""
    cpus, loads, vcpus = [t.cpus for t in problem.targets], [t.vcpus for t in problem.targets], problem.guests
    if not (any(cpus) and any(g.vcpus for g in vcpus)) or _is_too_much(state):
        return False
    for g in order:
        if not state.allowed[g]:
            continue
        more = vcpus[g].vcpus
        # For each CPU so many vCPUs wait, in whole numbers: none while there are no more of them than CPUs.
        waiting = [(load + more - 1) // have if have else 0 for load, have in zip(loads, cpus, strict=True)]
        t = _gentle(state, g, waiting if more else None)
        if t == NOWHERE:
            state.restore([NOWHERE] * len(state.guests))
            return False
        state.put(g, t)
        loads[t] += more
    return True


def _is_too_much(state: State) -> bool:
    """More than there is memory for, or time: it need not be tried."""
    able = [g for g, allowed in enumerate(state.allowed) if allowed]
    if sum(state.memory[g] for g in able) > sum(state.free):
        return True
    leaving = [0.0] * len(state.out_left)
    for g in able:
        leaving[state.source[g]] += state.seconds[g]
    return any(needs > left for needs, left in zip(leaving, state.out_left, strict=True))


def _pressure(state: State) -> list[float]:
    """How much would come to each target for what room it has, were each guest spread over all that it can go to."""
    state.restore([NOWHERE] * len(state.guests))
    wanted = [0.0] * len(state.free)
    for memory, allowed in zip(state.memory, state.allowed, strict=True):
        for t in allowed:
            wanted[t] += memory / len(allowed)
    return [w / max(f, 1) for w, f in zip(wanted, state.free, strict=True)]


def _orders(state: State) -> Iterable[list[int]]:
    """What is worth most first; then by what a guest is worth for what it takes, of memory, of time, of both."""
    everybody = range(len(state.guests))
    yield sorted(everybody, key=lambda g: (-state.weight[g], state.memory[g], g))
    state.restore([NOWHERE] * len(state.guests))
    room = sum(state.free) or 1
    times = [max(left, 1e-9) for left in state.out_left]
    shares = [(m / room, s / times[o]) for m, s, o in zip(state.memory, state.seconds, state.source, strict=True)]
    for price in (0.0, 0.5, 1.0) if state.timed else (0.0,):
        cost = [max(m * (1 - price) + t * price, 1e-12) for m, t in shares]
        yield sorted(everybody, key=lambda g: (-state.weight[g] / cost[g], g))


def _fill(state: State, order: Iterable[int], choose: Callable[[State, int], int]) -> None:
    for g in order:
        if state.where[g] == NOWHERE:
            t = choose(state, g)
            if t != NOWHERE:
                state.put(g, t)


def _gentle(state: State, g: int, waiting: Sequence[int] | None = None) -> int:
    """The host of the best supply; the preferred one; one without the like of it; the idlest link; the least `waiting`;
    the roomiest."""
    best: tuple[int, bool, int, float, int, int, int] | None = None
    wanted, groups, memory = state.preferred[g], state.groups[g], state.memory[g]
    free, rank, into, into_left = state.free, state.rank, state.into, state.into_left
    seconds = state.seconds[g] if state.timed else -math.inf
    if seconds > state.out_left[state.source[g]]:
        return NOWHERE
    for t in state.allowed[g]:
        if memory > free[t] or seconds > into_left[t]:  # as `fits`: this is looked at most of all
            continue
        met = state.crowd(g, t) if groups else 0
        key = (rank[t], t != wanted, met, into[t], waiting[t] if waiting else 0, -free[t], t)
        if best is None or key < best:
            best = key
    return NOWHERE if best is None else best[-1]


def _tight(state: State, g: int) -> int:
    """The host with the least room that is enough."""
    fitting = [(state.free[t], t) for t in state.allowed[g] if state.fits(g, t)]
    return min(fitting)[1] if fitting else NOWHERE
