"""The driver against small cards of each family, v1 and v2c: families, timers, alarms, what comes and goes."""

from __future__ import annotations

import pytest

from ridethrough.core.model import CardAction, CardTimers
from ridethrough.core.observation import Source
from ridethrough.drivers.snmp import CardConfig, read_card
from ridethrough.drivers.snmp.card import Card
from ridethrough.sim.cards_mib.tree import Leaf

from .own_cards import EPPC_CARD, FAMILIES, RFC_CARD, SYSTEM, USHA_CARD
from .replay import EPPC, RFC, USHA, ReplayCard, Rows, alarm_rows, integers, is_next, on_battery

VERSIONS = ("1", "2c")


def now() -> float:
    return 100.0


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("family", FAMILIES)
async def test_utility_power(family: str, version: str) -> None:
    async with ReplayCard(FAMILIES[family]) as card:
        report = await read_card(card.config(version), now)
    reading = report.seen.reading
    assert reading is not None
    assert report.family.split(" + ")[0] == family
    assert (reading.at, reading.source, reading.input_good, reading.input_dead) == (
        100,
        Source.UTILITY,
        True,
        False,
    ) or (family == "USHA" and reading.input_good is None)
    assert (reading.low_battery, reading.charge, reading.countdown, reading.testing) == (False, 100, None, False)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("family", FAMILIES)
async def test_outage_and_low_battery(family: str, version: str) -> None:
    for low in (False, True):
        async with ReplayCard(on_battery(FAMILIES[family], low=low)) as card:
            reading = (await read_card(card.config(version), now)).seen.reading
        assert reading is not None
        assert (reading.source, reading.input_dead, reading.low_battery) == (Source.BATTERY, True, low)
        assert reading.charge == 90
        assert reading.runtime == (None if family == "USHA" else 1200)


@pytest.mark.parametrize("rows", [EPPC_CARD, USHA_CARD])
async def test_the_cards_own_timers(rows: Rows) -> None:
    async with ReplayCard(rows) as card:
        reading = (await read_card(card.config(), now)).seen.reading
    assert reading is not None
    assert reading.timers == CardTimers(900, 120, CardAction.CLIENT_AND_UPS)


@pytest.mark.parametrize("version", VERSIONS)
async def test_an_event_table_that_is_not_there_is_tolerated(version: str) -> None:
    rows = {oid: leaf for oid, leaf in EPPC_CARD.items() if not oid.startswith(f"{EPPC}.8.")}
    async with ReplayCard(rows) as card:
        report = await read_card(card.config(version), now)
    assert report.seen.reading is not None
    assert report.seen.reading.timers == CardTimers()
    assert set(report.missing) == {"warning_period", "shutdown_delay", "action"}


@pytest.mark.parametrize(
    ("object_id", "words"),
    [
        ("1.3.6.1.4.1.318.1.3.4.6", "power distribution unit"),
        ("1.3.6.1.4.1.534.10.2.1", "automatic transfer switch"),
        ("1.3.6.1.4.1.705.2", "power distribution unit"),
        ("1.3.6.1.4.1.9.1.1208", "no UPS status"),
    ],
)
async def test_what_is_no_ups_is_told_as_such(object_id: str, words: str) -> None:
    rows = {f"{SYSTEM}.1.0": Leaf("string", "box"), f"{SYSTEM}.2.0": Leaf("oid", object_id)}
    async with ReplayCard(rows) as card:
        report = await read_card(card.config(), now)
    assert report.seen.reading is None
    assert words in report.seen.trouble
    assert object_id in report.seen.trouble


async def test_a_foreign_sysobjectid_is_no_reason_to_refuse_a_ups() -> None:
    rows = {**EPPC_CARD, f"{SYSTEM}.2.0": Leaf("oid", "1.3.6.1.4.1.8072.3.2.10")}
    async with ReplayCard(rows) as card:
        report = await read_card(card.config(), now)
    assert report.family == "EPPC + RFC 1628"


@pytest.mark.parametrize("version", VERSIONS)
async def test_alarms_are_found_wherever_their_rows_stand(version: str) -> None:
    rows = RFC_CARD | alarm_rows([2, 6, 22]) | integers({f"{RFC}.8.2.0": 118, f"{RFC}.4.1.0": 5})
    rows |= {f"{RFC}.6.2.1.2.3": Leaf("integer", 0), f"{RFC}.6.2.1.2.4": Leaf("oid", "1.3.6.1.4.1.850.1.3.4")}
    async with ReplayCard(rows) as card:
        reading = (await read_card(card.config(version), now)).seen.reading
    assert reading is not None
    assert (reading.input_dead, reading.countdown) == (True, 118)


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_card_that_has_lost_its_ups_gives_no_reading(version: str) -> None:
    async with ReplayCard(RFC_CARD | alarm_rows([20])) as card:
        report = await read_card(card.config(version), now)
    assert report.seen.reading is None
    assert "lost its UPS" in report.seen.trouble


@pytest.mark.parametrize("version", VERSIONS)
async def test_an_object_that_vanishes_costs_a_card_no_other_and_few_requests_after_a_minute(version: str) -> None:
    clock = [0.0]
    async with ReplayCard(RFC_CARD) as replay:
        card = Card(replay.config(version), lambda: clock[0])
        await card.poll()
        del replay.rows[f"{RFC}.2.4.0"]  # stands in the same request as the status
        for clock[0] in (5.0, 61.0):
            reading = await card.poll()
            assert (reading.source, reading.charge, reading.load) == (Source.UTILITY, None, 20)
        asked = replay.asked
        await card.poll()
        assert replay.asked - asked <= 2
        card.close()


async def test_a_value_that_comes_later_is_learned_in_time() -> None:
    clock = [0.0]
    async with ReplayCard(USHA_CARD) as replay:
        card = Card(replay.config(), lambda: clock[0])
        assert (await card.poll()).runtime is None
        replay.rows[f"{USHA}.2.3.0"] = Leaf("integer", 33)
        clock[0] = 601
        assert (await card.poll()).runtime == 33 * 60
        card.close()


async def test_an_alarm_table_that_cannot_be_walked_hides_no_outage() -> None:
    walks = [0]

    def swallow_walks(request: bytes, response: bytes) -> list[bytes]:
        is_walk = is_next(request)
        walks[0] += is_walk
        return [] if is_walk else [response]

    clock = [0.0]
    async with ReplayCard(on_battery(RFC_CARD)) as replay:
        replay.mangle = swallow_walks
        card = Card(replay.config(timeout=0.05), lambda: clock[0])
        assert (await card.poll()).source is Source.BATTERY
        asked = walks[0]
        assert asked > 1  # a lost answer is asked for again, but a poll does not wait for ever
        clock[0] = 2
        assert (await card.poll()).source is Source.BATTERY
        assert walks[0] == asked  # not again so soon: it would make every poll of the outage late
        clock[0] = 61
        await card.poll()
        assert walks[0] > asked
        card.close()


async def test_a_disturbed_input_is_noticed() -> None:
    async with ReplayCard(RFC_CARD) as replay:
        card = Card(replay.config(), now)
        await card.poll()
        assert not card.disturbed
        replay.rows[f"{RFC}.3.1.0"] = Leaf("counter", 4)
        await card.poll()
        assert card.disturbed
        await card.poll()
        assert not card.disturbed
        card.close()


async def test_a_closed_port_is_told_soon() -> None:
    async with ReplayCard(RFC_CARD) as replay:
        config = replay.config(timeout=3.0)
    report = await read_card(config, now)
    assert report.seen.reading is None
    assert "no answer" in report.seen.trouble


async def test_a_wrong_community_is_silence() -> None:
    async with ReplayCard(RFC_CARD, community="secret") as replay:
        report = await read_card(replay.config(timeout=0.05), now)
    assert "community" in report.seen.trouble
    assert replay.asked == 3


@pytest.mark.parametrize("address", ["192.0.2.1", "192.0.2.1:1161", "[2001:db8::1]:161", "2001:db8::1"])
def test_an_address(address: str) -> None:
    assert CardConfig("a", address).address == address


@pytest.mark.parametrize("address", ["", "card.example", "192.0.2.1:x", "192.0.2.1:0", "192.0.2.1:99999", "192.0.2"])
def test_what_is_no_address_is_told_with_the_remedy(address: str) -> None:
    with pytest.raises(ValueError, match="is no card address"):
        CardConfig("a", address)


def test_the_community_is_in_no_text() -> None:
    assert "s3cret" not in repr(CardConfig("a", "192.0.2.1", community="s3cret"))
