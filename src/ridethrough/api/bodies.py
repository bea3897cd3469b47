"""How much may be sent in a request. What is sent is read before anything else is looked at, and kept in memory."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import HTTPException, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .access import Gate, NotAdmitted, person_of

KIB, MIB = 1024, 1024 * 1024
OF_ANYBODY = 64 * KIB  # bytes; a login has a few hundred
OF_SOMEBODY = 8 * MIB  # the text of the largest site.toml has half of it
TOO_MUCH = 413


@dataclass(frozen=True, slots=True)
class Bodies:
    """Lets through what is not too much, and the rest no further than to here. The gate is asked where it is much."""

    app: ASGIApp
    gate: Gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As an ASGI application."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        taken, known = 0, False

        async def look(size: int) -> None:
            nonlocal known
            if size > OF_ANYBODY and not known:
                known = await run_in_threadpool(self._knows, request)
            if size > (OF_SOMEBODY if known else OF_ANYBODY):
                raise HTTPException(TOO_MUCH, _remedy(known), {"connection": "close"})

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            await look(taken)
            return message

        said = request.headers.get("content-length", "")
        try:
            await look(int(said) if said.isdecimal() and len(said) < 20 else 0)
        except HTTPException as error:
            await JSONResponse({"detail": error.detail}, error.status_code, error.headers)(scope, receive, send)
            return
        await self.app(scope, counted, send)

    def _knows(self, request: Request) -> bool:
        try:
            person_of(request, self.gate, counts=False)
        except NotAdmitted:
            return False
        return True


def _remedy(known: bool) -> str:
    if known:
        return f"more than {OF_SOMEBODY // MIB} MiB were sent: send less at once"
    return f"more than {OF_ANYBODY // KIB} KiB were sent: log in first, or send less"
