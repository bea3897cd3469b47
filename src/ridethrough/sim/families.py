"""The families of cards, and what the cards of each tell of their UPS: facts and recordings of real ones, not hopes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

NOMINAL_VOLTS = 230
INPUT_VOLTS = NOMINAL_VOLTS + 1  # of utility power: no test mistakes them for the nominal ones


class Family(StrEnum):
    """The MIB that a card speaks decides what it tells."""

    RFC1628 = "rfc1628"
    XPPC = "xppc"
    EPPC = "eppc"
    USHA = "usha"
    APC = "apc"
    MGE = "mge"
    XUPS = "xups"
    PXGX = "pxgx"
    CYBERPOWER = "cyberpower"
    TRIPPLITE = "tripplite"
    HUAWEI = "huawei"
    DELTA = "delta"
    LIEBERT = "liebert"
    VERTIV = "vertiv"
    ITA2 = "ita2"
    SOCOMEC = "socomec"
    NETVISION = "netvision"
    HP = "hp"
    DELL = "dell"
    RIELLO = "riello"


# How the card's warning period and action are told: its whole event table; or only after how long it tells its clients.
Period: TypeAlias = Literal["none", "events", "clients"]
# Whole seconds; whole minutes, always or on battery only.
Runtime: TypeAlias = Literal["seconds", "minutes", "minutes on battery"]
# A running countdown: never; always, with a word for idle; or as a number that is 0 while nothing runs, so that the
# first one proves that the card tells it at all.
Countdown: TypeAlias = Literal["never", "always", "when it runs"]
Name: TypeAlias = Literal["maker and model", "model", "description"]

# Whose cards can be told, on battery, to cut their output and restore it with utility power: by RFC 1628's objects; by
# those, but without showing the countdown; and by an object of their own, after which it comes back whenever it is cut.
CUT_BY_RFC1628 = (Family.RFC1628, Family.EPPC, Family.HP, Family.DELL, Family.RIELLO)
CUT_UNSHOWN = (Family.XPPC, Family.CYBERPOWER)
CUT_BY_OWN = (Family.XUPS, Family.PXGX, Family.MGE)


@dataclass(frozen=True, slots=True)
class Tells:
    """What a reader can learn from the cards of one family, by all objects that they answer together."""

    period: Period = "none"
    delay: bool = False  # from the command to the cut
    countdown: Countdown = "never"
    runtime: Runtime = "minutes"
    low: bool = True
    test: bool = True
    input_bad: bool = True  # whether the input is taken, beside its volts
    limits: bool = True  # nominal volts, or between which volts the input is taken
    link: bool = True  # that it has lost its UPS
    load: bool = True
    volts: bool = True  # of the input
    name: Name = "maker and model"


_LITTLE = Tells(low=True, test=False, input_bad=False, limits=False, link=False, name="model")

TELLS: Mapping[Family, Tells] = {
    Family.RFC1628: Tells(countdown="always"),
    Family.XPPC: Tells(delay=True, runtime="seconds"),
    Family.EPPC: Tells(period="events", delay=True, countdown="always"),
    Family.USHA: Tells(period="events", delay=True),
    # PowerNet alone, as the recorded centreon-ups-apc-galaxy; newer cards answer RFC 1628 as well.
    Family.APC: Tells(delay=True, runtime="seconds", input_bad=False, name="model"),
    Family.MGE: Tells(period="clients", delay=True, countdown="always", runtime="seconds"),
    Family.XUPS: Tells(countdown="always", runtime="seconds"),
    Family.PXGX: Tells(countdown="always", runtime="seconds"),
    Family.CYBERPOWER: Tells(delay=True, runtime="seconds"),
    Family.TRIPPLITE: Tells(limits=False, name="model"),  # the rows of lnms-poweralert_ups, and the table of alarms
    Family.HUAWEI: Tells(runtime="seconds", input_bad=False, limits=False, link=False),  # and of lnms-huaweiups_ups2000
    Family.DELTA: Tells(period="clients", countdown="when it runs", test=False),
    Family.LIEBERT: Tells(test=False, input_bad=False, limits=False, link=False, load=False, name="description"),
    Family.VERTIV: _LITTLE,
    Family.ITA2: Tells(low=False, test=False, input_bad=False, limits=False, link=False, name="model"),
    Family.SOCOMEC: Tells(
        runtime="minutes on battery", input_bad=False, limits=False, link=False, name="model"
    ),  # 65535 minutes on utility power: lnms-socomec-ups
    Family.NETVISION: _LITTLE,
    Family.HP: Tells(countdown="always", runtime="seconds"),
    Family.DELL: Tells(countdown="always", runtime="seconds"),
    Family.RIELLO: Tells(countdown="always"),
}
