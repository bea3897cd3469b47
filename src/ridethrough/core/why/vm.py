"""Why a VM is where it is, or off."""

from __future__ import annotations

from ridethrough.core.actions import Action, ForceStopVm, MoveVm, StartVm, StopVm
from ridethrough.core.budget import fits
from ridethrough.core.evacuation import disables_pending, is_emptying, is_held, is_protected, on_battery_text
from ridethrough.core.model import StorageId
from ridethrough.core.observation import HostSeen, Power, VmSeen
from ridethrough.core.placement import NOT_PROVEN, Placement, is_moving, place
from ridethrough.core.power import HostSupply, Supply, supply
from ridethrough.core.recovery import to_start
from ridethrough.core.shedding import to_shed
from ridethrough.core.situation import Situation
from ridethrough.core.storage import disks_served
from ridethrough.core.storage_use import storages_of
from ridethrough.core.supposing import supposing
from ridethrough.core.wording import duration, listed

from .host import spared_until

STOPPED_CLEANLY = "If the time runs out before, it is stopped cleanly."
ROOM_AGAIN = "It starts when the hosts without power are empty or have it again, and there is room."


def of_vm(s: Situation, vm: VmSeen) -> tuple[str, str]:
    """How it is and why; and what would change that."""
    pending = next((a for a in s.memory.pending.values() if getattr(a, "vm", "") == vm.id), None)
    if pending is not None:
        return _under_way(vm, pending)
    host = s.seen.hosts.get(vm.resident_on or "")
    if vm.power not in (Power.RUNNING, Power.PAUSED) or host is None:
        return _off(s, vm)
    if s.memory.host(host.id).down_at is not None:
        return f"{vm.name} was on {host.id} when that went down.", _starts_when(s, vm)
    if is_moving(s, vm):
        return f"{vm.name} moves from {host.id} to {vm.moving_to or 'another host'}, and not by Ridethrough.", ""
    if stopping := _storage_that_stops(s, vm, host):
        return f"{vm.name} runs on {host.id}, and its disks lie on {stopping}, which must go down: it is stopped.", ""
    if any(shed.id == vm.id for shed in to_shed(s)):
        tier = s.vm_policy(vm).tier
        return f"{vm.name} runs on {host.id} and is stopped now: its tier, {tier}, is shed to gain runtime.", ""
    if is_held(s, host):
        return f"{vm.name} stays on {host.id}, for the host is held.", "It moves or stops when that ends."
    state = supply(s, host.id)
    m = s.memory.host(host.id)
    if m.shut_down_at is not None:
        return f"{vm.name} is still on {host.id}, which was told to shut down.", "It ends with its host."
    if is_emptying(s, host) or m.shutdown is not None:
        return _leaves(s, vm, host, state)
    if state.failing:
        return _rides_through(s, vm, host, state)
    return _in_peace(s, vm, host, state)


def _under_way(vm: VmSeen, action: Action) -> tuple[str, str]:
    match action:
        case MoveVm():
            now = f"{vm.name} is moving from {action.source} to {action.host}: {action.why}."
            return now, "A move that has begun goes on to its end, also when utility power returns."
        case StopVm(suspend=True):
            return f"{vm.name} is being suspended on {action.host}: {_then_said(action.why)}.", ""
        case StopVm():
            return f"{vm.name} is being stopped cleanly on {action.host}: {_then_said(action.why)}.", ""
        case ForceStopVm():
            return f"{vm.name} is being stopped hard on {action.host}: {_then_said(action.why)}.", ""
        case StartVm():
            return f"{vm.name} is being started{f' on {action.host}' if action.host else ''}: {action.why}.", ""
    return f"Something is done to {vm.name}: {_then_said(action.why)}.", ""


def _then_said(why: str) -> str:
    """What was said when it began; a time of then is no claim about now."""
    return f'"{why}", as it was when that began' if "battery" in why else why


# --- off ---------------------------------------------------------------------------------------------------------


def _off(s: Situation, vm: VmSeen) -> tuple[str, str]:
    m = s.memory.vm(vm.id)
    if vm.starting_on is not None:
        return f"{vm.name} is being started on {vm.starting_on}, and not by Ridethrough.", ""
    if m.left_off:
        return f"{vm.name} is off: a person has shut it down in this outage.", "It stays off."
    if any(v.id == vm.id for v in to_start(s, vm.pool)):
        did = f"Ridethrough stopped it on {m.host}" if m.stopped and m.host else "it fell with its host"
        if m.room_for:
            return f"{vm.name} is {vm.power}: {did}, for room was needed there.", _room_again(s, vm)
        return f"{vm.name} is {vm.power}: {did}.", _starts_when(s, vm)
    return f"{vm.name} is {vm.power}, and did not run when an outage began: it is left as it is.", ""


def _starts_when(s: Situation, vm: VmSeen) -> str:
    """What a VM that is to start again waits for."""
    if s.dry_run:
        return "Dry run: nothing is started."
    if s.is_wanted_off(vm.pool):
        return "It starts when the pool, which a person wants off, is back."
    members = s.members(vm.pool)
    dark = [h.id for h in members if not supply(s, h.id).powered]
    if dark:
        return f"It starts when {listed(dark)} {'has' if len(dark) == 1 else 'have'} settled utility power again."
    memories = {h.id: s.memory.host(h.id) for h in members}
    off = [h for h, m in memories.items() if m.down_at is not None or m.shut_down_at is not None]
    if off:
        return f"It starts when {listed(off)} {'is' if len(off) == 1 else 'are'} back."
    closed = [h.id for h in members if not h.enabled and memories[h.id].disabled_at is not None]
    if closed:
        return f"It starts when {listed(closed)} {'is' if len(closed) == 1 else 'are'} enabled again."
    record = s.memory.pool(vm.pool).record
    home = dict(record.running).get(vm.id, "") if record is not None else ""
    if not disks_served(s, vm, home):
        return f"It starts when {listed(storages_of(s, vm, home)) or 'its storage'} serves again."
    if not any(h.enabled and s.answers(h) and vm.storage <= h.storage for h in members):
        return "It starts when an enabled host that answers has its storage attached."
    return "It starts in its turn, by tier."


def _room_again(s: Situation, vm: VmSeen) -> str:
    """What a VM that was stopped to make room waits for."""
    return _starts_when(s, vm) if s.dry_run or s.is_wanted_off(vm.pool) else ROOM_AGAIN


# --- on a host that it must leave --------------------------------------------------------------------------------


def _leaves(s: Situation, vm: VmSeen, host: HostSeen, state: HostSupply) -> tuple[str, str]:
    sources = [h.id for h in s.members(vm.pool) if is_emptying(s, h)] or [host.id]
    plan = place(s, sorted({*sources, host.id}))
    stops = state.failing or s.is_wanted_off(host.pool)
    end = "It is stopped cleanly before its host shuts down." if stops else ""
    if why := plan.unplaced.get(vm.id):
        if vm.id in plan.room.awaited:
            return f"{vm.name} waits on {host.id}, which it must leave: {why}.", _others_go(s, plan, vm)
        if NOT_PROVEN in why:
            return f"{vm.name} waits on {host.id}, which it must leave: {why}.", "It moves when that is proven."
        return f"{vm.name} stays on {host.id}, which it should leave: {why}.", end
    target, because = plan.moves.get(vm.id, ("", ""))
    if not target:
        return f"{vm.name} is still on {host.id}, which it should leave.", end
    return f"{vm.name} waits on {host.id} for its move to {target}: {because}.", _waits_for(s, vm, host)


def _others_go(s: Situation, plan: Placement, vm: VmSeen) -> str:
    """Who makes room for a VM."""
    asked = [a for a in s.memory.pending.values() if isinstance(a, MoveVm | StopVm) and a.room_for == vm.id]
    names = {a.name for a in asked} | {s.seen.vms[v].name for v, (_, whom) in plan.room.moves.items() if whom == vm.id}
    names |= {s.seen.vms[v].name for v, whom in plan.room.stops.items() if whom == vm.id}
    gone = f"{listed(sorted(names))} {'has' if len(names) == 1 else 'have'}" if names else "others have"
    return f"It moves when {gone} gone from {plan.room.awaited[vm.id]}. {STOPPED_CLEANLY}"


def _waits_for(s: Situation, vm: VmSeen, host: HostSeen) -> str:
    if s.dry_run:
        return "Dry run: it is not moved."
    if disables_pending(s, vm.pool):
        return "It moves when every host that is being emptied is disabled, or in some seconds."
    if not s.answers(host):
        return f"It moves when {host.id} answers."
    if not fits(s, host, vm):
        return "Its move would not end in time: it is stopped cleanly instead."
    if vm.busy:
        return f"It moves when something else is done with it ({listed(sorted(vm.busy))})."
    return f"It moves in its turn: {s.policy.parallel} leave a host or arrive at one at once."


def _rides_through(s: Situation, vm: VmSeen, host: HostSeen, state: HostSupply) -> tuple[str, str]:
    clock = s.now - state.since if state.since is not None else 0.0
    if state.state is Supply.LOST:
        return f"{vm.name} was on {host.id}, whose power has been cut.", ""
    now = f"{vm.name} runs on {host.id}, which rides through: {on_battery_text(s, host.id, clock)}."
    if s.dry_run:
        return now, "Dry run: nothing is done."
    policy = s.host_policy(host.id)
    timers = [t.after for t in (policy.maintenance, policy.shutdown) if t.enabled]
    if not timers and not is_protected(s, host):
        return now, "Both options of the host are off: it crashes with it when the power ends."
    due = f" in {duration(max(min(timers) - clock, 0.0))}, or earlier if time runs short," if timers else " in time"
    return now, f"{_fate(place(s, [host.id]), vm, 'It')}{due} unless utility power returns before."


def _fate(plan: Placement, vm: VmSeen, who: str) -> str:
    target, _ = plan.moves.get(vm.id, ("", ""))
    if target:
        return f"{who} moves to {target}"
    why = plan.unplaced.get(vm.id, "")
    return f"{who} is stopped with its host ({why})" if why and NOT_PROVEN not in why else f"{who} moves or is stopped"


# --- in peace ----------------------------------------------------------------------------------------------------


def _in_peace(s: Situation, vm: VmSeen, host: HostSeen, state: HostSupply) -> tuple[str, str]:
    if state.state is Supply.SETTLING:
        now = f"{vm.name} runs on {host.id}, whose utility power is back and must hold."
        return now, "Nothing is begun and nothing undone meanwhile."
    if not state.powered:
        return f"{vm.name} runs on {host.id}; nobody knows what feeds that.", "Nothing is done on that alone."
    m = s.memory.host(host.id)
    if m.evacuation is not None or m.disabled_at is not None:
        return (
            f"{vm.name} runs on {host.id}, which has power again and comes out of maintenance mode.",
            "It stays there.",
        )
    if state.state is Supply.ASSUMED:
        return f"Nothing threatens {vm.name}: it runs on {host.id}, for which site.toml names no UPS.", ""
    now = f"Nothing threatens {vm.name}: it runs on {host.id}, which has utility power."
    upses = spared_until(s, host.id)
    when = f"If {listed(upses)} failed"
    if s.dry_run:
        return now, f"{when}, nothing would be done: the site is in dry run."
    options = s.host_policy(host.id)
    timers = [t.after for t in (options.maintenance, options.shutdown) if t.enabled]
    if not timers and not is_protected(s, host):
        return now, f"{when}, it would crash with its host: both options of {host.id} are off."
    plan = place(supposing(s.site, s.seen, upses), [host.id])
    target, because = plan.moves.get(vm.id, ("", ""))
    first = min(timers, default=0.0)
    after = f"after {duration(first)}" if first else "in time"
    if target:
        return now, f"{when}, it would move to {target} ({because}), beginning {after}."
    return now, f"{when}, it would be stopped cleanly with its host: {plan.unplaced.get(vm.id) or 'it has no place'}."


def _storage_that_stops(s: Situation, vm: VmSeen, host: HostSeen) -> StorageId:
    theirs = storages_of(s, vm, host.id) if s.site.storages else []
    going = [t for t in theirs if s.memory.storage(t).stop is not None and s.memory.storage(t).down_at is None]
    return going[0] if going and supply(s, going[0]).failing else ""
