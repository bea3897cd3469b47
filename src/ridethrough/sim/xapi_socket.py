"""A host's own socket in dom0, /var/lib/xcp/xapi, which asks root for no password."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from ridethrough.core.model import HostId

from .xapi_server import XapiServer
from .xapi_wire.endpoint import Dropped, Vanished
from .xapi_wire.envelope import HEADERS, Malformed


@asynccontextmanager
async def own_socket(server: XapiServer, host: HostId, path: Path) -> AsyncIterator[Path]:
    """The socket of one host of a server that runs. Who asks a toolstack that is gone sees its connection closed."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        try:
            body = await server.answer_locally(host, await request.read())
        except Malformed as error:
            return web.Response(status=500, body=error.page, content_type="text/html")
        except (Dropped, Vanished):
            if request.transport is not None:
                request.transport.close()
            return web.Response()  # goes nowhere
        return web.Response(body=body, headers={**HEADERS, "Content-Type": "text/xml"})

    runner = web.ServerRunner(web.Server(answer, access_log=None), shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.UnixSite(runner, path).start()
        yield path
    finally:
        await runner.cleanup()
