"""scenarios/sites/NAME.toml: a site as its owner wrote it, and under [world] what it truly is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit

from ridethrough.config import ConfigError, Secrets, parse
from ridethrough.core.model import CardAction, HostId, PoolId, StorageId, UpsId, VmId, Way
from ridethrough.core.observation import Power
from ridethrough.core.site import Site

from .battery import Battery
from .cards import Family, SimCard, SimUps
from .ha_calls import PRIORITIES
from .machines import GIB, RELEASES, Bmc, Device, Guest, SimHost, SimPool, SimSr, SimVm, Wlb, uuid_of
from .nas import SimNas
from .own_machine import SimMachine
from .reading import ScenarioError, Table, merged, read_toml
from .switches import SimSwitch
from .world import World
from .xapi_wire.roles import ROLES

PASSWORD = "secret:simulated"
NONE: Mapping[StorageId, Mapping[str, Any]] = {}
SECRETS = Secrets(environment={"RIDETHROUGH_SECRET_SIMULATED": "simulated"})


@dataclass(frozen=True, slots=True)
class SimSite:
    """What a site's file says; `build` makes a new world of it each time."""

    file: str
    site: Site
    world: Mapping[str, Any]
    owner: Mapping[str, Any]  # the keys of site.toml, connections filled in

    def build(self) -> World:
        """A world in good order: utility power on, every host up, every guest where it belongs."""
        return _build(Table(self.world, self.file, "world"), self.site)


def load_site(path: Path, changes: Mapping[str, Any] | None = None) -> SimSite:
    """Read a site, with a scenario's `override` laid over it. Raises ScenarioError."""
    content = merged(read_toml(path), changes or {})
    world = content.pop("world", {})
    found = SimSite(path.name, _owners_part(path.name, content, world), world, content)
    found.build()  # complains now about what is wrong
    return found


def _owners_part(file: str, content: dict[str, Any], world: Mapping[str, Any]) -> Site:
    """The keys of site.toml. Connections, which no scenario uses, are filled in, and the feeder that each UPS is on."""
    hosts, upses = world.get("host", {}), world.get("ups", {})
    for position, (ups, entry) in enumerate(content.get("ups", {}).items(), start=11):
        entry.setdefault("source", f"snmp://192.0.2.{position}")
        if feeder := upses.get(ups, {}).get("feeder"):
            entry.setdefault("feeder", feeder)
        if entry.get("cut_output"):
            entry.setdefault("write_community", PASSWORD)
    for pool, entry in content.get("pool", {}).items():
        members = [h for h in hosts if content.get("host", {}).get(h, {}).get("pool") == pool]
        entry.setdefault("addresses", [address_of(host, hosts) for host in members] or ["192.0.2.101"])
        entry.setdefault("username", "root")
        entry.setdefault("password", PASSWORD)
    content.setdefault("site", {}).setdefault("name", Path(file).stem)
    content.setdefault("controller", {}).setdefault("name", "controller")
    try:
        return parse(tomlkit.dumps(content), SECRETS, file).site
    except ConfigError as error:
        raise ScenarioError(str(error)) from error


def owners_file(
    site: SimSite,
    cards: Mapping[UpsId, str],
    pools: Mapping[PoolId, Mapping[str, Any]],
    traps: str,
    writes: str = "",
    pages: str = "",
    storages: Mapping[StorageId, Mapping[str, Any]] = NONE,
    ups_port: str = "",
) -> str:
    """The text of a site.toml for this site with its equipment at these addresses.

    `cards`: where each UPS answers, "snmp://ip:port" or "nut://ip/name". `pools`: for each pool the keys that say how
    to reach it. `traps`: where the controller is to listen for traps, "ip:port". `writes`: what stands for the
    community that may write. `pages`: where the manager serves its pages, "ip:port"; empty: nowhere.
    `storages`: for each the keys that say where it is and what it serves. `ups_port`: where the controller is to serve
    their network UPS, "ip:port".
    """
    content = {key: dict(value) for key, value in site.owner.items()}
    content["traps"] = {"listen": traps}
    if pages:
        content["manager"] = {"listen": pages, "http": True}
    content["ups"] = {u: {**entry, **_reached(cards[u], writes)} for u, entry in content["ups"].items()}
    content["pool"] = {p: {**entry, **pools[p]} for p, entry in content["pool"].items()}
    if storages:
        content["storage"] = {t: {**entry, **storages[t]} for t, entry in content["storage"].items()}
    if ups_port:
        content["network_ups"] = {"listen": ups_port}
    return tomlkit.dumps(content)


def _reached(source: str, writes: str) -> dict[str, str]:
    may_write = writes and source.startswith("snmp://")
    return {"source": source, **({"write_community": writes} if may_write else {})}


def address_of(host: HostId, hosts: Mapping[str, Any]) -> str:
    """The address that a host has when its file gives none: by its place in the file."""
    return str(hosts[host].get("address", f"192.0.2.{101 + list(hosts).index(host)}"))


def _build(table: Table, site: Site) -> World:
    world = World()
    for name, entry in table.tables("ups").items():
        table.one_of("ups", name, site.upses)
        world.add_ups(_ups(name, entry))
    advice: dict[PoolId, Table] = {}
    storages = table.tables("storage")
    for name, entry in table.tables("pool").items():
        table.one_of("pool", name, site.pools)
        advice[name] = entry.table("wlb_advice")
        world.add_pool(_pool(name, entry, storages))
    for name, entry in storages.items():
        shared = entry.take("shared", bool, True)
        room = round(entry.take("suspend_room_gib", float) * GIB) if entry.has("suspend_room_gib") else None
        world.add_storage(SimSr(uuid_of("storage", name), name, shared, room))
    hosts = table.tables("host")
    addresses = {name: f"192.0.2.{101 + position}" for position, name in enumerate(hosts)}
    for name, entry in hosts.items():
        table.one_of("host", name, site.hosts)
        world.add_host(_host(name, entry, site, addresses[name]))
    for name, entry in storages.items():
        for host in entry.names("hosts", hosts) or list(hosts):
            world.hosts[host].storage.add(uuid_of("storage", name))
        entry.end()
    for name, entry in table.tables("nas").items():
        table.one_of("nas", name, site.storages)
        world.add_nas(_nas(name, entry, site, world))
    for name, entry in table.tables("switch").items():
        table.one_of("switch", name, site.switches)
        world.add_switch(_switch(name, entry, site))
    for name in sorted(site.switches.keys() - world.switches.keys()):
        world.add_switch(_switch(name, Table({}, table.file, f"switch.{name}"), site))
    if site.controller.powered_by:
        world.add_machine(_machine(table.table("controller"), site))
    for name, entry in table.tables("vm").items():
        world.add_vm(_vm(name, entry, world))
    if site.controller.vm:
        own = next((vm.id for vm in world.vms.values() if site.controller.vm in (vm.id, vm.name)), "")
        world.add_machine(SimMachine(vm=own, boot_seconds=table.table("controller").time("boot_time", 60.0)))
    for pool in [p for p in world.pools.values() if p.ha_enabled]:
        pool.ha_statefile = next((s.id for s in world.storages.values() if s.shared), None)
    for name, entry in advice.items():
        world.pools[name].wlb_advice = _advice(entry, world)
    table.end()
    return world


def _ups(name: str, t: Table) -> SimUps:
    card = t.table("card")
    capacity = t.take("capacity_wh", float)
    ups = SimUps(
        name,
        t.take("feeder", str),
        Battery(capacity, capacity * t.take("charge", float, 100.0) / 100.0),
        SimCard(
            warning_period=card.time("warning_period", 900.0),
            shutdown_delay=card.time("shutdown_delay", 120.0),
            action=CardAction(card.one_of("action", card.take("action", str, "client and ups"), CardAction)),
            cancels_on_return=card.take("cancels_on_return", bool, True),
            tells=Family(card.one_of("tells", card.take("tells", str, "eppc"), Family)),
            low_action=CardAction(card.one_of("low_action", card.take("low_action", str, "disabled"), CardAction)),
            model=card.take("model", str, "Simulated card"),
            tells_runtime=card.take("tells_runtime", bool, True),
        ),
        charger_watts=t.take("charger_watts", float, 100.0),
        rated_watts=t.take("rated_watts", float, 2000.0),
        base_load_watts=t.take("base_load_watts", float, 0.0),
        low_runtime=t.time("low_runtime", 180.0),
        promise=t.take("promise", float, 1.0),
        return_delay=t.time("return_delay", 5.0),
    )
    card.end()
    t.end()
    return ups


def _pool(name: str, t: Table, storages: Mapping[str, Table]) -> SimPool:
    pool = SimPool(name, t.take("coordinator", str), name=t.take("name", str, name))
    pool.profile = RELEASES[t.one_of("release", t.take("release", str, "8.3"), RELEASES)]
    pool.ha_enabled = t.take("ha_enabled", bool, False)
    pool.ha_failures = t.take("ha_failures", int, 0)
    if t.has("suspend_storage"):
        pool.suspend_sr = uuid_of("storage", t.one_of("suspend_storage", t.take("suspend_storage", str), storages))
    pool.dead_after = t.time("dead_after", 600.0)
    role = t.take("account", str, "superuser")
    pool.account_role = "" if role == "superuser" else t.one_of("account", role, ROLES)
    pool.wlb_enabled, pool.wlb_address = t.has("wlb"), t.take("wlb_address", str, "")
    pool.wlb = Wlb(t.one_of("wlb", t.take("wlb", str, "answers"), Wlb))
    if t.take("auto_poweron", bool, False):
        pool.other_config["auto_poweron"] = "true"
    t.end()
    return pool


def _advice(t: Table, world: World) -> dict[VmId, HostId]:
    """wlb_advice = { web1 = "xenserver2" }: by the guests' names."""
    ids = {vm.name: vm.id for vm in world.vms.values()}
    found = {t.one_of("vm", vm, ids): t.one_of(vm, str(host), world.hosts) for vm, host in t.rest().items()}
    return {ids[vm]: host for vm, host in found.items()}


def _host(name: str, t: Table, site: Site, address: str) -> SimHost:
    built = site.hosts[name]
    host = SimHost(
        name,
        built.pool,
        address=t.take("address", str, address),
        fed_by=tuple(t.names("fed_by", site.upses)) or built.powered_by,
        needs=t.take("needs", int, built.needs),
        watts=t.take("watts", float, 300.0),
        memory_total=round(t.take("memory_gib", float, 64.0) * GIB),
        dom0_memory=round(t.take("dom0_gib", float, 4.0) * GIB),
        link_speed=t.take("link_gbit", float, 1.0) * 125e6,
        switch=t.take("switch", str, built.switch or " ").strip(),
        bios_power_on=t.take("bios_power_on", bool, True),
        boot_seconds=t.time("boot_time", 120.0),
        toolstack_seconds=t.time("toolstack_time", 20.0),
        stop_seconds=t.time("stop_time", 20.0),
        power_on_mode=t.take("power_on_mode", str, "wake-on-lan"),
        networks=frozenset(t.names("networks")),
        cpu_features=t.take("cpu_features", int, 1),
        cpus=t.take("cpus", int, 16),
        bmc=Bmc(t.one_of("bmc", t.take("bmc", str, "none"), Bmc)),
        enabled=t.take("enabled", bool, True),
    )
    host.user_disabled = not host.enabled
    if host.user_disabled:
        host.other_config["MAINTENANCE_MODE"] = "true"
    t.end()
    return host


def _nas(name: str, t: Table, site: Site, world: World) -> SimNas:
    """Its own minutes are those that its owner entered, unless they are said to be others."""
    built, known = site.storages[name], {s.name: s.id for s in world.storages.values()}
    stores = t.names("repositories", known) or [s.name for s in world.storages.values() if s.shared]
    own = built.after if built.way is Way.BY_ITSELF else None
    nas = SimNas(
        name,
        tuple(t.names("fed_by", site.upses)) or built.powered_by,
        t.take("needs", int, built.needs),
        watts=t.take("watts", float, 60.0),
        repositories=frozenset(known[store] for store in stores),
        address=t.take("address", str, built.address or "192.0.2.90"),
        stop_seconds=t.time("stop_time", 60.0),
        boot_seconds=t.time("boot_time", 90.0),
        starts_itself=t.take("starts_itself", bool, True),
        wakes=t.take("wakes", bool, True),
        goes_after=t.time("goes_after") if t.has("goes_after") else own,
    )
    t.end()
    return nas


def _switch(name: str, t: Table, site: Site) -> SimSwitch:
    built = site.switches[name]
    switch = SimSwitch(
        name,
        tuple(t.names("fed_by", site.upses)) or built.powered_by,
        t.take("needs", int, built.needs),
        t.take("feeder", str, ""),
        watts=t.take("watts", float, 20.0),
        boot_seconds=t.time("boot_time", 60.0),
        hosts=frozenset(built.hosts) | {h.id for h in site.hosts.values() if h.pool in built.pools},
        storages=frozenset(built.storages),
        upses=frozenset(built.upses),
    )
    t.end()
    return switch


def _machine(t: Table, site: Site) -> SimMachine:
    """The controller's own."""
    built = site.controller
    machine = SimMachine(
        tuple(t.names("fed_by", site.upses)) or built.powered_by,
        t.take("needs", int, built.needs),
        t.take("watts", float, 30.0),
        t.time("stop_time", 20.0),
        t.time("boot_time", 60.0),
        t.take("starts_itself", bool, True),
    )
    t.end()
    return machine


def _vm(name: str, t: Table, world: World) -> SimVm:
    host = t.one_of("host", t.take("host", str), world.hosts)
    stores = t.names("storage", [s.name for s in world.storages.values()])
    shared = frozenset(s.id for s in world.storages.values() if s.shared)
    vm = SimVm(
        uuid_of("vm", name),
        name,
        world.hosts[host].pool,
        memory=round(t.take("memory_gib", float, 4.0) * GIB),
        guest=Guest(t.one_of("guest", t.take("guest", str, "acknowledges"), Guest)),
        stop_seconds=t.time("stop_time", 20.0),
        tools_seconds=t.time("tools_time", 0.0),
        watts=t.take("watts", float, 0.0),
        addresses=tuple(t.names("addresses")),
        dirtying=t.take("dirtying", float, 1.0),
        storage=frozenset(uuid_of("storage", s) for s in stores) or shared,
        ha_restart_priority=t.one_of("ha", t.take("ha", str, ""), PRIORITIES),
        tags=tuple(t.names("tags")),
        networks=frozenset(t.names("networks")),
        cpu_features=t.take("cpu_features", int, 1),
        vcpus=t.take("vcpus", int, 2),
        vcpus_unrestricted=t.take("vcpu_unrestricted", bool, False),
        groups=tuple(t.names("groups")),
        device=Device(t.one_of("device", t.take("device", str), Device)) if t.has("device") else None,
        affinity=t.one_of("affinity", t.take("affinity", str), world.hosts) if t.has("affinity") else None,
        resident_on=host,
    )
    if t.take("halted", bool, False):
        vm.power_state, vm.resident_on = Power.HALTED, None
    vm.ha_always_run = vm.ha_restart_priority == "restart" and vm.power_state is Power.RUNNING
    if t.take("auto_poweron", bool, False):
        vm.other_config["auto_poweron"] = "true"
    t.end()
    return vm
