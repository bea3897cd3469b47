"""NUT's own upsd and dummy-ups, as Debian packs them: the machine's, or private ones."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from getpass import getuser
from pathlib import Path
from types import TracebackType
from typing import Self

from ridethrough.drivers.nut import ServerConfig
from ridethrough.drivers.nut.server import Server
from ridethrough.ports import Unreachable

PRIVATE = Path(sys.prefix, "nut")
ROOTS = (PRIVATE, PRIVATE / "usr", Path("/"), Path("/usr"))
UPSD = next((root / "lib/nut/upsd" for root in ROOTS if (root / "lib/nut/upsd").exists()), None)
DUMMY_UPS = next((root / "lib/nut/dummy-ups" for root in ROOTS if (root / "lib/nut/dummy-ups").exists()), None)


def _libraries() -> str:
    folders = [folder for root in (PRIVATE / "lib", PRIVATE / "usr/lib") for folder in root.glob("*-linux-gnu*")]
    return os.pathsep.join(str(folder) for folder in folders)


class RealUpsd:
    """upsd with one dummy-ups for each of `files`, which are dumps or sequences, by the UPS's name."""

    def __init__(self, home: Path, files: Mapping[str, Path]) -> None:
        self._home = home
        self._names = list(files)
        self._drivers: dict[str, asyncio.subprocess.Process] = {}
        self._upsd: asyncio.subprocess.Process | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        sections = [
            f"[{name}]\ndriver = dummy-ups\nport = {file}\nmode = dummy-{'loop' if file.suffix == '.seq' else 'once'}\n"
            for name, file in files.items()
        ]
        home.chmod(0o770)
        (home / "ups.conf").write_text("pollinterval = 1\n" + "\n".join(sections))
        (home / "upsd.conf").write_text(f"LISTEN 127.0.0.1 {self.port}\nMAXAGE 4\n")
        (home / "upsd.users").write_text("[monuser]\npassword = secret\nupsmon secondary\n")
        for file in home.iterdir():
            file.chmod(0o640)

    async def __aenter__(self) -> Self:
        for name in self._names:
            await self.start_driver(name)
        await self.start_upsd()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop_upsd()
        for name in list(self._drivers):
            await self.stop_driver(name)

    def config(self) -> ServerConfig:
        return ServerConfig("127.0.0.1", self.port)

    async def start_driver(self, name: str) -> None:
        self._drivers[name] = await self._run(DUMMY_UPS, "-a", name, "-FF")
        await self._until(lambda: (self._home / f"dummy-ups-{name}").exists())

    async def stop_driver(self, name: str) -> None:
        await _end(self._drivers.pop(name))

    async def start_upsd(self) -> None:
        """Returns when it knows every UPS whose driver runs."""
        self._upsd = await self._run(UPSD, "-F")
        await self._until(self._listens)
        server = Server(self.config())
        async with asyncio.timeout(10):
            for name in self._drivers:
                while not await _is_known(server, name):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        server.close()

    async def stop_upsd(self) -> None:
        if self._upsd is not None:
            await _end(self._upsd)
            self._upsd = None

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    async def _run(self, program: Path | None, *arguments: str) -> asyncio.subprocess.Process:
        places = dict.fromkeys(("NUT_STATEPATH", "NUT_CONFPATH", "NUT_ALTPIDPATH", "HOME"), str(self._home))
        with (self._home / "log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                str(program),
                *("-u", getuser()),
                *arguments,
                env=places | {"LD_LIBRARY_PATH": _libraries(), "PATH": "/usr/bin:/bin"},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    async def _until(self, there: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not there():  # noqa: ASYNC110 - what another process does
                await asyncio.sleep(0.05)


async def _is_known(server: Server, name: str) -> bool:
    try:
        return (await server.variables(name)).get("ups.status") not in (None, "WAIT")
    except Unreachable:
        return False


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(5):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
