"""What a BMC is asked for; and a library that waits, kept from holding anybody up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol, TypeVar

from ridethrough.core.model import Seconds
from ridethrough.ports import Unreachable

T = TypeVar("T")


class Bmc(Protocol):
    """A host's BMC. Both calls raise Refused where it says no, and Unreachable where it does not answer in time."""

    async def is_on(self, within: Seconds) -> bool:
        """Whether the host has power, as the BMC says. Changes nothing."""

    async def switch_on(self, within: Seconds) -> None:
        """Switch the host on. One that is on stays on."""


async def in_thread(name: str, call: Callable[[], T], within: Seconds) -> T:
    """What `call` answers, in a thread of its own. One that hangs is left behind: the thread ends with the process, and
    no other call waits for it. Raises what it raises, and Unreachable after `within`.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def tell(set_it: Callable[[], None]) -> None:
        if not answer.done():
            set_it()

    def run() -> None:
        try:
            found = call()
        except BaseException as error:
            told = error if isinstance(error, Exception) else RuntimeError(repr(error))
            _back(loop, lambda: tell(lambda: answer.set_exception(told)))
        else:
            _back(loop, lambda: tell(lambda: answer.set_result(found)))

    threading.Thread(target=run, name=name, daemon=True).start()
    try:
        return await asyncio.wait_for(answer, within)
    except TimeoutError:
        raise Unreachable(f"no answer within {within:.0f} s") from None


def _back(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    """The loop may have ended meanwhile: nobody waits any more."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(call)
