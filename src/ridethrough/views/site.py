"""Read models: what people see of a site, as plain values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ridethrough.core.advice import outcome
from ridethrough.core.budget import need
from ridethrough.core.cut_output import why_not
from ridethrough.core.durations import boot_time, host_stop, move_time, stop_time
from ridethrough.core.ends import holds, left, runtime, serves_for
from ridethrough.core.evacuation import is_held, is_protected, last_start_in
from ridethrough.core.events import ActionStarted, Alerted, UpsSilent
from ridethrough.core.hand_over import TAKES, in_between
from ridethrough.core.memory import HostMemory, Memory
from ridethrough.core.model import HostId, Seconds, Storage, UpsId
from ridethrough.core.narrative import tell
from ridethrough.core.observation import HostSeen, Snapshot, VmSeen
from ridethrough.core.power import feed, is_cut, is_silent, supply
from ridethrough.core.site import Site
from ridethrough.core.situation import Situation
from ridethrough.core.storage import is_serving, word
from ridethrough.core.storage_use import guests_on, hosts_on, repositories_of
from ridethrough.core.watch import card_timers

from .reach import own_machine, switches


def island_view(at: Seconds, seen: Snapshot, memory: Memory, site: Site, verdict: str) -> dict[str, Any]:
    """One island after a round. Times are site seconds; None where nothing is known."""
    s = Situation(at, seen, memory, site)
    return {
        "at": at,
        "verdict": verdict,
        "armed": memory.armed,
        "upses": [_ups(s, ups) for ups in sorted(site.upses)],
        "pools": [_pool(s, pool) for pool in sorted(site.pools)],
        "hosts": [_host(s, seen.hosts[host]) for host in sorted(seen.hosts)]
        + [_unseen(s, host) for host in sorted(set(site.hosts) - set(seen.hosts))],
        "vms": [_vm(s, vm) for _, vm in sorted(seen.vms.items())],
        "storage": _storage(seen),
        "nas": [_nas(s, built) for _, built in sorted(site.storages.items())],
        "switches": switches(s),
        "own_machine": own_machine(s),
        "alerts": [_alert(alert) for _, alert in sorted(memory.alerts.items())] + _not_reached(s),
        "under_way": [tell_started(memory, position) for position in sorted(memory.pending)],
    }


def site_view(name: str, controller: str, islands: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The whole site: its islands joined."""
    parts = list(islands)
    joined: dict[str, Any] = {"site": name, "controller": controller}
    joined["armed"] = bool(parts) and all(part["armed"] for part in parts)
    verdicts = [part["verdict"] for part in parts if "nothing to do" not in part["verdict"]]
    joined["verdict"] = "; ".join(verdicts) or (parts[0]["verdict"] if parts else "starting")
    joined["journal_trouble"] = next((p["journal_trouble"] for p in parts if p.get("journal_trouble")), "")
    for key in ("upses", "pools", "hosts", "vms", "storage", "nas", "switches", "alerts", "under_way"):
        joined[key] = [row for part in parts for row in part[key]]
    joined["own_machine"] = next((part["own_machine"] for part in parts if part["own_machine"]), None)
    return joined


def tell_started(memory: Memory, position: int) -> str:
    """An action under way, in words."""
    return tell(ActionStarted(0.0, memory.pending[position])).removeprefix("-> ")


def _ups(s: Situation, ups: UpsId) -> dict[str, Any]:
    seen, m = s.seen.upses.get(ups), s.memory.ups(ups)
    reading = seen.reading if seen else None
    timers = card_timers(s, ups)
    return {
        "id": ups,
        "feeder": s.site.upses[ups].feeder,
        "model": reading.model if reading else "",
        "condition": str(feed(s, ups)),
        "silent": is_silent(s, ups),
        "source": str(reading.source) if reading else None,
        "charge": reading.charge if reading else None,
        "runtime": reading.runtime if reading else None,
        "trusted_runtime": runtime(s, ups),
        "holds_for": holds(s, ups),  # as promised, or less where its battery has shown it
        "held": s.memory.learned.held.get(ups),  # the share of its promise that it held when it was last measured
        "load": reading.load if reading else None,
        "input_volts": reading.input_volts if reading else None,
        "low": m.low_since is not None,
        "testing": bool(reading and reading.testing),
        "on_battery_for": s.now - m.on_battery_since if m.on_battery_since is not None else None,
        "on_battery_since": m.on_battery_since,
        "off_in": m.off_at - s.now if m.off_at is not None else None,
        "off_at": m.off_at,
        "countdown": m.cut_at - s.now if m.cut_at is not None else None,
        "cut_at": m.cut_at,
        "cut": m.on_battery_since is not None and is_cut(s, ups),  # its off-time has passed
        "answered": s.now - reading.at if reading else None,
        "answered_at": reading.at if reading else None,
        "warning_period": timers.warning_period,
        "shutdown_delay": timers.shutdown_delay,
        "action": str(timers.action) if timers.action else None,
        "cut_output": s.site.upses[ups].cut_output,
        "cut_waits": why_not(s, ups) if s.site.upses[ups].cut_output and m.on_battery_since is not None else "",
        "trouble": seen.trouble if seen else "",
    }


def _pool(s: Situation, pool: str) -> dict[str, Any]:
    seen = s.seen.pools.get(pool)
    return {
        "id": pool,
        "coordinator": seen.coordinator if seen else None,
        "connected": s.is_trusted(pool),
        "hands_over": in_between(s, pool, TAKES),  # its toolstacks restart, by our own doing
        "claim": seen.claim if seen else "",
        "trouble": seen.trouble if seen else "not contacted yet",
        "recorded": s.memory.pool(pool).record is not None,
        "wanted_off": s.is_wanted_off(pool),  # by a person, until its hosts are switched on again
    }


def _host(s: Situation, host: HostSeen) -> dict[str, Any]:
    built, state = s.site.hosts.get(host.id), supply(s, host.id)
    wanted = need(s, host)
    power_left = left(s, host) if state.failing else None
    return {
        "id": host.id,
        "pool": host.pool,
        "address": host.address,
        "coordinator": s.is_coordinator(host),
        "connected": s.answers(host),
        "enabled": host.enabled,
        "supply": str(state.state),
        "on_battery_for": s.now - state.since if state.since is not None else None,
        "on_battery_since": state.since,
        "powered_by": list(built.powered_by) if built else [],
        "needs": built.needs if built else 1,
        "options": _options(s, host.id),
        "row": _row(s, host.id) | {"spared": is_protected(s, host)},
        "vms": [v.name for v in s.guests(host.id)],
        "seconds_left": power_left,
        "power_until": s.now + power_left if power_left is not None else None,
        "seconds_needed": wanted.from_evacuation,
        "margin": wanted.left_over(power_left),
        "takes": {
            "evacuation": wanted.evacuation,
            "shutdown": wanted.stops + wanted.host_stop,
            "stops": wanted.stops,
            "host_stop": host_stop(s, host.id),
            "boot": boot_time(s, host.id),
        },
        "step": step(s.memory.host(host.id)) or _idle(s, host, state.failing),
        **_held(s, host),
    }


def _held(s: Situation, host: HostSeen) -> dict[str, Any]:
    """Whether a person's hold is in force, whose and why; its end is its own time, or the last safe start if earlier.

    None: it has no end, and nothing that is known limits it.
    """
    m = s.memory.host(host.id)
    held = m.held and is_held(s, host)
    last = last_start_in(s, host)
    ends = [t for t in (m.held_until, s.now + last if last is not None else None) if t is not None]
    until = min(ends) if held and ends else None
    who = m.hold_asked if held else None
    return {
        "held": held,
        "held_for": until - s.now if until is not None else None,
        "held_until": until,
        "held_by": who.by if who is not None else "",
        "held_why": who.says if who is not None else "",
    }


def _unseen(s: Situation, host: HostId) -> dict[str, Any]:
    built = s.site.hosts[host]
    return {
        "id": host,
        "pool": built.pool,
        "address": "",
        "coordinator": False,
        "connected": False,
        "enabled": None,
        "supply": str(supply(s, host).state),
        "on_battery_for": None,
        "on_battery_since": None,
        "powered_by": list(built.powered_by),
        "needs": built.needs,
        "options": _options(s, host),
        "row": _row(s, host) | {"spared": False},
        "vms": [],
        "seconds_left": None,
        "power_until": None,
        "seconds_needed": None,
        "margin": None,
        "takes": None,
        "step": "not found in its pool",
        "held": s.memory.host(host).held,
        "held_for": None,
        "held_until": None,
        "held_by": "",
        "held_why": "",
    }


def _options(s: Situation, host: HostId) -> dict[str, Any]:
    """The host's two options (manual 2.2.3), seconds."""
    policy = s.host_policy(host)
    return {
        "maintenance": {"enabled": policy.maintenance.enabled, "after": policy.maintenance.after},
        "shutdown": {"enabled": policy.shutdown.enabled, "after": policy.shutdown.after},
    }


def _vm(s: Situation, vm: VmSeen) -> dict[str, Any]:
    policy = s.vm_policy(vm)
    return {
        "id": vm.id,
        "name": vm.name,
        "pool": vm.pool,
        "host": vm.resident_on,
        "power": str(vm.power),
        "moving_to": vm.moving_to,
        "wish": str(policy.wish),
        "skipped": s.memory.vm(vm.id).skipped,
        "tier": policy.tier,
        "infrastructure": bool(policy.infrastructure),
        "infrastructure_by": s.infrastructure_by(vm),
        "immovable": vm.immovable,
        "memory": vm.memory,
        "move_takes": move_time(s, vm),  # seconds, alone on its link
        "stop_takes": stop_time(s, vm),
        "storage": sorted(vm.storage),
    }


def _storage(seen: Snapshot) -> list[dict[str, Any]]:
    """Each storage repository, the hosts it is attached to and the VMs with disks on it."""
    hosts, vms = seen.hosts.values(), seen.vms.values()
    known = sorted({sr for h in hosts for sr in h.storage} | {sr for v in vms for sr in v.storage})
    names = {sr: name for pool in seen.pools.values() for sr, name in pool.storage_names.items()}
    used: dict[str, dict[str, Any]] = {sr: {"id": sr, "name": names.get(sr, ""), "hosts": [], "vms": 0} for sr in known}
    for host in sorted(hosts, key=lambda h: h.id):
        for sr in host.storage:
            used[sr]["hosts"].append(host.id)
    for vm in vms:
        for sr in vm.storage:
            used[sr]["vms"] += 1
    return [used[sr] for sr in known]


def _nas(s: Situation, built: Storage) -> dict[str, Any]:
    """A NAS or SAN: what feeds it, whether it serves, who uses it, and what is being done to it."""
    seen, m, state = s.seen.storages.get(built.id), s.memory.storage(built.id), supply(s, built.id)
    told, counts = word(s, built.id), serves_for(s, built.id)
    serves_at = seen.serves_at if seen is not None else None
    return {
        "id": built.id,
        "address": built.address,
        "powered_by": list(built.powered_by),
        "needs": built.needs,
        "supply": str(state.state),
        "on_battery_for": s.now - state.since if state.since is not None else None,
        "on_battery_since": state.since,
        "way": str(built.way),
        "after": built.after,
        "stop_time": built.stop_time,
        "wakes": built.wakes,
        "serves": is_serving(s, built.id),
        "serves_ago": s.now - serves_at if serves_at is not None else None,
        "serves_at": serves_at,
        "logged_in": seen.logged_in if seen is not None else None,
        "trouble": seen.trouble if seen is not None else "",
        "repositories": sorted(repositories_of(s, built.id)),
        "hosts": [h.id for h in hosts_on(s, built.id)],
        "vms": len(guests_on(s, built.id)),
        "counts_for": counts,
        "counts_until": s.now + counts if counts is not None else None,
        "told": str(told) if told is not None else None,
        "why": m.stop.why if m.stop is not None else "",
        "step": "down" if m.down_at else "shutting down" if m.told_at else "its VMs stop" if m.stop else "",
    }


def _row(s: Situation, host: HostId) -> dict[str, Any]:
    """The host's row of the action table: what an outage does to it and its VMs (manual 3.1)."""
    row = outcome(s.host_policy(host))
    return {"vms": row.vms, "host": row.host, "crash": row.crash}


def step(m: HostMemory) -> str:
    """What is being done to a host, or was; empty when nothing."""
    if m.down_at is not None:
        return "down"
    if m.shut_down_at is not None:
        return "shutting down"
    if m.shutdown is not None:
        return "guests stop"
    if m.evacuation is not None:
        return "maintenance mode" if m.emptied else "being emptied"
    return "maintenance mode" if m.disabled_at is not None else ""


def _idle(s: Situation, host: HostSeen, failing: bool) -> str:
    """What to call a host to which nothing is being done."""
    if s.memory.host(host.id).yielded_at is not None:
        return "left to the person who enabled it"
    if not host.enabled:
        return "maintenance mode, not by us"
    return "rides through" if failing else ""


def _not_reached(s: Situation) -> list[dict[str, Any]]:
    """Cards and pools that do not answer: no event of an outage, and yet nobody is protected through them."""
    found = []
    for ups in sorted(s.site.upses):
        since = s.memory.ups(ups).silent_since
        if since is not None:
            told = UpsSilent(since, ups, since, s.memory.ups(ups).on_battery_since is not None)
            found.append(Alerted(since, ups, "silent", tell(told).removeprefix("ALERT ")))
    for pool in sorted(s.site.pools):
        seen = s.seen.pools.get(pool)
        if seen is not None and seen.trouble and not s.is_trusted(pool):
            found.append(Alerted(seen.answered_at or s.now, pool, "not connected", f"{pool}: {seen.trouble}"))
    return [_alert(alert) for alert in found]


def _alert(alert: Alerted) -> dict[str, Any]:
    return {"at": alert.at, "subject": alert.subject, "key": alert.key, "text": alert.text}
