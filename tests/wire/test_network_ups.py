"""NUT's own upsc and upsmon on the network UPS, as a NAS box runs them: who shuts its machine down, and when."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from ridethrough.api.own_certificate import own
from ridethrough.config.quantities import Endpoint
from ridethrough.drivers.storage import Account, Box, NetworkUps, Shown, Tells, TlsFiles
from ridethrough.drivers.storage.box import QNAP, SYNOLOGY
from tests.drivers.nut.real import CERTUTIL
from tests.drivers.nut.test_upsd import certutil
from tests.drivers.program import free_port
from tests.drivers.storage.real import DEAD_AFTER, UPSC, UPSMON, Upsmon, as_seen_from, upsc

pytestmark = pytest.mark.skipif(
    UPSC is None or UPSMON is None, reason="NUT's upsc and upsmon are not here (Debian package nut-client)"
)

PATIENCE = 60.0
LINUX = Account("upsmon", "of-our-own")  # upsmon sends no blanks
BOXES = {
    "synology": (Box("synology", ("127.0.0.21",)), "ups", SYNOLOGY),
    "qnap": (Box("qnap", ("127.0.0.22",)), "qnapups", QNAP),
    "linux": (Box("linux", ("127.0.0.23",), ("ups1",), (LINUX,)), "ups1", LINUX),
}
VARIABLES = {"battery.charge": "87", "battery.runtime": "1800", "ups.model": "Maker 3000"}


@dataclass
class Room:
    """A network UPS, and the boxes that listen to it."""

    ups: NetworkUps
    port: int
    told: dict[str, Shown | None]
    boxes: dict[str, Upsmon]
    ports: dict[str, int]
    running: asyncio.Task[None] | None = None

    def tell(self, box: str, tells: Tells | None) -> None:
        self.told[box] = None if tells is None else Shown(tells, VARIABLES)

    def go_on(self) -> None:
        self.running = asyncio.create_task(self.ups.run())

    async def go(self) -> None:
        """As a controller that ends."""
        if self.running is not None:
            self.running.cancel()
            with suppress(asyncio.CancelledError):
                await self.running

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not is_so():  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async def asked(self, times: int, *boxes: str) -> None:
        """Each of these boxes has asked so many times from now on."""
        for _ in range(times):
            now = time.monotonic()
            await self.until(partial(self._have_asked, boxes, now))

    def _have_asked(self, boxes: Sequence[str], since: float) -> bool:
        return all((self.ups.life(box).last_asked_at or 0) > since for box in boxes)

    def down(self) -> set[str]:
        return {name for name, box in self.boxes.items() if box.has_shut_down}


@asynccontextmanager
async def room(home: Path, *names: str, tls: TlsFiles | None = None, more: str = "") -> AsyncIterator[Room]:
    port = free_port(socket.SOCK_STREAM)
    told: dict[str, Shown | None] = {name: Shown(Tells.ONLINE, VARIABLES) for name in names}
    boxes = [BOXES[name][0] for name in names]
    ups = NetworkUps(Endpoint("127.0.0.1", port), boxes, told.get, time.monotonic, tls)
    made = Room(ups, port, told, {}, {})
    made.go_on()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(made.go)
        for name in names:
            box, asks_for, account = BOXES[name]
            made.ports[name] = await stack.enter_async_context(as_seen_from(box.addresses[0], port))
            made.boxes[name] = upsmon = Upsmon(home / name, asks_for, made.ports[name], account, more)
            stack.push_async_callback(upsmon.end)
            await upsmon.start()
        await made.until(lambda: all(ups.life(name).logins for name in names))
        yield made


async def test_each_shuts_down_when_it_is_told_and_no_other(tmp_path: Path) -> None:
    """On battery is no order, nor is utility power that is back; one that was on utility power obeys too."""
    async with room(tmp_path, *BOXES) as site:
        await site.asked(2, *BOXES)
        site.tell("synology", Tells.ON_BATTERY)
        site.tell("qnap", Tells.ON_BATTERY)
        await site.asked(3, *BOXES)
        assert site.down() == set()
        assert "on battery" in site.boxes["synology"].log

        site.tell("qnap", Tells.ONLINE)
        site.tell("synology", Tells.SHUT_DOWN)
        await site.until(lambda: site.boxes["synology"].has_shut_down)
        await site.until(lambda: not site.ups.life("synology").connected)
        life = site.ups.life("synology")
        assert life.told_at is not None
        assert life.logged_out_at is not None
        assert life.since is None
        assert life.logged_out_at >= life.told_at
        await site.asked(3, "qnap", "linux")
        assert site.down() == {"synology"}

        site.tell("linux", Tells.SHUT_DOWN)
        await site.until(lambda: site.boxes["linux"].has_shut_down)
        await site.asked(2, "qnap")
        assert site.down() == {"synology", "linux"}
        assert site.ups.life("qnap").told_at is None


async def test_a_controller_that_goes_while_they_are_on_battery(tmp_path: Path) -> None:
    """What NUT's client does by itself: after DEADTIME it shuts down when it was last told that it is on battery.

    One on utility power stays; so does one on battery when the controller is back in time.
    """
    async with room(tmp_path, "synology", "qnap") as site:
        site.tell("synology", Tells.ON_BATTERY)
        await site.asked(2, *site.boxes)
        await site.go()
        site.go_on()
        await site.until(lambda: all(site.ups.life(box).logins for box in site.boxes))
        await site.asked(DEAD_AFTER + 1, *site.boxes)
        assert site.down() == set()
        await site.go()
        await site.until(lambda: site.boxes["synology"].has_shut_down)
        assert "Promoting dead UPS" in site.boxes["synology"].log
        assert site.down() == {"synology"}
        site.go_on()
        await site.asked(1, "qnap")
        assert site.down() == {"synology"}


async def test_nothing_known(tmp_path: Path) -> None:
    """A box on utility power that hears DATA-STALE for long stays up, and hears all later on."""
    async with room(tmp_path, "qnap") as site:
        await site.asked(1, "qnap")
        site.tell("qnap", None)
        await site.asked(DEAD_AFTER + 2, "qnap")
        assert site.down() == set()
        assert "Data stale" in site.boxes["qnap"].log
        site.tell("qnap", Tells.SHUT_DOWN)
        await site.until(lambda: site.boxes["qnap"].has_shut_down)


async def test_upsc(tmp_path: Path) -> None:
    async with room(tmp_path, "qnap") as site:
        where = f"127.0.0.1:{site.ports['qnap']}"
        assert (await upsc("-l", where))[0].split() == ["ups", "qnapups", "qnapnas"]
        site.tell("qnap", Tells.ON_BATTERY)
        listed = dict(line.split(": ", 1) for line in (await upsc(f"qnapups@{where}"))[0].splitlines())
        assert listed == {**VARIABLES, "ups.status": "OB DISCHRG"}
        assert (await upsc(f"qnapups@{where}", "battery.runtime"))[0] == "1800\n"
        assert (await upsc("-c", f"qnapups@{where}"))[0] == "127.0.0.22\n"
        assert "Variable not supported by UPS" in (await upsc(f"qnapups@{where}", "ups.load"))[1]
        assert "Unknown UPS" in (await upsc(f"other@{where}"))[1]
        site.tell("qnap", None)
        assert "Data stale" in (await upsc(f"qnapups@{where}"))[1]


@pytest.mark.skipif(CERTUTIL is None, reason="certutil is not here (Debian package libnss3-tools)")
@pytest.mark.parametrize("is_known", [True, False])
async def test_upsmon_that_checks_the_certificate(tmp_path: Path, is_known: bool) -> None:
    """It obeys over TLS; where it does not know the certificate, it does not even log in."""
    made = own(tmp_path / "state", "controller", [], ["127.0.0.1"], time.time())
    keys = tmp_path / "keys"
    keys.mkdir()
    certutil("-N", "-d", f"sql:{keys}", "--empty-password")
    if is_known:
        pem = made.path.read_text()
        (tmp_path / "shown.pem").write_text(pem[pem.index("-----BEGIN CERTIFICATE") :])
        certutil("-A", "-d", f"sql:{keys}", "-n", "controller", "-t", "P,,", "-a", "-i", str(tmp_path / "shown.pem"))
    checks = f"CERTPATH {keys}\nCERTVERIFY 1\nFORCESSL 1\n"
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(room(tmp_path, tls=TlsFiles(made.path, made.key_path)))
        site.ups.take([BOXES["synology"][0]])
        port = await stack.enter_async_context(as_seen_from("127.0.0.21", site.port))
        site.boxes["synology"] = upsmon = Upsmon(tmp_path / "synology", "ups", port, SYNOLOGY, checks)
        stack.push_async_callback(upsmon.end)
        site.tell("synology", Tells.SHUT_DOWN)
        await upsmon.start()
        if is_known:
            await site.until(lambda: upsmon.has_shut_down)
            assert "SSL handshake done successfully" in upsmon.log
        else:
            await site.until(lambda: "Certificate validation failed" in upsmon.log)
            assert site.ups.life("synology").told_at is None
            assert not upsmon.has_shut_down
