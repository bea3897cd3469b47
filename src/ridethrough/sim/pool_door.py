"""A pool of a World as the XenAPI driver would see and treat it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import replace
from typing import assert_never

from ridethrough.core import actions as a
from ridethrough.core.model import HostId, PoolId, RepositoryId, Seconds
from ridethrough.core.observation import Cpu, HostSeen, PoolSeen, Power, Restart, Snapshot, VmSeen
from ridethrough.ports import Clock, NotBegun, Refused, Unreachable, is_from_before_a_standstill
from ridethrough.runtime.waiting import news_or

from .failover_plan import is_protected
from .machines import (
    BOUND_BY,
    VENDOR,
    Reach,
    SimHost,
    SimTask,
    SimVm,
    network_name,
    network_uuid,
    pbd_uuid,
    ref_of,
)
from .virtual_time import VirtualClock
from .wlb_door import WlbDoor
from .world import World
from .xapi import Xapi, XapiError
from .xapi_wire import roles
from .xapi_wire.catalogue import catalogue

CLAIM = "ridethrough:claim"
MAINTENANCE = "MAINTENANCE_MODE"
EVACUATED = tuple(f"{MAINTENANCE}_EVACUATED_VMS_{what}" for what in ("MIGRATED", "HALTED", "SUSPENDED"))

PROBE: Seconds = 5.0
URGENT_PROBE: Seconds = 2.0
PHASE: Seconds = 1.0
EVENT_LATENCY: Seconds = 0.06  # event.from, lab 20
STILL_BOOTING: Seconds = 2.0  # until a host that has not finished its start is asked again
LOOK: Seconds = 0.5  # between two looks at who is the coordinator
NO_ANSWER: Seconds = 5.0  # until a call that nobody will answer is given up

# Asking again may help (facts: xenapi.md 9). Everything else is a refusal.
COME_BACK_LATER = frozenset(
    {
        "HOST_IS_SLAVE",
        "SESSION_INVALID",
        "HOST_STILL_BOOTING",
        "HOST_HAS_NO_MANAGEMENT_IP",
        "HOST_MASTER_CANNOT_TALK_BACK",
        "HOST_DISABLED_UNTIL_REBOOT",
        "HOST_EVACUATE_IN_PROGRESS",
        "CANNOT_CONTACT_HOST",
        "HANDLE_INVALID",
        "OTHER_OPERATION_IN_PROGRESS",
        "TOO_MANY_PENDING_TASKS",
        "TASK_CANCELLED",
        "BALLOONING_TIMEOUT_BEFORE_MIGRATION",
        "VM_MIGRATE_CONTACT_REMOTE_SERVICE_FAILED",
        "INTERNAL_ERROR",
    }
)

CHANGES: dict[type[a.Action], str] = {  # the first call of each action that changes something
    a.ClaimPool: "pool.add_to_other_config",
    a.ReleasePool: "pool.remove_from_other_config",
    a.SuspendAutoPoweron: "pool.remove_from_other_config",
    a.RestoreAutoPoweron: "pool.remove_from_other_config",
    a.LowerHa: "pool.set_ha_host_failures_to_tolerate",
    a.SuspendHa: "pool.disable_ha",
    a.RestoreHa: "pool.set_ha_host_failures_to_tolerate",
    a.DesignateCoordinator: "pool.designate_new_master",
    a.DisableHost: "host.disable",
    a.EnableHost: "host.remove_from_other_config",
    a.MoveVm: "VM.pool_migrate",
    a.CancelMove: "task.cancel",
    a.StopVm: "VM.clean_shutdown",
    a.ForceStopVm: "VM.hard_shutdown",
    a.StartVm: "VM.start",
    a.ShutDownHost: "host.shutdown",
    a.PowerOnHost: "host.power_on",
    a.AttachRepository: "PBD.plug",
}

_begun_at: ContextVar[Seconds] = ContextVar("begun_at")  # of the action that this task carries out


class PoolDoor:
    """ports.Observer and ports.Actor for one pool."""

    def __init__(self, world: World, pool: PoolId, clock: Clock | None = None) -> None:
        self._world = world
        self._pool = pool
        self._clock: Clock = clock or VirtualClock(world)
        self._calls = Xapi(world, pool)
        self._seen = Snapshot(pools={pool: PoolSeen(pool)})
        self._toolstack_at: dict[HostId, Seconds] = {}
        self._network_at: dict[HostId, Seconds] = {}
        self._answers_since: dict[HostId, Seconds] = {}
        self._reach: dict[HostId, Reach] = {}
        self._probes = 0
        self._told: tuple[int, bool] | None = None  # the changes that `_seen` was drawn after,
        self._probes_told = -1  # and the probes
        self._urgent = False
        self._hurry = asyncio.Event()
        self._wlb = WlbDoor(world, pool)
        self._tasks: list[asyncio.Task[None]] = []
        self._wake: Callable[[], None] | None = None
        self._waking: asyncio.TimerHandle | None = None
        self.is_cut = False  # the controller was killed: nothing that still runs of it may touch the world

    # --- ports.Observer

    async def start(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._probe()
        self._world.on_change(self._changed)
        watchers = (self._probe_on(), self._wlb.run(wake))
        self._tasks = [asyncio.create_task(it, name=f"simulated pool {self._pool}") for it in watchers]

    async def stop(self) -> None:
        self._world.forget(self._changed)
        if self._waking:
            self._waking.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def observe(self, urgent: bool) -> Snapshot:
        if urgent and not self._urgent:
            self._hurry.set()
        self._urgent = urgent
        self._wlb.be_urgent(urgent)
        coordinator = self._world.coordinator(self._pool)
        told, seen = (self._world.revision, coordinator is not None), self._seen
        pool, hosts, vms = seen.pools[self._pool], seen.hosts, seen.vms
        if told != self._told:
            pool = self._pool_seen(coordinator)
            hosts = {h.id: self._host_seen(h, coordinator) for h in self._world.members(self._pool)}
            vms = self._vms_seen() if coordinator else vms
        if coordinator is not None:
            pool = replace(pool, answered_at=self._world.now, advice=self._wlb.advice, wlb_trouble=self._wlb.trouble)
        if told != self._told or self._probes != self._probes_told:
            hosts = {it.id: self._probed(it) for it in hosts.values()}
        self._told, self._probes_told = told, self._probes
        self._seen = Snapshot(pools={self._pool: pool}, hosts=hosts, vms=vms)
        return self._seen

    def _changed(self, kind: str, ref: str) -> None:
        """Something that XenAPI shows has changed: an event of it arrives a moment later."""
        if self._waking is None and self._wake and self._world.coordinator(self._pool):
            self._waking = asyncio.get_running_loop().call_later(EVENT_LATENCY, self._woken)

    def _woken(self) -> None:
        self._waking = None
        if self._wake:
            self._wake()

    async def _probe_on(self) -> None:
        pause = PHASE
        while True:
            await news_or(self._hurry, pause)
            self._hurry.clear()
            if self._probe() and self._wake:
                self._wake()
            pause = URGENT_PROBE if self._urgent else PROBE

    def _probe(self) -> bool:
        """Our own knock at every host's door; whether any answers otherwise than before."""
        before, now = dict(self._reach), self._world.now
        self._probes += 1
        for host in self._world.members(self._pool):
            reach = self._reach[host.id] = self._world.reach(host.id)
            if reach is not Reach.NOTHING:
                self._network_at[host.id] = now
            if reach not in (Reach.NOTHING, Reach.REFUSED):
                self._toolstack_at[host.id] = now
                self._answers_since.setdefault(host.id, now)
            else:
                self._answers_since.pop(host.id, None)
        return before != self._reach

    def _pool_seen(self, coordinator: SimHost | None) -> PoolSeen:
        it, before = self._world.pools[self._pool], self._seen.pools[self._pool]
        if coordinator is None:  # what was known stays known
            trouble = "no host answers as coordinator"
            return replace(before, coordinator=None, advice={}, wlb_trouble="", trouble=trouble)
        return PoolSeen(
            self._pool,
            coordinator=coordinator.id,
            coordinator_since=coordinator.toolstack_since,
            claim=it.other_config.get(CLAIM, ""),
            auto_poweron=it.other_config.get("auto_poweron") == "true",
            ha_enabled=it.ha_enabled,
            ha_failures=it.ha_failures,
            ha_storages=(it.ha_statefile,) if it.ha_statefile else (),
            wlb_enabled=it.wlb_enabled,
            wlb_address=it.wlb_address,
            storage_names={sr.id: sr.name for sr in self._world.storages.values()},
            network_names={network_uuid(self._pool, n): network_name(n) for n in self._world.networks(self._pool)},
            storage_addresses={
                repository: frozenset({nas.address})
                for nas in self._world.nases.values()
                for repository in nas.repositories
                if nas.address
            },
        )

    def _host_seen(self, host: SimHost, coordinator: SimHost | None) -> HostSeen:
        known = self._seen.hosts.get(host.id)
        if coordinator is None and known is not None:
            return known
        return HostSeen(
            host.id,
            self._pool,
            uuid=host.uuid,
            name=host.id,
            address=host.address,
            enabled=host.enabled,
            live=host.live,
            agent_started=float(host.other_config.get("agent_start_time", "0")),
            booted=float(host.other_config.get("boot_time", "0")),
            memory_total=host.memory_total,
            memory_free=self._world.memory_free(host.id),
            storage=frozenset(host.storage),
            detached=frozenset(r for r in host.detached if self._world.storages[r].shared),
            busy=frozenset(host.current_operations.values()),
            maintenance_mode=MAINTENANCE in host.other_config,
            power_on_mode=host.power_on_mode,
            networks=frozenset(network_uuid(self._pool, name) for name in host.ports),
            cpu=Cpu(VENDOR, host.cpu_features),
            cpus=host.cpus,
        )

    def _probed(self, host: HostSeen) -> HostSeen:
        toolstack, network = self._toolstack_at.get(host.id), self._network_at.get(host.id)
        since = self._answers_since.get(host.id)
        if (host.toolstack_at, host.network_at, host.answers_since) == (toolstack, network, since):
            return host
        return replace(host, toolstack_at=toolstack, network_at=network, answers_since=since)

    def _vms_seen(self) -> dict[str, VmSeen]:
        local = {sr.id: sr.name for sr in self._world.storages.values() if not sr.shared}
        mine = [vm for vm in self._world.vms.values() if vm.pool == self._pool]
        return {vm.id: _vm_seen(vm, local, self._unsuspendable(vm)) for vm in mine}

    def _unsuspendable(self, vm: SimVm) -> str:
        """In the words of the XenAPI driver."""
        if vm.power_state is not Power.RUNNING:
            return "it does not run"
        if "suspend" in vm.blocked_operations:
            return "its owner has blocked its suspension (blocked_operations suspend)"
        if vm.device:
            return BOUND_BY[vm.device][1]
        if not vm.has_tools:
            return "the guest has no tools that allow it (VM_LACKS_FEATURE)"
        host = self._host(vm.resident_on or "")
        choices = (vm.suspend_sr, self._world.pools[self._pool].suspend_sr, host.suspend_sr)
        chosen = next((self._world.storages[sr] for sr in choices if sr and sr in host.storage), None)
        if chosen is None:
            return "XenServer has no storage to keep its memory on"
        return "" if chosen.shared else f'its memory would go to the local storage "{chosen.name}" of its host'

    # --- ports.Actor

    async def perform(self, action: a.Action) -> None:
        """Raises Refused and Unreachable as the XenAPI driver does."""
        _begun_at.set(self._clock.now())
        try:
            await self._assert_allowed(action)
            await self._perform(action)
        except XapiError as error:
            detail = ", ".join(param for param in error.params if param)
            if error.code in COME_BACK_LATER:
                raise Unreachable(f"{error.code} {detail}".strip()) from error
            raise Refused(error.code, detail) from error

    async def _assert_allowed(self, action: a.Action) -> None:
        """The account's role allows the first change that the action makes (facts: xenapi.md 8; read from source)."""
        role = (await self._xapi()).pool.account_role
        message = catalogue().find(CHANGES[type(action)])
        if role and message is not None and not roles.suffices(role, roles.least(message)):
            raise XapiError("RBAC_PERMISSION_DENIED", message.full_name.lower())

    async def _perform(self, action: a.Action) -> None:
        match action:
            case a.ClaimPool():
                await self._claim(action.controller)
            case a.ReleasePool():
                await self._release(action.controller)
            case a.SuspendAutoPoweron():
                await self._set_auto_poweron("false")
            case a.RestoreAutoPoweron():
                await self._set_auto_poweron("true")
            case a.LowerHa():
                await self._lower_ha()
            case a.SuspendHa():
                await self._suspend_ha()
            case a.RestoreHa():
                await self._restore_ha(action)
            case a.DesignateCoordinator():
                await self._designate(self._host(action.host))
            case a.DisableHost():
                await self._disable(self._host(action.host))
            case a.EnableHost():
                await self._enable(self._host(action.host))
            case a.MoveVm():
                await self._move(self._vm(action.vm), self._host(action.host))
            case a.CancelMove():
                await self._cancel_move(self._vm(action.vm))
            case a.StopVm():
                await self._stop(self._vm(action.vm), action.suspend)
            case a.ForceStopVm():
                await self._force_stop(self._vm(action.vm))
            case a.StartVm():
                await self._start(self._vm(action.vm), action.host)
            case a.ShutDownHost():
                await self._shut_down(self._host(action.host))
            case a.PowerOnHost():
                await self._power_on(self._host(action.host))
            case a.AttachRepository():
                await self._attach(self._host(action.host), action.repository)
            case a.StopStorage() | a.WakeStorage() | a.CutOutput() | a.KeepOutput() | a.ShutDownController():
                raise TypeError(f"a pool does not do {type(action).__name__}")
            case _:
                assert_never(action)

    async def _xapi(self) -> Xapi:
        """The coordinator's XenAPI. Raises Unreachable when nobody answers as coordinator."""
        if self.is_cut:
            raise asyncio.CancelledError
        if is_from_before_a_standstill(self._clock, _begun_at.get()):
            raise NotBegun("decided before a standstill")
        if self._world.coordinator(self._pool) is None:
            await asyncio.sleep(NO_ANSWER)
            raise Unreachable(f"no host of pool {self._pool} answers as coordinator")
        return self._calls

    async def _done(self, task: SimTask) -> None:
        """Wait for a task as polling it would. Raises XapiError, and Unreachable when the task was lost.

        Cancelled (the deadline has passed): cancels the task, where XenAPI can.
        """
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def end() -> None:
            if not ended.done():
                ended.set_result(None)

        task.done.watch(end)
        try:
            await ended
        except asyncio.CancelledError:
            if not self.is_cut and self._world.coordinator(self._pool):
                with suppress(XapiError):
                    self._calls.task_cancel(task.ref)
            raise
        if task.lost:
            await asyncio.sleep(NO_ANSWER)
            raise Unreachable(f"{task.name}: the coordinator went away, and the task with it")
        if not self.is_cut:
            with suppress(XapiError):
                self._calls.task_destroy(task.ref)
        match task.status:
            case "failure":
                raise XapiError(*task.error_info)
            case "cancelled":
                raise XapiError("TASK_CANCELLED", task.ref)

    async def _claim(self, controller: str) -> None:
        calls = await self._xapi()
        owner = calls.pool.other_config.get(CLAIM, "")
        if owner not in ("", controller):
            raise Refused("CLAIMED", f"{owner} is in charge of pool {self._pool}")
        if not owner:
            calls.pool_add_to_other_config(CLAIM, controller)

    async def _release(self, controller: str) -> None:
        calls = await self._xapi()
        if calls.pool.other_config.get(CLAIM) == controller:
            calls.pool_remove_from_other_config(CLAIM)

    async def _set_auto_poweron(self, value: str) -> None:
        calls = await self._xapi()
        if calls.pool.other_config.get("auto_poweron") != value:
            calls.pool_remove_from_other_config("auto_poweron")
            calls.pool_add_to_other_config("auto_poweron", value)

    async def _lower_ha(self) -> None:
        calls = await self._xapi()
        calls.pool_set_ha_host_failures_to_tolerate(calls.pool.ref, 0)

    async def _suspend_ha(self) -> None:
        try:
            (await self._xapi()).pool_disable_ha()
        except XapiError as error:
            if error.code != "HA_NOT_ENABLED":
                raise

    async def _restore_ha(self, action: a.RestoreHa) -> None:
        """Where somebody has switched it on meanwhile, and has given it failures to tolerate, those stand."""
        calls = await self._xapi()
        switch_on = action.on and not calls.pool.ha_enabled
        if switch_on:
            refs = [self._world.storages[sr].ref for sr in action.storages if sr in self._world.storages]
            await self._done(calls.pool_enable_ha(refs, dict(action.configuration)))
            calls = await self._xapi()
        if calls.pool.ha_failures != action.failures and (switch_on or calls.pool.ha_failures == 0):
            calls.pool_set_ha_host_failures_to_tolerate(calls.pool.ref, action.failures)

    async def _designate(self, new: SimHost) -> None:
        """Accepted is not done: it is when the new one speaks."""
        if (await self._xapi()).pool.coordinator != new.id:
            await self._done((await self._xapi()).pool_designate_new_master(new.ref))
        while True:
            await asyncio.sleep(LOOK)
            now = self._world.coordinator(self._pool)
            if now is not None and now.id == new.id:
                return

    async def _disable(self, host: SimHost) -> None:
        calls = await self._xapi()
        await self._done(calls.host_disable(host.ref, auto_enable=not calls.pool.profile.knows_auto_enable))
        calls = await self._xapi()
        if host.other_config.get(MAINTENANCE) != "true":
            calls.host_remove_from_other_config(host.ref, MAINTENANCE)
            calls.host_add_to_other_config(host.ref, MAINTENANCE, "true")

    async def _enable(self, host: SimHost) -> None:
        calls = await self._xapi()
        for key in (MAINTENANCE, *EVACUATED):
            if key in host.other_config:
                calls.host_remove_from_other_config(host.ref, key)
        while True:
            try:
                return await self._done((await self._xapi()).host_enable(host.ref))
            except XapiError as error:
                if error.code != "HOST_STILL_BOOTING":
                    raise
            await asyncio.sleep(STILL_BOOTING)

    async def _move(self, vm: SimVm, target: SimHost) -> None:
        calls = await self._xapi()
        while operations := [ref for ref, op in vm.current_operations.items() if op == "pool_migrate"]:
            with suppress(XapiError):  # how an earlier move ends is seen in where the VM is
                await self._done(calls.task(operations[0]))
        if vm.resident_on != target.id:
            await self._done(calls.vm_pool_migrate(vm.ref, target.ref, {"live": "true"}))

    async def _cancel_move(self, vm: SimVm) -> None:
        calls = await self._xapi()
        for ref in [ref for ref, op in vm.current_operations.items() if op == "pool_migrate"]:
            calls.task_cancel(ref)
            with suppress(XapiError):
                await self._done(calls.task(ref))

    async def _stop(self, vm: SimVm, suspend: bool) -> None:
        if vm.power_state in (Power.RUNNING, Power.PAUSED):
            calls = await self._xapi()
            await self._until_halted(vm, calls.vm_suspend(vm.ref) if suspend else calls.vm_clean_shutdown(vm.ref))

    async def _force_stop(self, vm: SimVm) -> None:
        if vm.power_state is not Power.HALTED:
            await self._until_halted(vm, (await self._xapi()).vm_hard_shutdown(vm.ref))

    async def _until_halted(self, vm: SimVm, task: SimTask) -> None:
        try:
            await self._done(task)
        except XapiError:
            if vm.power_state in (Power.RUNNING, Power.PAUSED):
                raise

    async def _start(self, vm: SimVm, host: HostId) -> None:
        """On `host`; where XenServer finds room when that is empty or refuses."""
        off, asleep = Power.HALTED, Power.SUSPENDED
        if host in self._world.hosts and vm.power_state in (off, asleep):
            calls, home = await self._xapi(), self._host(host).ref
            with suppress(XapiError):
                await self._done((calls.vm_start_on if vm.power_state is off else calls.vm_resume_on)(vm.ref, home))
        if vm.power_state in (off, asleep):
            calls = await self._xapi()
            await self._done((calls.vm_start if vm.power_state is off else calls.vm_resume)(vm.ref))

    async def _shut_down(self, host: SimHost) -> None:
        calls = await self._xapi()
        try:
            await self._done(calls.host_shutdown(host.ref))
        except XapiError as error:
            if error.code != "HOST_OFFLINE":  # it is down, or on the way there
                raise

    async def _power_on(self, host: SimHost) -> None:
        calls = await self._xapi()
        try:
            await self._done(calls.host_power_on(host.ref))
        except XapiError as error:
            if error.code != "HOST_IS_LIVE":
                raise
            if self._world.reach(host.id) not in (Reach.MEMBER, Reach.COORDINATOR):
                raise Unreachable(f"{host.id} is off, but its pool still believes it live") from error

    async def _attach(self, host: SimHost, repository: RepositoryId) -> None:
        await self._done((await self._xapi()).pbd_plug(ref_of(pbd_uuid(host.uuid, repository))))

    def _host(self, host: HostId) -> SimHost:
        return self._world.hosts[host]

    def _vm(self, vm: str) -> SimVm:
        return self._world.vms[vm]


def _vm_seen(vm: SimVm, local: Mapping[RepositoryId, str], unsuspendable: str) -> VmSeen:
    return VmSeen(
        vm.id,
        vm.name,
        vm.pool,
        power=vm.power_state,
        resident_on=vm.resident_on,
        moving_to=vm.scheduled_to_be_resident_on if vm.resident_on else None,
        starting_on=None if vm.resident_on else vm.scheduled_to_be_resident_on,
        memory=vm.memory,
        storage=vm.storage | ({vm.suspended_to} if vm.suspended_to else set()),
        busy=frozenset(vm.current_operations.values()),
        immovable=_immovable(vm, local),
        unsuspendable=unsuspendable,
        tags=frozenset(vm.tags),
        networks=frozenset(network_uuid(vm.pool, name) for name in vm.cards),
        cpu=Cpu(VENDOR, vm.cpu_features),
        affinity=vm.affinity,
        restart=Restart(vm.ha_restart_priority),
        ha_protected=is_protected(vm),
        groups=frozenset(vm.group_ids),
        addresses=frozenset(vm.addresses) if vm.has_tools else frozenset(),
        starts_itself=vm.other_config.get("auto_poweron") == "true",
        vcpus=vm.vcpus,
        vcpus_unrestricted=vm.vcpus_unrestricted,
    )


def _immovable(vm: SimVm, local: Mapping[RepositoryId, str]) -> str:
    """In the words of the XenAPI driver. `local`: the names of the storage that only one host reaches."""
    if vm.power_state not in (Power.RUNNING, Power.PAUSED):
        return ""
    if "pool_migrate" in vm.blocked_operations:
        return "its owner has blocked its migration (blocked_operations pool_migrate)"
    if vm.power_state is Power.PAUSED:
        return "it is paused"
    if vm.device:
        return BOUND_BY[vm.device][1]
    for storage in sorted(vm.storage & local.keys()):
        return f'it has a disk on the local storage "{local[storage]}" of its host'
    return "" if vm.has_tools else "the guest has no tools that allow it (VM_LACKS_FEATURE)"
