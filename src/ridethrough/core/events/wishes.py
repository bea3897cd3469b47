"""What people asked for, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from ridethrough.core.model import HostId, Seconds, VmId


class Ask(StrEnum):
    """What a person can ask for."""

    ARM = "arm"
    DISARM = "disarm"
    HOLD = "hold"
    RELEASE = "release"
    ENTER_MAINTENANCE = "enter maintenance"
    EXIT_MAINTENANCE = "exit maintenance"
    EVACUATE = "evacuate"
    SHUT_DOWN_POOL = "shut down pool"
    SKIP_VM = "skip VM"
    BRING_BACK = "bring back"
    SWITCH_OFF_UPS = "switch off UPS"  # the command itself tells the UPS, once this is accepted
    CANCEL_UPS_OFF = "cancel switching off UPS"
    WRITE_DOWN = "write down of UPS"  # what came of such a command
    TAKE_SETTINGS = "take settings"  # read site.toml again; no loop is asked, and none journals it as a request
    NOTE = "note"  # what a person has done beside the controller; the subject names the area, "accounts"


@dataclass(frozen=True, slots=True)
class Requested:
    """A person asked for something. `subject` is a host's, a pool's or a UPS's id, a VM's uuid or name; empty for arm
    and disarm, and where the whole site is meant.

    Of a note it is the area, such as "accounts". `says`: how, "in 120 s"; or what is to be written down. `seconds`:
    for how long; None: without an end.
    """

    at: Seconds
    ask: Ask
    subject: str
    by: str
    says: str = ""
    seconds: Seconds | None = None


@dataclass(frozen=True, slots=True)
class RequestRefused:
    """A request that cannot be obeyed, and why."""

    at: Seconds
    ask: Ask
    subject: str
    why: str


@dataclass(frozen=True, slots=True)
class RequestDone:
    """A request that has been carried out to its end. `says`: what comes of it.

    `of`: the hosts, pools or VMs that are meant, by their ids; empty: it is the subject.
    """

    at: Seconds
    ask: Ask
    subject: str
    says: str = ""
    of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HoldOverridden:
    """A hold ended at the last safe start."""

    at: Seconds
    host: HostId


@dataclass(frozen=True, slots=True)
class HoldEnded:
    """The time for which a person had asked for a hold is over."""

    at: Seconds
    host: HostId


@dataclass(frozen=True, slots=True)
class SkipEnded:
    """The outage in which a person had let a VM be skipped is over: from now on it may be moved again."""

    at: Seconds
    vm: VmId
    name: str


WishEvent: TypeAlias = Requested | RequestRefused | RequestDone | HoldOverridden | HoldEnded | SkipEnded
