"""net-snmp's own agent, with SNMPv3 users and a few objects of a UPS: the machine's, or a private one."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

PRIVATE = Path(sys.prefix, "nut")
SNMPD = next((p for p in (PRIVATE / "usr/sbin/snmpd", Path("/usr/sbin/snmpd")) if p.exists()), None)


class Snmpd:
    """`users` are lines for createUser, each with the least security level that it is let in with. All of them may
    write; of communities "reader" may not, and "writer" may. A value is an integer, or a type and a value.
    """

    def __init__(self, home: Path, users: Mapping[str, str], objects: Mapping[str, int | str]) -> None:
        self._home = home
        self._process: asyncio.subprocess.Process | None = None
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        lines = [f"agentaddress udp:127.0.0.1:{self.port}"]
        for user, level in users.items():
            lines += [f"createUser {user}", f"rwuser {user.split()[0]} {level}"]
        lines += ["rocommunity reader", "rwcommunity writer"]
        for oid, value in objects.items():
            lines.append(f"override -rw .{oid} {value if isinstance(value, str) else f'integer {value}'}")
        (home / "snmpd.conf").write_text("\n".join(lines) + "\n")

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        libraries = os.pathsep.join(str(p) for p in (PRIVATE / "usr/lib").glob("*-linux-gnu*"))
        with (self._home / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                str(SNMPD),
                *("-f", "-Lo", "-C", "-c", str(self._home / "snmpd.conf"), "-p", str(self._home / "pid")),
                env={"SNMP_PERSISTENT_DIR": str(self._home / "kept"), "LD_LIBRARY_PATH": libraries, "PATH": "/usr/bin"},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        async with asyncio.timeout(10):
            while b"NET-SNMP version" not in (self._home / "log").read_bytes():  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        (self._home / "log").write_bytes(b"")

    async def stop(self) -> None:
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        self._process = None
