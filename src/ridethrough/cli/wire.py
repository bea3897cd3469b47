"""A simulated site on the wire, and the unmodified controller as a process of its own against it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ridethrough.core.events import Ask, Event
from ridethrough.core.model import Seconds, UpsId, Way
from ridethrough.runtime.clock import SiteClock
from ridethrough.runtime.journal_file import read_journal
from ridethrough.runtime.mailbox import Answer, post
from ridethrough.runtime.pace import fast_sources
from ridethrough.runtime.status import read_status
from ridethrough.sim.cards_mib.notification import notification
from ridethrough.sim.megatec import Megatec, Quirks
from ridethrough.sim.nas_wire import NasServers
from ridethrough.sim.serial_port import SerialPort
from ridethrough.sim.site_file import SimSite, owners_file
from ridethrough.sim.snmp_agent import SnmpAgent
from ridethrough.sim.xapi_server import XapiServer
from ridethrough.sim.xapi_wire.pace import Pace

from .run import SPEED

PASSWORD = "ridethrough-demo"
SECRET = "simulated-pool"
WRITE_COMMUNITY = "private"
CARD_SECRET = "simulated-cards"
PROGRAM = ("-m", "ridethrough.cli")


CONTROLLER = "127.0.20.1"
CARDS = "127.0.20.0/24"
STORAGES = 211  # the last number of the first storage's address; cards begin at 11
UPSD = "127.0.0.1"  # where site.toml looks for the upsd of UPSs without a card
TRIES = 20
ON_BATTERY = "1.3.6.1.2.1.33.2.1"  # upsTrapOnBattery


def _free_port(*addresses: str) -> int:
    """A UDP port that nobody has at the moment, the same at each of these addresses."""
    for _ in range(TRIES):
        with contextlib.ExitStack() as opened, contextlib.suppress(OSError):
            port = 0
            for address in addresses:
                free = opened.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                free.bind((address, port))
                port = free.getsockname()[1]
            return port
    raise OSError(errno.EADDRINUSE, "no UDP port is free at all of the cards' addresses")


def free_tcp_port(address: str = "127.0.0.1") -> int:
    """A TCP port of a loopback address that nobody has at the moment."""
    with socket.socket() as free:
        free.bind((address, 0))
        port: int = free.getsockname()[1]
        return port


class WireSite:
    """Cards over SNMP and pools over XenAPI, on loopback addresses, with the site.toml that reaches them."""

    def __init__(
        self,
        site: SimSite,
        folder: Path,
        speed: float = 1.0,
        *,
        writes: bool = False,
        pages: bool = False,
        serial: Mapping[UpsId, Quirks] | None = None,
        upsd: str = UPSD,
    ) -> None:
        """`folder` gets site.toml and secrets/; it must exist. `speed`: world seconds per second of the wall.

        `writes`: site.toml names the cards' community that may write, so that UPSs can be switched off. `pages`: it
        says where the manager serves its pages, too: at `self.pages`. `serial`: these UPSs have no card, and speak
        Megatec on a port, NAME.tty in `folder`; site.toml has them behind an upsd at `upsd`, which is not served here.
        """
        self.site, self.folder, self.speed, self._writes = site, folder, speed, writes
        self.world = site.build()
        self.pace = Pace(self.world, speed)
        self._upsd = upsd
        self.ports = {ups: self._serial_port(ups, quirks) for ups, quirks in sorted((serial or {}).items())}
        carded = sorted(self.world.upses.keys() - self.ports.keys())
        addresses = {ups: f"127.0.20.{n}" for n, ups in enumerate(carded, start=11)}
        self.port = _free_port(*addresses.values())  # one for all cards, so that they can be searched for
        cards = {ups: (address, self.port) for ups, address in addresses.items()}
        self.traps = (CONTROLLER, _free_port(CONTROLLER))  # where the controller is to listen for them
        self.pages = f"127.0.0.1:{free_tcp_port()}" if pages else ""
        self.agent = SnmpAgent(
            self.world,
            cards,
            before_answer=self.pace.step,
            write_community=WRITE_COMMUNITY,
            trap_receivers=[self.traps],
        )
        self.server = XapiServer(self.world, self.pace, users={"root": PASSWORD})
        self.storages, self._ups_port = self._storages()

    async def start(self) -> None:
        """Listen, let time run, and write site.toml."""
        for port in self.ports.values():
            port.start()
        await self.agent.start()
        await self.server.start()
        await self.storages.start()
        self.pace.start()
        (self.folder / "site.toml").write_text(self._site_toml(), encoding="utf-8")
        secrets = self.folder / "secrets"
        secrets.mkdir(mode=0o700, exist_ok=True)
        kept = {SECRET: PASSWORD, **({CARD_SECRET: WRITE_COMMUNITY} if self._writes else {})}
        for name, value in kept.items():
            (secrets / name).write_text(value, encoding="utf-8")
            (secrets / name).chmod(0o600)

    async def stop(self) -> None:
        """Close everything."""
        await self.pace.stop()
        await self.storages.stop()
        await self.server.stop()
        await self.agent.stop()
        for port in self.ports.values():
            port.stop()

    def _storages(self) -> tuple[NasServers, str]:
        """The NAS boxes, and where the controller is to serve their network UPS: "" where none asks."""
        asking = frozenset(t for t, built in self.site.site.storages.items() if built.way is Way.NETWORK_UPS)
        port = (CONTROLLER, free_tcp_port(CONTROLLER)) if asking else ("", 0)
        boxes = {storage: f"127.0.20.{n}" for n, storage in enumerate(sorted(self.world.nases), start=STORAGES)}
        for storage, address in boxes.items():
            self.world.nases[storage].address = address  # XenServer tells that its repositories lie there
        return NasServers(self.world, self.pace, boxes, asking, port), "{}:{}".format(*port) if asking else ""

    def _serial_port(self, ups: UpsId, quirks: Quirks) -> SerialPort:
        megatec = Megatec(self.world, self.world.upses[ups], quirks)

        def answer(command: str) -> str | None:
            self.pace.step()
            return megatec.answer(command)

        return SerialPort(answer, self.folder.absolute() / f"{ups}.tty")

    def forge_trap(self, ups: UpsId) -> None:
        """Send the controller a trap in the name of this UPS's card: on battery."""
        self.world.tell(f"somebody sends a trap in the name of {ups}'s card: on battery")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as forger:
            forger.bind((self.agent.address(ups)[0], 0))
            forger.sendto(notification(ON_BATTERY), self.traps)

    def now(self) -> Seconds:
        """World seconds."""
        return self.pace.now()

    def _site_toml(self) -> str:
        behind = {ups: f"nut://{self._upsd}/{ups}" for ups in self.ports}
        cards = {u: "snmp://{}:{}".format(*self.agent.address(u)) for u in self.world.upses if u not in behind}
        pools: dict[str, dict[str, Any]] = {}
        for pool in self.world.pools:
            found = [self.server.endpoints[h] for h, host in self.world.hosts.items() if host.pool == pool]
            pools[pool] = {
                "addresses": [f"{address}:{port}" for address, port, _ in found],
                "username": "root",
                "password": f"secret:{SECRET}",
                "fingerprints": [fingerprint for _, _, fingerprint in found],
            }
        writes = f"secret:{CARD_SECRET}" if self._writes else ""
        stored = {
            storage: {"address": self.storages.address(storage), "serves": [self.storages.target(storage)]}
            for storage in self.world.nases
        }
        traps = "{}:{}".format(*self.traps)
        return owners_file(self.site, cards | behind, pools, traps, writes, self.pages, stored, self._ups_port)


class Daemon:
    """`ridethrough run` as a process, watched through its journal and its status file."""

    def __init__(self, folder: Path, speed: float, log: Path | None = None) -> None:
        self.folder, self.state, self.speed = folder, folder / "state", speed
        self.program: Sequence[str] = PROGRAM  # what Python runs; may be changed between two starts
        self.variables: dict[str, str] = {}  # of its environment, beside our own
        self._log = log or folder / "controller.log"
        self._process: asyncio.subprocess.Process | None = None
        self._read = 0

    async def start(self) -> None:
        """Start the controller; it may be started again after it ended."""
        arguments = ["run", "--site", str(self.folder / "site.toml"), "--state", str(self.state)]
        arguments += ["--secrets", str(self.folder / "secrets")]
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *self.program,
                *arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, SPEED: str(self.speed), **self.variables},
            )

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """Of the process that was started last."""
        assert self._process is not None
        return self._process.pid

    async def stop(self) -> None:
        """End it as a service manager would."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """End it as a crash would."""
        await self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Let it stand still while everything else goes on."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    async def ended(self) -> int:
        """Wait until it ends by itself; returns its exit status, -9 for a process that was killed."""
        assert self._process is not None
        return await self._process.wait()

    async def _end(self, number: signal.Signals) -> None:
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(number)
        try:
            await asyncio.wait_for(self._process.wait(), 15.0)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def log_text(self) -> str:
        """What it printed."""
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""

    def news(self) -> list[tuple[int, Event]]:
        """The events of its journal since the last call."""
        if not (self.state / "journal.db").exists():
            return []
        found = list(read_journal(self.state, self._read))
        if found:
            self._read = found[-1][0]
        return found

    def now(self) -> Seconds:
        """The controller's own clock, in site seconds."""
        return SiteClock(self.state, keep=False, sources=fast_sources(self.speed)).now()

    async def ask(self, ask: Ask, subject: str = "", seconds: Seconds | None = None) -> Answer:
        """Hand it a person's request, as the commands do."""
        return await asyncio.to_thread(post, self.state, ask, subject, "demo", seconds=seconds)

    async def until(self, is_so: Callable[[dict[str, Any]], bool], seconds: float) -> dict[str, Any]:
        """Wait until its status is as wanted. Raises TimeoutError with what it printed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    status = read_status(self.state)
                    if status is not None and is_so(status):
                        return status
                    if not self.running:
                        break
                    await asyncio.sleep(0.05)
        raise TimeoutError(f"the controller is not ready after {seconds:.0f} s; it printed:\n{self.log_text()}")


def is_ready(status: dict[str, Any]) -> bool:
    """Every card and every host answers."""
    cards = all(row["source"] is not None for row in status["upses"])
    hosts = all(row["connected"] or row["enabled"] is False for row in status["hosts"])
    return cards and hosts and all(row["connected"] for row in status["pools"]) and bool(status["hosts"])
