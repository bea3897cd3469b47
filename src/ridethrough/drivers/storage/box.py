"""One NAS box as the network UPS knows it: who it is, what it is told, and what it was heard to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ridethrough.core.model import Seconds


class Tells(StrEnum):
    """What one box is told now, as `ups.status` says it."""

    ONLINE = "OL"
    ON_BATTERY = "OB DISCHRG"
    SHUT_DOWN = "FSD OB LB"  # a client takes each of FSD, and OB with LB, for the order to go down


@dataclass(frozen=True, slots=True)
class Account:
    """A login. It may read and be counted; nobody may set, command or force anything here."""

    username: str
    password: str = field(repr=False)


# What these boxes log in with, and the UPS that they ask for: fixed by their makers, and public.
SYNOLOGY = Account("monuser", "secret")
SYNOLOGY_UPS = "ups"
QNAP = Account("admin", "123456")
QNAP_UPS = "qnapups"
QNAP_OTHER_UPS = "qnapnas"  # in one report
NAMES = (SYNOLOGY_UPS, QNAP_UPS, QNAP_OTHER_UPS)


@dataclass(frozen=True, slots=True)
class Box:
    """One box: the IP addresses or networks it may come from, the names under which it asks for its UPS, its logins."""

    id: str
    addresses: tuple[str, ...]
    names: tuple[str, ...] = NAMES
    accounts: tuple[Account, ...] = (SYNOLOGY, QNAP)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a box is shown now. A variable that is not in `variables` is answered with VAR-NOT-SUPPORTED."""

    tells: Tells
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Life:
    """The signs of life of one box.

    `connected`: it holds a connection now; `logins`: how many of these have logged in; `since`: when the first of them
    did. `logged_out_at`: when the box itself ended its last login, by a word or with the connection; silence is no such
    sign. `told_at`: when it last read `ups.status` while it was told to shut down.
    """

    logins: int = 0
    connected: bool = False
    last_asked_at: Seconds | None = None
    told_at: Seconds | None = None
    logged_out_at: Seconds | None = None
    since: Seconds | None = None
