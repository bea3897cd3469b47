"""The differences that are known, each with its reason: `differences.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .compare import Difference

FILE = Path(__file__).with_name("differences.toml")


@dataclass(frozen=True)
class Row:
    """One kind of difference. `*` in its texts stands for anything; it must occur in each of its recordings."""

    recordings: tuple[str, ...]
    key: str
    theirs: str
    ours: str
    reason: str

    def explains(self, difference: Difference) -> bool:
        pairs = ((self.key, difference.key), (self.theirs, difference.theirs), (self.ours, difference.ours))
        return all(_pattern(row).fullmatch(text) for row, text in pairs)

    def __str__(self) -> str:
        return f"{self.key}: theirs {self.theirs}; ours {self.ours} ({self.reason})"


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text).replace(r"\*", ".*"), re.DOTALL)


@cache
def rows() -> tuple[Row, ...]:
    told = tomllib.loads(FILE.read_text())["difference"]
    return tuple(
        Row(tuple(r["recordings"]), r["key"], r.get("theirs", "*"), r.get("ours", "*"), r["reason"]) for r in told
    )


def judged(recording: str, found: Iterable[Difference]) -> tuple[list[Difference], Sequence[Row]]:
    """The differences that no row explains, and the rows of this recording that explain nothing any more."""
    here = [row for row in rows() if recording in row.recordings]
    used: set[Row] = set()
    unexplained = []
    for difference in found:
        explaining = [row for row in here if row.explains(difference)]
        used.update(explaining)
        if not explaining:
            unexplained.append(difference)
    return unexplained, [row for row in here if row not in used]
