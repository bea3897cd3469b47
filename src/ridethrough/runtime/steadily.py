"""Work beside the rounds that goes on whatever happens in it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from ridethrough.core.model import Seconds

log = logging.getLogger(__name__)

PAUSE: Seconds = 1.0


async def steadily(name: str, work: Callable[[], Awaitable[None]], pause: Seconds = PAUSE) -> None:
    """Do `work` until it returns or this is cancelled. A bug that ends it is logged once, and it is begun again."""
    told = ""
    while True:
        try:
            await work()
        except Exception as error:
            if (text := repr(error)) != told:
                log.exception("%s failed, and is begun again", name)
            told = text
        else:
            return
        await asyncio.sleep(pause)
