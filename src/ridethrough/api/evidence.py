"""What a UPS says when it is asked just now: one question at a time for each, however many people look."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

Show = Callable[[str], Awaitable[dict[str, Any]]]

KEPT = 5.0  # seconds for which an answer is given again
AT_ONCE = 4  # UPSs


class Evidence:
    """Asks through `show`, which gives what `ridethrough ups show NAME --json` tells, and raises TimeoutError."""

    def __init__(self, show: Show, patience: float = 30.0) -> None:
        self._show, self._patience = show, patience
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._asked: dict[str, asyncio.Task[dict[str, Any]]] = {}

    async def of(self, ups: str) -> dict[str, Any]:
        """What this UPS says. Raises TimeoutError when it takes too long."""
        asked = self._asked.get(ups)
        if asked is None:
            asked = self._asked[ups] = asyncio.create_task(self._ask(ups))
            asked.add_done_callback(lambda task: self._forget_later(ups, task))
        return await asyncio.shield(asked)

    async def _ask(self, ups: str) -> dict[str, Any]:
        async with self._turns:
            return await asyncio.wait_for(self._show(ups), self._patience)

    def _forget_later(self, ups: str, task: asyncio.Task[dict[str, Any]]) -> None:
        failed = task.cancelled() or task.exception() is not None
        asyncio.get_running_loop().call_later(0.0 if failed else KEPT, self._asked.pop, ups, None)
