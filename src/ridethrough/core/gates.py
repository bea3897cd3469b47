"""What must be there before anything that was stopped is started again: a battery that carries one full shutdown.

Power that has settled, the storage that serves, the coordinator that answers and repositories that are attached are
asked for where each is known: in `power`, `storage`, `start` and `attachments`.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import events as e
from .budget import stops_in_order
from .durations import host_stop
from .ends import LAST_SECONDS
from .model import Controller, Host, HostId, Percent, PoolId, Seconds, Storage, Switch, UpsId, VmId
from .observation import HostSeen, UpsReading, VmSeen
from .power import is_silent
from .situation import Situation, once
from .storage_use import storages_under
from .wording import duration

FULL: Percent = 95.0  # a battery that will not get better by waiting


@dataclass(frozen=True, slots=True)
class Battery:
    """What is known of a UPS's battery on utility power. `holds`: seconds at the load that the outage began with, the
    trusted share; None: nobody tells."""

    holds: Seconds | None
    charge: Percent | None
    needs: Seconds  # one full shutdown of what hangs on it


@once
def battery(s: Situation, ups: UpsId) -> Battery:
    """The battery as it is now, and what one full shutdown needs of it."""
    seen = s.seen.upses.get(ups)
    reading = seen.reading if seen is not None and not is_silent(s, ups) else None
    return Battery(_holds(s, ups, reading), reading.charge if reading is not None else None, shutdown_need(s, ups))


def _holds(s: Situation, ups: UpsId, reading: UpsReading | None) -> Seconds | None:
    """Reckoned from what it told when the outage began: what it tells now is for the hosts that are up now."""
    if reading is None:
        return None
    m, believed = s.memory.ups(ups), s.policy.trust * min(s.memory.learned.held.get(ups, 1.0), 1.0)
    if reading.charge is not None and m.full_runtime is not None and m.full_charge:
        return m.full_runtime * reading.charge / m.full_charge * believed
    return reading.runtime * believed if reading.runtime is not None else None


def shutdown_need(s: Situation, ups: UpsId) -> Seconds:
    """Seconds for one full shutdown of the hosts and storages that a UPS feeds, with the guests that ran on them: their
    stops, tier after tier, the members, then the coordinator, then the storage, each proven down."""
    return _shutdown_need(s, ups, False)


@once
def _shutdown_need(s: Situation, ups: UpsId, as_it_is: bool) -> Seconds:
    """`as_it_is`: with no other guests than those that run there now."""
    hosts = [h for h in s.hosts if h.id in s.site.hosts and ups in s.site.hosts[h.id].powered_by]
    stops = max((stops_in_order(s, s.guests(h.id) if as_it_is else _guests(s, h)) for h in hosts), default=0.0)
    downs = sorted(host_stop(s, h.id) for h in hosts)
    found = stops + (downs[-1] if downs else 0.0) + s.policy.reserve
    if len(hosts) > 1 and (coordinators := [h for h in hosts if s.is_coordinator(h)]):
        found += s.policy.down_silence + max(host_stop(s, h.id) for h in coordinators)
    stores = [t for t in s.site.storages.values() if ups in t.powered_by]
    if stores:
        found += max(t.stop_time for t in stores) + (s.policy.down_silence if hosts else 0.0) + LAST_SECONDS
    return found


def _guests(s: Situation, host: HostSeen) -> list[VmSeen]:
    """Those that ran there when the outage began, and those there now."""
    ran = (s.seen.vms.get(vm) for vm in _ran_on(s, host.pool).get(host.id, ()))
    return list({v.id: v for v in (*s.guests(host.id), *ran) if v is not None}.values())


@once
def _ran_on(s: Situation, pool: PoolId) -> dict[HostId, list[VmId]]:
    """The VMs that ran on each host when the outage began."""
    record = s.memory.pool(pool).record
    found: dict[HostId, list[VmId]] = {}
    for vm, home in record.running if record is not None else ():
        found.setdefault(home, []).append(vm)
    return found


def is_charged(s: Situation, ups: UpsId) -> bool:
    """Whether it carries one full shutdown; or will not get better; or was waited for long enough.

    Where it tells nothing of its battery, it is given as long as it was on battery.
    """
    return _is_charged(s, ups, False)


def carries_what_runs(s: Situation, ups: UpsId) -> bool:
    """The same without the guests that are still to start: enough for a machine that starts before them."""
    return _is_charged(s, ups, True)


@once
def _is_charged(s: Situation, ups: UpsId, as_it_is: bool) -> bool:
    m = s.memory.ups(ups)
    if m.back_at is None or s.now - m.back_at >= _limit(s, ups):
        return True
    now = battery(s, ups)
    if now.charge is not None and now.charge >= FULL:
        return True
    return now.holds is not None and now.holds >= (_shutdown_need(s, ups, True) if as_it_is else now.needs)


def _limit(s: Situation, ups: UpsId) -> Seconds:
    """Longest wait for its battery, from the return of utility power. One that told so little is waited for less."""
    if battery(s, ups).holds is not None:
        return s.policy.battery_wait
    return min(s.memory.ups(ups).lasted, s.policy.battery_wait)


def is_ready(s: Situation, host: HostId, pool: PoolId) -> bool:
    """Whether the batteries behind a host, and behind the storage under it, let what was stopped there start again.

    A person who wants the pool back now has the last word.
    """
    return _is_ready(s, host, pool, False)


@once
def _is_ready(s: Situation, host: HostId, pool: PoolId, as_it_is: bool) -> bool:
    if s.memory.pool(pool).hurried:
        return True
    return all(
        sum(_is_charged(s, u, as_it_is) for u in built.powered_by) >= min(built.needs, len(built.powered_by))
        for built in _behind(s, host)
    )


def may_start(s: Situation, host: HostId, pool: PoolId) -> bool:
    """Whether a host may be switched on: it starts while the battery that its guests wait for recharges.

    Not where XenServer would start them with it.
    """
    seen = s.seen.pools.get(pool)
    return _is_ready(s, host, pool, seen is not None and not seen.auto_poweron)


def has_waited(s: Situation, host: HostId, pool: PoolId) -> bool:
    """Whether what was stopped on a host waits for a battery, or did until this round."""
    told = any((ups, e.RECHARGES) in s.memory.alerts for built in _behind(s, host) for ups in built.powered_by)
    return told or not is_ready(s, host, pool)


def awaited_batteries(s: Situation, host: HostId) -> list[UpsId]:
    """The UPSs for which what was stopped on a host waits, in the order of their ids."""
    return sorted({u for built in _behind(s, host) for u in built.powered_by if not is_charged(s, u)})


def _behind(s: Situation, host: HostId) -> list[Host | Storage | Switch | Controller]:
    """The host and the storages under it, as far as their UPSs are named."""
    return [built for machine in (host, *storages_under(s, host)) if (built := s.site.fed(machine)) is not None]


def why_it_waits(s: Situation, ups: UpsId) -> str:
    """What the battery of a UPS is waited for, in words."""
    now, m = battery(s, ups), s.memory.ups(ups)
    left = max((m.back_at or s.now) + _limit(s, ups) - s.now, 0.0)
    charge = f" (charge {now.charge:.0f} %)" if now.charge is not None else ""
    needs = f"one full shutdown needs {duration(now.needs)}"
    if now.holds is None:
        return (
            f"{ups} does not tell how long its battery holds and was on it for {duration(m.lasted)}: what was stopped "
            f"waits another {duration(left)} before it is started again"
        )
    return (
        f"{ups} recharges: it holds for {duration(now.holds)} at its load before the outage{charge}, and {needs}. What "
        f"was stopped waits for it, {duration(left)} at most; bring-back does not wait"
    )
