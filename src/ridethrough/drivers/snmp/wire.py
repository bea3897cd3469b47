"""One socket to one card: a request goes out, and its answer or its deadline comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from gufo.snmp.aio import SnmpSession

from ridethrough.core.model import Seconds
from ridethrough.ups.meaning import Value

T = TypeVar("T")


class Deadlines:
    """When requests that are in flight are given up: one timer for all that wait equally long."""

    def __init__(self) -> None:
        self._queues: dict[Seconds, _Queue] = {}

    def of(self, timeout: Seconds) -> _Queue:
        """The queue of those that wait `timeout` seconds."""
        if timeout not in self._queues:
            self._queues[timeout] = _Queue(timeout)
        return self._queues[timeout]


class _Queue:
    """Requests with the same timeout, the earliest deadline first."""

    def __init__(self, timeout: Seconds) -> None:
        self._timeout = timeout
        self._waiting: dict[Wire, Seconds] = {}
        self._timer: asyncio.TimerHandle | None = None

    def enter(self, wire: Wire) -> None:
        loop = asyncio.get_running_loop()
        due = self._waiting[wire] = loop.time() + self._timeout
        if self._timer is None:
            self._timer = loop.call_at(due, self._look)

    def leave(self, wire: Wire) -> None:
        self._waiting.pop(wire, None)

    def _look(self) -> None:
        """Give up whatever is due. An answer that waits in its socket, while this process was late, still counts."""
        loop = asyncio.get_running_loop()
        self._timer = None
        now = loop.time()
        for wire, due in list(self._waiting.items()):
            if due > now:
                self._timer = loop.call_at(due, self._look)
                return
            del self._waiting[wire]
            wire.give_up()


class Wire(SnmpSession):
    """gufo-snmp's session (0.13) with another way to wait for an answer.

    Its own costs more than all the rest of a poll: for each request it enters the socket into the event loop and takes
    it out again, and waits in a task of its own with a timer of its own. Here the socket stays entered, and the timer
    is one for all cards. One request at a time.
    """

    def __init__(self, deadlines: Deadlines, timeout: Seconds, **options: Any) -> None:
        super().__init__(timeout=timeout, **options)
        self._loop = asyncio.get_running_loop()
        self._queue = deadlines.of(timeout)
        self._answer: asyncio.Future[Any] | None = None
        self._receive: Callable[[], Any] | None = None
        self._hears = self._fd
        self._is_heard = False  # `_hears` is entered into the event loop

    def close(self) -> None:
        """Leave the event loop; gufo-snmp closes the descriptor when this object goes."""
        self._unhear()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(TimeoutError())

    def give_up(self) -> None:
        """The deadline has passed: take what has come meanwhile, else end in TimeoutError."""
        self._readable()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(TimeoutError())

    async def get_all(self, oids: Sequence[str]) -> dict[str, Value]:
        """One GET. Raises as `get_many` does; BlockingIOError, an OSError, while the buffer to send from is full."""
        self._sock.send_get_many(oids)  # type: ignore[arg-type]  # takes any sequence
        return await self._recv(self._sock.recv_get_many)

    async def _recv(self, receiver: Callable[[], T]) -> T:
        """The answer to the request just sent. Raises TimeoutError at the deadline, however much else comes."""
        answer: asyncio.Future[T] = self._loop.create_future()
        self._answer, self._receive = answer, receiver
        if not self._is_heard:
            self._loop.add_reader(self._hears, self._readable)
            self._is_heard = True
        self._queue.enter(self)
        try:
            return await answer
        finally:
            self._queue.leave(self)
            self._answer = self._receive = None
            del answer  # or its exception, whose traceback holds this frame, would keep the socket open

    def _readable(self) -> None:
        if self._answer is None or self._receive is None or self._answer.done():
            # Nobody asked: late answers, or noise. It is left where it is, and costs nothing until the next request,
            # which reads past what does not bear its number.
            self._unhear()
            return
        try:
            self._fetch()
            self._answer.set_result(self._receive())
        except BlockingIOError:
            return
        except Exception as error:
            self._answer.set_exception(error)

    def _fetch(self) -> None:
        """Let gufo-snmp find what has come. Raises BlockingIOError where nothing has."""

    def _unhear(self) -> None:
        if self._is_heard:
            self._is_heard = False
            self._loop.remove_reader(self._hears)
