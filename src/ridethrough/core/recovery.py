"""What is undone when utility power has settled: hosts leave maintenance mode, what was stopped starts again."""

from __future__ import annotations

from . import events as e
from .actions import EnableHost, PowerOnHost, ReleasePool, RestoreAutoPoweron, StartVm
from .attachments import awaited, is_given_up, missing, name_of
from .custody import belongs_to_administrator, is_at_rest, is_away
from .evacuation import still_moves
from .high_availability import differs, is_to_be_restored, restore
from .memory import VmMemory
from .model import HostId, PoolId, Seconds
from .observation import HostSeen, Power, VmSeen
from .ordering import start_order
from .placement import is_moving
from .power import Supply, backs_of, supply
from .proof import may_have_fallen
from .situation import Situation, once
from .start import may_act, start
from .storage import NOT_SERVING, disks_served, waits_for
from .storage_use import storages_of

NO_PLACE = "no place"  # the alert about guests that no host can take


def enable(s: Situation) -> list[e.Event]:
    """Hosts that leave maintenance mode, "Skip": only those that we disabled, and only on settled utility power."""
    found: list[e.Event] = []
    for host in s.hosts:
        m = s.memory.host(host.id)
        if m.yielded_at is not None and supply(s, host.id).powered and not _is_off(s, host.id):
            found.append(e.EvacuationEnded(s.now, host.id))  # a person's hand is heeded for one outage
            continue
        if not _may_come_back(s, host) or not s.answers(host) or not host.live or still_moves(s, host):
            continue
        if belongs_to_administrator(s, host):
            found += [e.EvacuationEnded(s.now, host.id)] if m.evacuation is not None else []
        elif m.disabled_at is not None:
            found += start(s, EnableHost(host.id, host.pool, _back_text(s, host)))
        elif m.evacuation is not None:
            found.append(e.EvacuationEnded(s.now, host.id))
    return found


def _may_come_back(s: Situation, host: HostSeen) -> bool:
    m = s.memory.host(host.id)
    if _is_off(s, host.id) or m.wanted:
        return False
    if s.is_wanted_off(host.pool) or not may_act(s, host.pool):
        return False
    return supply(s, host.id).powered


def _back_text(s: Situation, host: HostSeen) -> str:
    m = s.memory.host(host.id)
    return "it has started again on utility power" if m.returned_at is not None else "utility power is back"


def power_on(s: Situation) -> list[e.Event]:
    """Hosts that stayed off although their supply is back.

    A host starts by itself when its UPS's output was cut and came back; without a cut nothing would ever start it.
    """
    found: list[e.Event] = []
    for host in s.hosts:
        if not _stays_off(s, host) or _needs_a_hand(s, host) or is_away(s, host):
            continue  # a person has been called, or is about to be
        if may_act(s, host.pool) and (not waits_for(s, host) or _waited_long(s, host)):
            hurried = s.memory.pool(host.pool).hurried
            why = "a person wants it back now" if hurried else "its supply is back and it does not start by itself"
            found += start(s, PowerOnHost(host.id, host.pool, why))
    return found


def _waited_long(s: Situation, host: HostSeen) -> bool:
    """For storage that does not come back: a person has been told, and a host without it is better than none."""
    return s.now - max(backs_of(s, host.id)) >= s.policy.start_timeout


def _stays_off(s: Situation, host: HostSeen) -> bool:
    m = s.memory.host(host.id)
    if (m.shut_down_at is None and m.down_at is None) or s.memory.pool(host.pool).off_by_person:
        return False
    if m.wanted and m.shut_down_at is None:
        return False  # a person wanted it in maintenance mode, and has switched it off to work on it
    if supply(s, host.id).state not in (Supply.FULL, Supply.REDUCED) or s.answers(host):
        return False
    since = max(_gone_at(s, host.id), *backs_of(s, host.id))
    tried = m.powered_on_at
    patience = min(s.policy.starts_itself, s.policy.start_timeout / 2)  # it is switched on before it is reported
    waits = _was_cut(s, host.id) and not s.memory.pool(host.pool).hurried
    waited = s.now - since >= (patience if waits else 0.0)
    return waited and (tried is None or s.now - tried >= s.policy.starts_itself)


def _gone_at(s: Situation, host: HostId) -> Seconds:
    m = s.memory.host(host)
    return m.shut_down_at + s.policy.host_stop if m.shut_down_at is not None else m.down_at or 0.0


def _was_cut(s: Situation, host: HostId) -> bool:
    built = s.site.hosts.get(host)
    return built is not None and all(s.memory.ups(u).was_cut for u in built.powered_by)


def cannot_be_switched_on(s: Situation, host: HostSeen) -> bool:
    """It stays off, and XenServer has no way to start it."""
    return _stays_off(s, host) and _needs_a_hand(s, host)


def _needs_a_hand(s: Situation, host: HostSeen) -> bool:
    """host.power_on needs a power-on mode, and the coordinator cannot switch itself on."""
    return not host.power_on_mode or s.is_coordinator(host)


# --- guests that we stopped --------------------------------------------------------------------------------------


def start_guests(s: Situation) -> list[e.Event]:
    """Guests that we stopped, in order, once the whole pool has its power and its hosts again."""
    found: list[e.Event] = []
    for pool in sorted(s.seen.pools):
        if s.memory.pool(pool).record is None or not may_act(s, pool) or _is_unsettled(s, pool):
            continue
        hurried = s.memory.pool(pool).hurried
        steady = hurried or is_steady(s, pool)
        able = [v for v in to_start(s, pool) if (steady or _home(s, v)) and _has_a_home(s, v) and _has_its_disks(s, v)]
        able = [v for v in able if hurried or not awaited(s, v)]
        running = sum(isinstance(a, StartVm) and a.pool == pool for a in s.memory.pending.values())
        for vm in start_order(s, able)[: max(s.policy.parallel - running, 0)]:
            found += start(s, StartVm(vm.id, vm.name, pool, _home(s, vm), "it ran when the outage began"))
    return found


def _has_its_disks(s: Situation, vm: VmSeen) -> bool:
    return disks_served(s, vm, _ran_on(s, vm))


def _ran_on(s: Situation, vm: VmSeen) -> HostId:
    """Where it ran when the outage began; empty when it did not."""
    record = s.memory.pool(vm.pool).record
    return dict(record.running).get(vm.id, "") if record else ""


@once
def to_start(s: Situation, pool: PoolId) -> list[VmSeen]:
    """The guests that ran when the outage began, that we stopped or that fell with their host, and that are halted."""
    halted = _halted(s, pool)
    if not halted:
        return []
    # Back since it fell; it may have been shut down by us then.
    back = {h for h, m in s.memory.hosts.items() if m.fell and (m.down_at is None or m.shut_down_at is not None)}

    def fell(m: VmMemory, places: tuple[HostId, ...]) -> bool:
        return not (m.started or m.left_off or back.isdisjoint(places))

    return [vm for vm, m, places in halted if m.stopped or fell(m, places)]


@once
def _halted(s: Situation, pool: PoolId) -> list[tuple[VmSeen, VmMemory, tuple[HostId, ...]]]:
    """The guests that ran when the outage began and are halted, each with the hosts on which it may have been."""
    record = s.memory.pool(pool).record
    if record is None:
        return []
    known = [(s.seen.vms.get(vm), s.memory.vm(vm), home) for vm, home in record.running]
    halted = [(vm, m, home) for vm, m, home in known if vm and vm.pool == pool and vm.power is Power.HALTED]
    return [(vm, m, m.may_be_on(home, record)) for vm, m, home in halted]


def whereabouts(s: Situation) -> list[e.Event]:
    """Guests that run elsewhere than we know: a move was lost or failed, XenServer chose, or a person moved them."""
    news: list[e.Event] = []
    for pool in sorted(p for p in s.seen.pools if s.is_trusted(p)):
        record = s.memory.pool(pool).record
        if record is None:
            continue
        for vm_id, home in record.running:
            vm = s.seen.vms.get(vm_id)
            if vm is None or vm.resident_on is None or vm.power is not Power.RUNNING:
                continue
            if vm.resident_on == home and vm_id not in s.memory.vms:
                continue  # as most of them always are
            m = s.memory.vm(vm_id)
            known = m.may_be_on(home, record) == (vm.resident_on,)
            if not known and _is_at_rest(s, vm, m.placed_at):
                news.append(e.VmFound(s.now, vm_id, vm.name, vm.resident_on))
    return news


def _is_at_rest(s: Situation, vm: VmSeen, since: Seconds) -> bool:
    """Nothing is done to it, and the records were read well after the last that we did."""
    busy = vm.busy or is_moving(s, vm) or s.memory.is_pending(f"vm {vm.id}")
    return not busy and s.has_followed(vm.pool, since)


def left_off(s: Situation) -> list[e.Event]:
    """Guests that somebody has shut down in mid-outage, on hosts that have run all the time: they stay off."""
    found: list[e.Event] = []
    for pool in sorted(p for p in s.seen.pools if s.is_trusted(p)):
        for vm, m, places in _halted(s, pool):
            ours = m.stopped or m.left_off or m.start_unsure or m.failed_on
            if not ours and _is_at_rest(s, vm, m.placed_at) and all(_has_run_on(s, h, m) for h in places):
                found.append(e.VmLeftOff(s.now, vm.id, vm.name))
    return found


def _has_run_on(s: Situation, host: HostId, vm: VmMemory) -> bool:
    """The host has run since the record, or since we started the guest again."""
    seen = s.seen.hosts.get(host)
    if seen is None or _is_off(s, host) or may_have_fallen(s, seen):
        return False
    return vm.started or not s.memory.host(host).fell


def run_again(s: Situation) -> list[e.Event]:
    """Guests that we had stopped, or tried to, and that run: a person's doing, or a stop that came to nothing.

    Or a start of ours, in the middle of which a controller has died; or what a person had shut down, and has started.
    """
    found: list[e.Event] = []
    for vm_id in sorted(vm for vm, m in s.memory.vms.items() if m.stopped or m.start_unsure or m.left_off):
        m, vm = s.memory.vms[vm_id], s.seen.vms.get(vm_id)
        host = s.seen.hosts.get(vm.resident_on or "") if vm is not None else None
        if vm is None or host is None or s.memory.is_pending(f"vm {vm_id}") or not _runs_on(s, vm, host):
            continue
        stopped = s.now - m.stopped_at if m.stopped and m.stopped_at is not None else 0.0
        if not m.stopped or m.start_unsure or (stopped >= s.policy.guest_stop and not may_have_fallen(s, host)):
            found.append(e.VmRunsAgain(s.now, vm_id, vm.name, host.id))
    return found


def _runs_on(s: Situation, vm: VmSeen, host: HostSeen) -> bool:
    """The host has power. What its pool says of the guests of one that is down is old."""
    if vm.power is not Power.RUNNING or vm.busy or not s.is_trusted(vm.pool):
        return False
    return supply(s, host.id).powered and not _is_off(s, host.id)


def _home(s: Situation, vm: VmSeen) -> HostId:
    """The host on which the VM ran when the outage began, if it can take it now; else empty."""
    host = s.seen.hosts.get(_ran_on(s, vm))
    # A host that refused to be disabled is enabled on battery: what was stopped there must stay stopped.
    ready = host is not None and _takes_guests(s, host) and supply(s, host.id).powered
    fits = host is not None and ready and vm.storage <= host.storage
    return host.id if host is not None and fits and host.memory_free >= vm.memory else ""


def _is_unsettled(s: Situation, pool: PoolId) -> bool:
    """Power is not to be trusted yet somewhere in the pool, or its hosts are still on their way out of the outage."""
    if s.is_wanted_off(pool):
        return True
    states = [supply(s, h.id).state for h in s.members(pool)]
    return Supply.SETTLING in states


def is_steady(s: Situation, pool: PoolId) -> bool:
    """Every host has its power and is back, or is given up for now."""
    if s.is_wanted_off(pool):
        return False
    for host in s.members(pool):
        if not supply(s, host.id).powered and not _is_without_power_for_long(s, host):
            return False
        if is_away(s, host):
            continue
        m = s.memory.host(host.id)
        ours = m.disabled_at is not None and not m.wanted and not belongs_to_administrator(s, host)
        if _is_off(s, host.id) or ours or (not host.enabled and _may_still_enable_itself(s, host)):
            return False
    return True


def _is_off(s: Situation, host: HostId) -> bool:
    """Asked to go down, or down."""
    m = s.memory.host(host)
    return m.shut_down_at is not None or m.down_at is not None


def _is_without_power_for_long(s: Situation, host: HostSeen) -> bool:
    """The others had their power back long ago: nobody waits for this host any more."""
    backs = [b for h in s.members(host.pool) if h.id != host.id for b in backs_of(s, h.id)]
    return _is_off(s, host.id) and bool(backs) and max(backs) > 0 and s.now - max(backs) >= s.policy.start_timeout


def _has_a_home(s: Situation, vm: VmSeen) -> bool:
    """Some enabled, answering host has the VM's storage attached: storage is late after a boot."""
    hosts = [h for h in s.members(vm.pool) if _takes_guests(s, h) and vm.storage <= h.storage]
    return any(h.memory_free >= vm.memory for h in hosts)


def _takes_guests(s: Situation, host: HostSeen) -> bool:
    """It is enabled and answers, and does not answer merely because it is about to start or to go down."""
    return host.enabled and s.answers(host) and not _is_off(s, host.id)


def without_place(s: Situation, pool: PoolId) -> list[VmSeen]:
    """Guests that are to start and that no host can take, although the pool is as it will be for now."""
    if s.memory.pool(pool).record is None or not may_act(s, pool) or not is_steady(s, pool):
        return []
    return [v for v in start_order(s, to_start(s, pool)) if not _has_a_home(s, v) and not awaited(s, v)]


# --- the end -----------------------------------------------------------------------------------------------------


def close(s: Situation) -> list[e.Event]:
    """When nothing is left to undo: auto_poweron restored, the claim released, the record closed."""
    found: list[e.Event] = []
    for pool in sorted(s.seen.pools):
        if s.memory.pool(pool).record is None or not s.is_trusted(pool) or not _is_over(s, pool):
            continue
        m, mine = s.memory.pool(pool), s.seen.pools[pool].claim == s.policy.controller
        if m.auto_poweron_suspended and not _is_hopeless(s, f"RestoreAutoPoweron pool {pool}"):
            found += start(s, RestoreAutoPoweron(pool, "the pool is back"))
        elif is_to_be_restored(s, pool):
            found += restore(s, pool)
        elif mine and not _is_hopeless(s, f"ReleasePool pool {pool}"):
            found += start(s, ReleasePool(pool, s.policy.controller, "nothing is left to do"))
        else:
            found.append(e.PoolRestored(s.now, pool, differences(s, pool)))
    return found


def _is_hopeless(s: Situation, action: str) -> bool:
    """It was refused, or has failed too often to be tried once more."""
    failed = s.memory.failures.get(action)
    return failed is not None and (failed.refused or failed.count >= 5)


def _is_over(s: Situation, pool: PoolId) -> bool:
    if not is_steady(s, pool) or any(getattr(a, "pool", None) == pool for a in s.memory.pending.values()):
        return False
    for host in s.members(pool):
        m = s.memory.host(host.id)
        resting = is_at_rest(s, host)
        if not resting and (_is_off(s, host.id) or m.evacuation is not None):
            return False
        if not resting and may_have_fallen(s, host):
            return False
        if belongs_to_administrator(s, host) and _may_still_enable_itself(s, host):
            return False
        if not resting and any(not is_given_up(s, host, repository) for repository in missing(s, host)):
            return False
    waiting = [v for v in to_start(s, pool) if not _given_up(s, v)]
    return not waiting and not any(_may_still_stop(s, v) for v in s.seen.vms.values() if v.pool == pool)


def _may_still_stop(s: Situation, vm: VmSeen) -> bool:
    """A guest whose stop we began may obey late: its record stays open until that is past, or its host is given up."""
    host = s.seen.hosts.get(vm.resident_on or "")
    return s.memory.vm(vm.id).stopped and vm.power is Power.RUNNING and not (host and is_away(s, host))


def _may_still_enable_itself(s: Situation, host: HostSeen) -> bool:
    """It has just started and shows as disabled: XenServer enables it by itself a moment later, unless we did since."""
    m = s.memory.host(host.id)
    if m.returned_at is None or (m.disabled_done is not None and m.disabled_agent == host.agent_started):
        return False
    return s.now - m.returned_at < s.policy.coordinator_grace


def _given_up(s: Situation, vm: VmSeen) -> bool:
    """It cannot be started, or nothing has had a place for it for long: a person has been told."""
    failure, told = s.memory.failures.get(f"StartVm vm {vm.id}"), s.memory.alerts.get((vm.pool, NO_PLACE))
    if failure is not None and failure.count >= 3:
        return True
    if told is not None and s.now - told.at >= s.policy.start_timeout and not _has_a_home(s, vm):
        return True
    missing = [s.memory.alerts.get((storage, NOT_SERVING)) for storage in storages_of(s, vm, _ran_on(s, vm))]
    return any(alert is not None and s.now - alert.at >= s.policy.start_timeout for alert in missing)


def differences(s: Situation, pool: PoolId) -> tuple[str, ...]:
    """How the pool differs from its record, in words; where VMs reside is no difference."""
    record = s.memory.pool(pool).record
    if record is None:
        return ()
    found = []
    for vm_id, _ in record.running:
        vm = s.seen.vms.get(vm_id)
        if vm is None or vm.power is not Power.RUNNING:
            found.append(f"{vm.name if vm else vm_id} is {vm.power if vm else 'gone'}")
    for host_id, _ in record.members:
        host = s.seen.hosts.get(host_id)
        before = host_id not in record.disabled
        if host is not None and is_away(s, host):
            found.append(f"{host_id} has not come back")
        elif host is None or (host.live and host.enabled != before):
            found.append(
                f"{host_id} is {'gone' if host is None else 'enabled' if host.enabled else 'in maintenance mode'}"
            )
        if host is not None:
            found += [f"{name_of(s, pool, r)} is not attached to {host_id}" for r in missing(s, host)]
    if record.auto_poweron and not s.seen.pools[pool].auto_poweron:
        found.append("auto_poweron is off")
    found += differs(s, pool)
    if (coordinator := s.seen.pools[pool].coordinator) is not None and coordinator != record.coordinator:
        ours = s.memory.pool(pool).coordinator == coordinator
        found.append(f"{coordinator} is the coordinator{', handed over in the outage' if ours else ''}")
    return tuple(found)
