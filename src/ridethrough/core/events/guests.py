"""What became of a VM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ridethrough.core.model import HostId, Seconds, VmId


@dataclass(frozen=True, slots=True)
class VmUnplaced:
    """A VM finds no place for now; it runs on where it is."""

    at: Seconds
    vm: VmId
    name: str
    host: HostId
    why: str


@dataclass(frozen=True, slots=True)
class VmRunsAgain:
    """A VM that we had stopped, or tried to, runs on `host` without our doing: it is no longer ours to start."""

    at: Seconds
    vm: VmId
    name: str
    host: HostId = ""


@dataclass(frozen=True, slots=True)
class VmFound:
    """A VM runs elsewhere than we knew: its move was lost or failed, XenServer chose, or a person has moved it."""

    at: Seconds
    vm: VmId
    name: str
    host: HostId


@dataclass(frozen=True, slots=True)
class VmLeftOff:
    """A VM that ran when the outage began is halted, and neither did we stop it nor did its host fall: it stays off."""

    at: Seconds
    vm: VmId
    name: str


VmEvent: TypeAlias = VmUnplaced | VmRunsAgain | VmFound | VmLeftOff
