"""Waiting for news, but not for ever."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from ridethrough.core.model import Seconds


async def news_or(news: asyncio.Event, seconds: Seconds) -> None:
    """Wait until `news` is set, for `seconds` of the event loop at most. No task is begun for it."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await news.wait()
