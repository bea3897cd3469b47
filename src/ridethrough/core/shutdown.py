"""When a host goes down, and how: its guests first, the coordinator last."""

from __future__ import annotations

from . import events as e
from .actions import CancelMove, ForceStopVm, MoveVm, ShutDownHost, StopVm, SuspendAutoPoweron
from .budget import asks_cleanly, fits, is_last_moment, is_pressed, longest_of, need, stop_deadline, suspend_deadline
from .durations import host_stop
from .ends import LAST_SECONDS, left, left_until, own_left
from .evacuation import Due, is_held, is_protected, on_battery_text, plan_for
from .model import HostId, PoolId, Seconds
from .movable import coming
from .observation import HostSeen, Power, VmSeen
from .ordering import first_to_stop, is_down, members_still_up, starts, whole_pool_failing
from .placement import NO_TIME, NOT_PROVEN, is_moving, stays
from .policy import Wish
from .power import Supply, supply
from .proof import STARTS_WITHIN
from .situation import Situation
from .start import may_act, start
from .storage_use import guests_on
from .wording import duration

# Before the coordinator, from the order to the host that carries this controller: it stops guests ten seconds after it,
# needs the coordinator for that, and ends us by it.
CARRIER_FIRST: Seconds = 7.0


def begin(s: Situation) -> list[e.Event]:
    """Hosts whose shutdown is due in this round; and those that are spared because utility power is back."""
    found: list[e.Event] = []
    for host in s.hosts:
        m = s.memory.host(host.id)
        if m.shut_down_at is not None or m.down_at is not None:
            continue
        if m.shutdown is not None:
            if supply(s, host.id).powered and not s.is_wanted_off(host.pool):
                found.append(e.ShutdownDropped(s.now, host.id))
            continue
        due = _due(s, host)
        if due is not None and not is_held(s, host):
            found.append(e.ShutdownBegun(s.now, host.id, due.why, due.early))
    return found


def _due(s: Situation, host: HostSeen) -> Due | None:
    policy, state = s.host_policy(host.id), supply(s, host.id)
    if s.is_wanted_off(host.pool):
        return Due("a person asked for it")
    if not state.failing or state.since is None:
        return None
    clock, seconds, wanted = s.now - state.since, left(s, host), need(s, host).from_stops
    if policy.shutdown.enabled and clock >= policy.shutdown.after:
        return Due(on_battery_text(s, host.id, clock))
    if (policy.shutdown.enabled or is_protected(s, host)) and seconds is not None and seconds <= wanted:
        return Due(f"{duration(seconds)} {left_until(s, host)}, {duration(wanted)} needed", early=True)
    return None


# --- guests ------------------------------------------------------------------------------------------------------


def stop_guests(s: Situation) -> list[e.Event]:
    """Clean stops of the guests that find no place, the highest tier first; hard stops where those failed."""
    found: list[e.Event] = []
    for host in s.hosts:
        if not may_act(s, host.pool) or s.memory.host(host.id).shut_down_at is not None:
            continue
        found += _keep_out(s, host)
        if not (s.answers(host) or s.dry_run) or is_held(s, host):
            continue
        leaving = [v for v in _must_stop(s, host) if not (s.is_own(v) or _waits_for_the_others(s, host, v))]
        if s.memory.host(host.id).shutdown is not None and _at_reserve(s, host) and not s.dry_run:
            found += _end_everything(s, host)
            continue
        if s.memory.pool(host.pool).hands_over:
            continue  # there is time for it, or it would not be tried
        for vm in leaving if leaving and is_pressed(s, host) else first_to_stop(s, leaving):
            found += _stop(s, host, vm)
    return found


def _must_stop(s: Situation, host: HostSeen) -> list[VmSeen]:
    """The guests of a host that are to stop now rather than move or run on."""
    m, guests = s.memory.host(host.id), s.guests(host.id)
    if not (supply(s, host.id).failing or s.is_wanted_off(host.pool)):
        return []
    if m.evacuation is None:
        return []
    shed = [v for v in guests if s.vm_policy(v).wish in (Wish.SHUT_DOWN, Wish.SUSPEND)]
    if m.shutdown is None and not _crash_is_near(s, host):
        return shed
    plan = plan_for(s, host)
    # What waits for its turn until no time is left would not stop cleanly either.
    waits_in_vain = any(is_moving(s, v) for v in guests) and _must_hurry(s, host)
    lost = {v for v in plan.unplaced if v not in plan.room.awaited} | {*(plan.late if waits_in_vain else ())}
    stay = [v for v in guests if not is_moving(s, v) and (v.id in lost or v.busy or not fits(s, host, v))]
    if _still_plans(s, host) and not _must_hurry(s, host):
        stay = [v for v in stay if NOT_PROVEN not in plan.unplaced.get(v.id, NOT_PROVEN)]
    told = {a.vm for a in s.memory.told if isinstance(a, MoveVm)}  # dry run: they would be gone by now
    return [v for v in guests if v in shed or (v in stay and v.id not in told)]


def _waits_for_the_others(s: Situation, host: HostSeen, vm: VmSeen) -> bool:
    """A hard stop is the last thing on a host: power may return while others move or stop cleanly."""
    if s.memory.vm(vm.id).stop_failed is None or _at_reserve(s, host):
        return False
    return any(s.memory.vm(v.id).stop_failed is None for v in _others_on(s, host))


def _still_plans(s: Situation, host: HostSeen) -> bool:
    """The evacuation has only just begun: disables and the fresh proof of targets are on their way."""
    begun = s.memory.host(host.id).evacuation
    fresh = begun is not None and s.now - begun.at < s.policy.disable_wait + s.policy.target_fresh
    return fresh and not s.dry_run and not s.is_wanted_off(host.pool)


def _must_hurry(s: Situation, host: HostSeen) -> bool:
    """What a clean stop takes twice is hardly left: no guest waits for the proof of a target."""
    seconds = left(s, host) if supply(s, host.id).failing else None
    return seconds is not None and seconds <= need(s, host).last_moment + 2 * longest_of(s, s.guests(host.id))


def _crash_is_near(s: Situation, host: HostSeen) -> bool:
    """With only maintenance on, guests that found no place are still stopped cleanly; the host is not."""
    seconds, wanted = left(s, host), need(s, host)
    return seconds is not None and seconds <= max(wanted.stops, wanted.waiting) + wanted.reserve


def _at_reserve(s: Situation, host: HostSeen) -> bool:
    return supply(s, host.id).failing and is_last_moment(s, host)


def _stop(s: Situation, host: HostSeen, vm: VmSeen) -> list[e.Event]:
    m, why = s.memory.vm(vm.id), _stop_reason(s, host, vm)
    within = suspend_deadline(s, host, vm)
    if m.stop_failed is None and within is not None and not _why_not_suspended(s, vm):
        return start(s, StopVm(vm.id, vm.name, vm.pool, host.id, why, within, suspend=True))
    clean = stop_deadline(s, host, vm, s.memory.host(host.id).shutdown is not None)
    if asks_cleanly(s, vm, clean):
        return start(s, StopVm(vm.id, vm.name, vm.pool, host.id, why, clean))
    if not s.policy.force_stop:
        return []
    return start(s, ForceStopVm(vm.id, vm.name, vm.pool, host.id, f"its clean stop ended with {m.stop_failed}"))


def _why_not_suspended(s: Situation, vm: VmSeen) -> str:
    """Why a guest that its owner would have suspended is shut down instead; empty when it is not."""
    if s.vm_policy(vm).wish is not Wish.SUSPEND:
        return "it is not its owner's wish"
    return s.memory.vm(vm.id).suspend_failed or vm.unsuspendable or ("it is paused" if vm.power is Power.PAUSED else "")


def _stop_reason(s: Situation, host: HostSeen, vm: VmSeen) -> str:
    wish = s.vm_policy(vm).wish
    if wish is Wish.SUSPEND and (instead := _why_not_suspended(s, vm) or _no_time(s, host, vm)):
        return f"{stays(s, vm)}, but {instead}"
    if wish is not Wish.MIGRATE:
        return stays(s, vm)
    return plan_for(s, host).unplaced.get(vm.id) or NO_TIME


def _no_time(s: Situation, host: HostSeen, vm: VmSeen) -> str:
    return "there is no time to write its memory" if suspend_deadline(s, host, vm) is None else ""


def _end_everything(s: Situation, host: HostSeen) -> list[e.Event]:
    """The reserve is reached. host.shutdown would kill a guest in mid-migration: cancel the moves, stop the guests.

    A guest that was never asked gets what is left of the reserve for a clean stop; all the time that there may be
    where the owner allows no hard one: the power often lasts longer than promised.
    """
    found: list[e.Event] = []
    spare = _spare(s, host)
    within = spare if s.policy.force_stop else s.policy.guest_stop  # else nothing could follow it: let it try
    for vm in s.guests(host.id):
        asked = s.memory.vm(vm.id).stop_failed is not None
        if s.is_own(vm) and not is_moving(s, vm):
            continue  # its end would be ours
        if is_moving(s, vm):
            found += start(s, CancelMove(vm.id, vm.name, vm.pool, host.id, "the reserve is reached"))
        elif not asked and (spare >= LAST_SECONDS or not s.policy.force_stop):
            if not vm.busy:
                found += start(s, StopVm(vm.id, vm.name, vm.pool, host.id, "the reserve is reached", within))
        elif s.policy.force_stop:
            found += start(s, ForceStopVm(vm.id, vm.name, vm.pool, host.id, "the reserve is reached"))
    return found


def _keep_out(s: Situation, host: HostSeen) -> list[e.Event]:
    """At its reserve a host takes nobody in any more: what is on its way would arrive only to fall with it."""
    if s.dry_run or not _at_reserve(s, host):
        return []
    found: list[e.Event] = []
    for vm in (v for _, v in sorted(coming(s).get(host.id, {}).items()) if v.moving_to == host.id):
        why = f"{host.id}, where it goes, has reached its reserve"
        found += start(s, CancelMove(vm.id, vm.name, vm.pool, vm.resident_on or "", why))
    return found


def _spare(s: Situation, host: HostSeen) -> Seconds:
    """Seconds until the host's own stop must begin. Where the end of its coordinator or of storage presses, guests that
    were never asked get half of a reserve, as long as the host itself has the power."""
    kept, own = host_stop(s, host.id) + LAST_SECONDS, own_left(s, host.id)
    chance = s.policy.reserve / 2
    return max((left(s, host) or 0.0) - kept, chance if own is None else min(chance, own - kept))


# --- hosts -------------------------------------------------------------------------------------------------------


def shut_down(s: Situation) -> list[e.Event]:
    """Hosts that are disabled and empty, members before the coordinator."""
    found: list[e.Event] = []
    for host in s.hosts:
        m = s.memory.host(host.id)
        if m.shutdown is None or m.down_at is not None or is_held(s, host) or not may_act(s, host.pool):
            continue
        if m.shut_down_at is not None:
            found += _again(s, host, m.shutdown)
        elif (supply(s, host.id).failing or s.is_wanted_off(host.pool)) and _is_ready(s, host):
            if _must_suspend_auto_poweron(s, host):
                found += start(s, SuspendAutoPoweron(host.pool, "the whole pool goes down"))
            else:
                found += start(s, _order(s, host, m.shutdown.why))
    return found


def _order(s: Situation, host: HostSeen, why: str) -> ShutDownHost:
    return ShutDownHost(host.id, host.pool, why, aboard=s.own_vm.id if s.own_vm and s.carrier == host.id else "")


def _again(s: Situation, host: HostSeen, begun: e.ShutdownBegun) -> list[e.Event]:
    """What to do with a host that was never asked to shut down after all: the call was lost on the way."""
    if s.dry_run or not host.live or not s.answers(host) or not _was_lost(s, host):
        return []
    if supply(s, host.id).powered and not s.is_wanted_off(host.pool):
        return [e.ShutdownDropped(s.now, host.id)]
    if not (supply(s, host.id).failing or s.is_wanted_off(host.pool)):
        return []
    if host.enabled or _others_on(s, host):
        return [e.ShutdownLost(s.now, host.id)]
    return start(s, _order(s, host, begun.why)) if _is_ready(s, host) else []


def _was_lost(s: Situation, host: HostSeen) -> bool:
    """It still answers long after the call, with an answer or without. Or nobody knows whether the call has reached
    it, and it answers a later question without being on its way down, which it shows from the first moment on.

    One that its pool calls dead answers because it starts again.
    """
    m, heard, current = s.memory.host(host.id), host.toolstack_at, s.seen.pools[host.pool].answered_at
    asked_at = m.shutdown_last_asked or m.shut_down_at
    if heard is None or current is None or asked_at is None:
        return False
    if heard >= asked_at + s.policy.host_stop and not _starts_anew(s, host, asked_at):
        return True
    unsure = m.shutdown_unsure
    if unsure is None or min(heard, current) <= unsure or host.agent_started != m.agent_before:
        return False
    return "shutdown" not in host.busy


def _starts_anew(s: Situation, host: HostSeen, asked_at: Seconds) -> bool:
    """It was silent since, and has not had the time yet to tell its pool that it has started."""
    since = host.answers_since
    return since is not None and since > asked_at and s.now - since < STARTS_WITHIN


def _is_ready(s: Situation, host: HostSeen) -> bool:
    """Disabled, without a guest or a move on it or to it, and not needed by a member that is up.

    A guest that somebody starts there is waited for, that it may stop in order, until the host's own last moment.
    """
    if s.dry_run:
        return True
    arriving = any(v.moving_to == host.id for v in s.seen.vms.values())
    if host.enabled or _others_on(s, host) or arriving or _is_touched(s, host):
        return False
    if s.carrier == host.id and not (_is_last_of_all(s, host) or is_last_moment(s, host)):
        return False
    if any(v.starting_on == host.id for v in s.seen.vms.values()) and not is_last_moment(s, host):
        return False
    if not s.is_coordinator(host):
        return True
    return _members_let_go(s, host)


def _others_on(s: Situation, host: HostSeen) -> list[VmSeen]:
    """Its guests, but for the VM that this controller runs in: when that is alone there, the host shuts it down."""
    return [v for v in s.guests(host.id) if not s.is_own(v)]


def _is_last_of_all(s: Situation, carrier: HostSeen) -> bool:
    """Nothing else waits for this controller: what has no power is down, or is the coordinator, and ready to follow."""
    for host in s.hosts:
        m = s.memory.host(host.id)
        if host.id == carrier.id or is_down(s, host.id) or not (supply(s, host.id).failing or m.shutdown is not None):
            continue
        if s.is_wanted_off(host.pool) and _is_long_silent(s, host.id):
            continue  # no witness may be there to tell
        follows = s.is_coordinator_of(host.id, carrier.id) and m.shutdown is not None
        if not follows or host.enabled or s.guests(host.id) or _is_touched(s, host):
            return False
    return True


def _members_let_go(s: Situation, coordinator: HostSeen) -> bool:
    """Everything works through the coordinator: it goes last, except at the reserve (behaviour.md "Never" 5).

    Members that are on their way down themselves are waited for until its own stop leaves no more time; so are VMs on
    hosts that stay up and whose storage must go. When a person shuts the pool down there is no such end: then silence
    for as long as a host may take to stop is enough.
    """
    up = [
        h for h in members_still_up(s, coordinator) if not (s.is_wanted_off(coordinator.pool) and _is_long_silent(s, h))
    ]
    asked = s.memory.host(s.carrier).shut_down_at if s.carrier is not None else None
    if asked is not None and s.now - asked >= CARRIER_FIRST:
        up = [h for h in up if h != s.carrier]  # it ends us before it is proven down: now or never
    if not up:
        return True
    working = [h for h in up if supply(s, h).failing and s.memory.host(h).shut_down_at is None]
    if working or _clears_storage(s, coordinator.pool) or any(supply(s, h).state is Supply.SETTLING for h in up):
        seconds = left(s, coordinator)
        return seconds is not None and seconds <= host_stop(s, coordinator.id) + LAST_SECONDS
    return is_last_moment(s, coordinator)


def _clears_storage(s: Situation, pool: PoolId) -> bool:
    """VMs on hosts that stay up are being stopped, for storage that must go down: through the coordinator."""
    going = [storage for storage in s.site.storages if s.memory.storage(storage).stop is not None]
    return any(vm.pool == pool for storage in going for vm in guests_on(s, storage))


def _is_long_silent(s: Situation, member: HostId) -> bool:
    """It was told to go down, or its pool believes it dead, and its toolstack is silent for so long; no proof.

    One that starts meanwhile, or whose network alone was gone, is to go down too: it is waited for, but not for ever.
    """
    host, m = s.seen.hosts[member], s.memory.host(member)
    wanted, asked = s.memory.pool(host.pool).shutdown_asked, m.shut_down_at
    if wanted is not None and starts(s, host):
        return s.now - max(wanted.at, m.heard_at or 0.0) >= s.policy.start_timeout
    heard = max(t for t in (host.toolstack_at, asked, s.memory.started_at) if t is not None)
    return (asked is not None or not host.live) and s.now - heard >= s.policy.host_stop


def _is_touched(s: Situation, host: HostSeen) -> bool:
    """An action of ours on this host or on a guest of it is still under way."""
    for action in s.memory.pending.values():
        if getattr(action, "host", None) == host.id or getattr(action, "source", None) == host.id:
            return True
    return False


def _must_suspend_auto_poweron(s: Situation, host: HostSeen) -> bool:
    """The boot script would start guests before we can judge the battery: off before the first shutdown, tried once."""
    if s.own_vm is not None and s.own_vm.pool == host.pool:
        return False  # who else would start this controller's own VM?
    failed = s.memory.failures.get(f"SuspendAutoPoweron pool {host.pool}")
    tried = failed is not None and (failed.refused or failed.count >= 2 or is_last_moment(s, host))
    going = whole_pool_failing(s, host.pool) or s.is_wanted_off(host.pool)
    return s.seen.pools[host.pool].auto_poweron and going and not tried
