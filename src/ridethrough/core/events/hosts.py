"""What became of a host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ridethrough.core.model import HostId, PoolId, Seconds


@dataclass(frozen=True, slots=True)
class HostDown:
    """A host is proven down, or proven to have been down. `agent_started`: of its last toolstack that was known.

    `took`: seconds from our order until nothing of it was heard any more; 0 where it had none, or nobody watched.
    """

    at: Seconds
    host: HostId
    proof: str
    agent_started: float = 0.0
    took: Seconds = 0.0


@dataclass(frozen=True, slots=True)
class HostHeard:
    """A host that was down answers, and its pool knows of no new start: its network was gone, or it starts just now."""

    at: Seconds
    host: HostId


@dataclass(frozen=True, slots=True)
class HostReturned:
    """A host that was down has started again; `agent_started` is its new toolstack's start, `booted` its boot.

    `pool` is empty while a person's shutdown of the whole pool is still being carried out; else that is over now.
    `took`: seconds since its supply was back or it was switched on; 0 where that is not known.
    """

    at: Seconds
    host: HostId
    agent_started: float
    booted: float = 0.0
    pool: PoolId = ""
    took: Seconds = 0.0


@dataclass(frozen=True, slots=True)
class HostYielded:
    """A person enabled a host that we had disabled: our hands are off until its last safe start."""

    at: Seconds
    host: HostId


@dataclass(frozen=True, slots=True)
class EvacuationBegun:
    """A host is being emptied, and why."""

    at: Seconds
    host: HostId
    why: str
    early: bool = False


@dataclass(frozen=True, slots=True)
class ShutdownBegun:
    """A host is on its way down: what still runs on it is stopped, and why."""

    at: Seconds
    host: HostId
    why: str
    early: bool = False


@dataclass(frozen=True, slots=True)
class ShutdownDropped:
    """Utility power is back before the commit point: the host is not shut down after all."""

    at: Seconds
    host: HostId


@dataclass(frozen=True, slots=True)
class ShutdownLost:
    """A host that was told to go down and never was has been opened again meanwhile: it is emptied and told anew."""

    at: Seconds
    host: HostId


@dataclass(frozen=True, slots=True)
class EvacuationEnded:
    """Nothing more is moved off this host; it stays as disabled as it was before we came."""

    at: Seconds
    host: HostId


@dataclass(frozen=True, slots=True)
class HostEmptied:
    """A host that we empty has no running VM left, or none that can move. `left` names those that stay."""

    at: Seconds
    host: HostId
    left: tuple[str, ...] = ()


HostEvent: TypeAlias = (
    HostDown
    | HostHeard
    | HostReturned
    | HostYielded
    | EvacuationBegun
    | ShutdownBegun
    | ShutdownDropped
    | ShutdownLost
    | EvacuationEnded
    | HostEmptied
)
