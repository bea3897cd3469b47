"""A whole site in memory; time moves only when it is told to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from ridethrough.core.model import Bytes, HostId, PoolId, RepositoryId, Seconds, StorageId, SwitchId, UpsId
from ridethrough.core.observation import Power

from . import autostart, boot, high_availability, power
from .agenda import Agenda
from .cards import SimUps
from .fates import LOST, Fate, Turn
from .machines import PORTS, Device, Reach, SimHost, SimPool, SimSr, SimTask, SimVm, as_ocaml
from .migration import Links
from .nas import SimNas
from .own_machine import SimMachine, turns
from .switches import SimSwitch

REFUSED_SECONDS: Seconds = 2.3  # a starting toolstack refuses connections first (lab 10, 11, 14, 18)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that truly happened, in plain English."""

    at: Seconds
    text: str


class World:
    """Utility power, UPSs, hosts, guests, pools. Build it with the `add_` methods, then only `advance` it.

    It knows the truth; what XenAPI and SNMP show of it may lag behind. XenAPI is called through
    `sim.xapi.Xapi`; people and faults act through `sim.faults`.
    """

    def __init__(self) -> None:
        self.agenda = Agenda()
        self.story: list[Line] = []
        self.revision = 0
        self.feeders: dict[str, bool] = {}
        self.upses: dict[UpsId, SimUps] = {}
        self.hosts: dict[HostId, SimHost] = {}
        self.vms: dict[str, SimVm] = {}  # by uuid
        self.pools: dict[PoolId, SimPool] = {}
        self.storages: dict[RepositoryId, SimSr] = {}
        self.nases: dict[StorageId, SimNas] = {}
        self.switches: dict[SwitchId, SimSwitch] = {}
        self.machine: SimMachine | None = None  # the controller's own, where it hangs on a UPS of the site
        self.tasks: dict[str, SimTask] = {}  # by ref
        self.tasks_made = 0
        self.at_work: list[SimTask] = []  # what is being done, whether anybody still knows its task or not
        self.links = Links(self.agenda)
        self.crashed: list[HostId] = []  # hosts and NAS boxes that lost their power while they ran, in order
        self.lost: list[str] = []  # guests that died with their host or lost their disk, by name, in order
        self.turns: list[Turn] = []  # of every guest: when it began to run, moved and ended, in order
        self.moves: Counter[str] = Counter()  # completed migrations of each guest, by name
        self.written: dict[PoolId, list[tuple[Seconds, Callable[[], None]]]] = {}  # see `database_copy`
        self._watchers: list[Callable[[str, str], None]] = []

    # --- time

    @property
    def now(self) -> Seconds:
        """Seconds since the world began."""
        return self.agenda.now

    def advance(self, to: Seconds) -> None:
        """Let everything up to and including `to` happen, in time order, each at its own moment."""
        self.agenda.advance(to)
        power.settle(self)

    def next_change(self) -> Seconds | None:
        """When the next thing will happen by itself; None when nothing will."""
        return self.agenda.next()

    # --- who is told

    def tell(self, text: str) -> None:
        """Add a line to the story, at this moment."""
        self.story.append(Line(self.now, text))

    def turn(self, vm: SimVm, fate: Fate) -> None:
        """A guest begins or ends to run, or goes on elsewhere, at this moment."""
        self.turns.append(Turn(self.now, vm.id, fate, vm.resident_on))
        if self.machine is not None and self.machine.vm == vm.id:
            turns(self, self.machine, fate)
        if fate in LOST:
            self.lost.append(vm.name)

    def on_change(self, call: Callable[[str, str], None]) -> None:
        """Have `call(kind, ref)` called after each change, creation or deletion of an object that XenAPI shows.

        `kind` is the XenAPI class in lower case: pool, host, host_metrics, vm, task, sr.
        """
        self._watchers.append(call)

    def forget(self, call: Callable[[str, str], None]) -> None:
        """Undo `on_change`."""
        if call in self._watchers:
            self._watchers.remove(call)

    def changed(self, kind: str, ref: str) -> None:
        """Note that an object that XenAPI shows has changed."""
        self.revision += 1
        for call in tuple(self._watchers):
            call(kind, ref)

    # --- what there is

    def add_ups(self, ups: SimUps) -> SimUps:
        self.feeders.setdefault(ups.feeder, True)
        ups.settled_at = self.now
        ups.input_good = self.feeders[ups.feeder]
        self.upses[ups.id] = ups
        self.rebalance()
        return ups

    def add_pool(self, pool: SimPool) -> SimPool:
        self.pools[pool.id] = pool
        return pool

    def add_storage(self, storage: SimSr) -> SimSr:
        self.storages[storage.id] = storage
        return storage

    def add_nas(self, nas: SimNas) -> SimNas:
        """A NAS that serves. Its UPSs must be there already."""
        self.nases[nas.id] = nas
        self.rebalance()
        return nas

    def add_switch(self, switch: SimSwitch) -> SimSwitch:
        """A switch that works. What feeds it and what it connects must be there already."""
        self.switches[switch.id] = switch
        self.rebalance()
        return switch

    def add_machine(self, machine: SimMachine) -> SimMachine:
        """The controller's own machine, which runs. Its UPSs must be there already."""
        self.machine = machine
        self.rebalance()
        return machine

    def add_host(self, host: SimHost) -> SimHost:
        """A host that runs, enabled, as a member of its pool. Its pool and its UPSs must be there already."""
        host.follows = host.follows or self.pools[host.pool].coordinator
        host.other_config.setdefault("agent_start_time", as_ocaml(host.agent_start_time))
        host.other_config.setdefault("boot_time", as_ocaml(host.boot_time))
        self.hosts[host.id] = host
        self.links.speeds[host.id] = host.link_speed
        self.rebalance()
        return host

    def add_vm(self, vm: SimVm) -> SimVm:
        """A guest: running where `resident_on` says, or halted."""
        if vm.device is Device.PORT and vm.resident_on:
            self.hosts[vm.resident_on].networks |= {PORTS}
        vm.alive = vm.power_state in (Power.RUNNING, Power.PAUSED)
        self.vms[vm.id] = vm
        return vm

    # --- questions

    def members(self, pool: PoolId) -> list[SimHost]:
        """Every host of a pool, in the order of their ids."""
        return [h for _, h in sorted(self.hosts.items()) if h.pool == pool]

    def guests(self, host: HostId) -> list[SimVm]:
        """The guests that the database places on a host, running or paused, by name."""
        on_it = [v for v in self.vms.values() if v.resident_on == host]
        return sorted(
            (v for v in on_it if v.power_state in (Power.RUNNING, Power.PAUSED)), key=lambda v: (v.name, v.id)
        )

    def networks(self, pool: PoolId) -> list[str]:
        """The names of all networks of a pool: that all hosts share, and those that hosts or guests are on."""
        ports = {name for h in self.members(pool) for name in h.ports}
        return sorted(ports | {name for v in self.vms.values() if v.pool == pool for name in v.cards})

    def memory_free(self, host: HostId) -> Bytes:
        """Free now: guests still on their way in are not counted (host_metrics.memory_free)."""
        it = self.hosts[host]
        return it.memory_total - it.dom0_memory - sum(v.memory for v in self.guests(host))

    def memory_available(self, host: HostId) -> Bytes:
        """Free, less what the guests on their way in will need."""
        coming = [v for v in self.vms.values() if v.scheduled_to_be_resident_on == host and v.resident_on != host]
        return self.memory_free(host) - sum(v.memory for v in coming)

    def reach(self, host: HostId) -> Reach:
        """What a call from outside finds at the host's address now."""
        it = self.hosts[host]
        if not (it.power and it.network):
            return Reach.NOTHING
        match it.toolstack:
            case "down":
                return Reach.REFUSED
            case "starting":
                return self._starting(it)
            case "up":
                return Reach.COORDINATOR if it.follows == it.id else Reach.MEMBER

    def _starting(self, host: SimHost) -> Reach:
        """A starting member sends everybody to its coordinator, until that takes it in (lab 10, 11, 18).

        One that finds its coordinator dead is in emergency mode; read from source.
        """
        if self.now - host.toolstack_since < REFUSED_SECONDS:
            return Reach.REFUSED
        leads = host.follows == host.id
        asks = self.now >= host.says_hello_at or host.hello_refused
        if leads or asks or self.reach(host.follows) in (Reach.NOTHING, Reach.MEMBER):
            return Reach.BOOTING
        return Reach.JOINING

    def coordinator(self, pool: PoolId) -> SimHost | None:
        """The host that answers as the pool's coordinator now; None when none does.

        While an old coordinator has come back and not yet stepped down, that one may be it.
        """
        answering = [h for h in self.members(pool) if self.reach(h.id) is Reach.COORDINATOR]
        return answering[0] if answering else None

    def serving(self, storage: RepositoryId) -> bool:
        """Whether the NAS or SAN on which a storage repository lies serves; one that lies on none always does."""
        boxes = [nas for nas in self.nases.values() if storage in nas.repositories]
        return all(nas.power and nas.serves and not (nas.hangs or nas.unwired) for nas in boxes)

    # --- the outside

    def set_feeder(self, name: str, on: bool) -> None:
        """Utility power of a feeder fails or returns."""
        power.set_feeder(self, name, on)

    def power_up(self, host: HostId) -> None:
        """Somebody presses the power button. Without supply nothing happens."""
        boot.power_up(self, self.hosts[host], "is switched on")

    # --- for the parts of the world

    def rebalance(self) -> None:
        """Loads, batteries and supplies, after anything was switched."""
        power.rebalance(self)

    def draws_otherwise(self, vm: SimVm) -> None:
        """A guest has begun to run, or has ended, or runs on another host."""
        if vm.watts:
            power.rebalance(self)

    def run_boot_script(self, host: SimHost) -> None:
        """A host has booted and enabled itself."""
        autostart.run(self, host)

    def heartbeat_lost(self, host: SimHost) -> None:
        """HA, where it is on, hears no more of a host, or the host of the statefile."""
        high_availability.watch(self, host)

    def fence(self, host: SimHost, reason: str) -> None:
        """HA resets a host, and its guests with it."""
        high_availability.fence(self, host, reason)
