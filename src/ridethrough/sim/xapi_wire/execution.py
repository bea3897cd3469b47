"""Carrying out what a message asks for: in the World where that knows the call, else here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from ridethrough.core.model import HostId, PoolId, Seconds
from ridethrough.sim import tasks
from ridethrough.sim.errors import XapiError
from ridethrough.sim.machines import SimHost, SimTask, ref_of, uuid_of
from ridethrough.sim.world import World
from ridethrough.sim.xapi import Xapi

from .catalogue import Catalogue, Message
from .endpoint import Vanished
from .envelope import Failure
from .marshal import Value, as_xml
from .records import moment
from .sessions import Session

IN_THE_WORLD = {
    *("host.disable", "host.enable", "host.evacuate", "host.get_vms_which_prevent_evacuation"),
    *(
        "host.retrieve_wlb_evacuate_recommendations",
        "host.assert_can_evacuate",
        "host.shutdown",
        "host.reboot",
        "host.power_on",
        "host.declare_dead",
        "host.restart_agent",
    ),
    *("host.set_power_on_mode", "VM.pool_migrate", "VM.clean_shutdown", "VM.hard_shutdown", "VM.start", "VM.start_on"),
    *("VM.shutdown", "VM.pause", "VM.unpause", "VM.clean_reboot", "VM.destroy"),
    *("VM.resume", "VM.resume_on", "VM.suspend", "VM.power_state_reset", "pool.designate_new_master"),
    *("pool.recover_slaves", "pool.disable_ha", "task.cancel", "task.destroy"),
    *("pool.enable_ha", "pool.set_ha_host_failures_to_tolerate", "pool.ha_compute_max_host_failures_to_tolerate"),
    *("pool.ha_compute_hypothetical_max_host_failures_to_tolerate", "pool.ha_failover_plan_exists"),
    *("pool.ha_prevent_restarts_for", "VM.set_ha_restart_priority", "VM.set_ha_always_run", "VM.assert_agile"),
    *("PBD.plug", "PBD.unplug", "SR.assert_can_host_ha_statefile", "SR.scan"),
}  # `sim.xapi.Xapi` has a method for each: host_disable and so on

KEPT_FINISHED: Seconds = 65 * 60.0  # completed tasks are collected after that, or beyond MOST_TASKS
MOST_TASKS = 200


class Execution:
    """The calls of one pool that are more than reading and writing records."""

    def __init__(self, world: World, pool: PoolId, catalogue: Catalogue, certificates: Mapping[HostId, bytes]) -> None:
        self.world, self.pool_id = world, pool
        self.xapi = Xapi(world, pool)
        self._catalogue, self._certificates = catalogue, certificates
        self._here: dict[str, Callable[..., Value | SimTask]] = {
            "host.get_servertime": self._servertime,
            "host.get_server_localtime": self._servertime,
            "host.get_server_certificate": lambda ref: self._certificates[self._host(ref).id].decode(),
            "host.get_management_interface": lambda ref: ref_of(uuid_of("PIF", self._host(ref).uuid)),
            "host.compute_free_memory": lambda ref: max(0, world.memory_available(self._host(ref).id)),
            "host.is_in_emergency_mode": lambda: False,  # lab 11: never, as long as xapi runs on
            "pool.is_slave": lambda ref: self._host(ref).follows != self._host(ref).id,
            "pool.sync_database": lambda: None,
            "task.create": lambda label, description: tasks.create(world, pool, label).ref,
            "VM.get_possible_hosts": lambda ref: [h.ref for h in world.members(pool) if self._fits(ref, h)],
            "VM.assert_can_boot_here": lambda ref, host: self.xapi.may_receive(self.xapi.vm(ref), self._host(host)),
        }

    def _host(self, ref: str) -> SimHost:
        return self.xapi.host(ref)

    async def carry_out(self, message: Message, args: Sequence[Value], session: Session | None = None) -> Value:
        """Do it and wait for its end, as a call without Async. Raises Failure, XapiError, Vanished."""
        task = self._begun(message, args, session)
        if not isinstance(task, SimTask):
            return task
        task.name = task.name.removeprefix("Async.")
        await _end_of(task)
        if task.lost:
            raise Vanished
        tasks.destroy(self.world, task)  # the caller never learns its reference
        match task.status:
            case "failure":
                raise Failure(*task.error_info)
            case "cancelled":
                raise Failure("TASK_CANCELLED", task.ref)
        return moment(self.world.now) if message.result == "time" else task.answer

    def begin(self, message: Message, args: Sequence[Value], session: Session | None = None) -> str:
        """Begin it, as a call with Async, and answer the task's reference; a refusal is the task's failure."""
        try:
            task = self._begun(message, args, session)
        except XapiError as error:
            failed = _owned(tasks.create(self.world, self.pool_id, f"Async.{message.full_name}"), session)
            tasks.fail(self.world, failed, error)
            return failed.ref
        if isinstance(task, SimTask):
            task.done.watch(partial(self._write_result, message, task))
            return task.ref
        ended = _owned(tasks.create(self.world, self.pool_id, f"Async.{message.full_name}"), session)
        tasks.succeed(self.world, ended)
        ended.answer = task
        self._write_result(message, ended)
        return ended.ref

    def _write_result(self, message: Message, task: SimTask) -> None:
        """task.result is the answer as XML-RPC has it, whatever the caller's dialect."""
        if task.answer is not None:
            task.result = f"<value>{as_xml(message.result, task.answer, self._catalogue.kind)}</value>"

    def at_member(self, host: SimHost, message: Message, args: Sequence[Value] = (), emergency: bool = False) -> Value:
        """What a member does by itself for the holder of a local session, in emergency mode too. Raises KeyError for
        anything else."""
        match message.full_name:
            case "pool.is_slave" if args[0] == host.ref:
                return host.follows != host.id
            case "pool.emergency_transition_to_master":
                self.xapi.pool_emergency_transition_to_master(host.ref)  # answers at once (lab 11)
                return None
            case "host.is_in_emergency_mode":
                return emergency  # lab 11: only when its toolstack started without finding a coordinator
            case name:
                raise KeyError(name)

    def collect_tasks(self) -> None:
        """Drop completed tasks as xapi does: 65 minutes after their end, or the oldest beyond two hundred."""
        known = [t for t in self.world.tasks.values() if t.pool == self.pool_id]
        finished = sorted((t for t in known if t.finished is not None), key=lambda t: t.finished or 0.0)
        for position, task in enumerate(finished):
            crowded = len(known) - position > MOST_TASKS
            if crowded or self.world.now - (task.finished or 0.0) > KEPT_FINISHED:
                tasks.destroy(self.world, task)

    def _begun(self, message: Message, args: Sequence[Value], session: Session | None) -> Value | SimTask:
        name = message.full_name
        if name in IN_THE_WORLD:
            call: Callable[..., Value | SimTask] = getattr(self.xapi, f"{message.xapi_class.lower()}_{message.name}")
        elif name in self._here:
            call = self._here[name]
        else:
            raise Failure("NOT_IMPLEMENTED", name)
        begun = call(*args)
        if name == "task.create":
            _owned(self.world.tasks[str(begun)], session)
        return _owned(begun, session) if isinstance(begun, SimTask) else begun

    def _servertime(self, ref: str) -> SimTask:
        """Forwarded to the host, so that a dead one blocks the call."""
        host = self._host(ref)
        return self.xapi.start("host.get_servertime", lambda task: self.xapi.forward(host), on=host.id)

    def _fits(self, vm: str, host: SimHost) -> bool:
        if self.xapi.vm(vm).resident_on == host.id:
            return True  # disabled or not (lab 14)
        try:
            self.xapi.may_receive(self.xapi.vm(vm), host)
        except XapiError as error:
            if error.code == "HANDLE_INVALID":
                raise
            return False
        return True


def _owned(task: SimTask, session: Session | None) -> SimTask:
    if session is not None:
        task.owner, task.session = session.user, session.ref
    return task


async def _end_of(task: SimTask) -> None:
    ended = asyncio.Event()
    task.done.watch(ended.set)
    await ended.wait()
