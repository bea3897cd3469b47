"""Who asks for nothing is not waited for."""

from __future__ import annotations

from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

WITHIN = 30.0  # seconds for a whole request, from when one may come


class Patient(H11Protocol):
    """HTTP as uvicorn speaks it; but who has not sent a whole request in time is not waited for."""

    within = WITHIN
    _ends: Any = None

    def connection_made(self, transport: Any) -> None:
        """Called by the server."""
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        """Called by the server."""
        super().data_received(data)
        self._expect()

    def on_response_complete(self) -> None:
        """Called by the server."""
        super().on_response_complete()
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the server."""
        self._expect_nothing()
        super().connection_lost(exc)

    def _expect(self) -> None:
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._expect_nothing()
        elif self._ends is None:
            self._ends = self.loop.call_later(self.within, self.transport.abort)

    def _expect_nothing(self) -> None:
        if self._ends is not None:
            self._ends.cancel()
            self._ends = None
