"""How text stands on a terminal: wrapped to its width, and left alone where a program reads it."""

from __future__ import annotations

import re
import shutil
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import typer

from ridethrough.core.wording import listed
from ridethrough.ups.evidence import WORDS

NO_TERMINAL = 100_000  # columns: a line that goes into a file or a pipe is never broken
GAP = "  "
KEPT = "\u00a0"  # a space at which textwrap does not break
UNIT = re.compile(r"(\d) (s|min|h|%|VMs?)\b")


def width() -> int:
    """Columns of the terminal ($COLUMNS wins); so many that nothing is wrapped where there is none."""
    return shutil.get_terminal_size((NO_TERMINAL, 24)).columns


def no_agent(members: Iterable[Mapping[str, Any]]) -> str:
    """Which hosts of a pool ridethrough-agent is not for, and what protects them; "" where it is for all."""
    old = [str(member["name"]) for member in members if not member["takes_agent"]]
    if not old:
        return ""
    return (
        f"ridethrough-agent is not for {listed(old)}: dom0 of 8.2 and older has no usable Python 3; the controller "
        "protects such a host, the coordinator too, over the API"
    )


def contradicted(of: Sequence[str]) -> str:
    """What a UPS says two things of."""
    return f"two of its objects say different things of {' and of '.join(of)}; docs/upses.md says which counts"


def untold(fields: Iterable[str]) -> str:
    """What a UPS does not tell, in the words in which `ups show` tells it."""
    words = {str(field): what for field, what in WORDS.items()}
    return f"it does not tell: {', '.join(words.get(field, field) for field in fields)}"


def say(text: str, lead: str = "", *, err: bool = False, danger: bool = False) -> None:
    """One paragraph. `lead` stands before it, and lines that wrap begin under the end of the lead."""
    lines = wrapped(text, max(width() - len(lead), 24)) or [""]
    label = typer.style(lead, fg="red", bold=True) if danger else lead
    typer.echo(label + f"\n{' ' * len(lead)}".join(lines), err=err)


def wrapped(text: str, columns: int) -> list[str]:
    """The text's lines. A word is never broken, so that it can be copied; a number stays with its unit."""
    # What a name or a person's words bring along is no business of the terminal's: a control character is a space.
    plain = "".join(char if char.isprintable() else " " for char in text)
    kept = UNIT.sub(r"\1" + KEPT + r"\2", plain)
    lines = textwrap.wrap(kept, max(columns, 1), break_long_words=False, break_on_hyphens=False)
    return [line.replace(KEPT, " ") for line in lines]


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], indent: int = 0) -> None:
    """Aligned columns. Where they are too wide for the terminal, the widest cells wrap; columns of "" are left out."""
    body = [list(row) for row in rows]
    used = [n for n in range(len(heads)) if any(row[n] for row in body)]
    cells = [[heads[n] for n in used], *([row[n] for n in used] for row in body)]
    widths = _fitted(cells, width() - indent - len(GAP) * (len(used) - 1))
    for number, row in enumerate(cells):
        for line in _lines(row, widths):
            text = " " * indent + line.rstrip()
            typer.echo(typer.style(text, bold=True) if number == 0 else text)


def _fitted(cells: list[list[str]], room: int) -> list[int]:
    """A width for each column: as wide as its widest cell, less where the sum has no room, never below one word."""
    columns = list(zip(*cells, strict=True))
    widths = [max(len(cell) for cell in column) for column in columns]
    least = [max((len(line) for cell in column for line in wrapped(cell, 1)), default=0) for column in columns]
    while sum(widths) > room and any(w > m for w, m in zip(widths, least, strict=True)):
        widest = max((w for w, m in zip(widths, least, strict=True) if w > m))
        at = next(n for n, w in enumerate(widths) if w == widest and w > least[n])
        widths[at] -= 1
    return widths


def _lines(row: list[str], widths: list[int]) -> Iterable[str]:
    folded = [wrapped(cell, size) for cell, size in zip(row, widths, strict=True)]
    for n in range(max((len(lines) for lines in folded), default=0) or 1):
        parts = [lines[n] if n < len(lines) else "" for lines in folded]
        yield GAP.join(part.ljust(size) for part, size in zip(parts, widths, strict=True))


def narrative(lines: Iterable[str]) -> None:
    """Lines of a narrative: time and teller in their columns, the sentence wrapped beside them."""
    for line in lines:
        lead, text = line[:21], line[21:]
        inner = len(text) - len(text.lstrip())
        say(text.lstrip(), lead + " " * inner)


def outage(row: Mapping[str, Any]) -> str:
    """A host's row of the action table, as a sentence (manual 3.1)."""
    host = "crashes" if row["host"] == "crash" else row["host"]
    return f"its VMs {row['vms']}, the host {host}"


def count(number: int, what: str) -> str:
    """ "1 VM", "2 VMs", "2 addresses"."""
    plural = "es" if what.endswith("s") else "s"
    return f"{number} {what}{'' if number == 1 else plural}"
