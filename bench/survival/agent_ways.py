"""The ways of the agent on a simulated host to its guests, and its host's own shutdown command."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from ridethrough.core.model import Seconds
from ridethrough.core.observation import Power
from ridethrough.sim import boot
from ridethrough.sim.errors import XapiError
from ridethrough.sim.fates import Fate
from ridethrough.sim.machines import NULL, Guest, Reach, SimHost, SimTask, SimVm, ref_of
from ridethrough.sim.world import World
from ridethrough.sim.xapi import Xapi
from ridethrough_agent import routes, xapi
from ridethrough_agent.config import XenServer
from ridethrough_agent.programs import Ran

from .fiber import Fiber

LOOK: Seconds = 0.1  # between two looks at a call that has not answered yet


def ways(world: World, host: SimHost, fiber: Fiber, xen: XenServer) -> Sequence[routes.Route]:
    """In the agent's order."""
    socket = routes.SocketRoute(OwnSocket(world, host, fiber), xen.uuid, xen.call_time)
    return socket, Xe(fiber, xen.call_time), Xl(world, host, fiber)


def shut_down(world: World, host: SimHost, fiber: Fiber) -> Ran:
    """/sbin/shutdown -h now."""

    def begin() -> None:
        if host.power and not host.powering_off:
            host.powering_off = True
            world.agenda.run(Xapi(world, host.pool).power_off(host))

    fiber.ask(begin)
    return Ran(0, "", "")


class OwnSocket(xapi.Xapi):
    """The toolstack's own socket. A member hands each call on to its coordinator, and hangs when that is gone."""

    def __init__(self, world: World, host: SimHost, fiber: Fiber) -> None:
        self._world, self._own, self._fiber, self._calls = world, host, fiber, Xapi(world, host.pool)

    def login(self, seconds: float) -> None:
        self._hangs(seconds)

    def call(self, method: str, *params: Any, seconds: float = 20.0) -> Any:
        self._hangs(seconds)
        try:
            answer = self._fiber.ask(partial(self._answer, method, *params))
            if not isinstance(answer, SimTask) or method.startswith("Async."):
                return answer.ref if isinstance(answer, SimTask) else answer
            until = self._world.now + seconds
            while answer.pending and self._world.now < until:
                self._fiber.wait(LOOK)
        except XapiError as error:
            raise xapi.Refused(error.description) from error
        if answer.status == "failure":
            raise xapi.Refused(list(answer.error_info))
        if answer.status != "success":
            raise xapi.Gone(f"{method}: no answer")
        return ""

    def _hangs(self, seconds: float) -> None:
        if not self._answers():
            self._fiber.wait(seconds if self._own.toolstack == "up" else LOOK)
            raise xapi.Gone("no answer")

    def _answers(self) -> bool:
        reach = self._world.reach
        own = reach(self._own.id)
        return own is Reach.COORDINATOR or (own is Reach.MEMBER and reach(self._own.follows) is Reach.COORDINATOR)

    def _answer(self, method: str, *params: Any) -> Any:
        calls = self._calls
        match method:
            case "host.get_by_uuid":
                return ref_of(params[0])
            case "host.get_resident_VMs":
                return [vm.ref for vm in self._world.guests(self._own.id)]
            case "VM.get_record":
                return self._record(calls.vm(params[0]))
            case "task.get_record":
                task = calls.task(params[0])
                return {"status": task.status, "error_info": list(task.error_info)}
            case "Async.VM.clean_shutdown":
                return calls.vm_clean_shutdown(params[0])
            case "Async.VM.hard_shutdown":
                return calls.vm_hard_shutdown(params[0])
            case "host.disable":
                return calls.host_disable(params[0])
            case "host.shutdown":
                return calls.host_shutdown(params[0])
        raise NotImplementedError(method)

    def _record(self, vm: SimVm) -> dict[str, Any]:
        return {
            "name_label": vm.name,
            "is_control_domain": False,
            "is_a_template": False,
            "is_a_snapshot": False,
            "resident_on": self._world.hosts[vm.resident_on].ref if vm.resident_on else NULL,
            "power_state": {Power.RUNNING: "Running", Power.PAUSED: "Paused"}.get(vm.power_state, "Halted"),
            "current_operations": dict(vm.current_operations),
        }


class Xe(routes.Route):
    """It asks the same coordinator: tried where the socket leads nowhere, and no more use than that."""

    name = "xe"

    def __init__(self, fiber: Fiber, seconds: Seconds) -> None:
        self._fiber, self._seconds = fiber, seconds

    def open(self) -> None:
        self._fiber.wait(self._seconds)
        raise routes.RouteFailed("no answer")


class Xl(routes.Route):
    """The hypervisor: what truly runs on this host. A guest that it stops is known to be off once its pool looks."""

    name = "xl"

    def __init__(self, world: World, host: SimHost, fiber: Fiber) -> None:
        self._world, self._host, self._fiber = world, host, fiber
        self._asked: set[str] = set()

    def open(self) -> None:
        pass

    def guests(self) -> dict[str, routes.Guest]:
        return self._fiber.ask(lambda: {vm.id: routes.Guest(vm.id, vm.name) for vm in self._alive()})

    def clean(self, guest: routes.Guest) -> None:
        if guest.id not in self._asked:
            self._asked.add(guest.id)
            self._fiber.ask(partial(self._ask_guest, self._world.vms[guest.id]))

    def hard(self, guest: routes.Guest) -> None:
        self._fiber.ask(partial(self._end, self._world.vms[guest.id], Fate.STOPPED_HARD))

    def disable(self) -> None:
        pass

    def shut_down(self) -> None:
        raise routes.RouteFailed("xl does not shut hosts down")

    def _alive(self) -> list[SimVm]:
        return [vm for vm in self._world.vms.values() if vm.resident_on == self._host.id and vm.alive]

    def _ask_guest(self, vm: SimVm) -> None:
        if vm.guest in (Guest.ACKNOWLEDGES, Guest.SLOW):
            life = vm.life
            self._world.agenda.after(vm.stop_seconds, lambda: self._end(vm, Fate.STOPS) if vm.life == life else None)

    def _end(self, vm: SimVm, how: Fate) -> None:
        """The database hears of it when its host's toolstack can tell: now, or when it has a coordinator again."""
        if vm.alive and vm.resident_on == self._host.id:
            self._world.tell(f"{vm.name} is {'shut down' if how is Fate.STOPS else how}")
            self._world.turn(vm, how)
            vm.alive = False
            if self._world.coordinator(self._host.pool) is not None:
                boot.halt(self._world, vm)
