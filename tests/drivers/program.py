"""Programs that others wrote, run for a test: the machine's, or private ones beside the interpreter."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

PRIVATE = Path(sys.prefix, "nut")
ROOTS = (PRIVATE, PRIVATE / "usr", Path("/"), Path("/usr"))
PATIENCE = 10.0  # seconds


def find(name: str) -> Path | None:
    """The program at this path below one of the roots; None: it is not installed."""
    return next((root / name for root in ROOTS if (root / name).exists()), None)


def free_port(kind: socket.SocketKind) -> int:
    """A port of 127.0.0.1 that nobody uses now."""
    with socket.socket(socket.AF_INET, kind) as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def own_libraries() -> dict[str, str]:
    """The environment that private programs need."""
    libraries = [
        folder for root in ROOTS[:2] for name in ("*-linux-gnu*", "ganesha") for folder in (root / "lib").glob(name)
    ]
    return {"LD_LIBRARY_PATH": os.pathsep.join(map(str, libraries)), "PATH": "/usr/bin:/bin"}


class Program:
    """One that runs. What it prints is added to `log`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, path: Path | None, *arguments: str, log: Path, environment: Mapping[str, str]) -> Program:
        own = own_libraries()
        with log.open("ab") as file:
            process = await asyncio.create_subprocess_exec(
                *(str(path), *arguments),
                env={**environment, **own},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=file,
                stderr=file,
            )
        return cls(process)

    def freeze(self) -> None:
        """As a machine that hangs: its ports take connections, and nobody answers."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on."""
        self._process.send_signal(signal.SIGCONT)

    async def until(self, is_there: Callable[[], bool]) -> None:
        """Wait for what it does. Fails, and ends it, where it takes too long; fails where it has ended."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not is_there():
                    assert self._process.returncode is None, f"it has ended with {self._process.returncode}"
                    await asyncio.sleep(0.05)
        except BaseException:
            await self.kill()
            raise

    async def end(self) -> None:
        """Ask it to end, and end it when it does not."""
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._process.wait()
        except TimeoutError:
            await self.kill()

    async def kill(self) -> None:
        """End it without a word."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
