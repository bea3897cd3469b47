"""How each event of the journal changes what is remembered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ridethrough.core import events as e
from ridethrough.core.memory import FIRST_POLLS, Memory, StorageMemory
from ridethrough.core.model import Seconds

from .change import change_host, change_pool, change_storage, change_ups, change_vm
from .doings import finished, interrupted, runs, started
from .hosts import down, has_fallen, is_in_our_hands, no_longer_owed, owed_again, pool_is_back, record_with, restored
from .learning import begins, ended, host_started, host_stopped
from .supply import runtime_told, utility_back, utility_lost, utility_lost_again
from .wishes import answered, answers


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
            m = replace(m, left=(*m.left, *m.requests), requests=(), begun={})
            return interrupted(replace(m, started_at=event.at, alive_until=_watched_until(m, event)))
        case e.ControllerResumed():
            m = replace(m, alive_until=event.at - event.seconds, begun={})  # what ends now has waited for us
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
            return answered(m, event)
        case e.UpsKnown():
            return change_ups(m, event.ups, known=True)
        case e.UtilityDoubted():
            return change_ups(m, event.ups, doubted=event)
        case e.DoubtCleared():
            return change_ups(m, event.ups, doubted=None)
        case e.UtilityLost():
            return utility_lost(m, event)
        case e.UtilitySeen():
            ups = m.ups(event.ups)
            cut = ups.was_cut or any(at is not None and event.since >= at for at in (ups.off_at, ups.cut_due))
            return change_ups(
                m, event.ups, utility_since=event.since, settle=event.settle, was_cut=cut, output_off_at=None
            )
        case e.UtilityLostAgain():
            return utility_lost_again(m, event)
        case e.OutputOff():
            return change_ups(m, event.ups, utility_since=None, counts_at=None, was_cut=True, output_off_at=event.at)
        case e.UtilityBack():
            return utility_back(m, event)
        case e.RuntimeTold():
            return runtime_told(m, event)
        case e.BatteryMeasured():
            return replace(m, learned=replace(m.learned, held={**m.learned.held, event.ups: event.held}))
        case e.LowBattery():
            return change_ups(m, event.ups, low_since=event.at, low_by_silence=event.by_silence)
        case e.CountdownSeen():
            return change_ups(m, event.ups, cut_at=event.cut_at)
        case e.CountdownOver():
            # A cancelled countdown takes the off-time with it; a cut that passed stands.
            counted = m.ups(event.ups)
            cut_at = None if event.cancelled else counted.cut_at
            if event.cancelled:  # on battery it was a person, whom we do not fight
                asked = counted.cut_asked_at if counted.utility_since is None else None
                m = change_ups(m, event.ups, cut_asked_at=asked, cut_due=None)
            return change_ups(m, event.ups, cut_at=None, counts_at=None, off_at=cut_at, was_cut=not event.cancelled)
        case e.UpsSilent():
            return change_ups(m, event.ups, silent_since=event.since)
        case e.UpsAnswers():
            settling = m.ups(event.ups).utility_since is not None
            again = event.at if settling else None  # nobody watched it hold: it settles anew
            low = None if m.ups(event.ups).low_by_silence else m.ups(event.ups).low_since
            return change_ups(m, event.ups, silent_since=None, utility_since=again, low_since=low, low_by_silence=False)
        case e.PoolRecorded():
            for host, booted in event.booted:
                # One that has been missing since before will be told by its last known boot.
                known = m.host(host)
                if not (is_in_our_hands(known) and known.booted):
                    m = change_host(m, host, booted=booted, fell=known.fell and known.down_at is not None)
            return owed_again(change_pool(m, event.pool, record=event), event)
        case e.PoolRestored():
            return restored(m, event)
        case e.HandOverBegun():
            return change_pool(m, event.pool, hand_over=event, hand_over_asked_at=None, handed_over=None)
        case e.HandOverEnded():
            return change_pool(m, event.pool, handed_over=event)
        case e.ActionStarted():
            m = begins(m, position, event)
            return started(replace(m, pending={**m.pending, position: event.action}), event)
        case e.ActionTold():
            return replace(m, told=m.told | {event.action})
        case e.ActionFinished():
            return finished(ended(m, event), event)
        case e.HostDown():
            return down(host_stopped(m, event), event)
        case e.HostHeard():
            return change_host(m, event.host, heard_at=event.at)
        case e.HostReturned():
            return change_host(
                pool_is_back(host_started(m, event), event),
                event.host,
                fell=has_fallen(m.host(event.host), event),
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
                switched_on_by=(),
                switch_errors={},
            )
        case e.HostYielded():
            return change_host(
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
            return change_host(
                m, event.host, overridden=True, held_until=None, held=m.host(event.host).held and endless
            )
        case e.HoldEnded():
            return change_host(m, event.host, held=False, held_until=None, hold_asked=None)
        case e.SkipEnded():
            return change_vm(m, event.vm, skipped=False)
        case e.VmUnplaced():
            return change_vm(m, event.vm, unplaced=event.why)
        case e.EvacuationBegun():
            m = change_host(m, event.host, evacuation=event, emptied=False, returned_at=None)
            known = m.host(event.host)
            if known.down_at is not None or known.shut_down_at is not None or record_with(m, event.host):
                return m
            return change_host(m, event.host, booted=0.0, fell=False)  # what happened to it in other outages is over
        case e.ShutdownBegun():
            return change_host(m, event.host, shutdown=event)
        case e.ShutdownDropped():
            vms = {k: replace(v, stop_failed=None) if v.host == event.host else v for k, v in m.vms.items()}
            return change_host(replace(m, vms=vms), event.host, shutdown=None, shut_down_at=None)
        case e.StorageStopBegun():
            return change_storage(m, event.storage, stop=event)
        case e.StorageStopDropped() | e.StorageBack():
            vms = {k: v if m.host(v.host).shutdown else replace(v, stop_failed=None) for k, v in m.vms.items()}
            return replace(m, vms=vms, storages={**m.storages, event.storage: StorageMemory()})
        case e.StorageDown():
            return change_storage(m, event.storage, down_at=event.at)
        case e.ShutdownLost():
            return change_host(m, event.host, shut_down_at=None, shutdown_unsure=None, emptied=False)
        case e.EvacuationEnded():
            return change_host(
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
            paid = no_longer_owed(m, event.vm)
            return paid if paid and event.vm not in m.vms else runs(m, event.vm, event.at, event.host)
        case e.VmFound():
            return change_vm(m, event.vm, places=(event.host,), anywhere=False, placed_at=event.at)
        case e.VmLeftOff():
            return change_vm(m, event.vm, left_off=True)
        case e.HostEmptied():
            return change_host(m, event.host, emptied=True)
        case e.Alerted():
            return replace(m, alerts={**m.alerts, (event.subject, event.key): event})
        case e.AlertCleared():
            gone = (event.subject, event.key)
            m = replace(m, alerts={k: v for k, v in m.alerts.items() if k != gone})
            if event.key == e.RECHARGES:
                return change_ups(m, event.subject, recharged_at=event.at)
            return change_ups(m, event.subject, off_until=event.at) if event.key == e.OFF else m
        case e.SettingsTaken() | e.RoundFailed() | e.JournalCutBack() | e.TrapHeard():
            return m


def _watched_until(m: Memory, event: e.ControllerStarted) -> Seconds | None:
    """Until when the lives before this one have watched; one that ended before its first polls has seen nothing."""
    saw_nothing = event.alive_until is not None and event.alive_until < m.started_at + FIRST_POLLS
    return m.alive_until if saw_nothing else event.alive_until


def _disarmed(m: Memory) -> Memory:
    """What people asked for does not outlive a disarming; what we stopped is still ours to start."""
    hosts = {k: replace(v, wanted=frozenset()) for k, v in m.hosts.items()}
    pools = {k: replace(v, shutdown_asked=None) for k, v in m.pools.items()}
    return replace(m, armed=False, told=frozenset(), hosts=hosts, pools=pools)


__all__ = ["answers", "fold", "fold_all"]
