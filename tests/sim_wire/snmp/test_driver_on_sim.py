"""The driver against the World's cards: every family in every state, v1 and v2c."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ridethrough.core.model import CardAction, CardTimers
from ridethrough.core.observation import Source
from ridethrough.drivers.snmp import read_card
from ridethrough.ports import Unreachable
from ridethrough.sim import power
from ridethrough.sim.cards import Family

from .site import DELAY, WARNING, Site, served, world_of

# Of a running countdown: by a number that is -1, or another that means nothing, while none runs.
TELLING = (
    Family.RFC1628, Family.EPPC, Family.MGE, Family.XUPS, Family.PXGX, Family.HP, Family.DELL, Family.RIELLO,
)  # fmt: skip
READS_0 = (Family.DELTA,)  # while none runs: so what it tells is known after the first
NO_LOW = (Family.ITA2,)
NO_TEST = (Family.DELTA, Family.LIEBERT, Family.VERTIV, Family.ITA2, Family.NETVISION)
NO_LOAD = (Family.LIEBERT,)
NO_LINK = (
    Family.HUAWEI, Family.LIEBERT, Family.VERTIV, Family.ITA2, Family.SOCOMEC, Family.NETVISION,
)  # fmt: skip
NO_LIMITS = (*NO_LINK, Family.TRIPPLITE)
BATTERY_ONLY = (Family.SOCOMEC,)  # tells a runtime
NAMES = {
    **dict.fromkeys((Family.APC, Family.TRIPPLITE, Family.VERTIV, Family.ITA2), "Array 3000"),
    **dict.fromkeys((Family.SOCOMEC, Family.NETVISION), "Array 3000"),
    Family.LIEBERT: "Array 3000 (simulated)",
}
ALL = pytest.mark.parametrize("family", list(Family), ids=lambda f: str(f.value))
VERSIONS = pytest.mark.parametrize("version", ["1", "2c"])


@pytest.fixture
async def site(family: Family) -> AsyncIterator[Site]:
    async with served(world_of([family])) as it:
        yield it


@ALL
@VERSIONS
async def test_utility_power(site: Site, family: Family, version: str) -> None:
    report = await read_card(site.config(family.value, version), lambda: site.world.now)
    reading = report.seen.reading
    assert reading is not None, report.seen.trouble
    good = None if family in NO_LIMITS else True
    assert (reading.source, reading.input_good, reading.input_dead) == (Source.UTILITY, good, False)
    assert (reading.charge, reading.low_battery) == (100, False)
    assert reading.runtime == (None if family in BATTERY_ONLY else 9000)
    assert reading.load == (None if family in NO_LOAD else 20)
    assert (reading.countdown, reading.tells_countdown, reading.testing) == (None, family in TELLING, False)
    assert reading.model == NAMES.get(family, "Ridethrough Array 3000")
    told = {
        Family.EPPC: CardTimers(WARNING, DELAY, CardAction.CLIENT_AND_UPS),
        Family.USHA: CardTimers(WARNING, DELAY, CardAction.CLIENT_AND_UPS),
        **dict.fromkeys((Family.XPPC, Family.APC, Family.CYBERPOWER), CardTimers(None, DELAY, None)),
        Family.MGE: CardTimers(WARNING, DELAY, CardAction.CLIENT),
        Family.DELTA: CardTimers(WARNING, None, CardAction.CLIENT),
    }
    assert reading.timers == told.get(family, CardTimers())


@ALL
@VERSIONS
async def test_on_battery_and_back(site: Site, family: Family, version: str) -> None:
    card = site.card(family.value, version)
    await card.poll()
    site.world.set_feeder("a", on=False)
    site.world.advance(60)
    reading = await card.poll()
    assert (reading.at, reading.source, reading.input_dead) == (60, Source.BATTERY, True)
    assert (reading.charge, reading.low_battery, reading.testing) == (99, False, False)
    assert reading.runtime == pytest.approx(8940, abs=60)
    site.world.set_feeder("a", on=True)
    site.world.advance(70)
    reading = await card.poll()
    good = None if family in NO_LIMITS else True
    assert (reading.source, reading.input_good, reading.input_dead) == (Source.UTILITY, good, False)
    card.close()


@ALL
@VERSIONS
async def test_low_battery(site: Site, family: Family, version: str) -> None:
    ups = site.world.upses[family.value]
    ups.card.action = CardAction.CLIENT
    site.world.set_feeder("a", on=False)
    site.world.advance(9000 - 150)
    reading = (await read_card(site.config(family.value, version), lambda: site.world.now)).seen.reading
    assert reading is not None
    assert (reading.source, reading.low_battery, reading.charge) == (Source.BATTERY, family not in NO_LOW, 1)
    assert reading.runtime == pytest.approx(150, abs=60)


@ALL
@VERSIONS
async def test_a_self_test_and_an_outage_during_it(site: Site, family: Family, version: str) -> None:
    card = site.card(family.value, version)
    await card.poll()
    power.start_test(site.world, site.world.upses[family.value], 60)
    site.world.advance(5)
    reading = await card.poll()
    assert (reading.source, reading.testing) == (Source.BATTERY, family not in NO_TEST)
    assert (reading.input_good, reading.input_dead) == (None if family in NO_LIMITS else True, False)
    site.world.set_feeder("a", on=False)
    site.world.advance(10)
    reading = await card.poll()
    assert (reading.source, reading.input_dead) == (Source.BATTERY, True)
    card.close()


@ALL
@VERSIONS
async def test_counting_down_and_the_cut(site: Site, family: Family, version: str) -> None:
    card = site.card(family.value, version)
    await card.poll()
    site.world.set_feeder("a", on=False)
    for at in (WARNING - 2, WARNING + 2, WARNING + 4):
        site.world.advance(at)
        reading = await card.poll()
    assert reading.source is Source.BATTERY
    if family in TELLING + READS_0:
        assert reading.countdown == pytest.approx(DELAY - 4, abs=1)
        assert reading.tells_countdown
    else:
        assert reading.countdown is None
        assert not reading.tells_countdown
    site.world.advance(WARNING + DELAY + 1)
    reading = await card.poll()
    assert reading.source is Source.OFF
    assert not reading.countdown  # a delay that has come down to 0 stands there
    card.close()


@ALL
@VERSIONS
async def test_a_countdown_that_utility_power_cancels_and_one_that_it_does_not(
    site: Site, family: Family, version: str
) -> None:
    for cancels in (True, False):
        async with served(world_of([family])) as other:
            other.world.upses[family.value].card.cancels_on_return = cancels
            card = other.card(family.value, version)
            other.world.set_feeder("a", on=False)
            for at in (WARNING + 2, WARNING + 4):
                other.world.advance(at)
                await card.poll()
            other.world.set_feeder("a", on=True)
            other.world.advance(WARNING + 10)
            reading = await card.poll()
            assert reading.source is Source.UTILITY
            assert (reading.countdown is not None) == (family in TELLING + READS_0 and not cancels)
            card.close()


@ALL
@VERSIONS
async def test_silent(site: Site, family: Family, version: str) -> None:
    card = site.card(family.value, version, timeout=0.03)
    await card.poll()
    site.world.upses[family.value].card.silent = True
    with pytest.raises(Unreachable):
        await card.poll()
    site.world.upses[family.value].card.silent = False
    assert (await card.poll()).source is Source.UTILITY
    card.close()


@ALL
@VERSIONS
async def test_link_lost_freezes_the_values_and_most_cards_say_so(site: Site, family: Family, version: str) -> None:
    card = site.card(family.value, version)
    await card.poll()
    site.world.upses[family.value].card.link_lost = True
    site.world.set_feeder("a", on=False)
    site.world.advance(30)
    reading = await card.poll()
    if family in NO_LINK:
        assert (reading.link_lost, reading.source) == (False, Source.UTILITY)  # which it was before
    else:
        assert reading.link_lost
    site.world.upses[family.value].card.link_lost = False
    reading = await card.poll()
    assert (reading.link_lost, reading.source) == (False, Source.BATTERY)
    card.close()


@ALL
async def test_before_an_answer_the_world_may_be_brought_up_to_date(family: Family) -> None:
    from ridethrough.sim.snmp_agent import SnmpAgent

    world = world_of([family])
    agent = SnmpAgent(world, {family.value: ("127.0.0.2", 0)}, before_answer=lambda: world.advance(world.now + 1))
    await agent.start()
    host, _ = agent.address(family.value)
    assert host == "127.0.0.2"
    site = Site(world, agent)
    card = site.card(family.value)
    first, second = await card.poll(), await card.poll()
    assert second.at > first.at > 0
    card.close()
    await agent.stop()
