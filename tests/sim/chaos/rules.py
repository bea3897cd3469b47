"""The rules that must hold in every round: the "Never" of behaviour.md §9, and that the controller lives.

Each rule is given the watch and the round, and yields in words what is broken. Where it has an exception, the reason
stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ridethrough.core import actions as a
from ridethrough.core.budget import is_last_moment, need
from ridethrough.core.ends import LAST_SECONDS, can_be_told_for, left, own_left
from ridethrough.core.evacuation import is_protected
from ridethrough.core.model import HostId, Seconds, StorageId, VmId
from ridethrough.core.ordering import stop_rank
from ridethrough.core.policy import MakeRoom, Wish
from ridethrough.core.power import supply
from ridethrough.core.proof import STARTS_WITHIN
from ridethrough.sim.faults import OTHER_CONTROLLER
from ridethrough.sim.pool_door import CLAIM
from tests.core.walk import touched

from .truth import NOTICED, ROUND
from .watch import Tick, Watch

Rule = Callable[[Watch, Tick], Iterator[str]]

ROUND_AT_LEAST: Seconds = 7.5  # five seconds between rounds, one for an observer that hangs, and some
CLEANED_UP: Seconds = 15.0  # after its deadline an action is cancelled, and its lane is free again
LONGEST_DEADLINE: Seconds = 900.0
FRESH: Seconds = 16.0  # evidence is ten seconds old at most, and was taken in the round before


def never_1_touches_a_host_without_cause(watch: Watch, t: Tick) -> Iterator[str]:
    """Truly without enough utility power a moment ago as far as anybody could tell, or a person asked."""
    for action in t.started:
        host = touched(action)
        if not host or t.truth.may_be_failing(host) or _asked(t, host, watch.facts_died):
            continue
        if isinstance(action, a.MoveVm | a.DisableHost) and host in t.ours.moved_from:
            continue  # an evacuation that has begun goes on to the end
        if isinstance(action, a.MoveVm) and _goes_home(t, action):
            continue  # its owner wants that
        if isinstance(action, a.MoveVm | a.StopVm) and _makes_room(t, action):
            continue  # the same
        if isinstance(action, a.StopVm | a.ForceStopVm | a.CancelMove) and _may_lose_its_disk(t, action.vm):
            continue
        if isinstance(action, a.DisableHost) and host in t.ours.in_maintenance:
            continue  # somebody's maintenance mode, which a boot has ended
        if watch.facts_died and t.truth.is_unheard(host):
            continue  # the return of power was in a journal that died, and its card says nothing now
        yield f"{type(action).__name__} on {host}, which has its utility power ({action.why})"
    for action in t.started:
        if not isinstance(action, a.StopStorage) or t.truth.may_be_failing(action.storage):
            continue
        if not (watch.facts_died and t.truth.is_unheard(action.storage)):
            yield f"{action.storage} is told to go down, and has its utility power ({action.why})"


def _goes_home(t: Tick, action: a.MoveVm) -> bool:
    record = t.s.memory.pool(action.pool).record
    return t.s.policy.return_home and record is not None and dict(record.running).get(action.vm) == action.host


def _makes_room(t: Tick, action: a.MoveVm | a.StopVm) -> bool:
    """For a VM that is more important, on a host that may be failing, as far as the owner allows it."""
    other, vm = t.world.vms.get(action.room_for), t.s.seen.vms[action.vm]
    if other is None or not t.truth.may_be_failing(other.resident_on or ""):
        return False
    allowed = (MakeRoom.STOP,) if isinstance(action, a.StopVm) else (MakeRoom.MOVE, MakeRoom.STOP)
    less = stop_rank(t.s, vm) > stop_rank(t.s, t.s.seen.vms[other.id])
    return less and t.s.policy.make_room in allowed and t.s.vm_policy(vm).wish is not Wish.LEAVE


def never_2_moves_to_a_host_that_cannot_take_it(watch: Watch, t: Tick) -> Iterator[str]:
    """Truly powered, enabled and answering a moment ago."""
    for action in t.started:
        if not isinstance(action, a.MoveVm):
            continue
        target = t.world.hosts[action.host]
        if not t.truth.is_proven_powered(target.id, FRESH):
            yield f"{action.name} moves to {target.id}, which is not known to have utility power"
        if not target.enabled:
            yield f"{action.name} moves to {target.id}, which is disabled"
        if t.now - t.truth.answered_at[target.id] > FRESH:
            yield f"{action.name} moves to {target.id}, which does not answer"


def never_3_enables_or_starts_what_is_not_ours(watch: Watch, t: Tick) -> Iterator[str]:
    for action in t.started:
        if isinstance(action, a.EnableHost) and not t.world.hosts[action.host].enabled:
            if action.host in t.ours.disabled and action.host not in t.ours.in_maintenance:
                continue
            if _asked_in_and_out(t, action.host):
                continue
            yield f"{action.host} is enabled, and it was not we who disabled it"
        if isinstance(action, a.StartVm):
            ran = t.ours.ran.get(action.pool, {})
            recorded, up_then = t.ours.recorded.get(action.pool, 0.0), t.ours.up_then.get(action.pool, set())
            fell = {host for at, host in t.truth.falls() if at >= recorded or host not in up_then}
            if action.vm not in ran:
                yield f"{action.name} is started, and it did not run before"
            elif action.vm in t.ours.stopped or ran[action.vm] in fell or action.name in t.truth.died():
                continue
            elif not _was_stopped_unseen(t, action):
                yield f"{action.name} is started, and neither did we stop it nor did its host fall"


def never_4_shuts_storage_down_under_what_runs_on_it(watch: Watch, t: Tick) -> Iterator[str]:
    """Neither under a VM, nor under a host that is on battery too and up; except at the reserve."""
    for action in t.started:
        if not isinstance(action, a.StopStorage):
            continue
        if t.before.storage(action.storage).told_at is not None:
            continue  # the commit point is past: it is told again
        left_for_it, built = own_left(t.s, action.storage), t.s.site.storages[action.storage]
        if left_for_it is not None and left_for_it <= built.stop_time + LAST_SECONDS:
            continue
        reached = can_be_told_for(t.s, action.storage)
        if reached is not None and reached <= LAST_SECONDS:
            continue
        if on_it := _alive_on(t, action.storage) + _up_with_it(t, action.storage):
            yield f"{action.storage} is shut down under {', '.join(on_it)}"


def never_5_shuts_the_coordinator_down_before_its_members(watch: Watch, t: Tick) -> Iterator[str]:
    """Except at the reserve. A member that cannot be reached, or was only a moment ago, is down as far as we know; one
    that carries the controller, and was told, ends it before that is proven.
    """
    for action in t.started:
        if not isinstance(action, a.ShutDownHost) or t.world.pools[action.pool].coordinator != action.host:
            continue
        if is_last_moment(t.s, t.seen.hosts[action.host]):
            continue
        for member in t.world.members(action.pool):
            reached = t.truth.reached_since[member.id]
            carries_us = member.id == t.s.carrier and t.s.memory.host(member.id).shut_down_at is not None
            if carries_us:
                continue
            if member.id != action.host and reached is not None and t.now - reached > FRESH and member.power:
                yield f"{action.host}, the coordinator, is shut down while {member.id} is up"


def never_6_acts_on_old_evidence(watch: Watch, t: Tick) -> Iterator[str]:
    """Nothing is brought back where everybody can see that power is missing, or has not settled."""
    for action in t.started:
        if isinstance(action, a.EnableHost | a.PowerOnHost) and t.truth.is_surely_failing(action.host):
            yield f"{type(action).__name__} of {action.host}, whose utility power is not back and settled"
        if isinstance(action, a.WakeStorage) and t.truth.is_surely_failing(action.storage):
            yield f"{action.storage} is woken, and its utility power is not back and settled"
        if isinstance(action, a.StartVm):
            hosts = [action.host] if action.host else [h.id for h in t.world.members(action.pool)]
            if all(t.truth.is_surely_failing(h) for h in hosts):
                yield f"{action.name} starts where utility power is not back and settled"
            for box in t.truth.believed_on(t.world.vms[action.vm]):
                if t.truth.serves_since[box] is None and t.now - t.truth.served_at[box] > FRESH + NOTICED:
                    yield f"{action.name} starts with its disks on {box}, which does not serve"


def an_output_is_cut_on_battery_and_under_nothing_that_runs(watch: Watch, t: Tick) -> Iterator[str]:
    """Utility power was missing a moment ago, and nothing on it that can be reached is up."""
    for action in t.started:
        if not isinstance(action, a.CutOutput):
            continue
        feed = t.truth.feeds[action.ups]
        if feed.good and t.now - feed.last_bad(t.now) > FRESH:
            yield f"{action.ups} is told to cut its output on utility power"
        for host in sorted(h.id for h in t.world.hosts.values() if action.ups in h.fed_by and h.power):
            reached = t.truth.reached_since[host]
            if reached is not None and t.now - reached > FRESH:
                yield f"{action.ups} is told to cut its output under {host}"
        for box in sorted(b.id for b in t.world.nases.values() if action.ups in b.fed_by):
            serves = t.truth.serves_since[box]
            if serves is not None and t.now - serves > FRESH:
                yield f"{action.ups} is told to cut its output under {box}"


def never_7_acts_twice(watch: Watch, t: Tick) -> Iterator[str]:
    """Nothing is started that is under way, and nothing happens that is not in the journal already."""
    targets = [a.target(action) for action in t.started]
    yield from (f"two actions on {target} at once" for target in {x for x in targets if targets.count(x) > 1})
    under_way = {a.target(action) for action in t.before.pending.values()}
    yield from (f"an action on {target} while one is under way" for target in sorted(under_way & set(targets)))
    yield from (text for _, text in watch.unwritten)
    watch.unwritten.clear()


def never_8_waits_for_what_hangs(watch: Watch, t: Tick) -> Iterator[str]:
    """Rounds go on, and every action has a deadline, and ends soon after it."""
    for action in t.started:
        if action.deadline > LONGEST_DEADLINE:
            yield f"{type(action).__name__} on {a.target(action)} may take {action.deadline:.0f} s"
    known = t.ours.pending
    if watch.rounds and t.now - watch.rounds[-1] > ROUND_AT_LEAST:
        if t.before.started_at <= watch.rounds[-1] and not t.truth.stood_still(watch.rounds[-1], t.now):
            yield f"no round for {t.now - watch.rounds[-1]:.0f} s"
        known.clear()  # it stood still, and its actions with it: from now on they end
    pending = set(t.before.pending.values())
    for action in [x for x in known if x not in pending]:
        del known[action]
    for action in pending:
        since = known.setdefault(action, t.now)
        if t.now - since > action.deadline + CLEANED_UP:
            known[action] = t.now
            yield f"{type(action).__name__} on {a.target(action)} has not ended {t.now - since:.0f} s after its start"


def never_9_resets_declares_or_forces(watch: Watch, t: Tick) -> Iterator[str]:
    """No action for it exists; and nothing that we do leads to such a call. (VM.power_state_reset makes no task.)"""
    calls, watch.calls = watch.calls, []
    for _, name in calls:
        if any(word in name for word in ("declare_dead", "emergency", "power_state_reset")):
            yield f"{name} was called"


def never_10_acts_when_not_armed(watch: Watch, t: Tick) -> Iterator[str]:
    """Armed at the story's beginning, or by somebody who asked for it since."""
    asked = [it.do for it in t.truth.happened if it.do in ("arm", "disarm")]
    armed = watch.scenario.armed or "arm" in asked
    if t.started and not (t.s.memory.armed and armed):
        yield f"{type(t.started[0]).__name__} in dry run"


def never_11_shuts_a_host_down_under_its_guests(watch: Watch, t: Tick) -> Iterator[str]:
    """The VM that the controller runs in goes down with its host: nobody else could order that."""
    for action in t.started:
        if isinstance(action, a.ShutDownHost):
            guests = [v.name for v in t.world.guests(action.host) if v.alive and v.id != action.aboard]
            moves = [t.name(m.vm) for m in t.world.links.moving if action.host in (m.source, m.target)]
            if guests or moves:
                yield f"{action.host} is shut down with {', '.join(guests + moves)} on it or on the way"
            if t.world.hosts[action.host].enabled:
                yield f"{action.host} is shut down while it is enabled"


def never_13_lets_a_hold_outlast_the_last_safe_start(watch: Watch, t: Tick) -> Iterator[str]:
    """Where anything is to be done to the host at all: an option of it is on, or it is a protected coordinator.

    In dry run nothing is done to it, held or not.
    """
    for host_id, m in t.s.memory.hosts.items():
        host = t.seen.hosts.get(host_id)
        if host is None or not m.held or t.s.dry_run or not supply(t.s, host_id).failing:
            continue
        policy, seconds = t.s.host_policy(host_id), left(t.s, host)
        acts = policy.maintenance.enabled or policy.shutdown.enabled or is_protected(t.s, host)
        over = m.evacuation is not None or m.shut_down_at is not None or m.down_at is not None
        if acts and not over and seconds is not None and seconds <= need(t.s, host).from_evacuation:
            yield f"{host_id} is held with {seconds:.0f} s of power left"


def never_14_fights_another_controller(watch: Watch, t: Tick) -> Iterator[str]:
    for action in t.started:
        pool = t.world.pools.get(action.pool)  # none is a storage's
        if pool is None:
            continue
        if pool.other_config.get(CLAIM) == OTHER_CONTROLLER and t.world.coordinator(action.pool):
            yield f"{type(action).__name__} in {action.pool}, of which {OTHER_CONTROLLER} is in charge"


def nothing_is_done_that_a_person_forbade(watch: Watch, t: Tick) -> Iterator[str]:
    """Nothing is taken from a host that is held, unless the red button was pressed; and what is skipped is not moved.

    A maintenance mode of somebody else's that was forgotten is restored under a hold, too.
    """
    for action in t.started:
        host = touched(action)
        m = t.s.memory.host(host)
        held = m.held and not m.overridden and not t.s.is_wanted_off(action.pool)
        if host and held and not isinstance(action, a.DisableHost) and not _stops_for_storage(t, action):
            yield f"{type(action).__name__} on {host}, which a person holds"
        if isinstance(action, a.MoveVm) and t.s.memory.vm(action.vm).skipped:
            yield f"{action.name} is moved, and a person skips it"


def _alive_on(t: Tick, storage: StorageId) -> list[str]:
    """The VMs that have a disk there, as far as anybody can know."""
    guests = [v for v in t.world.vms.values() if v.alive and storage in t.truth.believed_on(v)]
    return sorted(v.name for v in guests if storage in t.truth.truly_on(v))


def _up_with_it(t: Tick, storage: StorageId) -> list[HostId]:
    """The hosts that use it, are reached, and have no utility power either."""
    built, stores = t.s.site.storages[storage], t.truth.stores_told(storage)
    users = [h for h in t.world.hosts.values() if h.id in built.used_by or not stores.isdisjoint(h.storage)]
    reached = [
        h for h in users if h.power and (since := t.truth.reached_since[h.id]) is not None and t.now - since > FRESH
    ]
    return sorted(h.id for h in reached if t.truth.is_surely_failing(h.id))


def _may_lose_its_disk(t: Tick, vm: VmId) -> bool:
    """It has a disk on a NAS that is on battery, or was a moment ago."""
    return any(t.truth.may_be_failing(box) for box in t.truth.believed_on(t.world.vms[vm]))


def _stops_for_storage(t: Tick, action: a.Action) -> bool:
    """At its storage's last safe moment no hold counts any more: the VM would lose its disk."""
    return isinstance(action, a.StopVm | a.ForceStopVm | a.CancelMove) and _may_lose_its_disk(t, action.vm)


def _asked(t: Tick, host: HostId, forgetful: bool) -> bool:
    """A person has asked for it in this story, and not taken it back since, as far as a `forgetful` disk has it."""
    asked = False
    pool = t.world.hosts[host].pool
    for it in t.truth.happened:
        if it.arguments.get("host") == host and it.do in ("enter maintenance", "evacuate"):
            asked = True
        elif it.arguments.get("host") == host and it.do == "exit maintenance":
            lately = it.at + t.truth.scenario.lead_in > t.now - ROUND  # what this round knows is older
            asked = asked and (lately or forgetful)
        elif it.do == "shut down pool" and it.arguments["pool"] == pool:
            return True
    return asked


def _asked_in_and_out(t: Tick, host: HostId) -> bool:
    """A person made a maintenance mode ours, whosever it had been, and now wants the host out of it."""
    asked = [it.do for it in t.truth.happened if it.arguments.get("host") == host]
    wishes = [do for do in asked if do in ("enter maintenance", "evacuate", "exit maintenance")]
    return len(wishes) > 1 and wishes[-1] == "exit maintenance"


def _was_stopped_unseen(t: Tick, action: a.StartVm) -> bool:
    """A person has shut it down, and a host fell before the controller had watched for long enough to tell that the
    guest was off before it."""
    off = [it for it in t.truth.happened if it.do == "person shuts down" and it.arguments["vm"] == action.name]
    since = [it.at + t.truth.scenario.lead_in + t.world.vms[action.vm].stop_seconds for it in off]
    falls = [at for at, _ in t.truth.falls()]
    return any(t.truth.watched(at, fell) <= STARTS_WITHIN + FRESH for at in since for fell in falls if fell > at)


RULES: tuple[Rule, ...] = (
    never_1_touches_a_host_without_cause,
    never_2_moves_to_a_host_that_cannot_take_it,
    never_3_enables_or_starts_what_is_not_ours,
    never_4_shuts_storage_down_under_what_runs_on_it,
    never_5_shuts_the_coordinator_down_before_its_members,
    never_6_acts_on_old_evidence,
    an_output_is_cut_on_battery_and_under_nothing_that_runs,
    never_7_acts_twice,
    never_8_waits_for_what_hangs,
    never_9_resets_declares_or_forces,
    never_10_acts_when_not_armed,
    never_11_shuts_a_host_down_under_its_guests,
    never_13_lets_a_hold_outlast_the_last_safe_start,
    never_14_fights_another_controller,
    nothing_is_done_that_a_person_forbade,
)
