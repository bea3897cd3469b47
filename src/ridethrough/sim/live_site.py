"""A copy of the live site: a world like the present, and what had to be assumed to build it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import msgspec

from ridethrough.core.learned import GIB, NOTHING_LEARNED, Durations, Kind, Learned, key
from ridethrough.core.memory import Memory
from ridethrough.core.model import (
    UNTOLD,
    CardAction,
    CardTimers,
    HostId,
    NetworkId,
    PoolId,
    PowerWay,
    Seconds,
    StorageId,
    Switch,
    UpsId,
    Way,
)
from ridethrough.core.observation import HostSeen, Snapshot, UpsReading, VmSeen
from ridethrough.core.site import Site
from ridethrough.core.situation import Situation
from ridethrough.core.storage_use import hosts_on, repositories_of
from ridethrough.core.topology import without_others

from .battery import SECONDS_PER_HOUR, Battery
from .cards import Family, SimCard, SimUps
from .machines import Bmc, Guest, SimHost, SimPool, SimSr, SimVm
from .nas import SimNas
from .own_machine import SimMachine
from .reading import ScenarioError
from .switches import SimSwitch
from .world import World

NOTICE: Seconds = 20.0  # of a host's known stop: before it begins, and silent before it is off
TOOLSTACK: Seconds = 20.0  # of a host's known start: from its network to its pool's word
HOST_WATTS = 300.0
NAS_WATTS = 60.0
SWITCH_WATTS = 20.0
CONTROLLER_WATTS = 30.0
BY_BMC = frozenset({PowerWay.IPMI, PowerWay.REDFISH})
ASSUMED_RUNTIME: Seconds = 900.0  # of a card that tells none


@dataclass(frozen=True, slots=True)
class LiveSite:
    """The live site as a world that can be built: what the snapshot does not tell is assumed, and said."""

    site: Site
    seen: Snapshot
    learned: Learned = NOTHING_LEARNED

    def build(self) -> World:
        """A world like the present: what is off or silent now is off in it."""
        world, past = World(), Durations(self.site.policy, self.learned)
        for ups in sorted(self.site.upses):
            world.add_ups(_ups(self.site, self.seen, ups, self.learned.held.get(ups, 1.0)))
        for pool_id, pool in sorted(self.seen.pools.items()):
            coordinator = pool.coordinator or min((h.id for h in self.seen.members(pool_id)), default="")
            found = SimPool(pool_id, coordinator)
            if pool.auto_poweron:
                found.other_config["auto_poweron"] = "true"
            world.add_pool(found)
        names = {r: name for pool in self.seen.pools.values() for r, name in pool.storage_names.items()}
        stores = {s for h in self.seen.hosts.values() for s in h.storage | h.detached}
        stores |= {s for v in self.seen.vms.values() for s in v.storage}
        for store in sorted(stores):
            world.add_storage(SimSr(store, names.get(store) or store))
        for host in sorted(self.seen.hosts):
            world.add_host(_host(self.site, self.seen, host, past))
        for storage in sorted(self.site.storages):
            world.add_nas(_nas(self.site, self.seen, storage))
        for switch in sorted(self.site.switches):
            world.add_switch(_switch(self.site, self.site.switches[switch], world))
        if self.site.controller.powered_by:
            built = self.site.controller
            world.add_machine(SimMachine(built.powered_by, built.needs, CONTROLLER_WATTS, built.stop_time))
        for vm in sorted(self.seen.vms.values(), key=lambda v: (v.name, v.id)):
            if vm.resident_on in self.seen.hosts:
                world.add_vm(_vm(self.seen, vm, past))
        own = Situation(0.0, self.seen, Memory(), self.site).own_vm
        if own is not None and own.id in world.vms:
            world.add_machine(SimMachine(vm=own.id))
        return world


def copy(live: LiveSite) -> str:
    """The live site as a text that `copied` reads: the value of a scenario's `copied`."""
    return msgspec.json.encode(live).decode()


def copied(text: str, file: str) -> LiveSite:
    """A live site from the text that `copy` made of it. Raises ScenarioError."""
    try:
        return msgspec.json.decode(text, type=LiveSite)
    except msgspec.DecodeError as error:
        raise ScenarioError(f"{file}: copied is no copy of a site: {error}") from error


def assumptions(site: Site, seen: Snapshot, learned: Learned = NOTHING_LEARNED) -> list[str]:
    """What nobody tells, in words."""
    found = []
    for ups in sorted(site.upses):
        reading = _reading(seen, ups)
        if reading is None:
            found.append(f"{ups} does not answer: {ASSUMED_RUNTIME / 60:.0f} min of runtime assumed")
        elif reading.runtime is None:
            found.append(f"{ups} tells no runtime: {ASSUMED_RUNTIME / 60:.0f} min assumed")
        if _timers(site, seen, ups).action is None:
            found.append(
                f"{ups} does not tell what its card does, and site.toml does not say: it is assumed to cut nothing"
            )
    for switch in sorted(site.switches):
        if not site.switches[switch].powered_by:
            found.append(f"{switch} is on no UPS: it is assumed to work on, and what is behind it to stay within reach")
    for ups, held in sorted(learned.held.items()):
        if ups in site.upses and held < 1.0:
            found.append(
                f"{ups}'s battery holds {held * 100:.0f} % of what its card promises, as when it was last needed"
            )
    link, past = site.policy.link_speed / 1e6, "as the journal tells; else " if learned.series else ""
    found.append(f"{past}every host moves VMs at {link:.0f} MB/s and stops within {site.policy.host_stop:.0f} s")
    return found


def feeder_of(site: Site, ups: UpsId) -> str:
    """The feeder of a UPS in a copy of its site: the one that its owner named, else one of its own."""
    return site.upses[ups].feeder or f"of {ups}"


def parted(site: Site, lost: set[UpsId]) -> Site:
    """The site, in which exactly these UPSs can lose utility power: those that leave others on their feeder behind have
    one of their own, as when the UPS's own plug is pulled.
    """
    alone = {ups: replace(site.upses[ups], feeder="") for ups in without_others(site, lost)}
    return replace(site, upses={**site.upses, **alone})


def _reading(seen: Snapshot, ups: UpsId) -> UpsReading | None:
    found = seen.upses.get(ups)
    return found.reading if found else None


def _timers(site: Site, seen: Snapshot, ups: UpsId) -> CardTimers:
    reading = _reading(seen, ups)
    return (reading.timers if reading else UNTOLD).or_else(site.upses[ups].timers)


def _runtime(seen: Snapshot, ups: UpsId) -> Seconds:
    reading = _reading(seen, ups)
    return reading.runtime if reading and reading.runtime is not None else ASSUMED_RUNTIME


def outage_lasts(site: Site, seen: Snapshot, ups: UpsId) -> Seconds:
    """How long the output of a UPS holds once utility power is gone, by its card or its battery."""
    off_after = _timers(site, seen, ups).off_after
    return min(off_after, _runtime(seen, ups)) if off_after is not None else _runtime(seen, ups)


def _ups(site: Site, seen: Snapshot, ups: UpsId, held: float) -> SimUps:
    """A battery that lasts as long as the card says, at the load of the hosts and storages on it."""
    timers, reading = _timers(site, seen, ups), _reading(seen, ups)
    hosts = sum(HOST_WATTS / len(h.powered_by) for h in site.hosts.values() if ups in h.powered_by)
    stores = sum(NAS_WATTS / len(t.powered_by) for t in site.storages.values() if ups in t.powered_by)
    others = sum(SWITCH_WATTS / len(w.powered_by) for w in site.switches.values() if ups in w.powered_by)
    if ups in site.controller.powered_by:
        others += CONTROLLER_WATTS / len(site.controller.powered_by)
    watts = hosts + stores + others or HOST_WATTS
    left = watts * _runtime(seen, ups) * held / SECONDS_PER_HOUR
    share = reading.charge / 100.0 if reading and reading.charge else 1.0
    period = timers.warning_period if timers.warning_period is not None else 0.0
    delay = timers.shutdown_delay if timers.shutdown_delay is not None else 0.0
    told = reading is not None and reading.timers.warning_period is not None
    family = Family.EPPC if told or (reading and reading.tells_countdown) else Family.XPPC
    if family is Family.XPPC and site.upses[ups].cut_output:
        family = Family.RFC1628  # one that can be told, and shows it
    card = SimCard(
        warning_period=period,
        shutdown_delay=delay,
        action=timers.action if timers.off_after is not None and timers.action else CardAction.CLIENT,
        tells=family,
        tells_runtime=reading is None or reading.runtime is not None,
    )
    return SimUps(ups, feeder_of(site, ups), Battery(left / share, left), card, promise=1.0 / held)


def _host(site: Site, seen: Snapshot, host_id: HostId, past: Durations) -> SimHost:
    shown: HostSeen = seen.hosts[host_id]
    built = site.hosts.get(host_id)
    guests = sum(v.memory for v in seen.guests(host_id))
    known: dict[str, Seconds] = {}
    if past.learned.knows(key(Kind.HOST_STOP, host_id)):
        known["stop_seconds"] = max(past.host_stop(host_id) - NOTICE, 1.0)
    if past.learned.knows(key(Kind.BOOT, host_id)):
        known["boot_seconds"] = max(past.boot(host_id) - TOOLSTACK, 1.0)
    return SimHost(
        host_id,
        shown.pool,
        address=shown.address,
        fed_by=built.powered_by if built else (),
        needs=built.needs if built else 0,
        watts=HOST_WATTS,
        memory_total=shown.memory_total,
        dom0_memory=max(shown.memory_total - shown.memory_free - guests, 0),
        link_speed=GIB / past.link_out(host_id, shown.pool),
        storage=set(shown.storage),
        detached=set(shown.detached),
        switch=built.switch if built else "",
        power_on_mode=shown.power_on_mode,
        networks=_named(seen, shown.pool, shown.networks),
        cpu_features=shown.cpu.features if shown.cpu else -1,
        cpus=shown.cpus,
        bmc=Bmc.WORKS if built is not None and BY_BMC.intersection(built.power_on) else Bmc.NONE,
        enabled=shown.enabled,
        user_disabled=not shown.enabled,
        agent_start_time=shown.agent_started,
        **known,  # type: ignore[arg-type]
    )


def _switch(site: Site, built: Switch, world: World) -> SimSwitch:
    """One that no UPS feeds works on: nobody tells which feeder it hangs on."""
    hosts = {h.id for h in world.hosts.values() if h.id in built.hosts or h.pool in built.pools}
    return SimSwitch(
        built.id,
        built.powered_by,
        built.needs,
        watts=SWITCH_WATTS,
        hosts=frozenset(hosts),
        storages=frozenset(built.storages),
        upses=frozenset(built.upses),
    )


def _nas(site: Site, seen: Snapshot, storage: StorageId) -> SimNas:
    """It stops in the time that its owner entered, and starts by itself."""
    built, shown = site.storages[storage], seen.storages.get(storage)
    situation = Situation(0.0, seen, Memory(), site)
    lies_there = repositories_of(situation, storage)
    used = frozenset(r for h in hosts_on(situation, storage) for r in h.storage)
    return SimNas(
        storage,
        built.powered_by,
        built.needs,
        repositories=lies_there or used,
        watts=NAS_WATTS,
        address=built.address,
        stop_seconds=built.stop_time,
        goes_after=built.after if built.way is Way.BY_ITSELF else None,
        hangs=shown is None or shown.serves_since is None,
    )


def _named(seen: Snapshot, pool: PoolId, networks: frozenset[NetworkId]) -> frozenset[str]:
    """By their labels, where those tell one from the other."""
    labels = seen.pools[pool].network_names if pool in seen.pools else {}
    often = Counter(labels.values())
    return frozenset(label if often[label := labels.get(n, n)] == 1 else n for n in networks)


def _vm(seen: Snapshot, shown: VmSeen, past: Durations) -> SimVm:
    known: dict[str, float] = {}
    if past.learned.knows(key(Kind.STOP, shown.id)):
        known["stop_seconds"] = past.stop(shown.id, shown.pool)
    if past.learned.knows(key(Kind.MOVE, shown.id)):
        alone = past.per_gib(shown.id, shown.pool, shown.resident_on)
        known["dirtying"] = max(alone / past.link_out(shown.resident_on or "", shown.pool), 1.0)
    return SimVm(
        shown.id,
        shown.name,
        shown.pool,
        memory=shown.memory,
        guest=Guest.NO_TOOLS if shown.immovable else Guest.ACKNOWLEDGES,
        storage=shown.storage,
        tags=tuple(sorted(shown.tags)),
        networks=_named(seen, shown.pool, shown.networks),
        cpu_features=shown.cpu.features if shown.cpu else 0,
        vcpus=shown.vcpus,
        ha_restart_priority=shown.restart,
        ha_always_run=shown.ha_protected,
        vcpus_unrestricted=shown.vcpus_unrestricted,
        groups=tuple(sorted(shown.groups)),
        affinity=shown.affinity,
        power_state=shown.power,
        resident_on=shown.resident_on,
        addresses=tuple(sorted(shown.addresses)),
        other_config={"auto_poweron": "true"} if shown.starts_itself else {},
        **known,  # type: ignore[arg-type]
    )
