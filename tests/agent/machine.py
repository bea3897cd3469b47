"""The agent as a process on a machine of its own making: its file, its consoles and its shutdown are the test's."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from tests.drivers.nut.fake import FakeUpsd

AGENT = Path(__file__).resolve().parents[2] / "agent"
PATIENCE = 60.0  # seconds that only a broken agent takes
QUICK = {"armed": "yes", "after": "1", "warning_interval": "1", "every": "0.5", "settle": "1", "reserve": "0"}
GOOD = {"ups.status": "OL", "battery.charge": "100", "battery.runtime": "1800", "input.voltage": "230"}
OUT = {"ups.status": "OB DISCHRG", "battery.charge": "90", "battery.runtime": "1700", "input.voltage": "0.0"}

Sections = Mapping[str, Mapping[str, str]]


def built(folder: Path) -> Path:
    """The one file."""
    path = folder / "ridethrough-agent"
    if not path.exists():
        subprocess.run([sys.executable, AGENT / "build", path], check=True, capture_output=True, timeout=60)
    return path


def script(path: Path, text: str) -> Path:
    """A program of the shell."""
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


class Machine:
    """What stands on it: `wall` keeps what it is given in `consoles`, `shutdown` its words in `down`."""

    def __init__(self, folder: Path, python: str = sys.executable, **sections: Mapping[str, str]) -> None:
        self.folder, self.python = folder, python
        folder.mkdir(parents=True, exist_ok=True)
        self.ini, self.log = folder / "agent.ini", folder / "log"
        self.consoles, self.down, self.state = folder / "consoles", folder / "down", folder / "state"
        self.wall = script(folder / "wall", f'cat >>"{self.consoles}"')
        self.shutdown = script(folder / "shutdown", f'echo "$@" >>"{self.down}"')
        self.process: asyncio.subprocess.Process | None = None
        self.write(**sections)

    def write(self, **sections: Mapping[str, str]) -> None:
        """Its ini: `ups_NAME` is [ups NAME]; a section that is not given has what makes the agent quick."""
        agent = {**QUICK, "state": str(self.state), "wall": str(self.wall), **sections.get("agent", {})}
        stop = {"shutdown": f"{self.shutdown} -h now", "stop_host": "5", **sections.get("stop", {})}
        xen = sections.get("xenserver", {"enabled": "no"})
        rest = {
            name.replace("_", " ", 1): s for name, s in sections.items() if name not in ("agent", "stop", "xenserver")
        }
        whole = {"agent": agent, "stop": stop, "xenserver": xen, **rest}
        lines = [f"[{name}]\n" + "".join(f"{k} = {v}\n" for k, v in keys.items()) for name, keys in whole.items()]
        self.ini.write_text("\n".join(lines), encoding="utf-8")

    def command(self, *words: str) -> list[str]:
        return [self.python, str(built(self.folder)), *words, "--config", str(self.ini)]

    def ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command that ends by itself."""
        return subprocess.run(self.command(*words), capture_output=True, text=True, timeout=PATIENCE, check=False)

    async def once(self, *words: str) -> tuple[int | None, str]:
        """The same while the test serves: its exit code, and all that it says."""
        process = await asyncio.create_subprocess_exec(
            *self.command(*words), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        async with asyncio.timeout(PATIENCE):
            told, _ = await process.communicate()
        return process.returncode, told.decode()

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.command(), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, env={**os.environ}
            )

    async def end(self, number: int = signal.SIGTERM) -> None:
        """End it; by SIGTERM it must end in good order."""
        process, self.process = self.process, None
        if process is None:
            return
        if process.returncode is None:
            process.send_signal(number)
        async with asyncio.timeout(PATIENCE):
            code = await process.wait()
        assert code == (0 if number == signal.SIGTERM else -number), self.log.read_text()
        assert "Traceback" not in self.log.read_text(), self.log.read_text()

    @property
    def lines(self) -> list[str]:
        return self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []

    @property
    def broadcasts(self) -> list[str]:
        """What each broadcast to the consoles said, in one line."""
        text = self.consoles.read_text(encoding="utf-8") if self.consoles.exists() else ""
        parts = text.split("Ridethrough Agent Message:\n")[1:]
        return [" ".join(part.split("\n")).strip() for part in parts]

    async def until(self, is_so: Callable[[], bool], what: str) -> None:
        """Wait for it. Fails with the agent's log."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not is_so():  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"it never came to be: {what}\n" + "\n".join(self.lines)) from None

    async def says(self, part: str) -> None:
        """Wait for a line of its log."""
        await self.until(lambda: any(part in line for line in self.lines), part)


@asynccontextmanager
async def running(machine: Machine) -> AsyncIterator[Machine]:
    """The agent runs for as long as the context."""
    await machine.start()
    try:
        yield machine
    finally:
        await machine.end()


@asynccontextmanager
async def on_utility(machine: Machine, upsd: FakeUpsd, name: str = "ups") -> AsyncIterator[Machine]:
    """The agent runs, and has seen its UPS with utility power."""
    upsd.upses[name] = dict(GOOD)
    async with running(machine):
        # Two looks: the first may still be on its way into a round.
        before = len(upsd.asked)
        await machine.until(lambda: len(upsd.asked) >= before + 3, "it has looked")
        yield machine


def fed_by(upsd: FakeUpsd, name: str = "ups") -> dict[str, str]:
    """A section for a UPS behind this upsd."""
    return {"upsd": f"{name}@127.0.0.1:{upsd.port}"}
