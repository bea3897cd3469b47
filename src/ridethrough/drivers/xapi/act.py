"""Carries out the core's actions on one pool, each safe to repeat.

xapi mostly does not refuse a second operation on a busy object but queues it for up to two hours; so what already
runs is looked up first, long calls run as tasks, and what we no longer want is cancelled. Never used: host.evacuate
(knows no power), VM.power_state_reset, host.declare_dead, emergency transitions.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import assert_never

from ridethrough.core.actions import (
    Action,
    AttachRepository,
    CancelMove,
    ClaimPool,
    CutOutput,
    DesignateCoordinator,
    DisableHost,
    EnableHost,
    ForceStopVm,
    KeepOutput,
    LowerHa,
    MoveVm,
    PowerOnHost,
    ReleasePool,
    RestoreAutoPoweron,
    RestoreHa,
    ShutDownController,
    ShutDownHost,
    StartVm,
    StopStorage,
    StopVm,
    SuspendAutoPoweron,
    SuspendHa,
    WakeStorage,
)
from ridethrough.core.model import HostId, Seconds
from ridethrough.ports import NotBegun, Refused, Unreachable

from .calls import LOOK, begun_at
from .errors import sentence, translated
from .picture import MAINTENANCE_MODE
from .pool_acts import PoolHands
from .records import NULL, Host, HostMetrics, Pbd, Vm
from .wire import XapiFailure

log = logging.getLogger(__name__)

EVACUATED = tuple(f"MAINTENANCE_MODE_EVACUATED_VMS_{kind}" for kind in ("MIGRATED", "HALTED", "SUSPENDED"))
KNOWS_AUTO_ENABLE = (25, 31)  # xapi_build from which host.disable takes auto_enable (facts: XenAPI 5.1)
ARRIVING = {"vm_migrate", "vm_start", "vm_resume"}  # host.current_operations of a host that a VM is coming to


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A long call on a VM: what to call, what it is called among the VM's operations, and when it is done."""

    operation: str
    params: tuple[object, ...]
    is_done: Callable[[Vm], bool]
    cancel: bool = True  # on our deadline; False: better late than not at all


class Hands(PoolHands):
    """The actions of one pool."""

    async def perform(self, action: Action) -> None:
        """See ports.Actor. What a cancelled or late action leaves running is cancelled behind its back."""
        begun_at.set(self._clock.now())
        try:
            async with asyncio.timeout(action.deadline):
                await self._perform(action)
        except TimeoutError:
            raise Unreachable(f"not finished within {action.deadline:.0f} s") from None
        except XapiFailure as failure:
            raise translated(failure, self._name) from failure

    async def _perform(self, action: Action) -> None:
        match action:
            case DisableHost():
                await self._disable(self._host(action.host), action.deadline)
            case EnableHost():
                await self._enable(self._host(action.host))
            case ShutDownHost():
                await self._shut_down(self._host(action.host), action.deadline, action.aboard)
            case PowerOnHost():
                await self._power_on(self._host(action.host))
            case MoveVm():
                await self._move(action)
            case CancelMove():
                await self._cancel_move(action.vm)
            case StopVm(suspend=True):
                await self._stop(action.vm, "suspend", cancel=False)
            case StopVm():
                await self._stop(action.vm, "clean_shutdown", cancel=True)
            case ForceStopVm():
                # hard_shutdown cancels a running clean shutdown or migration by itself (facts: XenAPI 5.8).
                await self._stop(action.vm, "hard_shutdown", cancel=False)
            case StartVm():
                await self._start(action.vm, action.host)
            case ClaimPool():
                await self._claim(action.controller)
            case ReleasePool():
                await self._release(action.controller)
            case SuspendAutoPoweron():
                await self._suspend_auto_poweron()
            case RestoreAutoPoweron():
                await self._restore_auto_poweron()
            case AttachRepository():
                await self._attach(self._host(action.host), action.repository)
            case DesignateCoordinator():
                await self._designate(self._host(action.host))
            case LowerHa():
                await self._lower_ha(action)
            case SuspendHa():
                await self._suspend_ha(action)
            case RestoreHa():
                await self._restore_ha(action)
            case StopStorage() | WakeStorage() | CutOutput() | KeepOutput() | ShutDownController():
                raise TypeError(f"a pool does not do {type(action).__name__}")
            case _:
                assert_never(action)

    # Hosts

    async def _disable(self, host: str, deadline: Seconds) -> None:
        """Disable, then mark. A mark on a host that refused would make XenCenter disable it later."""
        build = self._known_build()
        if not build or build >= KNOWS_AUTO_ENABLE:
            try:
                await self._do("host.disable", host, False, deadline=deadline)
            except XapiFailure as failure:
                if failure.code != "MESSAGE_PARAMETER_COUNT_MISMATCH":
                    raise
                await self._do("host.disable", host, deadline=deadline)
        else:
            await self._do("host.disable", host, deadline=deadline)
        await self._do("host.remove_from_other_config", host, MAINTENANCE_MODE)
        await self._do_unless(("MAP_DUPLICATE_KEY",), "host.add_to_other_config", host, MAINTENANCE_MODE, "true")

    async def _enable(self, host: str) -> None:
        """Marks first: XenCenter disables a host again that is enabled and marked."""
        for key in (MAINTENANCE_MODE, *EVACUATED):
            await self._do("host.remove_from_other_config", host, key)
        while True:
            try:
                await self._do("host.enable", host)
                return
            except XapiFailure as failure:
                if failure.code != "HOST_STILL_BOOTING":
                    raise
                await asyncio.sleep(2.0)

    async def _shut_down(self, host: str, deadline: Seconds, aboard: str = "") -> None:
        """host.shutdown refuses neither running guests nor arriving ones: it kills them. So look first."""
        record = await self._read(Host, "host.get_record", host)
        if "shutdown" in record.current_operations.values():
            return
        if record.enabled:
            raise Refused("HOST_NOT_DISABLED", f"{record.name_label} is enabled: a VM could still arrive there")
        await self._assert_empty(host, record, aboard)
        try:
            await self._do("host.shutdown", host, deadline=deadline)
        except XapiFailure as failure:
            # Disabled and not live is what a clean stop leaves behind; a crash leaves it enabled.
            if failure.code != "HOST_OFFLINE" or await self._is_live(record):
                raise

    async def _assert_empty(self, host: str, record: Host, aboard: str) -> None:
        arriving = sorted(ARRIVING & set(record.current_operations.values()))
        if arriving:
            raise Refused("HOST_NOT_EMPTY", f"a VM is on its way to {record.name_label} ({', '.join(arriving)})")
        residents = await self._read(tuple[str, ...], "host.get_resident_VMs", host)
        vms = await asyncio.gather(*(self._read(Vm, "VM.get_record", ref) for ref in residents))
        guests = sorted(vm.name_label for vm in vms if not vm.is_control_domain and vm.uuid != aboard)
        if guests:
            raise Refused("HOST_NOT_EMPTY", f"{record.name_label} still runs {', '.join(guests)}")

    async def _is_live(self, host: Host) -> bool:
        return (await self._read(HostMetrics, "host_metrics.get_record", host.metrics)).live

    async def _power_on(self, host: str) -> None:
        """Wake-on-LAN repeats its packet for minutes: the task may outlive the host's first sign of life."""
        record = await self._read(Host, "host.get_record", host)

        async def is_live() -> bool:
            return await self._is_live(record)

        try:
            task = await self._command(str, "Async.host.power_on", host)
            await self._until(task, is_live, cancel=True)
        except XapiFailure as failure:
            if failure.code != "HOST_IS_LIVE":
                raise

    async def _attach(self, host: str, repository: str) -> None:
        """PBD.plug of the host's link to the storage repository. One that is plugged already says so by success."""
        storage = await self._read(str, "SR.get_by_uuid", repository)
        for ref in await self._read(tuple[str, ...], "SR.get_PBDs", storage):
            if (await self._read(Pbd, "PBD.get_record", ref)).host == host:
                break
        else:
            raise Refused("NO_PBD", "the host has no link (PBD) to this storage any more")

        async def is_attached() -> bool:
            return (await self._read(Pbd, "PBD.get_record", ref)).currently_attached

        if not await is_attached():
            await self._until(await self._command(str, "Async.PBD.plug", ref), is_attached, cancel=True)

    # VMs

    async def _vm(self, uuid: str) -> str:
        return await self._read(str, "VM.get_by_uuid", uuid)

    async def _move(self, action: MoveVm) -> None:
        target = self._host(action.host)
        ref = await self._vm(action.vm)
        vm = await self._read(Vm, "VM.get_record", ref)
        if vm.resident_on == target and vm.power_state == "Running":
            return
        adopted = _running(vm, "pool_migrate")
        if adopted and vm.scheduled_to_be_resident_on not in (target, NULL):
            where = self._name(vm.scheduled_to_be_resident_on)
            raise Unreachable(f"OTHER_OPERATION_IN_PROGRESS: the VM is on its way to {where}")
        if vm.power_state != "Running":
            raise XapiFailure("VM_BAD_POWER_STATE", ref, "running", vm.power_state.lower())
        if not adopted and vm.resident_on != self._host_ref(action.source):
            where = self._name(vm.resident_on)
            raise Refused("VM_NOT_ON_SOURCE", f"it has left {action.source} in the meantime and runs on {where}")
        await self._carry_out(
            ref, vm, _Wanted("pool_migrate", (target, {"live": "true"}), lambda now: now.resident_on == target)
        )

    async def _cancel_move(self, uuid: str) -> None:
        """Cancel the tasks among the VM's operations: cancelling an evacuation's own task stops nothing."""
        ref = await self._vm(uuid)
        while tasks := await self._tasks(ref, "pool_migrate"):
            for task in tasks:
                await self._do_unless(("HANDLE_INVALID", "OPERATION_NOT_ALLOWED"), "task.cancel", task)
            await asyncio.sleep(LOOK)

    async def _stop(self, uuid: str, operation: str, cancel: bool) -> None:
        ref = await self._vm(uuid)
        vm = await self._read(Vm, "VM.get_record", ref)
        if not _runs(vm):
            return
        await self._carry_out(ref, vm, _Wanted(operation, (), lambda now: not _runs(now), cancel))

    async def _start(self, uuid: str, host: HostId) -> None:
        """Start it at home if it has one that takes it, else wherever XenServer finds room."""
        ref = await self._vm(uuid)
        vm = await self._read(Vm, "VM.get_record", ref)
        if vm.power_state == "Running":
            return
        home = self._host_ref(host) if host else None
        kind = "resume" if vm.power_state == "Suspended" else "start"
        if home is not None:
            try:
                await self._carry_out(ref, vm, _Wanted(f"{kind}_on", (home, False, False), _is_running))
                return
            except XapiFailure as failure:
                log.info("%s does not start on %s: %s", vm.name_label, host, sentence(failure, self._name))
        await self._carry_out(ref, vm, _Wanted(kind, (False, False), _is_running))

    async def _carry_out(self, ref: str, vm: Vm, wanted: _Wanted) -> None:
        """Begin the operation, or adopt the one that runs already, and see it through."""
        look = self._look(ref, wanted)
        task = _running(vm, wanted.operation)
        try:
            if not task:
                task = await self._begin(ref, wanted)
        except asyncio.CancelledError:
            if wanted.cancel:
                self._later(self._cancel_operation(ref, wanted.operation))
            raise
        except XapiFailure as failure:
            if failure.code == "VM_BAD_POWER_STATE" and await look():
                return
            raise
        try:
            await self._until(task, look, wanted.cancel)
        except XapiFailure as failure:
            if failure.code != "VM_BAD_POWER_STATE" or not await look():
                raise

    async def _begin(self, ref: str, wanted: _Wanted) -> str:
        """Start the operation as a task. When the answer is lost, the VM knows whether and as which task it runs."""
        try:
            return await self._command(str, f"Async.VM.{wanted.operation}", ref, *wanted.params)
        except NotBegun:
            raise
        except Unreachable:
            await asyncio.sleep(LOOK)
            tasks = await self._tasks(ref, wanted.operation)
            if not tasks:
                raise
            return tasks[0]

    def _look(self, ref: str, wanted: _Wanted) -> Callable[[], Awaitable[bool]]:
        async def is_done() -> bool:
            return wanted.is_done(await self._read(Vm, "VM.get_record", ref))

        return is_done

    async def _cancel_operation(self, ref: str, operation: str) -> None:
        """Cancel an operation whose task we never learnt: its call may still be on its way into the VM's record."""
        for _ in range(4):
            tasks = await self._tasks(ref, operation)
            for task in tasks:
                await self._do_unless(("HANDLE_INVALID", "OPERATION_NOT_ALLOWED"), "task.cancel", task)
            if tasks:
                return
            await asyncio.sleep(LOOK)

    async def _tasks(self, ref: str, operation: str) -> list[str]:
        operations = await self._read(dict[str, str], "VM.get_current_operations", ref)
        return sorted(task for task, name in operations.items() if name == operation)


def _running(vm: Vm, operation: str) -> str:
    """The task that carries this operation out on the VM; empty when none does."""
    return next((task for task, name in sorted(vm.current_operations.items()) if name == operation), "")


def _is_running(vm: Vm) -> bool:
    return vm.power_state == "Running"


def _runs(vm: Vm) -> bool:
    return vm.power_state in ("Running", "Paused")
