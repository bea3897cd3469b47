"""XenAPI's tasks: how they begin, end, and get lost with the coordinator's toolstack."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ridethrough.core.model import HostId, PoolId, Seconds

from .errors import XapiError
from .machines import NULL, SimTask, ref_of, uuid_of

if TYPE_CHECKING:
    from .world import World

DEAD_MEMBER_BLOCKS: Seconds = 131.0  # a call forwarded to a host without power, lab 08
VOID = "<value></value>"


def create(world: World, pool: PoolId, name: str, resident_on: HostId = "", parent: SimTask | None = None) -> SimTask:
    """A new pending task, known to the world."""
    world.tasks_made += 1
    uuid = uuid_of("task", f"{pool}/{world.tasks_made}")
    task = SimTask(ref_of(uuid), uuid, name, pool, world.now, resident_on=resident_on)
    task.subtask_of = parent.ref if parent else NULL
    world.tasks[task.ref] = task
    world.changed("task", task.ref)
    return task


def succeed(world: World, task: SimTask) -> None:
    task.result = VOID
    _end(world, task, "success")


def fail(world: World, task: SimTask, error: XapiError) -> None:
    task.error_info = (error.code, *error.params)
    _end(world, task, "failure")


def cancelled(world: World, task: SimTask) -> None:
    """Ended by task.cancel: progress says 1.0, and error_info stays empty where the laboratory saw it (lab 05, 15);
    the source of the others names TASK_CANCELLED (pitfall 14)."""
    if task.pending and not world.pools[task.pool].profile.seen_running:
        task.error_info = ("TASK_CANCELLED", task.ref)
    _end(world, task, "cancelled")


def orphan(world: World, host: HostId, before: Seconds) -> None:
    """The host's toolstack started anew: its coordinator calls what ran there cancelled, and the work goes on unowned.

    What was asked after it had gone, at `before`, waits for it and is answered (lab 07).

    cancel_tasks.ml, called by Pool.hello; read from source.
    """
    for task in [t for t in world.at_work if t.resident_on == host and t.pending and t.created < before]:
        for vm in world.vms.values():
            if vm.current_operations.pop(task.ref, None):
                world.changed("vm", vm.ref)
        cancelled(world, task)


def _end(world: World, task: SimTask, status: str) -> None:
    if task.pending:
        task.status = status  # type: ignore[assignment]
        task.progress = 1.0
        task.finished = world.now
        world.changed("task", task.ref)
        task.done.fire()


def destroy(world: World, task: SimTask) -> None:
    """task.destroy: only the record goes; a pending task's work goes on."""
    if world.tasks.pop(task.ref, None) is not None:
        world.changed("task", task.ref)


def lose_all(world: World, pool: PoolId) -> None:
    """The coordinator's toolstack went: tasks and current operations are kept nowhere else."""
    lost = [t for t in world.tasks.values() if t.pool == pool]
    for task in lost:
        del world.tasks[task.ref]
    for host in world.members(pool):
        if host.current_operations:
            host.current_operations.clear()
            world.changed("host", host.ref)
    for vm in world.vms.values():
        if vm.pool == pool and vm.current_operations:
            vm.current_operations.clear()
            world.changed("vm", vm.ref)
    for task in lost:
        if task.pending:
            task.lost = True
        task.done.fire()


def strand(world: World, host: HostId) -> None:
    """The host went dark: what it was doing ends there; a caller hangs, and then hears that nobody can be contacted."""
    error = XapiError("CANNOT_CONTACT_HOST", world.hosts[host].ref)
    for task in [t for t in world.at_work if t.resident_on == host]:
        if task.process:
            task.process.stop()
        world.agenda.after(DEAD_MEMBER_BLOCKS, partial(fail, world, task, error))
