"""A figure against size, as a small SVG: both axes logarithmic, one line for each kind of it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

WIDTH, HEIGHT = 560, 340
LEFT, RIGHT, TOP, BOTTOM = 66, 150, 40, 52
COLOURS = ("#1b6ca8", "#c8553d", "#3f8f4f", "#7a5195", "#8a6d00", "#444444")

Point = tuple[float, float]


def save(
    folder: Path | None, name: str, title: str, across: str, up: str, lines: Mapping[str, Sequence[Point]]
) -> None:
    """Write NAME.svg into `folder`, and say so; without a folder nothing is drawn. Values must be above zero."""
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.svg"
    path.write_text(svg(title, across, up, lines), encoding="utf-8")
    print(f"drawn: {path}")


def svg(title: str, across: str, up: str, lines: Mapping[str, Sequence[Point]]) -> str:
    """The chart's text. `across` and `up` name the axes, with their unit."""
    x = _Axis([p[0] for line in lines.values() for p in line], LEFT, WIDTH - RIGHT)
    y = _Axis([p[1] for line in lines.values() for p in line], HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        f'font-size="11">\n<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text(LEFT, 20, title, size=14),
        _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, across, "middle"),
        _text(LEFT, TOP - 6, up),
    ]
    for value in x.marks():
        parts += [_rule(x.at(value), TOP, x.at(value), HEIGHT - BOTTOM)]
        parts += [_text(x.at(value), HEIGHT - BOTTOM + 16, f"{value:g}", "middle")]
    for value in y.marks():
        parts += [
            _rule(LEFT, y.at(value), WIDTH - RIGHT, y.at(value)),
            _text(LEFT - 6, y.at(value) + 4, f"{value:g}", "end"),
        ]
    names = _apart({name: y.at(line[-1][1]) for name, line in lines.items()})
    for (name, line), colour in zip(lines.items(), COLOURS * len(lines), strict=False):
        places = [(x.at(a), y.at(b)) for a, b in line]
        path = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{colour}"/>' for a, b in places]
        parts.append(_text(WIDTH - RIGHT + 10, names[name] + 4, name, colour=colour))
    return "\n".join([*parts, "</svg>\n"])


class _Axis:
    """Values to pixels."""

    def __init__(self, values: Iterable[float], start: float, end: float) -> None:
        found = list(values)
        self._low, self._high = math.floor(math.log10(min(found))), math.ceil(math.log10(max(found)))
        self._high = max(self._high, self._low + 1)
        self._start, self._end = start, end

    def at(self, value: float) -> float:
        share = (math.log10(value) - self._low) / (self._high - self._low)
        return self._start + share * (self._end - self._start)

    def marks(self) -> list[float]:
        return [10.0**power for power in range(self._low, self._high + 1)]


def _apart(places: Mapping[str, float], gap: float = 14.0) -> dict[str, float]:
    """Where the lines' names stand: beside their last points, never on each other."""
    found: dict[str, float] = {}
    last = -math.inf
    for name, place in sorted(places.items(), key=lambda item: item[1]):
        last = found[name] = max(place, last + gap)
    return found


def _text(x: float, y: float, text: str, anchor: str = "start", size: int = 11, colour: str = "#222222") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}">{escape(text)}</text>'
    )


def _rule(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#dddddd"/>'
