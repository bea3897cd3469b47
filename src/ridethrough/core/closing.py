"""The end of a pool's outage: what is put back last, and how the pool differs from what it was."""

from __future__ import annotations

from . import events as e
from . import power_on
from .actions import ReleasePool, RestoreAutoPoweron
from .attachments import is_given_up, missing, name_of, trouble
from .custody import belongs_to_administrator, is_at_rest, is_away
from .high_availability import differs, is_to_be_restored, restore
from .homing import go_home
from .model import HostId, PoolId, VmId
from .observation import Power, Restart, VmSeen
from .proof import may_have_fallen
from .recovery import NO_PLACE, agents_stop, has_a_home, is_off, is_steady, may_still_enable_itself, ran_on, to_start
from .situation import Situation
from .start import start
from .storage import NOT_SERVING
from .storage_use import storages_of
from .wording import listed


def close(s: Situation) -> list[e.Event]:
    """When nothing is left to undo: VMs home, if wanted; auto_poweron restored, the claim released, the record shut."""
    found: list[e.Event] = []
    for pool in sorted(s.seen.pools):
        if s.memory.pool(pool).record is None or not s.is_trusted(pool) or not _is_over(s, pool):
            continue
        if moves := go_home(s, pool):
            found += moves
            continue
        m, mine = s.memory.pool(pool), s.seen.pools[pool].claim == s.policy.controller
        if m.auto_poweron_suspended and not _is_hopeless(s, f"RestoreAutoPoweron pool {pool}"):
            found += start(s, RestoreAutoPoweron(pool, "the pool is back"))
        elif is_to_be_restored(s, pool):
            found += restore(s, pool)
        elif mine and not _is_hopeless(s, f"ReleasePool pool {pool}"):
            found += start(s, ReleasePool(pool, s.policy.controller, "nothing is left to do"))
        else:
            found.append(e.PoolRestored(s.now, pool, differences(s, pool), _left_behind(s, pool)))
    return found


def _left_behind(s: Situation, pool: PoolId) -> tuple[tuple[VmId, HostId], ...]:
    """VMs that are still to start when their hosts, or their disks, are back: they wait in vain, or fell with a host
    that is given up. Not what refuses to start.
    """
    record = s.memory.pool(pool).record
    found = dict(s.memory.pool(pool).owed)
    for vm_id, home in record.running if record is not None else ():
        m, vm, failure = s.memory.vm(vm_id), s.seen.vms.get(vm_id), s.memory.failures.get(f"StartVm vm {vm_id}")
        if record is None or vm is None or m.left_off or (failure is not None and failure.count >= 3):
            continue
        places = [s.seen.hosts[h] for h in m.may_be_on(home, record) if h in s.seen.hosts]
        fell = vm.power in (Power.HALTED, Power.RUNNING) and any(is_away(s, h) for h in places)
        if vm in to_start(s, pool) or (fell and not _runs(s, vm)):
            found[vm_id] = home
    return tuple(sorted(found.items()))


def _runs(s: Situation, vm: VmSeen) -> bool:
    """On a host that is there; its pool goes on believing in what ran on one that is gone."""
    host = s.seen.hosts.get(vm.resident_on or "")
    return vm.power is Power.RUNNING and host is not None and not is_away(s, host)


def _is_hopeless(s: Situation, action: str) -> bool:
    """It was refused, or has failed too often to be tried once more."""
    failed = s.memory.failures.get(action)
    return failed is not None and (failed.refused or failed.count >= 5)


def _is_over(s: Situation, pool: PoolId) -> bool:
    if (
        not is_steady(s, pool)
        or agents_stop(s, pool)
        or any(getattr(a, "pool", None) == pool for a in s.memory.pending.values())
    ):
        return False
    for host in s.members(pool):
        m = s.memory.host(host.id)
        resting = is_at_rest(s, host)
        if not resting and (is_off(s, host.id) or m.evacuation is not None):
            return False
        if not resting and may_have_fallen(s, host):
            return False
        if belongs_to_administrator(s, host) and may_still_enable_itself(s, host):
            return False
        if not resting and any(not is_given_up(s, host, repository) for repository in missing(s, host)):
            return False
    waiting = [v for v in to_start(s, pool) if not _given_up(s, v)]
    return not waiting and not any(_may_still_stop(s, v) for v in s.seen.vms.values() if v.pool == pool)


def _may_still_stop(s: Situation, vm: VmSeen) -> bool:
    """A guest whose stop we began may obey late: its record stays open until that is past, or its host is given up."""
    host = s.seen.hosts.get(vm.resident_on or "")
    return s.memory.vm(vm.id).stopped and vm.power is Power.RUNNING and not (host and is_away(s, host))


def _given_up(s: Situation, vm: VmSeen) -> bool:
    """It cannot be started, or nothing has had a place for it for long: a person has been told."""
    failure, told = s.memory.failures.get(f"StartVm vm {vm.id}"), s.memory.alerts.get((vm.pool, NO_PLACE))
    if failure is not None and failure.count >= 3:
        return True
    if told is not None and s.now - told.at >= s.policy.start_timeout and not has_a_home(s, vm):
        return True
    missing = [s.memory.alerts.get((storage, NOT_SERVING)) for storage in storages_of(s, vm, ran_on(s, vm))]
    return any(alert is not None and s.now - alert.at >= s.policy.start_timeout for alert in missing)


def _of_vm(s: Situation, vm: VmSeen | None) -> str:
    """Why a VM that ran when the outage began does not run now, in parentheses; empty where nobody knows."""
    if vm is None:
        return ""
    failure = s.memory.failures.get(f"StartVm vm {vm.id}")
    silent = [t for t in storages_of(s, vm, ran_on(s, vm)) if (t, NOT_SERVING) in s.memory.alerts]
    if s.memory.vm(vm.id).left_off:
        return _because("shut down, and not by our doing")
    if silent:
        return _because(f"{listed(silent)} {'does' if len(silent) == 1 else 'do'} not serve")
    if vm in to_start(s, vm.pool) and not has_a_home(s, vm):
        return _because("no host that is up has the room, CPUs and storage")
    return _because(f"its start failed: {failure.error}" if failure is not None else "")


def _because(why: str) -> str:
    return f" ({why})" if why else ""


def _has_lost_protection(vm: VmSeen) -> bool:
    """XenServer takes it away when a stop begins, and gives it back when the VM starts: one that went on has none.

    One whose restart priority is another now has had it changed by a person.
    """
    return vm.power is Power.RUNNING and vm.restart is Restart.ALWAYS and not vm.ha_protected


def differences(s: Situation, pool: PoolId) -> tuple[str, ...]:
    """How the pool differs from its record, in words; where VMs reside is no difference."""
    record = s.memory.pool(pool).record
    if record is None:
        return ()
    found = []
    for vm_id, _ in record.running:
        vm = s.seen.vms.get(vm_id)
        if vm is None or vm.power is not Power.RUNNING:
            found.append(f"{vm.name if vm else vm_id} is {vm.power if vm else 'gone'}{_of_vm(s, vm)}")
    for host_id, _ in record.members:
        host = s.seen.hosts.get(host_id)
        before = host_id not in record.disabled
        if host is not None and is_away(s, host):
            found.append(f"{host_id} has not come back{_because(power_on.tries(s, host))}")
        elif host is None or (host.live and host.enabled != before):
            found.append(
                f"{host_id} is {'gone' if host is None else 'enabled' if host.enabled else 'in maintenance mode'}"
            )
        if host is not None:
            why = _because(f"it cannot attach {failed}" if (failed := trouble(s, host)) else "")
            found += [f"{name_of(s, pool, r)} is not attached to {host_id}{why}" for r in missing(s, host)]
    if record.auto_poweron and not s.seen.pools[pool].auto_poweron:
        found.append("auto_poweron is off")
    found += differs(s, pool)
    protected = [s.seen.vms[vm] for vm in record.protected if vm in s.seen.vms]
    unprotected = [vm.name for vm in protected if _has_lost_protection(vm)]
    found += [f"HA does not protect {name} any more (its stop had begun)" for name in unprotected]
    if (coordinator := s.seen.pools[pool].coordinator) is not None and coordinator != record.coordinator:
        ours = s.memory.pool(pool).coordinator == coordinator
        found.append(f"{coordinator} is the coordinator{', handed over in the outage' if ours else ''}")
    return tuple(found)
