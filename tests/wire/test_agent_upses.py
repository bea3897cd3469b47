"""The agent's sources: NUT's own upsd, and simulated cards asked with net-snmp's `snmpget`; in the manual's cases, on a
clock that the test moves: every look is a real one, and between two of them nobody waits.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from ridethrough.sim.cards import Family
from ridethrough_agent import config, snmp, upsd
from ridethrough_agent.agent import Agent, Hands
from ridethrough_agent.model import BATTERY, UTILITY
from ridethrough_agent.sources import SourceError
from ridethrough_agent.state import State
from ridethrough_agent.watch import Watch
from tests.agent.machine import Machine, running
from tests.agent.pythons import with_each
from tests.agent.together import begun, module_loop, together
from tests.drivers.nut.real import CERTUTIL, DUMMY_UPS, UPSD, RealUpsd
from tests.drivers.nut.test_upsd import KEYS_PASSWORD, certified, dump
from tests.sim_wire.snmp.readers import HAS_TOOLS
from tests.sim_wire.snmp.site import served, world_of

pytestmark = module_loop
__all__ = ["begun"]  # the fixture of those that are played together

has_nut = pytest.mark.skipif(
    UPSD is None or DUMMY_UPS is None, reason="NUT's upsd and dummy-ups are not here (Debian package nut-server)"
)
has_snmpget = pytest.mark.skipif(not HAS_TOOLS, reason="net-snmp's tools are not installed (Debian package snmp)")
OUTAGE = {"ups_status": "OB DISCHRG", "battery_charge": "86"}
CARDS = (Family.EPPC, Family.XPPC, Family.RFC1628)


@dataclass
class Stepped:
    """An agent that looks when the test says, and that stops nothing."""

    settings: config.Config
    at: float = 0.0
    said: list[str] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    stopped_at: float | None = None

    def __post_init__(self) -> None:
        self.watch = Watch(self.settings, lambda: self.at)
        hands = Hands(self.say, self.shown.append, self._stop, lambda: None, lambda: datetime.now(UTC))
        self.agent = Agent(self.settings, State(self.settings.state, "", self.say), hands)

    def say(self, line: str) -> None:
        self.said.append(f"{self.at:.0f} {line}")

    def _stop(self, left: float | None) -> None:
        self.stopped_at = self.at

    async def until(self, end: float, every: float = 5.0) -> None:
        """Look again and again, up to this moment, or until it stops its machine."""
        while self.at < end and self.stopped_at is None:
            self.at += every
            await asyncio.to_thread(self.watch.ask_all, 20.0)
            self.agent.round(self.at, self.watch.everything(), self.watch.notice)


def settings(folder: Path, after: str, **upses: dict[str, str]) -> config.Config:
    agent = {"after": after, "settle": "10", "warning_interval": "10", "reserve": "60"}
    machine = Machine(folder / "machine", sys.executable, agent=agent, stop={"stop_host": "90"}, **upses)
    return config.read(str(machine.ini))


async def shows(server: RealUpsd, status: str) -> None:
    """Wait until upsd has what dummy-ups read."""
    with closing(upsd.Upsd(upsd.Address("ups", "127.0.0.1", server.port))) as reader:
        async with asyncio.timeout(60.0):
            while (await asyncio.to_thread(reader.variables))["ups.status"] != status:  # noqa: ASYNC110
                await asyncio.sleep(0.1)


@has_nut
@together
async def test_a_usb_ups_through_upsd_4_1_and_5_3(tmp_path: Path) -> None:
    """Utility power fails and returns in time; then it stays away, for as long as was entered: five minutes, or two."""
    (home := tmp_path / "nut").mkdir()
    file = dump(tmp_path / "ups.dev")
    async with RealUpsd(home, {"ups": file}) as server:
        address = f"ups@127.0.0.1:{server.port}"
        agents = {m: Stepped(settings(tmp_path, f"{m} min", ups_usb={"upsd": address})) for m in (5, 2)}

        async def until(end: float) -> None:
            for one in agents.values():
                await one.until(end)

        await until(20)
        dump(file, **OUTAGE)
        await shows(server, "OB DISCHRG")
        await until(60)
        dump(file)
        await shows(server, "OL")
        await until(100)
        dump(file, **OUTAGE)
        await shows(server, "OB DISCHRG")
        await until(1000)
    what = f"Who: {address}\nWhat: Utility power is not available\n"
    for minutes, it in agents.items():
        it.watch.close()
        assert it.said == [
            f"30 Power loss detected on UPS. System will be shut down after {minutes} minutes",
            "75 Power has returned to UPS. Canceling shutdown.",
            f"110 Power loss detected on UPS. System will be shut down after {minutes} minutes",
            f"{105 + 60 * minutes} System is being shut down: utility power has been gone for {minutes} minutes",
        ]
        assert it.stopped_at == 105 + 60 * minutes
        assert sum("Topic: Event Warning" in text and what in text for text in it.shown) == 4 + 6 * minutes


@has_nut
@together
async def test_what_upsd_says_when_something_is_wrong(tmp_path: Path) -> None:
    (home := tmp_path / "nut").mkdir()
    async with RealUpsd(home, {"ups": dump(tmp_path / "ups.dev")}) as server:
        here = upsd.Address("ups", "127.0.0.1", server.port)
        assert 'serves no UPS of the name "other"' in await refusal(here._replace(ups="other"))
        assert "it has no TLS" in await refusal(here._replace(pin=64 * "0"))
        with closing(upsd.Upsd(here)) as reader:
            found = await asyncio.to_thread(reader.read, 1.0)
        assert (found.power, found.charge, found.runtime, found.model) == (UTILITY, 100.0, 1800.0, "Maker 3000")
        await server.stop_driver("ups")
        async with asyncio.timeout(60.0):
            while not (told := await refusal(here)):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert "the driver of ups says nothing of it now" in told
        await server.stop_upsd()
        assert "127.0.0.1" in await refusal(here)


async def refusal(address: upsd.Address) -> str:
    """Why it cannot be read; "" when it can."""
    with closing(upsd.Upsd(address)) as reader:
        try:
            await asyncio.to_thread(reader.read, 0.0)
        except SourceError as error:
            return str(error)
        return ""


@has_nut
@pytest.mark.skipif(CERTUTIL is None, reason="certutil is not here (Debian package libnss3-tools)")
@together
async def test_starttls_with_debians_upsd_and_a_pinned_certificate(tmp_path: Path) -> None:
    (home := tmp_path / "nut").mkdir()
    der = ssl.PEM_cert_to_DER_cert(certified(home / "keys").decode())
    options = f'CERTPATH {home / "keys"}\nCERTIDENT "upsd" "{KEYS_PASSWORD}"\n'
    async with RealUpsd(home, {"ups": dump(tmp_path / "ups.dev")}, options=options) as server:

        async def story(folder: Path, python: str) -> None:
            at = {"upsd": f"ups@127.0.0.1:{server.port}"}
            good = Machine(
                folder / "good", python, ups_a={**at, "tls_fingerprint": f"sha256:{sha256(der).hexdigest()}"}
            )
            code, told = await good.once("--once")
            assert (code, "ups_a" in told, "charge 100 %" in told) == (0, False, True), told
            other = Machine(folder / "other", python, ups_a={**at, "tls_fingerprint": "sha256:" + 64 * "0"})
            code, told = await other.once("--once")
            assert (code, "shows a certificate that is not pinned" in told) == (1, True), told

        await with_each(tmp_path, story)


@has_snmpget
@pytest.mark.parametrize("family", CARDS, ids=lambda one: str(one.value))
@pytest.mark.parametrize("version", ["1", "2c"])
async def test_a_card_is_read_with_snmpget(family: Family, version: str) -> None:
    world = world_of([family])
    async with served(world) as site:
        host, port = site.agent.address(family.value)
        card = snmp.Snmp(snmp.Card(host, port, version, ['defCommunity "public"']))
        try:
            good = await asyncio.to_thread(card.read, 0.0)
            again = await asyncio.to_thread(card.read, 1.0)
            world.set_feeder("a", False)
            world.advance(world.now + 30.0)
            out = await asyncio.to_thread(card.read, 30.0)
        finally:
            card.close()
    assert (good.power, good.charge, good.testing, good.countdown) == (UTILITY, 100.0, False, 0.0)
    assert good.model == "Array 3000"
    assert again._replace(at=0.0) == good
    assert (out.power, out.input_dead, out.countdown) == (BATTERY, True, 0.0)
    assert out.runtime is not None
    assert 7000 < out.runtime < 9600, "two and a half hours, whatever unit the card counts in"
    assert out.off_after == (300.0 if family is Family.EPPC else None)


@has_snmpget
async def test_a_card_4_2_utility_power_stays_away(tmp_path: Path) -> None:
    """The card cuts after 180 and 120 s, which it tells itself: the agent does not wait for its own five minutes."""
    world = world_of([Family.EPPC])
    async with served(world) as site:
        address = "{}:{}".format(*site.agent.address("eppc"))
        it = Stepped(settings(tmp_path, "5 min", ups_card={"snmp": address}))

        async def moved(seconds: float) -> None:
            for _ in range(int(seconds / 5)):
                world.advance(world.now + 5.0)
                await it.until(it.at + 5.0)

        await moved(20)
        world.set_feeder("a", False)
        await moved(400)
        it.watch.close()
    assert it.said == [
        "25 Power loss detected on UPS. System will be shut down after 5 minutes",
        "170 System is being shut down: the UPS is counted on for 150 s more, and stopping takes 90 s with 60 s of "
        "reserve",
    ]
    assert "Who: 127.0.0.1\nWhat: Utility power is not available" in it.shown[0]
    assert len(it.shown) == (170 - 25) // 10 + 2


@has_snmpget
@together
async def test_a_silent_card(tmp_path: Path) -> None:
    """Silent on utility power: told, and nothing is done. Silent on battery: what it told last counts on."""
    world = world_of([Family.XPPC])
    async with served(world) as site:
        address = "{}:{}".format(*site.agent.address("xppc"))
        it = Stepped(settings(tmp_path, "2 min", ups_card={"snmp": address}))
        await it.until(10)
        world.upses["xppc"].card.silent = True
        await it.until(3600, every=3590.0)
        assert it.stopped_at is None
        world.upses["xppc"].card.silent = False
        world.set_feeder("a", False)
        await it.until(it.at + 10.0)
        world.upses["xppc"].card.silent = True
        began = it.at
        await it.until(it.at + 300.0, every=60.0)
        it.watch.close()
    assert it.said[0].startswith("3600 card is silent: the card at 127.0.0.1: snmpget ended with 1: Timeout")
    assert any("card answers again" in line for line in it.said)
    assert it.stopped_at is not None
    assert it.stopped_at - began == 120
    assert it.said[-1].endswith("utility power has been gone for 2 minutes")


@has_snmpget
@together
async def test_a_card_whose_community_is_in_a_file(tmp_path: Path) -> None:
    """The community is in no list of processes; where snmpget is missing, the agent says what to install."""
    world = world_of([Family.EPPC])
    secret = tmp_path / "community"
    secret.write_text("public\n")
    secret.chmod(0o600)
    async with served(world) as site:
        card = {"snmp": "{}:{}".format(*site.agent.address("eppc")), "community_file": str(secret)}

        async def story(folder: Path, python: str) -> None:
            code, told = await Machine(folder / "a", python, ups_card=card).once("--once")
            assert (code, "card (127.0.0.1): utility power" in told) == (0, True), told
            lacking = {**card, "snmpget": str(tmp_path / "nowhere")}
            code, told = await Machine(folder / "b", python, ups_card=lacking).once("--once")
            assert (code, "install net-snmp's tools" in told) == (1, True), told

        await with_each(tmp_path, story)


@together
async def test_several_sources_at_once_and_one_that_hangs(tmp_path: Path) -> None:
    """A upsd that takes connections and never answers holds up nobody."""

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    machine = Machine(tmp_path / "m", ups_a={"upsd": f"ups@127.0.0.1:{port}"}, ups_b={"upsd": "ups@127.0.0.1:1"})
    async with server, running(machine):
        await machine.says("b is silent: upsd at 127.0.0.1:1: ")
        await machine.says("a is silent: upsd at 127.0.0.1:")
    assert [line[0] for line in machine.lines[1:3]] == ["b", "a"]
