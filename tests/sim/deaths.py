"""Where a controller may die in a scenario, what may come of it, and what must not.

It dies right after a journal entry: catches acting before writing down. Or it dies at a tick: a moment at which
everything stands still and time would jump, after a round of the loop or a change in the world. That catches
remembering only on success.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ridethrough.core.model import Seconds
from ridethrough.sim.crash_exception import CrashException
from ridethrough.sim.scenario import load

AWAY: tuple[Seconds, ...] = (1.0, 30.0, 120.0)  # from a death to the next start
ROUND: Seconds = 10.0  # there is a round of the loop at least this often
SLACK: Seconds = 15.0  # so much wider than needed may an exception's window be
FEW = 3  # deaths of each kind in a sample, one for each absence


@dataclass(frozen=True, slots=True)
class Place:
    """Where the controller may die. `entry` is the kind of the journal entry just written; empty at a tick."""

    at: Seconds  # since the scenario's beginning
    number: int  # the entry's position, or how many ticks there were
    entry: str = ""

    def __str__(self) -> str:
        where = f"after entry {self.number} ({self.entry})" if self.entry else f"at tick {self.number}"
        return f"killed {where}, {self.at:.1f} s"


@dataclass(frozen=True, slots=True)
class Death:
    """One death, and how the run with it differs from the one without: by aspect, in words."""

    place: Place
    away: Seconds
    differs: dict[str, list[str]]
    story: str = ""  # the narrative, when asked for


@dataclass(slots=True)
class Sweep:
    """What came of a scenario's deaths, and how many places there were."""

    deaths: list[Death]
    entries: int
    ticks: int


Choose = Callable[[Place], Iterable[Seconds]]  # for which absences the controller dies at this place


def everywhere(part: int, parts: int) -> Choose:
    """Every place of this part of a story, for every absence."""
    return lambda place: AWAY if place.number % parts == part else ()


def sample(path: Path) -> Choose:
    """A few places spread over the whole story, each with another absence; other ones in each story."""
    number = zlib.crc32(path.stem.encode())  # the same whatever other stories there are
    entries = path.with_suffix(".log").read_text(encoding="utf-8").count("  ridethrough  ")
    until = load(path).until - ROUND  # a tick that is wanted comes a round later at the most
    parts = [(k + number % 1000 / 1000) / FEW for k in range(FEW)]
    absences = [AWAY[(k + number) % len(AWAY)] for k in range(FEW)]
    positions = {3 + int(entries * part): away for part, away in zip(parts, absences, strict=True)}
    moments = [(until * part, away) for part, away in zip(parts, absences, strict=True)]

    def choose(place: Place) -> Iterator[Seconds]:
        if place.entry:
            yield from (positions[n] for n in [place.number] if n in positions)
        elif moments and place.at >= moments[0][0]:
            yield moments.pop(0)[1]

    return choose


Need = tuple[int, str, Seconds, Seconds]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is wrong with the deaths of a scenario, in words; and what of its exceptions was needed.

    `needed`: the number of the exception, the aspect that it excused, after how long an absence, of a death when.
    """

    wrong: tuple[str, ...]
    needed: frozenset[Need]


def unneeded(exceptions: tuple[CrashException, ...], needed: Iterable[Need]) -> Iterator[str]:
    """What of the exceptions no death has needed, in words: an aspect, an absence, an end of the window."""
    for i, exception in enumerate(exceptions):
        mine = [need for need in needed if need[0] == i]
        what = f"crash_exception[{i}] ({exception.why})"
        if not mine:
            yield f"{what} was never needed"
            continue
        if idle := exception.differs - {aspect for _, aspect, _, _ in mine}:
            yield f"{what} never excused {', '.join(sorted(idle))}"
        if idle_away := exception.away - {away for _, _, away, _ in mine}:
            yield f"{what} was never needed for {', '.join(f'{away:.0f}' for away in sorted(idle_away))} s away"
        ats = [at for _, _, _, at in mine]
        if exception.between is not None:
            first, last = exception.between
            if min(ats) - first > SLACK or last - max(ats) > SLACK:
                spoken, used = f"{first:.0f} to {last:.0f} s", f"{min(ats):.1f} to {max(ats):.1f} s"
                yield f"{what} speaks of {spoken} and was needed from {used}"


def judge(exceptions: tuple[CrashException, ...], deaths: Iterable[Death]) -> Judgement:
    """Compare what differs with what the scenario allows to differ."""
    wrong: list[str] = []
    needed: set[Need] = set()
    for death in deaths:
        place = death.place
        holding = [i for i, x in enumerate(exceptions) if x.holds(place.at, death.away, place.entry)]
        for aspect, words in death.differs.items():
            excused = [i for i in holding if aspect in exceptions[i].differs]
            needed |= {(i, aspect, death.away, place.at) for i in excused}
            if not excused:
                wrong += [f"{place}, {death.away:.0f} s away: {text}" for text in words]
    return Judgement(tuple(wrong), frozenset(needed))
