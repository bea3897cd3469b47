"""net-snmp's own agent, with SNMPv3 users and a few objects of a UPS: the machine's, or a private one."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.drivers.program import Program, find, free_port

SNMPD = find("sbin/snmpd")


class Snmpd:
    """`users` are lines for createUser, each with the least security level that it is let in with. All of them may
    write; of communities "reader" may not, and "writer" may. A value is an integer, or a type and a value.
    """

    def __init__(self, home: Path, users: Mapping[str, str], objects: Mapping[str, int | str]) -> None:
        self._home = home
        self._program: Program | None = None
        self.port = free_port(socket.SOCK_DGRAM)
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
        arguments = ("-f", "-Lo", "-C", "-c", str(self._home / "snmpd.conf"), "-p", str(self._home / "pid"))
        kept = {"SNMP_PERSISTENT_DIR": str(self._home / "kept")}
        log = self._home / "log"
        self._program = await Program.start(SNMPD, *arguments, log=log, environment=kept)
        await self._program.until(lambda: b"NET-SNMP version" in log.read_bytes())
        log.write_bytes(b"")

    async def stop(self) -> None:
        if self._program is not None:
            await self._program.kill()
            self._program = None
