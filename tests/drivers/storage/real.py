"""NUT's own clients, upsc and upsmon, as Debian packs them, each seen as coming from a NAS box's address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from getpass import getuser
from pathlib import Path

from ridethrough.drivers.storage.box import Account
from tests.drivers.program import Program, find, own_libraries

UPSC, UPSMON = find("bin/upsc"), find("lib/nut/upsmon")
EVERY, DEAD_AFTER = 1, 4  # seconds: upsmon's POLLFREQ and DEADTIME


@asynccontextmanager
async def as_seen_from(source: str, port: int) -> AsyncIterator[int]:
    """A port of loopback. Who connects to it is connected to `port`, and comes from `source`."""
    pipes: set[asyncio.Task[None]] = set()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
            for pipe in (_pipe(reader, far_writer), _pipe(far_reader, writer)):
                task = asyncio.create_task(pipe)
                pipes.add(task)
                task.add_done_callback(pipes.discard)
            return
        writer.close()

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in pipes:
            task.cancel()
        await asyncio.gather(*pipes, return_exceptions=True)


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        with suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
            writer.close()
            await writer.wait_closed()
    finally:
        writer.transport.abort()


async def upsc(*arguments: str) -> tuple[str, str]:
    """What upsc prints on its output, and on its error output."""
    process = await asyncio.create_subprocess_exec(
        str(UPSC), *arguments, env=own_libraries(), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    return out.decode(), err.decode()


@dataclass
class Upsmon:
    """A secondary: it shuts its machine down, which here is a file, when its UPS says so."""

    home: Path
    ups: str
    port: int
    account: Account
    more: str = ""  # lines of upsmon.conf
    _program: Program | None = field(default=None, init=False)

    @property
    def has_shut_down(self) -> bool:
        return (self.home / "is down").exists()

    @property
    def log(self) -> str:
        return (self.home / "log").read_text(encoding="utf-8", errors="replace")

    async def start(self) -> None:
        self.home.mkdir()
        command, down = self.home / "shut-down", self.home / "is down"
        command.write_text(f'#!/bin/sh\nexec touch "{down}"\n')
        command.chmod(0o755)
        user = f"{self.account.username} {self.account.password}"
        (self.home / "upsmon.conf").write_text(
            f"MONITOR {self.ups}@127.0.0.1:{self.port} 1 {user} secondary\n"
            f"RUN_AS_USER {getuser()}\n"
            f'SHUTDOWNCMD "{command}"\n'
            f"POLLFREQ {EVERY}\nPOLLFREQALERT {EVERY}\nDEADTIME {DEAD_AFTER}\nHOSTSYNC 2\nFINALDELAY 0\n"
            f"MINSUPPLIES 1\n{self.more}"
        )
        places = dict.fromkeys(
            ("NUT_CONFPATH", "NUT_STATEPATH", "NUT_ALTPIDPATH", "NUT_PIDPATH", "HOME"), str(self.home)
        )
        self._program = await Program.start(
            UPSMON, "-p", "-D", "-F", "-u", getuser(), log=self.home / "log", environment=places
        )

    async def end(self) -> None:
        if self._program is not None:
            await self._program.end()
