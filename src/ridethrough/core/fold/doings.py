"""What we began, and how it ended."""

from __future__ import annotations

from dataclasses import replace

from ridethrough.core import events as e
from ridethrough.core.actions import (
    Action,
    ClaimPool,
    CutOutput,
    DesignateCoordinator,
    DisableHost,
    EnableHost,
    ForceStopVm,
    HaAction,
    KeepOutput,
    LowerHa,
    MoveVm,
    PowerOnHost,
    ReleasePool,
    RestoreAutoPoweron,
    RestoreHa,
    ShutDownHost,
    StartVm,
    StopStorage,
    StopVm,
    SuspendAutoPoweron,
    SuspendHa,
    WakeStorage,
)
from ridethrough.core.memory import STOOD_STILL, UNREACHABLE, Failure, HaMemory, HostMemory, Memory, kind_and_target
from ridethrough.core.model import HostId, Seconds, UpsId, VmId

from .change import change_host, change_pool, change_storage, change_ups, change_vm
from .hosts import no_longer_owed

CUT_TRIES = 3  # to tell a UPS to cut its output, as long as nobody knows whether it has heard
NOT_ON_BATTERY = "NOT_ON_BATTERY"  # the error of a cut that a UPS refuses since utility power is back


def started(m: Memory, event: e.ActionStarted) -> Memory:
    action = event.action
    match action:
        case DisableHost():
            return change_host(
                m, action.host, disabled_at=event.at, disabled_agent=event.agent_started, disabled_done=None
            )
        case ShutDownHost():
            known = m.host(action.host)
            first = known.shut_down_at if known.shut_down_at is not None else event.at
            return change_host(
                m,
                action.host,
                shut_down_at=first,
                shutdown_last_asked=event.at,
                shutdown_unsure=None,
                agent_before=event.agent_started,
                returned_at=None,
            )
        case PowerOnHost():
            tried = (*m.host(action.host).switched_on_by, action.way)
            return change_host(m, action.host, powered_on_at=event.at, switched_on_by=tried)
        case MoveVm():
            m = change_vm(m, action.vm, places=(action.source, action.host), anywhere=False, pool=action.pool)
            if action.room_for:
                return change_vm(m, action.room_for, room_on=action.source)
            return change_host(m, action.source, moved_from=True)
        case StopVm() | ForceStopVm():
            room_for = action.room_for if isinstance(action, StopVm) else ""
            within = action.deadline if isinstance(action, StopVm) else m.vm(action.vm).stop_within
            m = change_vm(m, room_for, room_on=action.host) if room_for else m
            return change_vm(
                m,
                action.vm,
                stopped=True,
                stopped_at=event.at,
                stop_within=within,
                pool=action.pool,
                name=action.name,
                host=action.host,
                room_for=room_for,
            )
        case SuspendAutoPoweron():
            return change_pool(m, action.pool, auto_poweron_suspended=True)
        case LowerHa() | SuspendHa():
            return _ha_asked(m, event.at, action)
        case DesignateCoordinator():
            return change_pool(m, action.pool, hand_over_asked_at=event.at)
        case StopStorage(storage=storage):
            told = m.storage(storage).told_at
            return change_storage(m, storage, told_at=event.at if told is None else told, told_last=event.at)
        case WakeStorage():
            return change_storage(m, action.storage, woken_at=event.at)
        case CutOutput(ups=ups, after=after):
            due, tries = event.at + action.deadline + after, m.ups(ups).cut_tries + 1
            return change_ups(m, ups, cut_asked_at=event.at, cut_due=due, cut_tries=tries)
        case ClaimPool() | ReleasePool():  # one claim an outage: what was let go is not claimed again
            return change_pool(m, action.pool, claim_tried=True)
        case _:
            return m


def interrupted(m: Memory) -> Memory:
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
            return change_pool(m, action.pool, claim_tried=False)
        case PowerOnHost():
            return change_host(
                m, action.host, powered_on_at=None, switched_on_by=m.host(action.host).switched_on_by[:-1]
            )
        case ShutDownHost():
            return change_host(m, action.host, shutdown_unsure=m.started_at)
        case StartVm():
            return change_vm(m, action.vm, start_unsure=True)
        case StopStorage():
            return change_storage(m, action.storage, told_last=None)
        case WakeStorage():
            return change_storage(m, action.storage, woken_at=None)
        case CutOutput():
            return _cut_again(m, action.ups)
        case _:
            return m


def _cut_again(m: Memory, ups: UpsId) -> Memory:
    """Nobody knows whether it was told to cut its output: it is told once more, but not for ever."""
    return change_ups(m, ups, cut_asked_at=None) if m.ups(ups).cut_tries < CUT_TRIES else m


def _not_sent(m: Memory, action: Action) -> Memory:
    """Surely not carried out, and no failure: it is decided anew at once."""
    if isinstance(action, ShutDownHost):
        return change_host(m, action.host, shut_down_at=None)
    if isinstance(action, StopStorage):
        return change_storage(m, action.storage, told_at=None, told_last=None)
    if isinstance(action, CutOutput):
        return change_ups(m, action.ups, cut_asked_at=None, cut_due=None)
    if isinstance(action, DesignateCoordinator):
        return change_pool(m, action.pool, hand_over_asked_at=None)
    if isinstance(action, LowerHa | SuspendHa):
        return _ha_as_it_was(m, action)
    return _never_begun(m, action)


def finished(m: Memory, event: e.ActionFinished) -> Memory:
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
            return change_host(m, action.host, disabled_done=event.at)
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
        case PowerOnHost():
            errors = {way: text for way, text in m.host(action.host).switch_errors.items() if way is not action.way}
            return change_host(m, action.host, switch_errors=errors)
        case RestoreAutoPoweron():
            return change_pool(m, action.pool, auto_poweron_suspended=False)
        case LowerHa() | SuspendHa():
            return change_pool(m, action.pool, ha_asked_at=None)
        case RestoreHa():
            return change_pool(m, action.pool, ha=None, ha_asked_at=None, ha_given_up=None)
        case CutOutput():
            return change_ups(m, action.ups, cut_due=event.at + action.after)
        case KeepOutput():
            return change_ups(m, action.ups, cut_asked_at=None, cut_due=None)
        case MoveVm():
            return change_vm(m, action.vm, places=(action.host,), placed_at=event.at)
        case StartVm() if not _stops_again(m, action.vm):
            return runs(m, action.vm, event.at, action.host)
        case _:
            return m


def runs(m: Memory, vm: VmId, at: Seconds, host: HostId) -> Memory:
    """It runs again; `host` is empty where XenServer has chosen."""
    return change_vm(
        no_longer_owed(m, vm) or m,
        vm,
        places=(host,) if host else (),
        anywhere=not host,
        placed_at=at,
        started=True,
        start_unsure=False,
        stopped=False,
        stop_failed=None,
        suspend_failed="",
        room_for="",
        left_off=False,
    )


def _stops_again(m: Memory, vm: VmId) -> bool:
    """Power has failed once more while it started: a stop was begun before the start had ended."""
    return any(isinstance(a, StopVm | ForceStopVm) and a.vm == vm for a in m.pending.values())


def _failed(m: Memory, event: e.ActionFinished) -> Memory:
    match event.action:
        case MoveVm(vm=vm, source=source, host=host) if event.error != UNREACHABLE:  # else it may have been done
            return change_vm(m, vm, places=(source,), placed_at=event.at, failed_on=(*m.vm(vm).failed_on, host))
        case StopVm(vm=vm, suspend=True):
            return change_vm(m, vm, suspend_failed=event.error or "")
        case StopVm(vm=vm, room_for="") if event.error != UNREACHABLE:
            return change_vm(m, vm, stop_failed=event.error)
        case ShutDownHost(host=host) if event.refused:
            return change_host(m, host, shut_down_at=None)  # it was not done
        case ShutDownHost(host=host):
            return change_host(m, host, shutdown_unsure=event.at)
        case LowerHa() | SuspendHa() if event.refused:
            return _ha_as_it_was(m, event.action)
        case PowerOnHost(host=host, way=way):
            errors = {**m.host(host).switch_errors, way: event.detail or event.error or ""}
            return change_host(m, host, switch_errors=errors)
        case StopStorage(storage=storage) if event.refused:
            return change_storage(m, storage, told_at=None, told_last=None)
        case StopStorage(storage=storage):
            return change_storage(m, storage, told_last=None)
        case CutOutput(ups=ups) if event.error == NOT_ON_BATTERY:
            return change_ups(m, ups, cut_asked_at=None, cut_due=None)
        case CutOutput(ups=ups) if event.refused:  # asking again in this outage will not help
            return change_ups(m, ups, cut_due=None)
        case CutOutput(ups=ups):
            return _cut_again(m, ups)
        case _:
            return m


def _ha_asked(m: Memory, at: Seconds, action: LowerHa | SuspendHa) -> Memory:
    """How HA was before is written down before it is touched. Of two steps the first knows."""
    pool = m.pool(action.pool)
    before = pool.ha or HaMemory(failures=action.failures)
    if isinstance(action, SuspendHa):
        where = action.storages or before.storages, action.configuration or before.configuration
        before = replace(before, suspended=True, storages=where[0], configuration=where[1])
    else:
        before = replace(before, lowered=True)
    asked = at if pool.ha_asked_at is None else pool.ha_asked_at
    return change_pool(m, action.pool, ha=before, ha_asked_at=asked)


def _ha_as_it_was(m: Memory, action: HaAction) -> Memory:
    """That step was not done."""
    before = m.pool(action.pool).ha
    if before is None:
        return m
    suspended = before.suspended and not isinstance(action, SuspendHa)
    before = replace(before, suspended=suspended, lowered=before.lowered and not isinstance(action, LowerHa))
    return change_pool(m, action.pool, ha=before if before.suspended or before.lowered else None)
