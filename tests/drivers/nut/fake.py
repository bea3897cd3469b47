"""A upsd on loopback that says what a test wants: well, badly, slowly or not at all."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from types import TracebackType
from typing import Self

from ridethrough.drivers.nut import ServerConfig

Variables = dict[str, str]
OL: Variables = {"ups.status": "OL", "battery.charge": "100", "battery.runtime": "1200", "input.voltage": "230.0"}


class FakeUpsd:
    """Serves `upses`. `answer` replaces the lines that answer a request; None stands for no answer at all."""

    def __init__(self, upses: dict[str, Variables], tls: ssl.SSLContext | None = None) -> None:
        self.upses = upses
        self.errors: dict[str, str] = {}  # by UPS: the code that LIST VAR is answered with
        self.login: tuple[str, str] | None = None
        self.answer: Callable[[str], bytes | None] | None = None
        self.asked: list[str] = []
        self.connections = 0
        self._tls = tls
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Self:
        await self.begin(0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.end()

    async def begin(self, port: int) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port: int = self._server.sockets[0].getsockname()[1]

    async def end(self) -> None:
        """Hang up on everybody and stop listening."""
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()
        await self._server.wait_closed()

    def config(self, **changes: object) -> ServerConfig:
        return ServerConfig("127.0.0.1", self.port, timeout=0.3, **changes)  # type: ignore[arg-type]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        given: dict[str, str] = {}
        while line := await reader.readline():
            request = line.decode().rstrip("\n")
            self.asked.append(request)
            if self.answer is not None:
                said = self.answer(request)
                if said is not None:
                    writer.write(said)
                continue
            match request.split():
                case ["STARTTLS"] if self._tls is not None:
                    writer.write(b"OK STARTTLS\n")
                    await writer.start_tls(self._tls)
                case ["STARTTLS"]:
                    writer.write(b"ERR FEATURE-NOT-CONFIGURED\n")
                case ["USERNAME" | "PASSWORD" as what, value]:
                    given[what] = value
                    writer.write(b"OK\n")
                case ["LIST", "UPS"]:
                    rows = "".join(f'UPS {name} "a \\"quoted\\" description"\n' for name in self.upses)
                    writer.write(f"BEGIN LIST UPS\n{rows}END LIST UPS\n".encode())
                case ["LIST", "VAR", name] if self.login and tuple(given.values()) != self.login:
                    writer.write(b"ERR ACCESS-DENIED\n")
                case ["LIST", "VAR", name] if name in self.errors:
                    writer.write(f"ERR {self.errors[name]}\n".encode())
                case ["LIST", "VAR", name] if name in self.upses:
                    rows = "".join(f'VAR {name} {key} "{value}"\n' for key, value in self.upses[name].items())
                    writer.write(f"BEGIN LIST VAR {name}\n{rows}END LIST VAR {name}\n".encode())
                case ["LIST", "VAR", _]:
                    writer.write(b"ERR UNKNOWN-UPS\n")
                case _:
                    writer.write(b"ERR UNKNOWN-COMMAND\n")
