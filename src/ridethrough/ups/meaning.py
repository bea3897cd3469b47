"""What a UPS can say of itself, and how a value becomes a meaning."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
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
    "replace_battery",  # the UPS wants its battery replaced
    "discharging",  # the battery says so itself, or the card that it runs from it
    "input_bad",  # the UPS does not take its input
    "link_lost",  # the card has lost its UPS: what it says is old
    "testing",  # a test or calibration runs
    "moved_for_test",  # the last transfer to the battery was for a test: says nothing of the time after it
    "on_battery_for",  # seconds; restarts with the card, so only a sign, never a clock
    "runtime",  # seconds, not cleaned
    "charge",  # percent, not cleaned
    "load",  # percent, one row a phase
    "watts",  # of the output, one row a phase
    "temperature",  # degrees Celsius, of the battery or of the UPS
    "input_volts",  # one row a phase
    "input_hertz",
    "output_volts",
    "nominal_volts",  # of the input, or of the output where the card knows no other
    "low_transfer",  # volts
    "high_transfer",
    "line_bads",  # counter of input disturbances
    "alarms_present",  # number of rows in the alarm table
    "on_battery",  # something beside the status says that the output runs from the battery
    "output_off",  # something beside the status says that the output is off
    "shutting_down",  # the card says it is about to cut the output
    "countdown",  # seconds, not yet believed
    "off_delay",  # the same of a card that shows 0 while nothing counts down
    "warning_period",  # seconds
    "shutdown_delay",  # seconds
    "action",
    "low_runtime",  # seconds of runtime left at which the card itself calls its battery low
    "low_charge",  # percent, likewise
    "maker",
    "model",
    "serial",
    "firmware",  # of the UPS
    "card_firmware",
]


FLAGS = re.compile(r"[01]{1,256}")
DECIMAL = re.compile(r"-?[0-9]{1,12}(\.[0-9]{0,9})?")
DIGITS = re.compile(r"-?[0-9]{1,18}")  # no card tells a longer number


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


def decimal(value: Value) -> float | None:
    """A number told as text, with or without a fraction: "98.00", " 0.6"."""
    found = text(value)
    return float(found) if found and DECIMAL.fullmatch(found) else None


def tenths(value: Value) -> float | None:
    """A number in tenths of its unit."""
    found = number(value)
    return None if found is None else found / 10


def ticks(value: Value) -> float | None:
    """TimeTicks, hundredths of a second, as seconds; 32 bits full is no time."""
    found = number(value)
    return None if found is None or found >= 2**32 - 1 else found / 100


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


def word(meanings: Mapping[str, Meaning]) -> Convert:
    """A word in any case; one that is not listed is None."""

    def convert(value: Value) -> Meaning | None:
        found = text(value)
        return None if found is None else meanings.get(found.casefold())

    return convert


def flag(*places: int) -> Convert:
    """True when one of these characters of a string of noughts and ones is 1; the first is 1. None for other text."""

    def convert(value: Value) -> Meaning | None:
        found = text(value) or ""
        if not FLAGS.fullmatch(found) or len(found) < max(places):
            return None
        return any(found[place - 1] == "1" for place in places)

    return convert
