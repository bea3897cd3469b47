"""The closed set of things Ridethrough can do, each with its `why`.

Every action is safe to repeat: its end is a state, not a change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from .model import CONTROLLER, HostId, PoolId, PowerWay, RepositoryId, Seconds, StorageId, UpsId, VmId


@dataclass(frozen=True, slots=True)
class ClaimPool:
    """Write this controller's name into the pool's other_config, if no other controller is in charge."""

    pool: PoolId
    controller: str
    why: str
    deadline: Seconds = 15.0


@dataclass(frozen=True, slots=True)
class ReleasePool:
    """Remove this controller's claim."""

    pool: PoolId
    controller: str
    why: str
    deadline: Seconds = 15.0


@dataclass(frozen=True, slots=True)
class SuspendAutoPoweron:
    """Switch the pool's auto_poweron off, so that no boot script starts guests before we judge the battery."""

    pool: PoolId
    why: str
    deadline: Seconds = 15.0


@dataclass(frozen=True, slots=True)
class RestoreAutoPoweron:
    """Switch the pool's auto_poweron on again."""

    pool: PoolId
    why: str
    deadline: Seconds = 15.0


@dataclass(frozen=True, slots=True)
class LowerHa:
    """Let HA be content with no host failure to tolerate: it then lets hosts be disabled and emptied.

    `failures`: how many it was to tolerate.
    """

    pool: PoolId
    failures: int
    why: str
    deadline: Seconds = 15.0


@dataclass(frozen=True, slots=True)
class SuspendHa:
    """Switch HA off. `failures`, `storages` and `configuration` are as they were, for RestoreHa."""

    pool: PoolId
    failures: int
    storages: tuple[RepositoryId, ...]  # those with the heartbeat
    configuration: tuple[tuple[str, str], ...]
    why: str
    deadline: Seconds = 60.0


@dataclass(frozen=True, slots=True)
class RestoreHa:
    """HA as it was: switched on where `on` says so, and to tolerate so many host failures."""

    pool: PoolId
    on: bool
    failures: int
    storages: tuple[RepositoryId, ...]
    configuration: tuple[tuple[str, str], ...]
    why: str
    deadline: Seconds = 180.0


@dataclass(frozen=True, slots=True)
class DesignateCoordinator:
    """Make `host` the coordinator of its pool (pool.designate_new_master): done when it speaks as such.

    Every toolstack restarts for it: sessions end, and hosts enable themselves again.
    """

    host: HostId
    pool: PoolId
    why: str
    deadline: Seconds = 60.0


@dataclass(frozen=True, slots=True)
class DisableHost:
    """Mark the host as in maintenance mode and disable it: no VM starts or arrives there. Its VMs run on."""

    host: HostId
    pool: PoolId
    why: str
    deadline: Seconds = 30.0


@dataclass(frozen=True, slots=True)
class EnableHost:
    """Exit maintenance mode ("Skip"): remove the marks, enable the host, leave the VMs where they are."""

    host: HostId
    pool: PoolId
    why: str
    deadline: Seconds = 30.0


@dataclass(frozen=True, slots=True)
class MoveVm:
    """Migrate a running VM to another host of its pool (VM.pool_migrate).

    `room_for`: the VM for which it makes room; empty: it leaves for its own sake.
    """

    vm: VmId
    name: str
    pool: PoolId
    source: HostId
    host: HostId  # the target
    why: str
    deadline: Seconds
    room_for: VmId = ""


@dataclass(frozen=True, slots=True)
class CancelMove:
    """Cancel a running migration; the VM stays where it was."""

    vm: VmId
    name: str
    pool: PoolId
    host: HostId  # where it stays
    why: str
    deadline: Seconds = 15.0


@dataclass(frozen=True, slots=True)
class StopVm:
    """Shut a guest down cleanly. When `deadline` passes first, the clean shutdown is cancelled and reported.

    With `suspend` its memory is kept on storage instead, which cannot be cancelled. `room_for`: the VM for which it
    makes room; empty: it stops because of its own host or storage.
    """

    vm: VmId
    name: str
    pool: PoolId
    host: HostId
    why: str
    deadline: Seconds
    suspend: bool = False
    room_for: VmId = ""


@dataclass(frozen=True, slots=True)
class ForceStopVm:
    """Stop a guest hard (VM.hard_shutdown), after a clean stop was refused or ran out of time."""

    vm: VmId
    name: str
    pool: PoolId
    host: HostId
    why: str
    deadline: Seconds = 30.0


@dataclass(frozen=True, slots=True)
class StartVm:
    """Start or resume a guest that we stopped: on `host`; where that is empty or refuses, where there is room."""

    vm: VmId
    name: str
    pool: PoolId
    host: HostId
    why: str
    deadline: Seconds = 120.0


@dataclass(frozen=True, slots=True)
class ShutDownHost:
    """Shut an empty, disabled host down. The call returns ten seconds before the shutdown begins.

    `aboard`: the VM that this controller runs in, where it is the last there: the host itself shuts it down then.
    """

    host: HostId
    pool: PoolId
    why: str
    deadline: Seconds = 30.0
    aboard: VmId = ""


@dataclass(frozen=True, slots=True)
class PowerOnHost:
    """Start a host that stayed off: by its pool (host.power_on), or past it."""

    host: HostId
    pool: PoolId
    why: str
    deadline: Seconds = 300.0
    way: PowerWay = PowerWay.XAPI


@dataclass(frozen=True, slots=True)
class AttachRepository:
    """Let a host attach a storage repository that it had attached before (PBD.plug)."""

    host: HostId
    pool: PoolId
    repository: RepositoryId
    name: str
    why: str
    deadline: Seconds = 120.0


class _OfNoPool:
    """An action that is not one pool's alone."""

    __slots__ = ()

    @property
    def pool(self) -> PoolId:
        """None."""
        return ""


@dataclass(frozen=True, slots=True)
class StopStorage(_OfNoPool):
    """Tell a NAS or SAN to go down, by the way that its owner entered. It goes down after the call."""

    storage: StorageId
    why: str
    deadline: Seconds = 30.0


@dataclass(frozen=True, slots=True)
class WakeStorage(_OfNoPool):
    """Wake a NAS or SAN that stayed off, over the network: done when the packets are sent."""

    storage: StorageId
    why: str
    deadline: Seconds = 60.0


@dataclass(frozen=True, slots=True)
class CutOutput(_OfNoPool):
    """Let a UPS on battery cut its output in `after` seconds, and restore it with utility power: done when its
    countdown was read. What hangs on it starts by itself then.
    """

    ups: UpsId
    after: Seconds
    why: str
    deadline: Seconds = 25.0


@dataclass(frozen=True, slots=True)
class KeepOutput(_OfNoPool):
    """End the countdown of a UPS that was told to cut its output: utility power is back before the cut."""

    ups: UpsId
    why: str
    deadline: Seconds = 25.0


@dataclass(frozen=True, slots=True)
class ShutDownController(_OfNoPool):
    """Shut this controller's own machine down. The journal is closed first; nothing can report how it ended."""

    why: str
    deadline: Seconds = 60.0


HostAction: TypeAlias = DisableHost | EnableHost | ShutDownHost | PowerOnHost
VmAction: TypeAlias = MoveVm | CancelMove | StopVm | ForceStopVm | StartVm
HaAction: TypeAlias = LowerHa | SuspendHa | RestoreHa
AutoPoweronAction: TypeAlias = SuspendAutoPoweron | RestoreAutoPoweron
PoolAction: TypeAlias = ClaimPool | ReleasePool | AutoPoweronAction | HaAction | DesignateCoordinator
UpsAction: TypeAlias = CutOutput | KeepOutput
StorageAction: TypeAlias = StopStorage | WakeStorage
Action: TypeAlias = (
    HostAction | VmAction | PoolAction | AttachRepository | StorageAction | UpsAction | ShutDownController
)


def target(action: Action) -> str:
    """What the action acts on; two actions on one target never overlap.

    CancelMove and ForceStopVm are targets of their own: they exist to end an action that is still running. So is a
    repository on its host: attaching it may hang for minutes, and must not keep the host from going down.
    """
    match action:
        case CancelMove() | ForceStopVm():
            return f"end {action.vm}"
        case MoveVm() | StopVm() | StartVm():
            return f"vm {action.vm}"
        case DisableHost() | EnableHost() | ShutDownHost() | PowerOnHost():
            return f"host {action.host}"
        case ClaimPool() | ReleasePool() | SuspendAutoPoweron() | RestoreAutoPoweron():
            return f"pool {action.pool}"
        case AttachRepository():
            return f"repository {action.repository} on {action.host}"
        case LowerHa() | SuspendHa() | RestoreHa() | DesignateCoordinator():
            return f"pool {action.pool}"
        case StopStorage() | WakeStorage():
            return f"storage {action.storage}"
        case CutOutput() | KeepOutput():
            return f"ups {action.ups}"
        case ShutDownController():
            return CONTROLLER


def door(action: Action) -> str:
    """Who carries it out: a pool, by its id; a storage, as "storage KEY"; a UPS, as "ups KEY"; our own machine, as
    CONTROLLER; what switches a host on past its pool or wakes a storage, as "power on KEY".
    """
    match action:
        case StopStorage() | CutOutput() | KeepOutput() | ShutDownController():
            return target(action)
        case PowerOnHost(way=way, host=host) if way is not PowerWay.XAPI:
            return f"power on {host}"
        case WakeStorage(storage=storage):
            return f"power on {storage}"
        case _:
            return action.pool
