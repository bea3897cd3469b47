"""The World's cards send traps from their own addresses, and the controller's receiver understands every family's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from ridethrough.core.model import CardAction, UpsId
from ridethrough.drivers.snmp import CardConfig
from ridethrough.drivers.snmp.traps import Trap, Traps
from ridethrough.sim import faults, power
from ridethrough.sim.cards import Family
from ridethrough.sim.snmp_agent import SnmpAgent
from ridethrough.sim.world import World

from .site import DELAY, WARNING, world_of
from .test_set import X, put

ON_BATTERY, POWER_BACK = "on battery", "utility power is back"
LOW, LOST, FOUND = "battery low", "the card has lost its UPS", "the card has found its UPS again"


class Heard:
    """A world whose cards send their traps to the controller's receiver."""

    def __init__(self, world: World, agent: SnmpAgent, polled: list[UpsId], told: list[Trap]) -> None:
        self.world, self.agent, self.polled, self._told = world, agent, polled, told

    def words(self, ups: str) -> list[str]:
        return [trap.says for trap in self._told if trap.ups == ups]

    def oids(self, ups: str) -> list[str]:
        return [trap.oid for trap in self._told if trap.ups == ups]

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while True:
                if is_so():
                    return
                await asyncio.sleep(0.01)

    async def says(self, ups: str, *words: str) -> None:
        """Wait until the card has said all this."""
        await self.until(lambda: set(words) <= {part for said in self.words(ups) for part in (said, _alarm(said))})


def _alarm(said: str) -> str:
    """RFC 1628's third and fourth trap, in the words of the others."""
    over = {f"alarm over: {ON_BATTERY}": POWER_BACK, f"alarm over: {LOST}": FOUND}
    return over.get(said, said.removeprefix("alarm: "))


@asynccontextmanager
async def hearing(families: list[Family], informs: bool = False) -> AsyncIterator[Heard]:
    world = world_of(families)
    polled: list[UpsId] = []
    told: list[Trap] = []
    addresses = {ups: (f"127.0.21.{n}", 0) for n, ups in enumerate(sorted(world.upses), start=11)}
    configs = [CardConfig(ups, f"{host}:161") for ups, (host, _) in addresses.items()]
    receiver = Traps(("127.0.21.1", 0), configs, polled.append, told.append)
    await receiver.open()
    agent = SnmpAgent(world, addresses, trap_receivers=[receiver.address], informs=informs)
    await agent.start()
    agent.look()
    try:
        yield Heard(world, agent, polled, told)
    finally:
        await agent.stop()
        receiver.close()


@pytest.mark.parametrize("family", list(Family), ids=lambda f: str(f.value))
async def test_an_outage_and_its_end(family: Family) -> None:
    async with hearing([family]) as heard:
        heard.world.upses[family.value].card.action = CardAction.CLIENT
        heard.world.set_feeder("a", on=False)
        heard.agent.look()
        await heard.says(family.value, ON_BATTERY)
        assert heard.polled == [family.value]
        heard.world.advance(9000 - 150)
        heard.agent.look()
        await heard.says(family.value, LOW)
        heard.world.set_feeder("a", on=True)
        heard.agent.look()
        await heard.says(family.value, POWER_BACK)


@pytest.mark.parametrize("family", [f for f in Family if f is not Family.DELL], ids=lambda f: str(f.value))
async def test_a_lost_link(family: Family) -> None:
    """Nothing else of the UPS is told until it is found again. (Dell's list has no number for it.)"""
    async with hearing([family]) as heard:
        faults.lose_link(heard.world, family.value)
        heard.agent.look()
        await heard.says(family.value, LOST)
        before = len(heard.words(family.value))
        heard.world.set_feeder("a", on=False)
        heard.agent.look()
        faults.restore_link(heard.world, family.value)
        heard.agent.look()
        await heard.says(family.value, FOUND, ON_BATTERY)
        assert _alarm(heard.words(family.value)[before]) == FOUND


async def test_a_card_that_counts_down_says_so() -> None:
    families = [Family.RFC1628, Family.EPPC, Family.USHA, Family.CYBERPOWER, Family.XUPS, Family.DELL]
    async with hearing(families) as heard:
        heard.world.set_feeder("a", on=False)
        heard.agent.look()
        heard.world.advance(WARNING + 1)
        heard.agent.look()
        pending = ("shutdown", "shut down", "sequence", "power down")
        for family in families:
            await heard.until(
                lambda family=family: any(w in said for said in heard.words(family.value) for w in pending)  # type: ignore[misc]
            )
        assert heard.world.now < WARNING + DELAY


async def test_a_countdown_that_ends_with_the_cut_was_not_cancelled() -> None:
    async with hearing([Family.EPPC]) as heard:
        heard.world.set_feeder("a", on=False)
        heard.agent.look()
        heard.world.advance(WARNING + 1)
        heard.agent.look()
        await heard.says("eppc", "the UPS is going to shut down")
        sent = heard.agent.traps_sent("eppc")
        heard.world.advance(WARNING + DELAY + 1)
        heard.agent.look()
        assert heard.agent.traps_sent("eppc") == sent
        assert not heard.world.upses["eppc"].output


async def test_rfc_1628_repeats_its_trap_each_minute_and_others_do_not() -> None:
    async with hearing([Family.RFC1628, Family.XPPC]) as heard:
        heard.world.set_feeder("a", on=False)
        heard.agent.look()
        await heard.says("rfc1628", ON_BATTERY)
        traps = {ups: heard.agent.traps_sent(ups) for ups in ("rfc1628", "xppc")}
        heard.world.advance(59)
        heard.agent.look()
        assert {ups: heard.agent.traps_sent(ups) - n for ups, n in traps.items()} == {"rfc1628": 0, "xppc": 0}
        heard.world.advance(60)
        heard.agent.look()
        heard.world.advance(121)
        heard.agent.look()
        assert {ups: heard.agent.traps_sent(ups) - n for ups, n in traps.items()} == {"rfc1628": 2, "xppc": 0}


async def test_a_self_test_is_no_outage() -> None:
    async with hearing(list(Family)) as heard:
        for ups in heard.world.upses.values():
            power.start_test(heard.world, ups, 30.0)
        heard.world.advance(5)
        heard.agent.look()
        assert {ups: heard.agent.traps_sent(ups) for ups in heard.world.upses} == dict.fromkeys(heard.world.upses, 0)


async def test_a_silent_card_sends_nothing() -> None:
    async with hearing([Family.EPPC]) as heard:
        faults.silence_card(heard.world, "eppc")
        heard.world.set_feeder("a", on=False)
        heard.agent.look()
        assert heard.agent.traps_sent("eppc") == 0


async def test_eaton_sends_a_test_trap_when_it_is_told_to() -> None:
    async with hearing([Family.XUPS]) as heard:
        assert put(heard.agent.card("xups"), f"{X}.8.5.0", 1) == 0
        heard.agent.look()
        await heard.says("xups", "a test trap")


async def test_informs_are_sent_until_they_are_answered() -> None:
    async with hearing([Family.APC], informs=True) as heard:
        heard.world.set_feeder("a", on=False)
        heard.agent.look()
        await heard.says("apc", ON_BATTERY)
        await heard.until(lambda: heard.agent.unanswered("apc") == 0)
        assert heard.agent.traps_sent("apc") == 1
        assert heard.oids("apc") == ["1.3.6.1.4.1.318.0.5"]
