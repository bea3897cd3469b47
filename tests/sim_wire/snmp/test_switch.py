"""A simulated card's output, switched off and on again over the wire, and nothing ever told that was not commanded."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial

import pytest

from ridethrough.core.actions import Action, CutOutput, KeepOutput
from ridethrough.drivers.snmp import CardConfig, read_card
from ridethrough.drivers.snmp.control import CardSwitch
from ridethrough.drivers.snmp.set import Put, put
from ridethrough.drivers.switching import Commanded
from ridethrough.ports import Actor, Refused, Unreachable
from ridethrough.runtime.clock import Stopwatch
from ridethrough.sim.cards import Family
from ridethrough.sim.families import CUT_BY_OWN, CUT_BY_RFC1628, CUT_UNSHOWN
from ridethrough.sim.ups_door import UpsDoor
from ridethrough.sim.world import World
from ridethrough.ups.switching import Abilities

from .site import Site, served, world_of
from .tap import Tap

RFC = "1.3.6.1.2.1.33.1"
# Families whose cards show the countdown that they run, by RFC 1628's objects.
SHOWN = CUT_BY_RFC1628
FINAL = CUT_BY_OWN  # they are told by an object of their own, and cannot be told otherwise


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with served(world_of(list(Family))) as it:
        yield it


def writing(config: CardConfig) -> CardConfig:
    return replace(config, write_community="private")


def switch(site: Site, family: Family) -> CardSwitch:
    return CardSwitch(writing(site.config(family.value)), lambda: site.world.now)


def on_battery(site: Site) -> None:
    site.world.set_feeder("a", on=False)
    site.world.advance(site.world.now + 10)


@pytest.mark.parametrize("family", SHOWN)
async def test_off_and_back_with_utility_power(site: Site, family: Family) -> None:
    card, ups = switch(site, family), site.world.upses[family.value]
    on_battery(site)
    done = await card.off_and_restart(60)
    assert done.countdown == pytest.approx(60, abs=1)
    assert done.steps[:2] == ("upsAutoRestart is 1", "upsShutdownType is 1")
    assert await card.countdown() == pytest.approx(60, abs=1)
    site.world.advance(site.world.now + 61)
    assert not ups.output
    site.world.set_feeder("a", on=True)
    site.world.advance(site.world.now + 60)
    assert ups.output
    card.close()


@pytest.mark.parametrize("family", FINAL)
@pytest.mark.parametrize("on", [True, False])
async def test_eatons_own_command_on_utility_power_and_on_battery(site: Site, family: Family, on: bool) -> None:
    card, ups = switch(site, family), site.world.upses[family.value]
    if not on:
        on_battery(site)
    done = await card.off_and_restart(60)
    assert done.countdown == pytest.approx(60, abs=1)
    site.world.advance(site.world.now + 61)
    assert not ups.output
    site.world.set_feeder("a", on=True)
    site.world.advance(site.world.now + 60)
    assert ups.output
    card.close()


@pytest.mark.parametrize("family", SHOWN)
async def test_cancel(site: Site, family: Family) -> None:
    card = switch(site, family)
    on_battery(site)
    await card.off_and_restart(60)
    assert "its countdown is gone" in (await card.cancel()).steps
    assert await card.countdown() is None
    site.world.advance(site.world.now + 100)
    assert site.world.upses[family.value].output
    card.close()


async def test_the_plan_ends_alike_over_the_wire_and_through_the_door(site: Site) -> None:
    """What the simulator's door refuses the driver refuses, too, and every card does the same."""
    world, clock = world_of(list(Family)), Stopwatch()
    door = UpsDoor(world, clock, looks_for=0.0)

    async def both(act: Callable[[str], Action]) -> None:
        there = {f: await ended(Commanded(partial(switch, site, f), clock), act(f.value)) for f in Family}
        here = {f: await ended(door, act(f.value)) for f in Family}
        assert here == there

    def then(seconds: float, on: bool) -> None:
        for it in (world, site.world):
            it.set_feeder("a", on)
            it.advance(it.now + seconds)
        assert outputs(world) == outputs(site.world)

    def cut(ups: str) -> Action:
        return CutOutput(ups, 30.0, "why")

    await both(cut)
    then(10, on=False)
    await both(cut)
    then(10, on=True)
    await both(lambda ups: KeepOutput(ups, "why"))
    then(60, on=True)
    then(10, on=False)
    await both(cut)
    then(20, on=True)
    then(40, on=True)  # cut on utility power: some come back, and some do not
    assert {family for family in Family if not world.upses[family.value].output} == {*CUT_BY_RFC1628, *CUT_UNSHOWN}


async def ended(actor: Actor, action: Action) -> str:
    try:
        await actor.perform(action)
    except Refused as refused:
        return refused.code
    except Unreachable:
        return "unreachable"
    return "done"


def outputs(world: World) -> dict[str, bool]:
    return {ups: built.output for ups, built in world.upses.items()}


async def test_a_second_command_is_refused_while_the_first_counts_down(site: Site) -> None:
    card = switch(site, Family.RFC1628)
    on_battery(site)
    await card.off_and_restart(120)
    with pytest.raises(Refused, match="counts down already"):
        await card.off_and_restart(60)
    assert await card.countdown() == pytest.approx(120, abs=1)
    card.close()


async def test_not_on_utility_power_where_nothing_would_switch_it_on_again(site: Site) -> None:
    card = switch(site, Family.RFC1628)
    with pytest.raises(Refused, match="not on battery"):
        await card.off_and_restart(60)
    assert await card.countdown() is None
    card.close()


async def test_not_in_a_self_test_either(site: Site) -> None:
    card = switch(site, Family.RFC1628)
    site.world.upses["rfc1628"].card.testing = True
    with pytest.raises(Refused, match="not on battery"):
        await card.off_and_restart(60)
    card.close()


async def test_a_card_that_shows_no_countdown_is_not_believed(site: Site) -> None:
    """Its RFC 1628 objects take the command and go on to read -1."""
    card = switch(site, Family.XPPC)
    on_battery(site)
    with pytest.raises(Unreachable, match="said yes, and it shows no countdown: whether it cuts"):
        await card.off_and_restart(60)
    assert "it showed no countdown, and shows none" in (await card.cancel()).steps
    site.world.advance(site.world.now + 100)
    assert site.world.upses["xppc"].output
    card.close()


async def test_a_card_that_cannot_says_why(site: Site) -> None:
    card = switch(site, Family.USHA)
    found = await card.abilities()
    assert (found.off, found.cancel) == (False, False)
    assert "its sleep ends after a set time" in found.why
    on_battery(site)
    with pytest.raises(Refused, match="its sleep ends after a set time"):
        await card.off_and_restart(60)
    with pytest.raises(Refused, match="nothing can be cancelled"):
        await card.cancel()
    card.close()


async def test_what_each_simulated_card_can(site: Site) -> None:
    told = {}
    for family in (Family.RFC1628, Family.EPPC):
        card = switch(site, family)
        told[family] = await card.abilities()
        card.close()
    note = "it comes back by itself only when it is cut in a power failure: cancel it if utility power returns first"
    assert told == dict.fromkeys(told, Abilities("RFC 1628", off=True, cancel=True, note=note))


async def test_nothing_is_sent_without_a_write_community(site: Site) -> None:
    card = CardSwitch(site.config("rfc1628"), lambda: site.world.now)
    on_battery(site)
    with pytest.raises(Refused, match="write_community"):
        await card.off_and_restart(60)
    with pytest.raises(Refused, match="write_community"):
        await card.cancel()
    card.close()


@pytest.mark.parametrize("after", [0, 9, 6 * 3600 + 1])
async def test_seconds_out_of_bounds(site: Site, after: int) -> None:
    card = switch(site, Family.RFC1628)
    with pytest.raises(Refused, match="after 10 to 21600 seconds"):
        await card.off_and_restart(after)
    card.close()


# --- what goes over the wire


async def through(site: Site, family: Family, loses: Callable[[bytes], bool]) -> tuple[Tap, CardSwitch]:
    """A tap that loses the answers to requests that are as told, and the card behind it."""
    tap = await Tap.before(site.agent.address(family.value), loses)
    config = replace(writing(site.config(family.value)), address=f"127.0.0.1:{tap.port}")
    return tap, CardSwitch(config, lambda: site.world.now)


def is_delay(request: bytes) -> bool:
    return Tap.is_set(request) and Tap.names(request, f"{RFC}.8.2.0")


async def test_a_lost_answer_is_resolved_by_reading(site: Site) -> None:
    tap, card = await through(site, Family.RFC1628, is_delay)
    on_battery(site)
    done = await card.off_and_restart(60)
    assert done.countdown == pytest.approx(60, abs=1)
    assert "its answer was lost" in done.steps[-1]
    assert [request for request in tap.sets if is_delay(request)] == tap.sets[-1:]
    card.close()
    tap.close()


async def test_a_command_that_is_lost_itself_is_not_repeated(site: Site) -> None:
    tap, card = await through(site, Family.RFC1628, lambda _: False)
    tap.swallows = is_delay
    on_battery(site)
    with pytest.raises(Unreachable, match="did not answer, and it shows no countdown"):
        await card.off_and_restart(60)
    assert len(tap.sets) == 1
    assert site.world.upses["rfc1628"].card.cut_at is None
    card.close()
    tap.close()


async def test_auto_restart_is_set_and_read_back_before_the_delay(site: Site) -> None:
    tap, card = await through(site, Family.RFC1628, lambda _: False)
    on_battery(site)
    await put_raw(site, f"{RFC}.8.5.0", 2)
    done = await card.off_and_restart(60)
    assert done.steps[0] == "upsAutoRestart was 2, and is now 1"
    assert [Tap.names(request, f"{RFC}.8.5.0") for request in tap.sets] == [True, False]
    card.close()
    tap.close()


async def test_no_delay_is_sent_when_auto_restart_cannot_be_set(site: Site) -> None:
    tap, card = await through(site, Family.RFC1628, lambda _: False)
    tap.swallows = lambda request: Tap.is_set(request) and Tap.names(request, f"{RFC}.8.5.0")
    on_battery(site)
    await put_raw(site, f"{RFC}.8.5.0", 2)
    with pytest.raises(Refused, match="upsAutoRestart cannot be set to 1"):
        await card.off_and_restart(60)
    assert not [request for request in tap.sets if is_delay(request)]
    card.close()
    tap.close()


@pytest.mark.parametrize("family", list(Family))
async def test_nothing_is_set_by_learning_polling_and_showing(site: Site, family: Family) -> None:
    tap = await Tap.before(site.agent.address(family.value))
    config = replace(writing(site.config(family.value)), address=f"127.0.0.1:{tap.port}")
    for _ in range(2):
        assert (await read_card(config, lambda: site.world.now)).seen.reading is not None
        card = CardSwitch(config, lambda: site.world.now)
        await card.abilities()
        await card.countdown()
        card.close()
        on_battery(site)
    assert tap.requests
    assert tap.sets == []
    tap.close()


async def put_raw(site: Site, oid: str, value: int) -> None:
    """Somebody else sets an object."""
    await put(writing(site.config("rfc1628")), [Put(oid, value)])
