"""The API with the pages, served over HTTP on loopback in a thread of its own."""

from __future__ import annotations

import threading
import time

import uvicorn

from ridethrough.api import Context, create_app
from ridethrough.web import pages

PATIENCE = 20.0


class Served:
    """A server that runs until it is closed."""

    def __init__(self, context: Context) -> None:
        config = uvicorn.Config(
            create_app(context, pages()),
            host="127.0.0.1",
            port=0,
            log_level="warning",
            ws="none",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="pages", daemon=True)
        self._thread.start()
        ends = time.monotonic() + PATIENCE
        while not self._server.started:
            assert time.monotonic() < ends, "the server did not start"
            self._thread.join(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(PATIENCE)
