"""What no driver can observe: the fold of the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from . import events as e
from .actions import Action, PowerOnHost, StopVm, target
from .battery import Discharge
from .learned import NOTHING_LEARNED, Learned
from .model import Bytes, HostId, Percent, PoolId, PowerWay, RepositoryId, Seconds, StorageId, UpsId, VmId

UNREACHABLE = "UNREACHABLE"  # the error of an action whose answer was lost
DEADLINE = "DEADLINE"  # of one that was not finished in its time
STOOD_STILL = "STOOD_STILL"  # of one that was decided before the controller stood still, and was not carried out

SAME_BOOT: Seconds = 10.0  # boot_time is worked out anew at each start of a toolstack, from a clock that may be set
FIRST_POLLS: Seconds = 10.0  # after a start every card has been asked


@dataclass(frozen=True, slots=True)
class UpsMemory:
    """A UPS's outage, if one is open: `on_battery_since` is None on utility power."""

    known: bool = False  # seen on utility power at least once
    doubted: e.UtilityDoubted | None = None
    on_battery_since: Seconds | None = None
    last_utility: Seconds = 0.0
    counts_at: Seconds | None = None
    off_at: Seconds | None = None
    utility_since: Seconds | None = None  # seen again and settling
    settle: Seconds = 0.0
    back_at: Seconds | None = None  # when the last outage ended, and how long it lasted: flapping adds up
    lasted: Seconds = 0.0
    low_since: Seconds | None = None
    low_by_silence: bool = False  # nobody said so: taken back when the card says otherwise
    cut_at: Seconds | None = None  # a countdown that the card showed
    cut_asked_at: Seconds | None = None  # we have told it to cut its output
    cut_due: Seconds | None = None  # when it has done so at the latest, unless it was told to keep it
    cut_tries: int = 0
    output_off_at: Seconds | None = None  # it was cut although utility power was back
    returned_at: Seconds | None = None  # when utility power was seen again that has settled since
    was_cut: bool = False  # the output was off in this outage or the last: what it feeds starts by itself
    told_at: Seconds | None = None  # the last runtime and charge worth keeping
    runtime: Seconds | None = None
    charge: Percent | None = None
    discharge: Discharge | None = None  # how its battery has emptied in this outage
    silent_since: Seconds | None = None
    full_runtime: Seconds | None = None  # as told when the last outage began: at the load of everything on it
    full_charge: Percent | None = None
    recharged_at: Seconds | None = None  # when what was stopped no longer waited for its battery
    off_until: Seconds | None = None  # when it last stopped saying that it is off, without an outage


@dataclass(frozen=True, slots=True)
class HostMemory:
    """What we did to a host, and what people asked for it. Steps are intents: written before they were done."""

    evacuation: e.EvacuationBegun | None = None
    shutdown: e.ShutdownBegun | None = None
    emptied: bool = False
    moved_from: bool = False  # at least one move off this host has begun
    booted: float = 0.0  # when it had booted, as last heard in this outage
    fell: bool = False  # it went down in this outage without our asking: its guests were lost with it
    fell_before: bool = False  # the same, before it was last proven down
    disabled_at: Seconds | None = None  # by us
    disabled_agent: float = 0.0
    disabled_done: Seconds | None = None  # when the server said that it is
    shut_down_at: Seconds | None = None  # the commit point
    shutdown_last_asked: Seconds | None = None
    shutdown_unsure: Seconds | None = None  # since when nobody knows whether the last call has reached it
    agent_before: float = 0.0  # the toolstack that it had when it was asked to shut down, or fell
    down_at: Seconds | None = None
    heard_at: Seconds | None = None  # it answers again, perhaps with the toolstack that it had before
    returned_at: Seconds | None = None
    new_since: Seconds | None = None  # as returned_at, until the outage of its pool is closed
    powered_on_at: Seconds | None = None
    switched_on_by: tuple[PowerWay, ...] = ()  # what was tried since it went down, in order
    switch_errors: Mapping[PowerWay, str] = field(default_factory=dict)  # how the last try of each has failed
    yielded_at: Seconds | None = None
    held: bool = False
    held_until: Seconds | None = None  # None: until a person ends it
    hold_asked: e.Requested | None = None  # by whom and why, while it is held
    overridden: bool = False
    wanted: frozenset[e.Ask] = frozenset()  # ENTER_MAINTENANCE, EVACUATE: until a person says otherwise

    @property
    def hands_off(self) -> bool:
        """A person's hold, or a person's hand that we yielded to; until the last safe start."""
        return (self.held or self.yielded_at is not None) and not self.overridden

    def has_booted_anew(self, booted: float) -> bool | None:
        """Since the record, or since it last returned; None: its boot_time is not told."""
        return abs(booted - self.booted) > SAME_BOOT if booted and self.booted else None


@dataclass(frozen=True, slots=True)
class Failure:
    """The last failure of an action, for the pause before it is repeated."""

    at: Seconds
    count: int
    error: str
    refused: bool


@dataclass(frozen=True, slots=True)
class HaMemory:
    """What we did to a pool's HA, and how it was before. Both may have been intents that came to nothing."""

    lowered: bool = False  # it is to tolerate no host failure
    suspended: bool = False
    failures: int = 0
    storages: tuple[RepositoryId, ...] = ()
    configuration: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class PoolMemory:
    """The pool as it was before our first action, and what we did to it as a whole."""

    record: e.PoolRecorded | None = None
    claim_tried: bool = False
    auto_poweron_suspended: bool = False
    hand_over: e.HandOverBegun | None = None  # under way, or over
    hand_over_asked_at: Seconds | None = None  # the call was begun
    handed_over: e.HandOverEnded | None = None
    ha: HaMemory | None = None  # until it is as it was
    ha_asked_at: Seconds | None = None  # since when we try to get HA out of the way
    ha_given_up: Failure | None = None  # it could not be restored when the outage was closed
    shutdown_asked: e.Requested | None = None  # until the coordinator is back
    off_by_person: bool = False  # nobody but a person switches its hosts on again
    back_at: Seconds | None = None  # when the first host came back after that
    owed: tuple[tuple[VmId, HostId], ...] = ()  # VMs whose start was given up in earlier outages, and where they ran
    hurried: bool = False  # a person wants it back now, and waits for no other host: until power fails again

    @property
    def hands_over(self) -> bool:
        """Another host is being made coordinator."""
        return self.hand_over is not None and self.handed_over is None

    @property
    def coordinator(self) -> HostId | None:
        """As last known in this outage; None when none is open."""
        if self.handed_over is not None and self.handed_over.done:
            return self.handed_over.coordinator
        return self.record.coordinator if self.record is not None else None


@dataclass(frozen=True, slots=True)
class VmMemory:
    """What we did to a VM in this outage."""

    pool: PoolId = ""
    places: tuple[HostId, ...] = ()  # where it may be since we last moved or started it; empty: we never did
    placed_at: Seconds = 0.0  # since when we know
    anywhere: bool = False  # we started it, and left it to XenServer where
    failed_on: tuple[HostId, ...] = ()  # targets of failed moves
    started: bool = False  # since its host fell: what becomes of it now is not our doing
    left_off: bool = False  # a person has shut it down
    start_unsure: bool = False  # nobody knows whether our start was carried out
    stop_failed: str | None = None  # the error of the last clean stop
    stop_within: Seconds = 0.0  # the time that it was given
    suspend_failed: str = ""  # the error of the last attempt to suspend it
    stopped: bool = False  # by us
    stopped_at: Seconds | None = None  # the last stop that we began
    host: HostId = ""  # where we stopped it
    name: str = ""
    unplaced: str = ""  # the reason last told
    room_for: VmId = ""  # the VM for whose room we stopped it
    room_on: HostId = ""  # where room was made for it
    skipped: bool = False  # a person wants it left where it is, in this outage

    def may_be_on(self, home: HostId, record: e.PoolRecorded) -> tuple[HostId, ...]:
        """The hosts on which it may be, where it ran on `home` when its pool was recorded."""
        if self.anywhere:
            return tuple(host for host, _ in record.members)
        return self.places or (home,)


@dataclass(frozen=True, slots=True)
class StorageMemory:
    """What we did to a NAS or SAN in this outage."""

    stop: e.StorageStopBegun | None = None
    told_at: Seconds | None = None  # to go down: the commit point
    told_last: Seconds | None = None
    down_at: Seconds | None = None
    woken_at: Seconds | None = None  # the last time


# Of what the journal has not spoken of yet.
_NEW_UPS, _NEW_HOST, _NEW_POOL, _NEW_VM = UpsMemory(), HostMemory(), PoolMemory(), VmMemory()
_NEW_STORAGE = StorageMemory()


@dataclass(frozen=True, slots=True)
class Begun:
    """When a pending action was begun, for what it teaches of how long such things take.

    Of a move also its VM's size, and how much of a link it had: `share` is in seconds of a whole link, up to
    `settled_at`; `beside` moves have shared the busier of its two links since.
    """

    at: Seconds
    size: Bytes = 0
    share: Seconds = 0.0
    settled_at: Seconds = 0.0
    beside: int = 1
    spoilt: bool = False  # what it acts on was ended in another way


@dataclass(frozen=True, slots=True)
class Memory:
    """Everything that the journal says about the present. `position` is that of the last event folded in."""

    position: int = 0
    armed: bool = False
    armed_at: Seconds = 0.0  # the last time
    disarmed_at: Seconds = 0.0
    started_at: Seconds = 0.0  # when this controller started or resumed: it has heard nothing from before
    alive_until: Seconds | None = None  # when it, or the one before, is known to have watched last before that
    upses: Mapping[UpsId, UpsMemory] = field(default_factory=dict)
    hosts: Mapping[HostId, HostMemory] = field(default_factory=dict)
    pools: Mapping[PoolId, PoolMemory] = field(default_factory=dict)
    vms: Mapping[VmId, VmMemory] = field(default_factory=dict)
    storages: Mapping[StorageId, StorageMemory] = field(default_factory=dict)
    pending: Mapping[int, Action] = field(default_factory=dict)
    begun: Mapping[int, Begun] = field(default_factory=dict)  # of those pending that this controller has watched
    learned: Learned = NOTHING_LEARNED
    failures: Mapping[str, Failure] = field(default_factory=dict)  # by kind and target
    requests: tuple[e.Requested, ...] = ()  # not yet answered
    left: tuple[e.Requested, ...] = ()  # the same, of a controller that has ended: nobody waits for them any more
    alerts: Mapping[tuple[str, str], e.Alerted] = field(default_factory=dict)
    told: frozenset[Action] = frozenset()  # in dry run, during this outage

    def ups(self, ups: UpsId) -> UpsMemory:
        return self.upses.get(ups, _NEW_UPS)

    def host(self, host: HostId) -> HostMemory:
        return self.hosts.get(host, _NEW_HOST)

    def pool(self, pool: PoolId) -> PoolMemory:
        return self.pools.get(pool, _NEW_POOL)

    def vm(self, vm: VmId) -> VmMemory:
        return self.vms.get(vm, _NEW_VM)

    def storage(self, storage: StorageId) -> StorageMemory:
        return self.storages.get(storage, _NEW_STORAGE)

    @property
    def urgent(self) -> bool:
        """Whether cards must be polled at the fast pace: some UPS is on battery, doubted or settling."""
        return any(u.on_battery_since is not None or u.doubted for u in self.upses.values())

    def is_pending(self, action_target: str) -> bool:
        """Whether an action on this target is under way, as far as the journal knows."""
        return any(target(action) == action_target for action in self.pending.values())


def kind_and_target(action: Action) -> str:
    """Under which key failures of an action are remembered: one way to switch a host on does not stand for another."""
    by = f" by {action.way}" if isinstance(action, PowerOnHost) and action.way is not PowerWay.XAPI else ""
    kind = "SuspendVm" if isinstance(action, StopVm) and action.suspend else type(action).__name__
    return f"{kind} {target(action)}{by}"
