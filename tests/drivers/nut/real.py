"""NUT's own upsd, dummy-ups and nutdrv_qx, as Debian packs them: the machine's, or private ones."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from getpass import getuser
from pathlib import Path
from types import TracebackType
from typing import Self

from ridethrough.drivers.nut import ServerConfig
from ridethrough.drivers.nut.server import Server
from ridethrough.ports import Unreachable
from tests.drivers.program import Program, find, free_port

UPSD, DUMMY_UPS, CERTUTIL = find("lib/nut/upsd"), find("lib/nut/dummy-ups"), find("bin/certutil")
NUTDRV_QX = find("lib/nut/nutdrv_qx")


class RealUpsd:
    """upsd with one dummy-ups for each of `files`, which are dumps or sequences, by the UPS's name.

    `users` are more sections of upsd.users, `options` more lines of upsd.conf. `sections` are those of ups.conf for
    UPSs that nutdrv_qx reads, by their names.
    """

    def __init__(
        self,
        home: Path,
        files: Mapping[str, Path],
        users: str = "",
        options: str = "",
        sections: Mapping[str, str] | None = None,
    ) -> None:
        self._home = home
        read = sections or {}
        self._programs = dict.fromkeys(files, DUMMY_UPS) | dict.fromkeys(read, NUTDRV_QX)
        self._drivers: dict[str, Program] = {}
        self._upsd: Program | None = None
        self.port = free_port(socket.SOCK_STREAM)
        told = [f"[{name}]\ndriver = nutdrv_qx\n{text}\n" for name, text in read.items()]
        told += [
            f"[{name}]\ndriver = dummy-ups\nport = {file}\nmode = dummy-{'loop' if file.suffix == '.seq' else 'once'}\n"
            for name, file in files.items()
        ]
        home.chmod(0o770)
        (home / "ups.conf").write_text("pollinterval = 1\n" + "\n".join(told))
        (home / "upsd.conf").write_text(f"LISTEN 127.0.0.1 {self.port}\nMAXAGE 4\n{options}")
        (home / "upsd.users").write_text(f"[monuser]\npassword = secret\nupsmon secondary\n{users}")
        for file in home.glob("*.*"):
            file.chmod(0o640)

    async def __aenter__(self) -> Self:
        try:
            for name in self._programs:
                await self.start_driver(name)
            await self.start_upsd()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        await self.stop_upsd()
        for name in list(self._drivers):
            await self.stop_driver(name)

    def config(self) -> ServerConfig:
        return ServerConfig("127.0.0.1", self.port)

    async def start_driver(self, name: str) -> None:
        program = self._programs[name]
        assert program is not None
        self._drivers[name] = driver = await self._run(program, "-a", name, "-FF")
        await driver.until((self._home / f"{program.name}-{name}").exists)

    async def stop_driver(self, name: str) -> None:
        await self._drivers.pop(name).end()

    async def start_upsd(self) -> None:
        """Returns when it knows every UPS whose driver runs."""
        self._upsd = await self._run(UPSD, "-F")
        await self._upsd.until(self._listens)
        server = Server(self.config())
        async with asyncio.timeout(10):
            for name in self._drivers:
                while not await _is_known(server, name):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        server.close()

    async def stop_upsd(self) -> None:
        if self._upsd is not None:
            await self._upsd.end()
            self._upsd = None

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    async def _run(self, program: Path | None, *arguments: str) -> Program:
        places = dict.fromkeys(("NUT_STATEPATH", "NUT_CONFPATH", "NUT_ALTPIDPATH", "HOME"), str(self._home))
        log = self._home / "log"
        return await Program.start(program, "-u", getuser(), *arguments, log=log, environment=places)


async def _is_known(server: Server, name: str) -> bool:
    try:
        return (await server.variables(name)).get("ups.status") not in (None, "WAIT")
    except Unreachable:
        return False
