"""From readings to the points of a chart: least, mean and most of each series in steps of one length."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

SERIES = ("charge", "load", "runtime", "input_volts")
CONDITIONS = ("good", "settling", "unknown", "off", "on battery")  # the worst last
HOLDS = 65.0  # seconds that a reading counts for, when none follows: two polls at the slowest pace, and a little
COARSE = 600.0  # seconds that a coarse row covers


class Span(StrEnum):
    """How far back a chart goes."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    QUARTER = "quarter"

    @property
    def seconds(self) -> float:
        return {"hour": 3600.0, "day": 86400.0, "week": 7 * 86400.0, "quarter": 90 * 86400.0}[self]

    @property
    def step(self) -> float:
        """Seconds between two points."""
        return {"hour": 30.0, "day": 300.0, "week": 1800.0, "quarter": 6 * 3600.0}[self]

    @property
    def is_fine(self) -> bool:
        """Whether single readings are kept for so long."""
        return self in (Span.HOUR, Span.DAY)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a UPS told at a moment, seconds since 1970. `values` as in SERIES; None: not told."""

    at: float
    condition: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """Of one series over a step."""

    min: float
    mean: float
    max: float


@dataclass(frozen=True, slots=True)
class Point:
    """One step of a chart, from `at` on. `seconds`: for how much of it there were readings.

    `condition` is the worst in it; `ranges` as in SERIES, None where the series was not told.
    """

    at: float
    seconds: float
    condition: str
    ranges: tuple[Range | None, ...]


@dataclass(slots=True)
class _Sum:
    """A series within a step: its mean is weighted by how long each value held."""

    seconds: float = 0.0
    total: float = 0.0
    least: float = float("inf")
    most: float = float("-inf")

    def add(self, least: float, mean: float, most: float, seconds: float) -> None:
        self.seconds += seconds
        self.total += mean * seconds
        self.least, self.most = min(self.least, least), max(self.most, most)

    def range(self) -> Range | None:
        if not self.seconds:
            return None
        return Range(self.least, min(max(self.total / self.seconds, self.least), self.most), self.most)


@dataclass(slots=True)
class _Step:
    seconds: float = 0.0
    worst: int = 0
    sums: tuple[_Sum, ...] = field(default_factory=lambda: tuple(_Sum() for _ in SERIES))

    def point(self, at: float) -> Point:
        return Point(at, self.seconds, CONDITIONS[self.worst], tuple(part.range() for part in self.sums))


def points(readings: Sequence[Reading], start: float, end: float, step: float) -> list[Point]:
    """The points from `start` to `end`; none where the UPS was silent. `readings` are in the order of their moments."""
    steps: dict[int, _Step] = {}
    for reading, until in _lasting(readings):
        begin, stop, worst = max(reading.at, start), min(until, end), severity(reading.condition)
        while begin < stop:
            number = int((begin - start) // step)
            edge = min(start + (number + 1) * step, stop)
            into = steps.setdefault(number, _Step())
            _add(into, edge - begin, worst)
            for part, value in zip(into.sums, reading.values, strict=True):
                if value is not None:
                    part.add(value, value, value, edge - begin)
            begin = edge
    return [found.point(start + number * step) for number, found in sorted(steps.items())]


def coarser(fine: Iterable[Point], start: float, step: float) -> list[Point]:
    """Points of longer steps from points of shorter ones."""
    steps: dict[int, _Step] = {}
    for point in fine:
        into = steps.setdefault(int((point.at - start) // step), _Step())
        _add(into, point.seconds, severity(point.condition))
        for part, found in zip(into.sums, point.ranges, strict=True):
            if found is not None:
                part.add(found.min, found.mean, found.max, point.seconds)
    return [found.point(start + number * step) for number, found in sorted(steps.items())]


def severity(condition: str) -> int:
    """The condition's place in CONDITIONS."""
    return CONDITIONS.index(condition) if condition in CONDITIONS else CONDITIONS.index("unknown")


def _add(into: _Step, seconds: float, worst: int) -> None:
    into.seconds += seconds
    into.worst = max(into.worst, worst)


def _lasting(readings: Sequence[Reading]) -> Iterator[tuple[Reading, float]]:
    """Each reading, and until when it counts: to the next one, and never longer than HOLDS."""
    for reading, following in itertools.pairwise(readings):
        yield reading, min(following.at, reading.at + HOLDS)
    if readings:
        yield readings[-1], readings[-1].at + HOLDS
