"""What every call of XenAPI has in common: finding its object, its task, its way to the host, and waiting its turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ridethrough.core.model import HostId, PoolId, Seconds

from . import tasks
from .agenda import Signal, Steps
from .errors import XapiError
from .machines import Reach, SimHost, SimPool, SimTask, SimVm

if TYPE_CHECKING:
    from .world import World

ON_COORDINATOR: Seconds = 0.005  # median of a forwarded call, lab 20
ON_MEMBER: Seconds = 0.025
NO_TOOLSTACK: Seconds = 1.0  # connection refused: known at once, and tried again while it starts
CANCEL_SECONDS: Seconds = 0.4  # lab 15
LONGEST_WAIT: Seconds = 7200.0  # helpers.ml Policy.standard; read from source


class Operations:
    """One pool's database and coordinator. Whether they can be reached at all is for the caller to ask the world."""

    def __init__(self, world: World, pool: PoolId) -> None:
        self.world = world
        self.pool_id = pool

    @property
    def pool(self) -> SimPool:
        return self.world.pools[self.pool_id]

    # --- from references to objects

    def host(self, ref: str) -> SimHost:
        """Raises HANDLE_INVALID."""
        for host in self.world.hosts.values():
            if host.ref == ref and host.pool == self.pool_id:
                return host
        raise XapiError("HANDLE_INVALID", "host", ref)

    def vm(self, ref: str) -> SimVm:
        """Raises HANDLE_INVALID."""
        for vm in self.world.vms.values():
            if vm.ref == ref and vm.pool == self.pool_id:
                return vm
        raise XapiError("HANDLE_INVALID", "VM", ref)

    def task(self, ref: str) -> SimTask:
        """Raises HANDLE_INVALID: destroyed, or lost with the coordinator's toolstack."""
        task = self.world.tasks.get(ref)
        if task is None or task.pool != self.pool_id:
            raise XapiError("HANDLE_INVALID", "task", ref)
        return task

    # --- courses of steps

    def start(
        self,
        name: str,
        steps: Callable[[SimTask], Steps],
        on: HostId = "",
        parent: SimTask | None = None,
        cancellable: bool = False,
    ) -> SimTask:
        """Begin a call. Its task ends with success, or with the XapiError that its steps raise."""
        task = tasks.create(self.world, self.pool_id, name, on, parent)
        task.cancellable = cancellable
        self.world.at_work.append(task)
        task.process = self.world.agenda.run(self._guarded(task, steps(task)))
        return task

    def _guarded(self, task: SimTask, steps: Steps) -> Steps:
        try:
            yield from steps
        except XapiError as error:
            tasks.fail(self.world, task, error)
        else:
            tasks.succeed(self.world, task)
        finally:
            self.world.at_work.remove(task)

    def forward(self, host: SimHost) -> Steps:
        """The way from the coordinator to the host that does the work; a dead one blocks the call (lab 08)."""
        if host.id == self.pool.coordinator:
            yield ON_COORDINATOR
            return
        yield ON_MEMBER
        if not host.live:
            raise XapiError("HOST_OFFLINE", host.ref)
        yield from self._reached(host)

    def _reached(self, host: SimHost) -> Steps:
        """Its toolstack takes the call, whatever the database says of the host."""
        asked_in = self.pool.session_epoch
        while host.toolstack == "starting" and self.world.reach(host.id) is not Reach.NOTHING:
            yield NO_TOOLSTACK  # it is asked again until it is there (lab 07)
            self._still_asked(asked_in)
        match self.world.reach(host.id):
            case Reach.MEMBER | Reach.COORDINATOR:
                return
            case Reach.REFUSED | Reach.BOOTING | Reach.JOINING:
                yield NO_TOOLSTACK
            case Reach.NOTHING:
                yield tasks.DEAD_MEMBER_BLOCKS
        raise XapiError("CANNOT_CONTACT_HOST", host.ref)

    def _still_asked(self, epoch: int) -> None:
        """What still waits in a coordinator ends with its toolstack; what a host has begun goes on."""
        if self.pool.session_epoch != epoch:
            raise XapiError("HOST_OFFLINE", self.world.hosts[self.pool.coordinator].ref)

    def turn(self, thing: SimVm | SimHost, task: SimTask, *only: str) -> Steps:
        """Wait until no other operation (or none of `only`) holds the object: xapi queues, it does not refuse.

        After two hours it does. Whoever waits can be cancelled, even a host.evacuate (pitfall 6).
        """
        was, task.cancellable = task.cancellable, True
        patience, asked_in = self.world.now + LONGEST_WAIT, self.pool.session_epoch
        while holders := [ref for ref, op in thing.current_operations.items() if not only or op in only]:
            holder = self.world.tasks.get(holders[0])
            if holder is None or not holder.pending:
                thing.current_operations.pop(holders[0])
            elif self.world.now >= patience:
                raise self.busy(thing, holder.ref)
            else:
                yield self.at_latest(holder.done, patience)
                self._still_asked(asked_in)
        task.cancellable = was

    def at_latest(self, signal: Signal, when: Seconds) -> Signal:
        """Fires with `signal`, or at `when`."""
        either = Signal()
        latest = self.world.agenda.at(when, either.fire)
        signal.watch(latest.cancel)
        signal.watch(either.fire)
        return either

    def busy(self, thing: SimVm | SimHost, task: str) -> XapiError:
        """What xapi says when it refuses because of another operation (pitfall 12, lab 03)."""
        kind, operation = "VM" if isinstance(thing, SimVm) else "host", thing.current_operations[task]
        if self.pool.profile.names_busy_task:
            return XapiError("OTHER_OPERATION_IN_PROGRESS", kind, thing.ref, operation, task)
        return XapiError("OTHER_OPERATION_IN_PROGRESS", f"{kind}.{operation}", thing.ref)

    def hold(self, thing: SimVm | SimHost, task: SimTask, operation: str) -> None:
        thing.current_operations[task.ref] = operation
        self._touch(thing)

    def release(self, thing: SimVm | SimHost, task: SimTask) -> None:
        if thing.current_operations.pop(task.ref, None) is not None:
            self._touch(thing)

    def _touch(self, thing: SimVm | SimHost) -> None:
        self.world.changed("vm" if isinstance(thing, SimVm) else "host", thing.ref)

    # --- tasks

    def task_cancel(self, ref: str) -> None:
        """task.cancel. A migration or a clean shutdown ends as `cancelled`; host.evacuate goes on regardless (lab 04).

        Raises HANDLE_INVALID.
        """
        task = self.task(ref)
        if task.pending and task.cancellable:
            self.world.agenda.after(CANCEL_SECONDS, lambda: self._cancelled(task))

    def _cancelled(self, task: SimTask) -> None:
        if task.pending and task.cancellable:
            if task.process:
                task.process.stop()
            tasks.cancelled(self.world, task)

    def task_destroy(self, ref: str) -> None:
        """task.destroy: hides the record; pending work goes on. Raises HANDLE_INVALID."""
        tasks.destroy(self.world, self.task(ref))


def set_key(table: dict[str, str], kind: str, field: str, uuid: str, key: str, value: str) -> None:
    """add_to_other_config and its like. Raises MAP_DUPLICATE_KEY when the key is there."""
    if key in table:
        raise XapiError("MAP_DUPLICATE_KEY", kind, field, uuid, key)
    table[key] = value
