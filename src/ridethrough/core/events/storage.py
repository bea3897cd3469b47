"""What became of a NAS or SAN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ridethrough.core.model import Seconds, StorageId


@dataclass(frozen=True, slots=True)
class StorageStopBegun:
    """A NAS or SAN is on its way down: what still runs with a disk on it is stopped, and why."""

    at: Seconds
    storage: StorageId
    why: str


@dataclass(frozen=True, slots=True)
class StorageStopDropped:
    """Utility power is back before it was told to go down: it stays up after all."""

    at: Seconds
    storage: StorageId


@dataclass(frozen=True, slots=True)
class StorageDown:
    """A NAS or SAN is down, as far as that can be known."""

    at: Seconds
    storage: StorageId
    proof: str


@dataclass(frozen=True, slots=True)
class StorageBack:
    """A NAS or SAN that went down, or was told to, serves on utility power."""

    at: Seconds
    storage: StorageId


StorageEvent: TypeAlias = StorageStopBegun | StorageStopDropped | StorageDown | StorageBack
