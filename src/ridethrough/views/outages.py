"""The journal, outage by outage: what happened to each UPS, host, storage and VM, and what was done about it.

An outage begins when the first UPS is on battery, or a pool is recorded because a person asked for something
(maintenance mode, the red button), and ends when no UPS is on battery and everything that was done has been undone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from ridethrough.core import actions as a
from ridethrough.core import events as e
from ridethrough.core.model import HostId, PoolId, Seconds, StorageId, UpsId, VmId
from ridethrough.core.narrative import tell
from ridethrough.core.power import CUT_MARGIN

from .outage_parts import Done, HostPart, StoragePart, UpsPart, VmPart


@dataclass(slots=True)
class Outage:
    """One outage. `id` is the position of its first event, `last` that of its last so far."""

    id: int
    begun_at: Seconds
    last: int
    ended_at: Seconds | None = None
    upses: dict[UpsId, UpsPart] = field(default_factory=dict)
    hosts: dict[HostId, HostPart] = field(default_factory=dict)
    storages: dict[StorageId, StoragePart] = field(default_factory=dict)
    vms: dict[VmId, VmPart] = field(default_factory=dict)
    done: dict[int, Done] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)
    alerts: list[dict[str, Any]] = field(default_factory=list)
    before: dict[PoolId, dict[str, Any]] = field(default_factory=dict)
    running: dict[VmId, HostId] = field(default_factory=dict)  # of the pools that were recorded
    differences: dict[PoolId, list[str]] = field(default_factory=dict)

    def host(self, id: HostId) -> HostPart:
        """Its part, begun if it has none yet."""
        return self.hosts.setdefault(id, HostPart(id))

    def left_on(self, host: HostId) -> list[VmId]:
        """The VMs that ran there and were neither moved off nor stopped, and those that were moved there.

        Of a pool that was not recorded (dry run) only those are known of which something was told.
        """
        homes = {**self.running, **{id: vm.home for id, vm in self.vms.items()}}
        untouched = [id for id, home in homes.items() if home == host and not self._was_touched(id)]
        came = [id for id, vm in self.vms.items() if vm.moves and vm.host == host]
        return sorted({*untouched, *came})

    def _was_touched(self, id: VmId) -> bool:
        vm = self.vms.get(id)
        return vm is not None and (vm.moves > 0 or vm.stopped_at is not None)

    def stopped_in_time(self, host: HostId, at: Seconds) -> bool:
        """Whether it was down by `at`, or had taken our word to go down."""
        down = self.hosts[host].down_at if host in self.hosts else None
        told = [d for d in self.done.values() if d.kind == "ShutDownHost" and d.host == host and not d.told]
        return (down is not None and down <= at) or any(d.at <= at and not d.error for d in told)

    def summary(self) -> dict[str, Any]:
        """What a list of outages shows."""
        actions = [done for done in self.done.values() if not done.told]
        return {
            "id": self.id,
            "last": self.last,
            "begun_at": self.begun_at,
            "ended_at": self.ended_at,
            "by_person": not self.upses,
            "upses": sorted(self.upses),
            "hosts": sorted(self.hosts),
            "hosts_shut_down": sum(1 for host in self.hosts.values() if host.shut_down_at is not None),
            "vms_moved": sum(1 for vm in self.vms.values() if vm.moves),
            "vms_stopped": sum(1 for vm in self.vms.values() if vm.stopped_at is not None),
            "actions": len(actions),
            "failed": sum(1 for done in actions if done.error),
            "dry_run": any(done.told for done in self.done.values()),
            "differences": sum(len(found) for found in self.differences.values()),
        }

    def whole(self) -> dict[str, Any]:
        """All of it, as plain values in a stated order."""
        return {
            **self.summary(),
            "upses": [asdict(self.upses[id]) for id in sorted(self.upses)],
            "hosts": [asdict(self.hosts[id]) for id in sorted(self.hosts)],
            "nas": [asdict(self.storages[id]) for id in sorted(self.storages)],
            "vms": [asdict(vm) for vm in sorted(self.vms.values(), key=lambda v: (v.name, v.id))],
            "done": [asdict(self.done[id]) for id in sorted(self.done)],
            "requests": list(self.requests),
            "alerts": list(self.alerts),
            "before": [self.before[id] for id in sorted(self.before)],
            "differences": [{"pool": id, "texts": self.differences[id]} for id in sorted(self.differences)],
        }


class Outages:
    """Folds the journal, event by event; the latest outage stands last in `all`."""

    def __init__(self, kept: int = 200) -> None:
        """`kept`: outages that are remembered; older ones are dropped."""
        self.all: list[Outage] = []
        self._kept = kept
        self._on_battery: set[UpsId] = set()
        self._recorded: set[PoolId] = set()
        self._open: Outage | None = None
        self._asked: list[tuple[int, e.Event]] = []  # the last request while none was open, and its answer

    @property
    def current(self) -> Outage | None:
        """The outage that is open now."""
        return self._open

    def find(self, id: int) -> Outage | None:
        """The outage of this id."""
        return next((outage for outage in self.all if outage.id == id), None)

    def take_all(self, events: Iterable[tuple[int, e.Event]]) -> None:
        """Every event, in order."""
        for position, event in events:
            self.take(position, event)

    def take(self, position: int, event: e.Event) -> None:
        """One event of the journal."""
        if isinstance(event, e.UtilityLost):
            self._on_battery.add(event.ups)
        elif isinstance(event, e.PoolRecorded):
            self._recorded.add(event.pool)
        if self._open is None and (self._on_battery or self._recorded):
            self._begin(position, event)
        if self._open is not None:
            self._open.last = position
            _take(self._open, position, event)
        elif isinstance(event, e.StorageBack) and self.all and event.storage in self.all[-1].storages:
            _of_storage(self.all[-1], event)  # it starts when power is back, and an outage may be over before it serves
        if isinstance(event, e.UtilityBack):
            self._on_battery.discard(event.ups)
        elif isinstance(event, e.PoolRestored):
            self._recorded.discard(event.pool)
        if self._open is not None and not self._on_battery and not self._recorded:
            self._open.ended_at = event.at
            self._open = None
        if self._open is None and isinstance(event, e.Requested):
            self._asked = [(position, event)]
        elif self._asked and isinstance(event, e.RequestDone | e.RequestRefused):
            self._asked.append((position, event))

    def _begin(self, position: int, event: e.Event) -> None:
        """A new outage; one that a person asked for begins with what was asked."""
        asked, self._asked = ([] if self._on_battery else self._asked), []
        self._open = Outage(asked[0][0] if asked else position, event.at, position)
        self.all = [*self.all[1 - self._kept :], self._open]
        for earlier in asked:
            _take(self._open, *earlier)


def _take(outage: Outage, position: int, event: e.Event) -> None:
    match event:
        case e.ActionStarted() | e.ActionTold():
            _begun(outage, position, event)
        case e.ActionFinished():
            _finished(outage, event)
        case e.Requested():
            outage.requests.append({"at": event.at, "by": event.by, "text": tell(event), "answer": ""})
        case e.RequestRefused() | e.RequestDone():
            if outage.requests:
                outage.requests[-1]["answer"] = tell(event)
        case e.Alerted():
            outage.alerts.append({"at": event.at, "subject": event.subject, "text": event.text})
        case e.PoolRecorded():
            outage.before[event.pool] = {
                "pool": event.pool,
                "coordinator": event.coordinator,
                "hosts": [host for host, _ in event.members],
                "disabled": list(event.disabled),
                "vms": len(event.running),
            }
            outage.running.update(event.running)
        case e.PoolRestored():
            outage.differences[event.pool] = list(event.differences)
        case _:
            _of_ups(outage, event)
            _of_host(outage, event)
            _of_storage(outage, event)
            _of_vm(outage, event)


def _of_ups(outage: Outage, event: e.Event) -> None:
    for part in outage.upses.values():
        _off_time(part, event)
    match event:
        case e.UtilityLost():
            part = outage.upses.setdefault(event.ups, UpsPart(event.ups, event.since))
            part.off_at, part.seen_at, part.back_at, part.lasted = event.off_at, None, None, None
            part.off_surely_at = _surely(event)
        case e.UtilityLostAgain() if event.ups in outage.upses:
            part = outage.upses[event.ups]
            part.off_at, part.off_surely_at, part.seen_at = event.off_at, _surely(event), None
        case e.LowBattery() if event.ups in outage.upses:
            outage.upses[event.ups].low_at = event.at
        case e.CountdownSeen() if event.ups in outage.upses:
            outage.upses[event.ups].countdown_at = event.at
            outage.upses[event.ups].off_at = outage.upses[event.ups].off_surely_at = event.cut_at
        case e.CountdownOver() if event.ups in outage.upses:
            part = outage.upses[event.ups]
            part.output_off_at = part.output_off_at or (None if event.cancelled else part.off_at or event.at)
            part.off_at = part.off_surely_at = None if event.cancelled else part.off_at
        case e.UtilitySeen() if event.ups in outage.upses:
            outage.upses[event.ups].seen_at = event.since
        case e.OutputOff() if event.ups in outage.upses:
            outage.upses[event.ups].output_off_at = event.at
        case e.UpsSilent() if event.ups in outage.upses:
            outage.upses[event.ups].silent_at = event.at
        case e.UtilityBack() if event.ups in outage.upses:
            outage.upses[event.ups].back_at, outage.upses[event.ups].lasted = event.at, event.lasted
        case _:
            pass


def _surely(event: e.UtilityLost | e.UtilityLostAgain) -> Seconds | None:
    """The card may count from the poll that showed battery, not only from the last that showed utility power."""
    return event.off_at + max(event.since - event.last_utility, 0.0) if event.off_at is not None else None


def _off_time(part: UpsPart, event: e.Event) -> None:
    """A card that shows no countdown: its off-time passes with the first event after it."""
    seen = event.since if isinstance(event, e.UtilitySeen) and event.ups == part.id else event.at
    off, until = part.off_surely_at, part.seen_at or part.back_at or seen
    if off is not None and part.output_off_at is None and until >= off + CUT_MARGIN:
        part.output_off_at = part.off_at


def _of_host(outage: Outage, event: e.Event) -> None:
    match event:
        case e.EvacuationBegun():
            host = outage.host(event.host)
            host.maintenance_at, host.early = host.maintenance_at or event.at, host.early or event.early
            host.why.append(event.why)
        case e.HostEmptied():
            outage.host(event.host).emptied_at = event.at
            outage.host(event.host).left = list(event.left)
        case e.ShutdownBegun():
            host = outage.host(event.host)
            host.shutdown_begun_at, host.early = event.at, host.early or event.early
            host.why.append(event.why)
        case e.ShutdownDropped():
            outage.host(event.host).shutdown_begun_at = None
            outage.host(event.host).why.append(tell(event))
        case e.HostDown():
            outage.host(event.host).down_at = event.at
            outage.host(event.host).why.append(event.proof)
        case e.HostReturned():
            outage.host(event.host).returned_at = event.at
        case e.HostYielded() | e.HoldOverridden() | e.HoldEnded() | e.ShutdownLost() | e.EvacuationEnded():
            outage.host(event.host).why.append(tell(event))
        case _:
            pass


def _of_storage(outage: Outage, event: e.Event) -> None:
    if not isinstance(event, e.StorageEvent):
        return
    part = outage.storages.setdefault(event.storage, StoragePart(event.storage))
    match event:
        case e.StorageStopBegun():
            part.stop_begun_at, part.spared_at = event.at, None
            part.why.append(event.why)
        case e.StorageStopDropped():
            part.spared_at = event.at
        case e.StorageDown():
            part.down_at, part.back_at = event.at, None
            part.why.append(event.proof)
        case e.StorageBack():
            part.back_at = event.at


def _of_vm(outage: Outage, event: e.Event) -> None:
    match event:
        case e.VmUnplaced():
            _vm(outage, event.vm, event.name, event.host).stays = event.why
        case e.VmFound() | e.VmRunsAgain() if event.host:
            _vm(outage, event.vm, event.name, event.host).host = event.host
        case _:
            pass


def _vm(outage: Outage, id: VmId, name: str, home: HostId) -> VmPart:
    return outage.vms.setdefault(id, VmPart(id, name, home, home))


def _begun(outage: Outage, position: int, event: e.ActionStarted | e.ActionTold) -> None:
    action = event.action
    told = isinstance(event, e.ActionTold)
    outage.done[position] = Done(
        position,
        type(action).__name__,
        getattr(action, "host", ""),
        getattr(action, "vm", ""),
        action.pool,
        tell(event).removeprefix("-> "),
        event.at,
        action.deadline,
        told=told,
    )
    if isinstance(action, a.ShutDownHost) and not told:
        host = outage.host(action.host)
        host.shut_down_at = host.shut_down_at or event.at
    elif isinstance(action, a.StopStorage) and not told:
        part = outage.storages.setdefault(action.storage, StoragePart(action.storage))
        part.told_at, part.spared_at = part.told_at or event.at, None
    elif isinstance(action, a.MoveVm | a.StopVm | a.ForceStopVm | a.StartVm):
        vm = _vm(outage, action.vm, action.name, action.source if isinstance(action, a.MoveVm) else action.host)
        vm.told = tell(event).removeprefix("dry run: ").split(":")[0] if told else ""


def _finished(outage: Outage, event: e.ActionFinished) -> None:
    done = outage.done.get(event.started)
    if done is not None:
        done.done_at, done.error = event.at, event.error or ""
        if event.error is not None:
            done.text = tell(event).strip().removeprefix("failed: ")
    if event.error is not None:
        return
    match event.action:
        case a.MoveVm() as move:
            vm = _vm(outage, move.vm, move.name, move.source)
            vm.host, vm.moves, vm.stays = move.host, vm.moves + 1, ""
        case a.StopVm() | a.ForceStopVm() as stop:
            vm = _vm(outage, stop.vm, stop.name, stop.host)
            vm.host, vm.stopped_at, vm.forced = None, event.at, isinstance(stop, a.ForceStopVm)
        case a.StartVm() as start:
            vm = _vm(outage, start.vm, start.name, start.host)
            vm.host, vm.started_at = start.host or None, event.at
        case a.EnableHost() as enable:
            outage.host(enable.host).enabled_at = event.at
        case _:
            pass
