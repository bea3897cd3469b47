"""A plan in the making: who is where, and what is left of each host's memory and of each link's time."""

from __future__ import annotations

import math

from .problem import Guest, Problem

NOWHERE = -1


class State:
    """Guests, targets and sources by number. Only `put` and `take` change it.

    `saved` is what all that has a place is worth; `order` are those that could have one, the weightiest first, the
    smallest of them first.
    """

    __slots__ = (
        "allowed",
        "counts",
        "free",
        "groups",
        "guests",
        "into",
        "into_left",
        "memory",
        "on",
        "order",
        "out_left",
        "preferred",
        "rank",
        "saved",
        "seconds",
        "source",
        "timed",
        "weight",
        "where",
    )

    def __init__(self, problem: Problem) -> None:
        targets = problem.targets
        number = {t.id: n for n, t in enumerate(targets)}
        sources = sorted({g.source for g in problem.guests})
        source_number = {s: n for n, s in enumerate(sources)}
        known: dict[tuple[str, ...], tuple[int, ...]] = {}
        self.guests: tuple[Guest, ...] = problem.guests
        self.memory = [g.memory for g in problem.guests]
        self.weight = [g.weight for g in problem.guests]
        self.seconds = [g.seconds for g in problem.guests]
        self.source = [source_number[g.source] for g in problem.guests]
        self.preferred = [number.get(g.preferred or "", NOWHERE) for g in problem.guests]
        self.groups = [sorted(g.groups) for g in problem.guests]
        self.allowed: list[tuple[int, ...]] = []
        for g in problem.guests:
            if g.targets not in known:
                known[g.targets] = tuple(number[t] for t in g.targets if t in number)
            self.allowed.append(known[g.targets])
        self.free = [t.free for t in targets]
        self.rank = [t.rank for t in targets]
        self.into = [t.busy for t in targets]
        windows = [problem.window(s) for s in sources]
        longest = max(windows, default=math.inf)
        self.timed = any(math.isfinite(w) for w in windows)
        self.out_left = windows
        self.into_left = [longest - t.busy for t in targets]
        self.counts = [dict(t.groups) for t in targets]
        self.where = [NOWHERE] * len(problem.guests)
        self.saved = 0
        self.on: list[list[int]] = [[] for _ in targets]
        self.order = self._able()

    def _able(self) -> list[int]:
        """Who would have a place alone on empty targets."""
        able = (g for g, allowed in enumerate(self.allowed) if any(self.fits(g, t) for t in allowed))
        return sorted(able, key=lambda g: (-self.weight[g], self.memory[g], g))

    def without_time(self) -> None:
        """Room is left although no time is: what comes last may still be lucky."""
        self.timed = False
        self.order = self._able()

    def fits(self, g: int, t: int) -> bool:
        """Whether there is room, and time, for a guest on a target."""
        if self.memory[g] > self.free[t]:
            return False
        return not self.timed or self.seconds[g] <= min(self.into_left[t], self.out_left[self.source[g]])

    def crowd(self, g: int, t: int) -> int:
        """How many guests of its groups it would meet there."""
        counts = self.counts[t]
        return sum(counts.get(group, 0) for group in self.groups[g])

    def put(self, g: int, t: int) -> None:
        self.where[g] = t
        self.saved += self.weight[g]
        self.on[t].append(g)
        self._account(g, t, 1)

    def take(self, g: int) -> None:
        t = self.where[g]
        self.where[g] = NOWHERE
        self.saved -= self.weight[g]
        self.on[t].remove(g)
        self._account(g, t, -1)

    def move(self, g: int, t: int) -> None:
        self.take(g)
        self.put(g, t)

    def _account(self, g: int, t: int, sign: int) -> None:
        seconds = sign * self.seconds[g]
        self.free[t] -= sign * self.memory[g]
        self.into[t] += seconds
        if self.timed:
            self.into_left[t] -= seconds
            self.out_left[self.source[g]] -= seconds
        for group in self.groups[g]:
            self.counts[t][group] = self.counts[t].get(group, 0) + sign

    def unplaced(self) -> list[int]:
        """What has no place and could have one, in `order`."""
        return [g for g in self.order if self.where[g] == NOWHERE]

    def copy_places(self) -> list[int]:
        return list(self.where)

    def restore(self, places: list[int]) -> None:
        """Put everything where it was."""
        for g, t in enumerate(self.where):
            if t != NOWHERE and t != places[g]:
                self.take(g)
        for g, t in enumerate(places):
            if t != NOWHERE and self.where[g] == NOWHERE:
                self.put(g, t)
