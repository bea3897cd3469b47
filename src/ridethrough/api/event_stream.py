"""One open event stream. Whatever its reader does, it ends with the session, and with whoever reads it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .live import Listener, Live

SEND_WITHIN = 20.0  # seconds for one message, until whoever does not read is given up
LOOK_AT_LEAST_EVERY = 5.0  # seconds, where no beat comes


class EventStream(Response):
    """Writes what a listener hears. Looks with each beat whether its reader still may, however slowly they read."""

    media_type = "text/event-stream"

    def __init__(
        self,
        live: Live,
        of: str,
        first: Callable[[], bytes],
        still: Callable[[], Awaitable[bool]],
        within: float = SEND_WITHIN,
    ) -> None:
        """`of`: whose it is; `first`: what comes before all; `still`: whether its reader still may read."""
        self._live, self._of, self._first, self._still, self._within = live, of, first, still, within
        self.status_code, self.background = 200, None
        self.init_headers({"cache-control": "no-store", "x-accel-buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Called by the server; ends with the stream."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        with self._live.listening(self._of) as listener:
            parts = {
                asyncio.create_task(self._write(listener, send)),
                asyncio.create_task(self._watch(listener)),
                asyncio.create_task(gone(receive)),
            }
            try:
                await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for part in parts:
                    part.cancel()
                ended = await asyncio.gather(*parts, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception) and not isinstance(error, OSError):  # a TimeoutError is one, too
                raise error
        with contextlib.suppress(OSError):
            await self._send(send, b"", more=False)

    async def _write(self, listener: Listener, send: Send) -> None:
        await self._send(send, self._first())
        while True:
            await self._send(send, await listener.queue.get())

    async def _send(self, send: Send, body: bytes, more: bool = True) -> None:
        async with asyncio.timeout(self._within):
            await send({"type": "http.response.body", "body": body, "more_body": more})

    async def _watch(self, listener: Listener) -> None:
        """Until its reader may not read on, or is too far behind."""
        while not listener.behind:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_AT_LEAST_EVERY):
                    await listener.look.wait()
            listener.look.clear()
            if not await self._still():
                return


async def gone(receive: Receive) -> None:
    """Until whoever has asked does not wait for the answer any more."""
    while (await receive())["type"] != "http.disconnect":
        pass
