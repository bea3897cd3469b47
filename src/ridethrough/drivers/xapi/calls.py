"""Calls that change a pool, each watched to its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import ContextVar
from typing import Any, TypeAlias, TypeVar

from ridethrough.core.model import HostId, Seconds
from ridethrough.ports import Clock, Refused, Unreachable, is_from_before_a_standstill

from .records import Task
from .session import PoolSession
from .wire import XapiFailure

log = logging.getLogger(__name__)

CALL = 15.0  # seconds for a call that the coordinator answers by itself
FIRST_LOOK, LOOK = 0.1, 0.5  # seconds between looks at a running task
DONE_AFTER = 2.0  # seconds for which the object is at its end while the task still says pending
LOST_AFTER = 10.0  # seconds without the task and without its end after which it counts as lost
CLEAN_UP = 10.0  # seconds for cancelling what we leave behind
LAST_CALL = 2.0  # seconds for the same when the driver stops

T = TypeVar("T")
Names: TypeAlias = Callable[[str], str]

begun_at: ContextVar[Seconds] = ContextVar("begun_at")  # of the action that this task carries out


class Calls:
    """Calls to one pool's coordinator, on behalf of an action."""

    def __init__(
        self,
        session: PoolSession,
        host_ref: Callable[[HostId], str | None],
        known_build: Callable[[], tuple[int, ...]],
        name: Names,
        clock: Clock,
    ) -> None:
        self._session = session
        self._clock = clock
        self._host_ref = host_ref
        self._known_build = known_build
        self._name = name
        self._clean_ups: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Give what is still being cancelled two seconds, then let it be."""
        left = set(self._clean_ups)
        if left:
            await asyncio.wait(left, timeout=LAST_CALL)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _until(self, task: str, is_done: Callable[[], Awaitable[bool]], cancel: bool) -> None:
        """Watch a task and its object until one says that it is over.

        Tasks die with the coordinator's toolstack while the operation may go on: then only the object tells. An
        object reaches its end up to half a second before its task (lab 15); a task that then hangs is let be.
        """
        pause, lost_for, done_for, over = FIRST_LOOK, 0.0, 0.0, False
        try:
            while True:
                await asyncio.sleep(pause)
                try:
                    status, error = await self._task(task)
                    done = await is_done()
                except Unreachable as trouble:
                    log.debug("looking at a task: %s", trouble)  # the action's deadline decides how long
                    continue
                done_for = done_for + pause if done else 0.0
                lost_for = lost_for + pause if status == "lost" else 0.0
                over = status != "pending" or done_for >= DONE_AFTER
                if status == "success" or (over and done):
                    return
                if status in ("failure", "cancelled"):
                    raise XapiFailure(*(error or ("TASK_CANCELLED", task)))
                if lost_for >= LOST_AFTER:
                    raise Unreachable("the toolstack restarted and the operation was lost")
                pause = min(LOOK, pause * 2)
        finally:
            self._later(self._forget(task, cancel=cancel and not over))

    async def _task(self, task: str) -> tuple[str, tuple[str, ...]]:
        """The task's status and error; `lost` when the coordinator no longer knows it."""
        try:
            record = await self._read(Task, "task.get_record", task)
        except XapiFailure as failure:
            if failure.code != "HANDLE_INVALID":
                raise
            return "lost", ()
        return record.status, record.error_info

    async def _forget(self, task: str, cancel: bool) -> None:
        """Leave no task behind: cancelled if it is still wanted no more, and removed once it is over."""
        if cancel:
            await self._do_unless(("HANDLE_INVALID", "OPERATION_NOT_ALLOWED"), "task.cancel", task)
        for _ in range(int(CLEAN_UP / LOOK) - 2):
            if (await self._task(task))[0] != "pending":
                break
            await asyncio.sleep(LOOK)
        await self._do_unless(("HANDLE_INVALID",), "task.destroy", task)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        """Clean up without keeping anybody waiting; `close` waits for it."""

        async def bounded() -> None:
            try:
                async with asyncio.timeout(CLEAN_UP):
                    await work
            except (TimeoutError, Unreachable, Refused, XapiFailure) as error:
                log.info("could not clean up behind an action: %s", error)

        task = asyncio.create_task(bounded())
        self._clean_ups.add(task)
        task.add_done_callback(self._clean_ups.discard)

    async def _pool(self) -> str:
        pools = await self._read(tuple[str, ...], "pool.get_all")
        if not pools:
            raise Unreachable("the coordinator says that there is no pool")
        return pools[0]

    def _host(self, host: HostId) -> str:
        ref = self._host_ref(host)
        if ref is None:
            raise Unreachable(f"the pool has not told of a host {host} yet")
        return ref

    async def _read(self, want: type[T], method: str, *params: object) -> T:
        return await self._session.call(want, method, *params, deadline=CALL)

    async def _command(self, want: type[T], method: str, *params: object, deadline: Seconds = CALL) -> T:
        """A call that changes something. Raises NotBegun instead, when this process has stood still meanwhile."""
        begun = begun_at.get()

        def is_old() -> bool:
            return is_from_before_a_standstill(self._clock, begun)

        return await self._session.call(want, method, *params, deadline=deadline, is_old=is_old)

    async def _do(self, method: str, *params: object, deadline: Seconds = CALL) -> None:
        await self._command(object, method, *params, deadline=deadline)

    async def _do_unless(
        self, harmless: tuple[str, ...], method: str, *params: object, deadline: Seconds = CALL
    ) -> None:
        try:
            await self._do(method, *params, deadline=deadline)
        except XapiFailure as failure:
            if failure.code not in harmless:
                raise
