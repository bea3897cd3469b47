"""What is undone when utility power has settled: hosts leave maintenance mode, what was stopped starts again."""

from __future__ import annotations

from . import events as e
from .actions import EnableHost, StartVm
from .attachments import awaited
from .custody import belongs_to_administrator, has_agent, is_away
from .evacuation import still_moves
from .gates import awaited_batteries, is_ready, may_start, why_it_waits
from .memory import VmMemory
from .model import HostId, PoolId, Seconds, UpsId, VmId
from .movable import suitable
from .observation import HostSeen, Power, VmSeen
from .ordering import first_to_start, start_order
from .placement import is_moving
from .power import Supply, backs_of, supply
from .proof import may_have_fallen
from .shelter import shelters
from .situation import Situation, once
from .start import may_act, start
from .storage import disks_served

NO_PLACE = "no place"  # the alert about guests that no host can take
AGENT_TAKES: Seconds = 330.0  # to stop the guests of its host and that, as its file comes; and a minute


def enable(s: Situation) -> list[e.Event]:
    """Hosts that leave maintenance mode, "Skip": only those that we disabled, and only on settled utility power."""
    found: list[e.Event] = []
    for host in s.hosts:
        m = s.memory.host(host.id)
        if m.yielded_at is not None and supply(s, host.id).powered and not is_off(s, host.id):
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
    if is_off(s, host.id) or m.wanted:
        return False
    if s.is_wanted_off(host.pool) or not may_act(s, host.pool):
        return False
    return supply(s, host.id).powered


def _back_text(s: Situation, host: HostSeen) -> str:
    m = s.memory.host(host.id)
    return "it has started again on utility power" if m.returned_at is not None else "utility power is back"


# --- guests that we stopped --------------------------------------------------------------------------------------


def start_guests(s: Situation) -> list[e.Event]:
    """Guests that we stopped, in order, once the whole pool has its power and its hosts again."""
    found: list[e.Event] = []
    for pool in sorted(s.seen.pools):
        if s.memory.pool(pool).record is None or not may_act(s, pool) or _is_unsettled(s, pool):
            continue
        hurried = s.memory.pool(pool).hurried
        steady = hurried or is_steady(s, pool)
        able = [v for v in to_start(s, pool) if steady or _starts_at_home(s, v)]
        able = [v for v in able if has_a_home(s, v) and _has_its_disks(s, v)]
        able = [v for v in able if hurried or not (awaited(s, v) or waits_for_battery(s, v))]
        sheltered = {} if steady else _sheltered(s, pool, able)
        able += [s.seen.vms[vm] for vm in sheltered]
        starting = [a.vm for a in s.memory.pending.values() if isinstance(a, StartVm) and a.pool == pool]
        wave = first_to_start(s, able, [s.seen.vms[vm] for vm in starting if vm in s.seen.vms])
        for vm in wave[: max(s.policy.parallel - len(starting), 0)]:
            if vm.id in sheltered:
                gone = "" if s.memory.vm(vm.id).room_for else f", and {ran_on(s, vm)} has no power"
                why = f"there is room now{gone}"
                found += start(s, StartVm(vm.id, vm.name, pool, sheltered[vm.id], why))
            else:
                found += start(s, StartVm(vm.id, vm.name, pool, _where(s, vm), "it ran when the outage began"))
    return found


def _sheltered(s: Situation, pool: PoolId, others: list[VmSeen]) -> dict[VmId, HostId]:
    """Those that we stopped and that need not wait for their own hosts, and where they start."""
    known = {v.id for v in others}
    stopped = [v for v in to_start(s, pool) if v.id not in known and s.memory.vm(v.id).stopped]
    return shelters(s, pool, [(v, ran_on(s, v)) for v in stopped if _has_its_disks(s, v)])


def waits_for_battery(s: Situation, vm: VmSeen) -> bool:
    """Its home is up and must not be loaded yet; or it has none, and so must all that could take it."""
    return _must_not_be_loaded(s, ran_on(s, vm), vm.pool)


@once
def _must_not_be_loaded(s: Situation, home_id: HostId, pool: PoolId) -> bool:
    if any(not is_ready(s, h, pool) for h in _coordinator_back(s, pool)):
        return True  # in another outage everything would have to be down before it
    home = s.seen.hosts.get(home_id)
    if home is not None and _takes_guests(s, home):
        return not is_ready(s, home.id, pool)
    return not any(is_ready(s, h.id, pool) for h in s.members(pool) if _takes_guests(s, h))


@once
def _coordinator_back(s: Situation, pool: PoolId) -> list[HostId]:
    """The coordinator, if it has started since the outage began."""
    return [h.id for h in s.members(pool) if s.is_coordinator(h) and s.memory.host(h.id).returned_at is not None]


@once
def batteries(s: Situation) -> dict[UpsId, str]:
    """The UPSs for which something that was stopped waits now, and why."""
    coming = [h for h in s.hosts if not _takes_guests(s, h) and supply(s, h.id).powered and not is_away(s, h)]
    hosts = {h.id for h in coming if is_off(s, h.id) and not may_start(s, h.id, h.pool)}
    for pool in s.seen.pools:
        if s.memory.pool(pool).record is not None and not s.memory.pool(pool).hurried:
            homes = {ran_on(s, v) for v in to_start(s, pool)}
            hosts |= {h.id for h in coming} & homes
            if waiting := {home for home in homes if _must_not_be_loaded(s, home, pool)}:
                hosts |= {*waiting, *_coordinator_back(s, pool)}
    unready = {h for h in hosts if h in s.seen.hosts and not is_ready(s, h, s.seen.hosts[h].pool)}
    upses = sorted({u for h in unready if supply(s, h).powered for u in awaited_batteries(s, h)})
    return {u: why_it_waits(s, u) for u in upses}


def _has_its_disks(s: Situation, vm: VmSeen) -> bool:
    return disks_served(s, vm, ran_on(s, vm))


def ran_on(s: Situation, vm: VmSeen) -> HostId:
    """Where it ran when the outage began; empty when it did not."""
    return _homes(s, vm.pool).get(vm.id, "")


@once
def _homes(s: Situation, pool: PoolId) -> dict[VmId, HostId]:
    record = s.memory.pool(pool).record
    return dict(record.running) if record else {}


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
    halted = [(vm, m, home) for vm, m, home in known if vm and vm.pool == pool and _is_off_by(vm, m)]
    return [(vm, m, m.may_be_on(home, record)) for vm, m, home in halted]


def _is_off_by(vm: VmSeen, m: VmMemory) -> bool:
    """It is halted, or suspended by us: what a person has suspended is that person's."""
    return vm.power is Power.HALTED or (vm.power is Power.SUSPENDED and m.stopped)


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
            if ours or _may_be_its_agent(s, pool, places):
                continue
            if _is_at_rest(s, vm, m.placed_at) and all(_has_run_on(s, h, m) for h in places):
                found.append(e.VmLeftOff(s.now, vm.id, vm.name))
    return found


def agents_stop(s: Situation, pool: PoolId) -> bool:
    """Guests are halted that an agent may have stopped: its host goes down next."""
    return any(not (m.stopped or m.left_off) and _may_be_its_agent(s, pool, at) for _, m, at in _halted(s, pool))


def _may_be_its_agent(s: Situation, pool: PoolId, places: tuple[HostId, ...]) -> bool:
    """This controller was away in the outage, and an agent that began meanwhile goes through with it."""
    record, back = s.memory.pool(pool).record, s.memory.started_at
    was_away = record is not None and record.at < back and s.now - back < AGENT_TAKES
    return was_away and any(has_agent(s, host) for host in places)


def _has_run_on(s: Situation, host: HostId, vm: VmMemory) -> bool:
    """The host has run since the record, or since we started the guest again."""
    seen = s.seen.hosts.get(host)
    if seen is None or is_off(s, host) or may_have_fallen(s, seen):
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
        if m.stop_failed is not None and s.policy.force_stop and s.memory.host(host.id).shutdown is not None:
            continue  # its hard stop waits for the clean stops of others there
        stopped = s.now - m.stopped_at if m.stopped and m.stopped_at is not None else 0.0
        if not m.stopped or m.start_unsure or (stopped >= s.policy.guest_stop and not may_have_fallen(s, host)):
            found.append(e.VmRunsAgain(s.now, vm_id, vm.name, host.id))
    return found


def _runs_on(s: Situation, vm: VmSeen, host: HostSeen) -> bool:
    """The host has power. What its pool says of the guests of one that is down is old."""
    if vm.power is not Power.RUNNING or vm.busy or not s.is_trusted(vm.pool):
        return False
    return supply(s, host.id).powered and not is_off(s, host.id)


def _home(s: Situation, vm: VmSeen) -> HostId:
    """The host on which the VM ran when the outage began, if it can take it now; else empty."""
    host = s.seen.hosts.get(ran_on(s, vm))
    # A host that refused to be disabled is enabled on battery: what was stopped there must stay stopped.
    ready = host is not None and _takes_guests(s, host) and supply(s, host.id).powered
    return host.id if host is not None and ready and _fits(vm, host) else ""


def _where(s: Situation, vm: VmSeen) -> HostId:
    """Its home, if that can take it; else XenServer chooses, which also chooses among hosts that it merely believes to
    be live: while there is such a host, the roomiest of the others.
    """
    home = _home(s, vm)
    if home or not any(h.enabled and h.live and not s.answers(h) for h in s.members(vm.pool)):
        return home
    free = [h for h in s.members(vm.pool) if _takes_guests(s, h) and h.memory_free >= vm.memory]
    able = suitable(free, vm.storage, vm.networks, None, vm.cpus_needed, {})[0] if free else []
    return max(able, key=lambda h: (supply(s, h.id).powered, h.memory_free, h.id)).id if able else ""


def _starts_at_home(s: Situation, vm: VmSeen) -> bool:
    """Where room was made, others may still come for it."""
    return bool(_home(s, vm)) and not s.memory.vm(vm.id).room_for


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
        if is_off(s, host.id) or ours or (not host.enabled and may_still_enable_itself(s, host)):
            return False
    return True


def may_still_enable_itself(s: Situation, host: HostSeen) -> bool:
    """It has just started and shows as disabled: XenServer enables it by itself a moment later, unless we did since."""
    m = s.memory.host(host.id)
    if m.returned_at is None or (m.disabled_done is not None and m.disabled_agent == host.agent_started):
        return False
    return s.now - m.returned_at < s.policy.coordinator_grace


def is_off(s: Situation, host: HostId) -> bool:
    """Asked to go down, or down."""
    m = s.memory.host(host)
    return m.shut_down_at is not None or m.down_at is not None


def _is_without_power_for_long(s: Situation, host: HostSeen) -> bool:
    """The others had their power back long ago: nobody waits for this host any more."""
    backs = [b for h in s.members(host.pool) if h.id != host.id for b in backs_of(s, h.id)]
    return is_off(s, host.id) and bool(backs) and max(backs) > 0 and s.now - max(backs) >= s.policy.start_timeout


def has_a_home(s: Situation, vm: VmSeen) -> bool:
    """Some enabled, answering host could run the VM and has its storage attached: storage is late after a boot."""
    return any(_takes_guests(s, h) and _fits(vm, h) for h in s.members(vm.pool))


def _fits(vm: VmSeen, host: HostSeen) -> bool:
    return host.has_cpus(vm.cpus_needed) and vm.storage <= host.storage and host.memory_free >= vm.memory


def _takes_guests(s: Situation, host: HostSeen) -> bool:
    """It is enabled and answers, and does not answer merely because it is about to start or to go down."""
    return host.enabled and s.answers(host) and not is_off(s, host.id)


def without_place(s: Situation, pool: PoolId) -> list[VmSeen]:
    """Guests that are to start and that no host can take, although the pool is as it will be for now."""
    if s.memory.pool(pool).record is None or not may_act(s, pool) or not is_steady(s, pool):
        return []
    return [v for v in start_order(s, to_start(s, pool)) if not has_a_home(s, v) and not awaited(s, v)]
