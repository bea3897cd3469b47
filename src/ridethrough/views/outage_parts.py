"""What an outage is made of: each UPS, host, storage and VM in it, and each action. Times are site seconds."""

from __future__ import annotations

from dataclasses import dataclass, field

from ridethrough.core.model import HostId, PoolId, Seconds, StorageId, UpsId, VmId


@dataclass(slots=True)
class UpsPart:
    """A UPS in an outage. Times are site seconds; None: not yet, or never.

    `off_at` is when its card cuts its output at the earliest, `off_surely_at` at the latest. `output_off_at` is when
    it was cut: the card says so, or that time has passed while it was on battery.
    """

    id: UpsId
    since: Seconds
    off_at: Seconds | None = None
    off_surely_at: Seconds | None = None
    low_at: Seconds | None = None
    countdown_at: Seconds | None = None
    output_off_at: Seconds | None = None
    silent_at: Seconds | None = None
    seen_at: Seconds | None = None  # utility power was seen again
    back_at: Seconds | None = None
    lasted: Seconds | None = None


@dataclass(slots=True)
class HostPart:
    """A host in an outage."""

    id: HostId
    maintenance_at: Seconds | None = None
    emptied_at: Seconds | None = None
    shutdown_begun_at: Seconds | None = None
    shut_down_at: Seconds | None = None  # the commit point: the host was told
    down_at: Seconds | None = None
    returned_at: Seconds | None = None
    enabled_at: Seconds | None = None
    early: bool = False
    left: list[str] = field(default_factory=list)  # VMs that found no way off it
    why: list[str] = field(default_factory=list)


@dataclass(slots=True)
class StoragePart:
    """A NAS or SAN in an outage. `told_at`: it was first told to go down; None where it goes by itself."""

    id: StorageId
    stop_begun_at: Seconds | None = None
    told_at: Seconds | None = None
    down_at: Seconds | None = None
    back_at: Seconds | None = None  # it serves again
    spared_at: Seconds | None = None  # utility power was back in time
    why: list[str] = field(default_factory=list)


@dataclass(slots=True)
class VmPart:
    """A VM in an outage: where it was, where it went, and how often."""

    id: VmId
    name: str
    home: HostId
    host: HostId | None = None
    moves: int = 0
    stopped_at: Seconds | None = None
    forced: bool = False
    started_at: Seconds | None = None
    stays: str = ""  # why it found no place
    told: str = ""  # dry run: what would have been done with it


@dataclass(slots=True)
class Done:
    """One action. `id` is its position in the journal; `error` is empty for success; `told`: dry run, never done."""

    id: int
    kind: str
    host: HostId
    vm: VmId
    pool: PoolId
    text: str
    at: Seconds
    deadline: Seconds
    done_at: Seconds | None = None
    error: str = ""
    told: bool = False
