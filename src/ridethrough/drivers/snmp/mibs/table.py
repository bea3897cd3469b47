"""The shape of a family's table, and how a wire value becomes a meaning."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ridethrough.core.model import CardAction
from ridethrough.core.observation import Source

Value: TypeAlias = bool | int | float | str | bytes | None  # as gufo-snmp gives it; an OID and an IP address are str
Meaning: TypeAlias = bool | float | str | Source | CardAction | frozenset[int]
Convert: TypeAlias = Callable[[Value], Meaning | None]

Field: TypeAlias = Literal[
    "source",  # what feeds the output
    "battery_fine",  # the battery's status is normal
    "low",  # battery low or depleted
    "discharging",  # the battery says so itself
    "testing",  # a test or calibration runs
    "on_battery_for",  # seconds; restarts with the card, so only a sign, never a clock
    "runtime",  # seconds, not cleaned
    "charge",  # percent, not cleaned
    "load",  # percent, one row a phase
    "input_volts",  # one row a phase
    "output_volts",
    "nominal_volts",  # of the input, or of the output where the card knows no other
    "low_transfer",  # volts
    "high_transfer",
    "line_bads",  # counter of input disturbances
    "alarms_present",  # number of rows in the alarm table
    "open_events",  # numbers of traps sent and not yet taken back
    "shutting_down",  # the card says it is about to cut the output
    "countdown",  # seconds, not yet believed
    "warning_period",  # seconds
    "shutdown_delay",  # seconds
    "action",
    "maker",
    "model",
]


DIGITS = re.compile(r"-?[0-9]{1,18}")  # no card tells a longer number


@dataclass(frozen=True, slots=True)
class Oid:
    """One object. `slow` rows hardly ever change and are asked once a minute."""

    oid: str
    convert: Convert
    field: Field
    slow: bool = False


@dataclass(frozen=True, slots=True)
class Mib:
    """A family. `required` are the objects without which an answer is no answer; `probe` finds the family.

    `tells_countdown`: the family's own documents say that its cards show a running countdown.
    """

    name: str
    object_ids: tuple[str, ...]
    probe: str
    required: frozenset[str]
    rows: tuple[Oid, ...]
    tells_countdown: bool = False


def number(value: Value) -> float | None:
    """The number, whatever its tag: cards send Gauge, Counter or TimeTicks where the MIB says INTEGER.

    None for NULL, text and everything else that is no finite number. Digits in a string count as a number.
    """
    match value:
        case bool() | None:
            return None
        case int() | float():
            return float(value) if math.isfinite(value) else None
        case bytes() | str():
            digits = text(value)
            return float(digits) if digits and DIGITS.fullmatch(digits) else None


def tenths(value: Value) -> float | None:
    """A number in tenths of its unit."""
    found = number(value)
    return None if found is None else found / 10


def minutes(value: Value) -> float | None:
    """Minutes, as seconds."""
    found = number(value)
    return None if found is None else found * 60


def text(value: Value) -> str | None:
    """What people may read: up to the first NUL byte, printable, blanks folded; None when nothing is left."""
    match value:
        case bytes():
            raw = value.split(b"\0", 1)[0].decode("utf-8", "replace")
        case str():
            raw = value.split("\0", 1)[0]
        case _:
            return None
    printable = "".join(c if c.isprintable() else " " for c in raw)
    return " ".join(printable.split()) or None


def one_of(meanings: Mapping[int, Meaning]) -> Convert:
    """An enumeration; a number outside it is None."""

    def convert(value: Value) -> Meaning | None:
        found = number(value)
        return None if found is None else meanings.get(int(found))

    return convert


def is_in(*numbers: int) -> Convert:
    """True when the number is one of these, False for any other number."""

    def convert(value: Value) -> Meaning | None:
        found = number(value)
        return None if found is None else int(found) in numbers

    return convert


def phases(oid: str, convert: Convert, field: Field) -> tuple[Oid, ...]:
    """A table column with one row a phase."""
    return tuple(Oid(f"{oid}.{phase}", convert, field) for phase in (1, 2, 3))
