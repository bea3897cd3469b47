"""When a host is emptied, and how: disabled first, then VM by VM to powered hosts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from . import events as e
from .actions import DisableHost, MoveVm, StopVm
from .budget import fits, moving_time, need
from .custody import belongs_to_administrator
from .durations import longest_stop
from .ends import left, left_until
from .high_availability import stands_in_the_way
from .links import Flow, carry, flow, under_way
from .model import HostId, PoolId, Seconds, VmId
from .movable import on_the_way
from .observation import HostSeen, VmSeen
from .ordering import is_down
from .placement import NOT_PROVEN, Placement, is_moving, place
from .policy import Wish
from .power import Feed, Supply, backs_of, feed, supply
from .situation import Situation, once
from .start import may_act, start
from .wording import duration

PATIENCE = 1.5  # how much longer than reckoned the moves off a host may take


@dataclass(frozen=True, slots=True)
class Due:
    """A step whose time has come, with its reason in words."""

    why: str
    early: bool = False


def begin(s: Situation) -> list[e.Event]:
    """Hosts whose evacuation is due in this round; a hold ends at the last safe start."""
    found: list[e.Event] = []
    for host in s.hosts:
        m = s.memory.host(host.id)
        if m.shut_down_at is not None or is_down(s, host.id):
            continue
        if is_held(s, host):
            if not is_last_start(s, host):
                continue
            found.append(e.HoldOverridden(s.now, host.id))
        due = _due(s, host) if m.evacuation is None else None
        if due is not None:
            found.append(e.EvacuationBegun(s.now, host.id, due.why, due.early))
    return found


def _due(s: Situation, host: HostSeen) -> Due | None:
    m, policy = s.memory.host(host.id), s.host_policy(host.id)
    if m.wanted or s.is_wanted_off(host.pool):
        return Due("a person asked for it")
    state = supply(s, host.id)
    if not state.failing or state.since is None:
        return None
    clock = s.now - state.since
    timers = [t.after for t in (policy.maintenance, policy.shutdown) if t.enabled]
    if timers and clock >= min(timers):
        return Due(on_battery_text(s, host.id, clock))
    seconds, wanted = left(s, host), need(s, host).from_evacuation
    if (timers or is_protected(s, host)) and seconds is not None and seconds <= wanted:
        return Due(f"{duration(seconds)} {left_until(s, host)}, {duration(wanted)} needed", early=True)
    return None


def is_protected(s: Situation, host: HostSeen) -> bool:
    """A coordinator without timers is shut down in time all the same; also one that was it when the outage began."""
    policy, record = s.host_policy(host.id), s.memory.pool(host.pool).record
    without = not policy.maintenance.enabled and not policy.shutdown.enabled
    led = s.is_coordinator(host) or (record is not None and record.coordinator == host.id)
    return without and s.policy.protect_coordinator and led


def is_held(s: Situation, host: HostSeen) -> bool:
    """A person's hold, or a person's hand that we yielded to; until the last safe start."""
    if s.is_wanted_off(host.pool):
        return False  # the red button is pressed by a person too, and later
    return s.memory.host(host.id).hands_off


def is_last_start(s: Situation, host: HostSeen) -> bool:
    """Never let a hold outlast the last safe start."""
    return last_start_in(s, host) == 0.0


def last_start_in(s: Situation, host: HostSeen) -> Seconds | None:
    """Seconds until the host's last safe start, which ends every hold; None: nothing that is known limits it."""
    seconds = left(s, host) if supply(s, host.id).failing else None
    return None if seconds is None else max(seconds - need(s, host).from_evacuation, 0.0)


def on_battery_text(s: Situation, host: HostId, clock: Seconds) -> str:
    built = s.site.hosts[host]
    failing = [u for u in built.powered_by if feed(s, u) is Feed.ON_BATTERY]
    return f"{' and '.join(failing)} on battery for {duration(clock)}"


# --- disabling ---------------------------------------------------------------------------------------------------


def disable(s: Situation) -> list[e.Event]:
    """Every host that is being emptied and still enabled, all in the same round; a person's enable is yielded to.

    A disable without an answer is asked for again: whether it was carried out, and XenCenter's mark set, nobody knows.
    """
    found: list[e.Event] = []
    for host in s.hosts:
        m = s.memory.host(host.id)
        unanswered = m.disabled_at is not None and m.disabled_done is None and m.returned_at is None
        if not (host.enabled or unanswered) or not s.is_trusted(host.pool):
            continue
        wanted = _must_be_disabled(s, host)
        if not (wanted or _may_be_let_out(s, host)) or s.memory.is_pending(f"host {host.id}"):
            continue
        if m.disabled_done is not None and not _forgot(s, host):
            if not s.has_followed(host.pool, m.disabled_done):
                continue
            if not m.overridden and not s.is_wanted_off(host.pool):
                found.append(e.HostYielded(s.now, host.id))
                continue
        waits = stands_in_the_way(s, host.pool) or s.memory.pool(host.pool).hands_over
        if not wanted or not may_act(s, host.pool) or (waits and not s.dry_run):
            continue
        why = m.evacuation.why if m.evacuation else "it was in maintenance mode before"
        found += start(s, DisableHost(host.id, host.pool, why))
    return found


def _may_be_let_out(s: Situation, host: HostSeen) -> bool:
    """Utility power settles: we do nothing, and a person's hand is seen all the same."""
    m = s.memory.host(host.id)
    ours = m.evacuation is not None and m.shut_down_at is None and m.down_at is None
    return ours and supply(s, host.id).state is Supply.SETTLING


def _must_be_disabled(s: Situation, host: HostSeen) -> bool:
    m = s.memory.host(host.id)
    if not s.is_wanted_off(host.pool):
        if m.yielded_at is not None and not m.overridden:
            return False
        if belongs_to_administrator(s, host):
            return _forgot_since_record(s, host)
    if m.evacuation is None or not is_emptying(s, host):
        return False
    if supply(s, host.id).failing or m.wanted or s.is_wanted_off(host.pool):
        return True
    return still_moves(s, host)  # power is back: not when it came back itself, nor when nothing is left to move


def _forgot_since_record(s: Situation, host: HostSeen) -> bool:
    """An administrator's maintenance mode, forgotten at a boot or restart in our outage. A person's enable is not."""
    record = s.memory.pool(host.pool).record
    before = dict(record.members).get(host.id, 0.0) if record else 0.0
    since = s.seen.pools[host.pool].coordinator_since
    return host.agent_started != before or (since is not None and record is not None and since > record.at)


def _forgot(s: Situation, host: HostSeen) -> bool:
    """XenServer enables a host by itself at boot, at a toolstack restart and at a change of coordinator."""
    m, pool = s.memory.host(host.id), s.seen.pools[host.pool]
    moved_on = (
        pool.coordinator_since is not None and m.disabled_at is not None and pool.coordinator_since > m.disabled_at
    )
    return host.agent_started != m.disabled_agent or moved_on


# --- moving ------------------------------------------------------------------------------------------------------


def move(s: Situation) -> list[e.Event]:
    """The next migrations off every host that is being emptied; then which hosts are empty."""
    found: list[e.Event] = []
    for pool in sorted(s.seen.pools):
        sources = [h for h in s.members(pool) if is_emptying(s, h)]
        if sources and may_act(s, pool):
            plan = place(s, [h.id for h in sources])
            found += _moves(s, pool, sources, plan)
            found += _told(s, sources, plan)
    return found


def is_emptying(s: Situation, host: HostSeen) -> bool:
    """Begun and not yet over. Once moves have begun they go on to the end, also when utility power returns."""
    m = s.memory.host(host.id)
    if m.evacuation is None or m.shut_down_at is not None or m.down_at is not None or is_held(s, host):
        return False
    if m.wanted or s.is_wanted_off(host.pool):
        return True
    return supply(s, host.id).failing or m.moved_from


def plan_for(s: Situation, host: HostSeen) -> Placement:
    """Where the guests of a host go, planned together with those of every other host of its pool that is emptied."""
    return place(s, {host.id, *(h.id for h in s.members(host.pool) if is_emptying(s, h))})


def still_moves(s: Situation, host: HostSeen) -> bool:
    """An evacuation that has begun to move VMs goes on to the end (manual 1, 3.2.2).

    A move that is no longer ours, for its call was lost, is not waited for when the host came back, nor for ever.
    """
    if any(isinstance(a, MoveVm) and a.source == host.id for a in s.memory.pending.values()):
        return True
    if s.memory.host(host.id).returned_at is not None:
        return False
    if any(is_moving(s, v) for v in s.guests(host.id)):
        return s.now - max(backs_of(s, host.id)) < s.policy.start_timeout
    return is_emptying(s, host) and any(v.id in plan_for(s, host).moves for v in s.guests(host.id))


def _moves(s: Situation, pool: PoolId, sources: list[HostSeen], plan: Placement) -> list[e.Event]:
    waits = disables_pending(s, pool) or s.memory.pool(pool).hands_over or stands_in_the_way(s, pool)
    if waits and not s.dry_run:
        return []
    out, into = _in_flight(s, pool)
    limit = s.policy.parallel if not s.dry_run else len(s.seen.vms)
    flows = under_way(s, pool)
    kept_back: set[HostId] = set()  # sources of which something waits for its link that there is time for
    found: list[e.Event] = []
    for vm_id, (target_host, why) in plan.moves.items():
        vm = s.seen.vms[vm_id]
        source = s.seen.hosts[vm.resident_on or ""]
        if out[source.id] >= limit or into[target_host] >= limit or not _can_leave(s, source):
            continue
        if not fits(s, source, vm) or vm.busy:
            continue
        next_one = flow(s, vm, target_host)
        if not s.dry_run and ((vm_id in plan.late and source.id in kept_back) or not carry(flows, next_one)):
            kept_back.add(source.id)
            continue
        deadline = max(4 * moving_time(s, [vm]), 60.0)
        started = start(s, MoveVm(vm.id, vm.name, pool, source.id, target_host, why, _capped(s, source, deadline)))
        if started:
            out[source.id] += 1
            into[target_host] += 1
            flows.append(next_one)
            found += started
    return found + _room_made(s, pool, plan, flows)


def _room_made(s: Situation, pool: PoolId, plan: Placement, flows: list[Flow]) -> list[e.Event]:
    """What goes from powered hosts for those that find no room otherwise."""
    out, into = _in_flight(s, pool)
    found: list[e.Event] = []
    for vm_id, (target_host, for_whom) in plan.room.moves.items():
        vm, host = s.seen.vms[vm_id], s.seen.vms[vm_id].resident_on or ""
        next_one = flow(s, vm, target_host)
        if max(out[host], into[target_host]) >= s.policy.parallel or not carry(flows, next_one):
            continue
        deadline = max(4 * moving_time(s, [vm]), 60.0)
        why = _for_room(s, for_whom)
        started = start(s, MoveVm(vm.id, vm.name, pool, host, target_host, why, deadline, room_for=for_whom))
        if started:
            out[host] += 1
            into[target_host] += 1
            flows.append(next_one)
            found += started
    for vm_id, for_whom in plan.room.stops.items():
        vm, host = s.seen.vms[vm_id], s.seen.vms[vm_id].resident_on or ""
        within, why = longest_stop(s, vm), _for_room(s, for_whom)
        found += start(s, StopVm(vm.id, vm.name, pool, host, why, within, room_for=for_whom))
    return found


def _for_room(s: Situation, vm: VmId) -> str:
    return f"makes room for {s.seen.vms[vm].name}"


@once
def disables_pending(s: Situation, pool: PoolId) -> bool:
    """Moves begin when the disables have answered, or after a few seconds: a dead member's answer takes minutes."""
    for host in s.members(pool):
        m = s.memory.host(host.id)
        if m.evacuation is None or not host.enabled or m.yielded_at is not None or m.shut_down_at is not None:
            continue
        asked = m.disabled_at if m.disabled_at is not None else m.evacuation.at
        if s.now - asked < s.policy.disable_wait:
            return True
    return False


def _can_leave(s: Situation, source: HostSeen) -> bool:
    """A call about a dead member blocks for two minutes: only a host that answers is asked to migrate."""
    return s.answers(source) or s.dry_run


def _capped(s: Situation, source: HostSeen, deadline: Seconds) -> Seconds:
    """A move that does not get on is given up while there is time for a clean stop; one that does is let finish."""
    power = left(s, source) if supply(s, source.id).failing else None
    if power is None:
        return deadline
    wanted = need(s, source)
    hard_end = power - wanted.last_moment
    patience = PATIENCE * moving_time(s, s.guests(source.id))
    return max(min(deadline, hard_end - wanted.fallback), min(patience, hard_end), 10.0)


def _in_flight(s: Situation, pool: PoolId) -> tuple[Counter[HostId], Counter[HostId]]:
    out: Counter[HostId] = Counter()
    into: Counter[HostId] = Counter()
    pending = {a.vm: a for a in s.memory.pending.values() if isinstance(a, MoveVm)}
    for vm in on_the_way(s):
        if vm.pool != pool:
            continue
        action = pending.get(vm.id)
        out[action.source if action else vm.resident_on or ""] += 1
        into[action.host if action else vm.moving_to or ""] += 1
    return out, into


def _told(s: Situation, sources: list[HostSeen], plan: Placement) -> list[e.Event]:
    """Who stays, said once for each reason; and the moment at which nothing more can leave a host."""
    found: list[e.Event] = []
    for host in sources:
        m, guests = s.memory.host(host.id), s.guests(host.id)
        waiting = any(NOT_PROVEN in plan.unplaced.get(v.id, "") for v in guests)
        if waiting or (not s.dry_run and disables_pending(s, host.pool)):
            continue
        for vm in guests:
            why = plan.unplaced.get(vm.id)
            if why and _is_worth_telling(s, vm, why):
                found.append(e.VmUnplaced(s.now, vm.id, vm.name, host.id, why))
        stays_busy = {*plan.moves, *plan.room.awaited}
        if not m.emptied and not any(is_moving(s, v) or v.id in stays_busy for v in guests):
            found.append(e.HostEmptied(s.now, host.id, tuple(v.name for v in guests)))
    return found


def _is_worth_telling(s: Situation, vm: VmSeen, why: str) -> bool:
    """A new kind of reason, for a VM that was to move and is not being stopped already."""
    if s.vm_policy(vm).wish is not Wish.MIGRATE or s.memory.is_pending(f"vm {vm.id}"):
        return False
    return s.memory.vm(vm.id).unplaced.split("(")[0] != why.split("(")[0]
