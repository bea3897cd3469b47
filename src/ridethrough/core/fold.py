"""How each event of the journal changes what is remembered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from . import events as e
from .actions import (
    Action,
    ClaimPool,
    DisableHost,
    EnableHost,
    ForceStopVm,
    MoveVm,
    PowerOnHost,
    ReleasePool,
    RestoreAutoPoweron,
    ShutDownHost,
    StartVm,
    StopStorage,
    StopVm,
    SuspendAutoPoweron,
)
from .memory import (
    FIRST_POLLS,
    STOOD_STILL,
    UNREACHABLE,
    Failure,
    HostMemory,
    Memory,
    PoolMemory,
    StorageMemory,
    kind_and_target,
)
from .model import HostId, PoolId, Seconds, StorageId, UpsId, VmId


def fold(memory: Memory, position: int, event: e.Event) -> Memory:
    """The memory after `event`. Pure; the same journal always gives the same memory."""
    return replace(_fold(memory, position, event), position=position)


def fold_all(memory: Memory, events: Iterable[tuple[int, e.Event]]) -> Memory:
    """The memory after all `events`, in order."""
    for position, event in events:
        memory = fold(memory, position, event)
    return memory


def _fold(m: Memory, position: int, event: e.Event) -> Memory:
    match event:
        case e.ControllerStarted():
            m = replace(m, left=(*m.left, *m.requests), requests=())
            return _interrupted(replace(m, started_at=event.at, alive_until=_watched_until(m, event)))
        case e.ControllerResumed():
            m = replace(m, alive_until=event.at - event.seconds)
            return replace(m, started_at=event.at)  # what it had begun goes on, and reports how it ended
        case e.Armed():
            return replace(m, armed=True, armed_at=event.at, told=frozenset())
        case e.Disarmed():
            return _disarmed(replace(m, disarmed_at=event.at))
        case e.Requested(ask=e.Ask.NOTE):
            return m  # written down is done
        case e.Requested():
            return replace(m, requests=(*m.requests, event))
        case e.RequestRefused() | e.RequestDone():
            return _answered(m, event)
        case e.UpsKnown():
            return _ups(m, event.ups, known=True)
        case e.UtilityDoubted():
            return _ups(m, event.ups, doubted=event)
        case e.DoubtCleared():
            return _ups(m, event.ups, doubted=None)
        case e.UtilityLost():
            return _utility_lost(m, event)
        case e.UtilitySeen():
            ups = m.ups(event.ups)
            cut = ups.was_cut or (ups.off_at is not None and event.since >= ups.off_at)
            return _ups(m, event.ups, utility_since=event.since, settle=event.settle, was_cut=cut)
        case e.UtilityLostAgain():
            return _ups(
                _unhurried(m),
                event.ups,
                on_battery_since=event.since,
                last_utility=event.last_utility,
                counts_at=event.counts_at,
                off_at=event.off_at,
                settle=event.settle,
                utility_since=None,
            )
        case e.OutputOff():
            return _ups(m, event.ups, utility_since=None, counts_at=None, was_cut=True)
        case e.UtilityBack():
            return _utility_back(m, event)
        case e.RuntimeTold():
            return _ups(m, event.ups, told_at=event.at, runtime=event.runtime, charge=event.charge)
        case e.LowBattery():
            return _ups(m, event.ups, low_since=event.at, low_by_silence=event.by_silence)
        case e.CountdownSeen():
            return _ups(m, event.ups, cut_at=event.cut_at)
        case e.CountdownOver():
            # A cancelled countdown takes the off-time with it; a cut that passed stands.
            cut_at = None if event.cancelled else m.ups(event.ups).cut_at
            return _ups(m, event.ups, cut_at=None, counts_at=None, off_at=cut_at, was_cut=not event.cancelled)
        case e.UpsSilent():
            return _ups(m, event.ups, silent_since=event.since)
        case e.UpsAnswers():
            settling = m.ups(event.ups).utility_since is not None
            again = event.at if settling else None  # nobody watched it hold: it settles anew
            low = None if m.ups(event.ups).low_by_silence else m.ups(event.ups).low_since
            return _ups(m, event.ups, silent_since=None, utility_since=again, low_since=low, low_by_silence=False)
        case e.PoolRecorded():
            for host, booted in event.booted:
                # One that has been missing since before will be told by its last known boot.
                known = m.host(host)
                if not (_is_in_our_hands(known) and known.booted):
                    m = _host(m, host, booted=booted, fell=known.fell and known.down_at is not None)
            return _pool(m, event.pool, record=event)
        case e.PoolRestored():
            return _restored(m, event)
        case e.ActionStarted():
            return _started(replace(m, pending={**m.pending, position: event.action}), event)
        case e.ActionTold():
            return replace(m, told=m.told | {event.action})
        case e.ActionFinished():
            return _finished(m, event)
        case e.HostDown():
            return _down(m, event)
        case e.HostHeard():
            return _host(m, event.host, heard_at=event.at)
        case e.HostReturned():
            return _host(
                _pool_is_back(m, event),
                event.host,
                fell=_has_fallen(m.host(event.host), event),
                returned_at=event.at,
                new_since=event.at,
                booted=event.booted,
                down_at=None,
                heard_at=None,
                shut_down_at=None,
                shutdown=None,
                disabled_agent=event.agent_started,
                disabled_done=None,
                moved_from=False,
            )
        case e.HostYielded():
            return _host(
                m,
                event.host,
                yielded_at=event.at,
                disabled_at=None,
                disabled_done=None,
                evacuation=None,
                shutdown=None,
                moved_from=False,
                wanted=frozenset(),
            )
        case e.HoldOverridden():
            # One that has an end is over with that; one without holds again in the next outage.
            endless = m.host(event.host).held_until is None
            return _host(m, event.host, overridden=True, held_until=None, held=m.host(event.host).held and endless)
        case e.HoldEnded():
            return _host(m, event.host, held=False, held_until=None, hold_asked=None)
        case e.SkipEnded():
            return _vm(m, event.vm, skipped=False)
        case e.VmUnplaced():
            return _vm(m, event.vm, unplaced=event.why)
        case e.EvacuationBegun():
            m = _host(m, event.host, evacuation=event, emptied=False, returned_at=None)
            known = m.host(event.host)
            if known.down_at is not None or known.shut_down_at is not None or _record_with(m, event.host):
                return m
            return _host(m, event.host, booted=0.0, fell=False)  # what happened to it in other outages is over
        case e.ShutdownBegun():
            return _host(m, event.host, shutdown=event)
        case e.ShutdownDropped():
            vms = {k: replace(v, stop_failed=None) if v.host == event.host else v for k, v in m.vms.items()}
            return _host(replace(m, vms=vms), event.host, shutdown=None, shut_down_at=None)
        case e.StorageStopBegun():
            return _storage(m, event.storage, stop=event)
        case e.StorageStopDropped() | e.StorageBack():
            vms = {k: v if m.host(v.host).shutdown else replace(v, stop_failed=None) for k, v in m.vms.items()}
            return replace(m, vms=vms, storages={**m.storages, event.storage: StorageMemory()})
        case e.StorageDown():
            return _storage(m, event.storage, down_at=event.at)
        case e.ShutdownLost():
            return _host(m, event.host, shut_down_at=None, shutdown_unsure=None, emptied=False)
        case e.EvacuationEnded():
            return _host(
                m,
                event.host,
                evacuation=None,
                shutdown=None,
                emptied=False,
                moved_from=False,
                yielded_at=None,
                overridden=False,
            )
        case e.VmRunsAgain():
            return _runs(m, event.vm, event.at, event.host)
        case e.VmFound():
            return _vm(m, event.vm, places=(event.host,), anywhere=False, placed_at=event.at)
        case e.VmLeftOff():
            return _vm(m, event.vm, left_off=True)
        case e.HostEmptied():
            return _host(m, event.host, emptied=True)
        case e.Alerted():
            return replace(m, alerts={**m.alerts, (event.subject, event.key): event})
        case e.AlertCleared():
            gone = (event.subject, event.key)
            m = replace(m, alerts={k: v for k, v in m.alerts.items() if k != gone})
            return _ups(m, event.subject, off_until=event.at) if event.key == e.OFF else m
        case e.SettingsTaken() | e.RoundFailed() | e.JournalCutBack() | e.TrapHeard():
            return m


def _has_fallen(known: HostMemory, event: e.HostReturned) -> bool:
    """One that was proven down and never was, for only its network was gone, has lost nothing by it."""
    anew = known.has_booted_anew(event.booted)
    ran_on = event.agent_started == known.agent_before if anew is None else not anew
    return known.fell_before if known.fell and ran_on else known.fell


def _watched_until(m: Memory, event: e.ControllerStarted) -> Seconds | None:
    """Until when the lives before this one have watched; one that ended before its first polls has seen nothing."""
    saw_nothing = event.alive_until is not None and event.alive_until < m.started_at + FIRST_POLLS
    return m.alive_until if saw_nothing else event.alive_until


def _record_with(m: Memory, host: HostId) -> e.PoolRecorded | None:
    """What its pool was like before the outage, while one is open."""
    records = (p.record for p in m.pools.values() if p.record is not None)
    return next((r for r in records if host in dict(r.members)), None)


def _is_in_our_hands(m: HostMemory) -> bool:
    """Down, or being emptied, by an outage and not by a person's wish."""
    begun = m.evacuation is not None or m.shut_down_at is not None or m.down_at is not None
    return begun and not m.wanted


def _down(m: Memory, event: e.HostDown) -> Memory:
    known = m.host(event.host)
    if known.shut_down_at is not None:
        return _host(m, event.host, down_at=event.at, heard_at=None)
    return _host(
        _with_its_guests(m, event.host),
        event.host,
        down_at=event.at,
        heard_at=None,
        fell=True,
        fell_before=known.fell,
        agent_before=event.agent_started,
    )


def _with_its_guests(m: Memory, host: HostId) -> Memory:
    """The host has fallen: guests that may have been on it need to be started once more."""
    record = _record_with(m, host)
    if record is None:
        return m
    homes = {vm: home for vm, home in record.running if m.vm(vm).started}
    fallen = [vm for vm, home in homes.items() if host in m.vm(vm).may_be_on(home, record)]
    return replace(m, vms={**m.vms, **{vm: replace(m.vm(vm), started=False) for vm in fallen}})


def _disarmed(m: Memory) -> Memory:
    """What people asked for does not outlive a disarming; what we stopped is still ours to start."""
    hosts = {k: replace(v, wanted=frozenset()) for k, v in m.hosts.items()}
    pools = {k: replace(v, shutdown_asked=None) for k, v in m.pools.items()}
    return replace(m, armed=False, told=frozenset(), hosts=hosts, pools=pools)


def _pool_is_back(m: Memory, event: e.HostReturned) -> Memory:
    """What a person asked of a whole pool is over when any host of it is up again."""
    if m.pool(event.pool).shutdown_asked is None:
        return m
    return _pool(m, event.pool, shutdown_asked=None, back_at=event.at)


def answers(m: Memory, event: e.RequestRefused | e.RequestDone) -> e.Requested | None:
    """Which request this is the answer to: of equal ones the first."""
    return next((r for r in (*m.left, *m.requests) if (r.ask, r.subject) == (event.ask, event.subject)), None)


def _answered(m: Memory, event: e.RequestRefused | e.RequestDone) -> Memory:
    asked = answers(m, event)
    left, open_ = (tuple(r for r in requests if r is not asked) for requests in (m.left, m.requests))
    m = replace(m, left=left, requests=open_)
    if isinstance(event, e.RequestRefused) or asked is None:
        return m
    host, wanted = event.subject, m.host(event.subject).wanted
    match event.ask:
        case e.Ask.HOLD:
            return _held(m, event, asked)
        case e.Ask.RELEASE:
            for each in event.of or (host,):
                m = _host(m, each, held=False, held_until=None, hold_asked=None, overridden=False, yielded_at=None)
            return m
        case e.Ask.SKIP_VM:
            for vm in event.of:
                m = _vm(m, vm, skipped=True)
            return m
        case e.Ask.BRING_BACK:
            for pool in event.of:
                m = _pool(m, pool, hurried=True)
            return m
        case e.Ask.ENTER_MAINTENANCE | e.Ask.EVACUATE:
            return _host(m, host, wanted=wanted | {event.ask}, yielded_at=None)
        case e.Ask.SWITCH_OFF_UPS | e.Ask.CANCEL_UPS_OFF | e.Ask.WRITE_DOWN | e.Ask.NOTE | e.Ask.TAKE_SETTINGS:
            return m  # the person's command does it, or has done it
        case e.Ask.EXIT_MAINTENANCE:
            return _host(m, host, wanted=frozenset())
        case e.Ask.SHUT_DOWN_POOL:
            return _pool(m, event.subject, shutdown_asked=asked, off_by_person=True)
        case e.Ask.ARM | e.Ask.DISARM:
            return m


def _held(m: Memory, event: e.RequestDone, asked: e.Requested) -> Memory:
    """With an end it takes the place of a hand that we yielded to: after it we act again."""
    for host in event.of or (event.subject,):
        until = event.at + asked.seconds if asked.seconds is not None else None
        yielded = None if until is not None else m.host(host).yielded_at
        m = _host(m, host, held=True, held_until=until, hold_asked=asked, overridden=False, yielded_at=yielded)
    return m


def _unhurried(m: Memory) -> Memory:
    """Power has failed again: what a person wanted back at once was the last return."""
    if not any(pool.hurried for pool in m.pools.values()):
        return m
    return replace(m, pools={k: replace(v, hurried=False) for k, v in m.pools.items()})


def _utility_lost(m: Memory, event: e.UtilityLost) -> Memory:
    return _ups(
        _unhurried(m),
        event.ups,
        known=True,
        doubted=None,
        on_battery_since=event.since,
        last_utility=event.last_utility,
        counts_at=event.counts_at,
        off_at=event.off_at,
        utility_since=None,
        settle=event.settle,
        low_since=None,
        cut_at=None,
        was_cut=False,
        told_at=event.at,
        runtime=event.runtime,
        charge=event.charge,
    )


def _utility_back(m: Memory, event: e.UtilityBack) -> Memory:
    m = _ups(
        m,
        event.ups,
        on_battery_since=None,
        utility_since=None,
        counts_at=None,
        off_at=None,
        cut_at=None,
        low_since=None,
        back_at=event.at,
        lasted=event.lasted,
    )
    over = all(u.on_battery_since is None for u in m.upses.values())
    return replace(m, told=frozenset()) if over else m


def _started(m: Memory, event: e.ActionStarted) -> Memory:
    action = event.action
    match action:
        case DisableHost():
            return _host(m, action.host, disabled_at=event.at, disabled_agent=event.agent_started, disabled_done=None)
        case ShutDownHost():
            known = m.host(action.host)
            first = known.shut_down_at if known.shut_down_at is not None else event.at
            return _host(
                m,
                action.host,
                shut_down_at=first,
                shutdown_last_asked=event.at,
                shutdown_unsure=None,
                agent_before=event.agent_started,
                returned_at=None,
            )
        case PowerOnHost():
            return _host(m, action.host, powered_on_at=event.at)
        case MoveVm():
            m = _vm(m, action.vm, places=(action.source, action.host), anywhere=False, pool=action.pool)
            return _host(m, action.source, moved_from=True)
        case StopVm() | ForceStopVm():
            return _vm(
                m,
                action.vm,
                stopped=True,
                stopped_at=event.at,
                pool=action.pool,
                name=action.name,
                host=action.host,
            )
        case SuspendAutoPoweron():
            return _pool(m, action.pool, auto_poweron_suspended=True)
        case StopStorage(storage=storage):
            told = m.storage(storage).told_at
            return _storage(m, storage, told_at=event.at if told is None else told, told_last=event.at)
        case ClaimPool() | ReleasePool():  # one claim an outage: what was let go is not claimed again
            return _pool(m, action.pool, claim_tried=True)
        case _:
            return m


def _interrupted(m: Memory) -> Memory:
    """A controller has died: how its pending actions ended is unknown, and what they did is read from the snapshot.

    A claim or a start without an effect there is asked for again: nothing else would tell that it was lost. So is a
    shutdown, once the host itself has answered and is not on its way down.
    """
    for action in m.pending.values():
        m = _never_begun(m, action)
    return replace(m, pending={})


def _never_begun(m: Memory, action: Action) -> Memory:
    match action:
        case ClaimPool():
            return _pool(m, action.pool, claim_tried=False)
        case PowerOnHost():
            return _host(m, action.host, powered_on_at=None)
        case ShutDownHost():
            return _host(m, action.host, shutdown_unsure=m.started_at)
        case StartVm():
            return _vm(m, action.vm, start_unsure=True)
        case StopStorage():
            return _storage(m, action.storage, told_last=None)
        case _:
            return m


def _not_sent(m: Memory, action: Action) -> Memory:
    """Surely not carried out, and no failure: it is decided anew at once."""
    if isinstance(action, ShutDownHost):
        return _host(m, action.host, shut_down_at=None)
    if isinstance(action, StopStorage):
        return _storage(m, action.storage, told_at=None, told_last=None)
    return _never_begun(m, action)


def _finished(m: Memory, event: e.ActionFinished) -> Memory:
    m = replace(m, pending={k: v for k, v in m.pending.items() if k != event.started})
    action, key = event.action, kind_and_target(event.action)
    if event.error == STOOD_STILL:
        return _not_sent(m, action)
    if event.error is not None:
        before = m.failures.get(key)
        failure = Failure(event.at, before.count + 1 if before else 1, event.error, event.refused)
        return _failed(replace(m, failures={**m.failures, key: failure}), event)
    m = replace(m, failures={k: v for k, v in m.failures.items() if k != key})
    match action:
        case DisableHost():
            return _host(m, action.host, disabled_done=event.at)
        case EnableHost():
            was = m.host(action.host)
            kept = HostMemory(
                held=was.held,
                held_until=was.held_until,
                hold_asked=was.hold_asked,
                wanted=was.wanted,
                fell=was.fell,
                booted=was.booted,
                new_since=was.new_since,
            )
            return replace(m, hosts={**m.hosts, action.host: kept})
        case RestoreAutoPoweron():
            return _pool(m, action.pool, auto_poweron_suspended=False)
        case MoveVm():
            return _vm(m, action.vm, places=(action.host,), placed_at=event.at)
        case StartVm() if not _stops_again(m, action.vm):
            return _runs(m, action.vm, event.at, action.host)
        case _:
            return m


def _runs(m: Memory, vm: VmId, at: Seconds, host: HostId) -> Memory:
    """It runs again; `host` is empty where XenServer has chosen."""
    return _vm(
        m,
        vm,
        places=(host,) if host else (),
        anywhere=not host,
        placed_at=at,
        started=True,
        start_unsure=False,
        stopped=False,
        stop_failed=None,
        left_off=False,
    )


def _stops_again(m: Memory, vm: VmId) -> bool:
    """Power has failed once more while it started: a stop was begun before the start had ended."""
    return any(isinstance(a, StopVm | ForceStopVm) and a.vm == vm for a in m.pending.values())


def _failed(m: Memory, event: e.ActionFinished) -> Memory:
    match event.action:
        case MoveVm(vm=vm, source=source, host=host) if event.error != UNREACHABLE:  # else it may have been done
            return _vm(m, vm, places=(source,), placed_at=event.at, failed_on=(*m.vm(vm).failed_on, host))
        case StopVm(vm=vm) if event.error != UNREACHABLE:
            return _vm(m, vm, stop_failed=event.error)
        case ShutDownHost(host=host) if event.refused:
            return _host(m, host, shut_down_at=None)  # it was not done
        case ShutDownHost(host=host):
            return _host(m, host, shutdown_unsure=event.at)
        case StopStorage(storage=storage) if event.refused:
            return _storage(m, storage, told_at=None, told_last=None)
        case StopStorage(storage=storage):
            return _storage(m, storage, told_last=None)
        case _:
            return m


def _restored(m: Memory, event: e.PoolRestored) -> Memory:
    """The outage of a pool is closed: what people asked for stays, all else of it is forgotten."""
    record = m.pool(event.pool).record
    hosts = dict(m.hosts)
    for host, _ in record.members if record else ():
        known = m.host(host)
        if not _is_in_our_hands(known) and not known.wanted:
            hosts[host] = HostMemory(held=known.held, held_until=known.held_until, hold_asked=known.hold_asked)
        elif record is not None and host in record.disabled:  # an administrator's maintenance mode, which we restored
            hosts[host] = replace(known, disabled_at=None, disabled_done=None)
    ran = {vm for vm, _ in record.running} if record else set()
    vms = {k: v for k, v in m.vms.items() if v.pool != event.pool and k not in ran}
    return replace(m, pools={**m.pools, event.pool: PoolMemory()}, hosts=hosts, vms=vms, failures={})


def _ups(m: Memory, key: UpsId, **changes: object) -> Memory:
    return replace(m, upses={**m.upses, key: replace(m.ups(key), **changes)})  # type: ignore[arg-type]


def _host(m: Memory, key: HostId, **changes: object) -> Memory:
    return replace(m, hosts={**m.hosts, key: replace(m.host(key), **changes)})  # type: ignore[arg-type]


def _pool(m: Memory, key: PoolId, **changes: object) -> Memory:
    return replace(m, pools={**m.pools, key: replace(m.pool(key), **changes)})  # type: ignore[arg-type]


def _vm(m: Memory, key: VmId, **changes: object) -> Memory:
    return replace(m, vms={**m.vms, key: replace(m.vm(key), **changes)})  # type: ignore[arg-type]


def _storage(m: Memory, key: StorageId, **changes: object) -> Memory:
    return replace(m, storages={**m.storages, key: replace(m.storage(key), **changes)})  # type: ignore[arg-type]
