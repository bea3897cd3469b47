"""What was begun and how it ended; and a pool as it was before the first of it, and after the last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ridethrough.core.actions import Action
from ridethrough.core.model import Bytes, HostId, PoolId, RepositoryId, Seconds, VmId


@dataclass(frozen=True, slots=True)
class PoolRecorded:
    """The pool as it was before the first action of an outage; what is undone later is measured against this."""

    at: Seconds
    pool: PoolId
    coordinator: HostId
    members: tuple[tuple[HostId, float], ...]  # every host, and when its toolstack had started
    disabled: tuple[HostId, ...]
    running: tuple[tuple[VmId, HostId], ...]
    auto_poweron: bool
    booted: tuple[tuple[HostId, float], ...] = ()  # when each host had booted, as far as that is told
    attached: tuple[tuple[HostId, tuple[RepositoryId, ...]], ...] = ()  # the storage that each host had attached
    protected: tuple[VmId, ...] = ()  # the VMs that HA protected, where it was on
    owed: tuple[VmId, ...] = ()  # of those in `running`: off since an earlier outage, and their hosts are back


@dataclass(frozen=True, slots=True)
class HandOverBegun:
    """The coordinator is on a failing UPS: `host` is to take its place first."""

    at: Seconds
    pool: PoolId
    coordinator: HostId
    host: HostId
    why: str


@dataclass(frozen=True, slots=True)
class HandOverEnded:
    """It is over: `coordinator` is the coordinator now, and was not before where `done` says so."""

    at: Seconds
    pool: PoolId
    coordinator: HostId
    done: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class PoolRestored:
    """Everything of this outage has been undone; the record is closed. `differences` from before, in words."""

    at: Seconds
    pool: PoolId
    differences: tuple[str, ...]
    owed: tuple[tuple[VmId, HostId], ...] = ()  # VMs whose start was given up, and where they ran


@dataclass(frozen=True, slots=True)
class ActionStarted:
    """Written before the action is carried out. Its journal position is the action's id."""

    at: Seconds
    action: Action
    agent_started: float = 0.0  # of the action's host, when known: tells a reboot from a person's hand
    size: Bytes = 0  # of the VM that moves: what its link has to carry


@dataclass(frozen=True, slots=True)
class ActionTold:
    """Dry run: what would have been done. Told once, never done, never counted as done."""

    at: Seconds
    action: Action


@dataclass(frozen=True, slots=True)
class ActionFinished:
    """How an action ended. `error` is None for success, else the error's code; `detail` says it in words."""

    at: Seconds
    started: int  # the journal position of its ActionStarted
    action: Action
    error: str | None = None
    detail: str = ""
    refused: bool = False  # asking again will not help


PoolEvent: TypeAlias = PoolRecorded | PoolRestored | HandOverBegun | HandOverEnded
DoingEvent: TypeAlias = PoolEvent | ActionStarted | ActionTold | ActionFinished
