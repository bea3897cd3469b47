"""How a card is asked: as much at once as it has shown that it takes, alarms with all else, few learned at once."""

from __future__ import annotations

import asyncio
from typing import Literal

import pytest

from ridethrough.core.observation import Source
from ridethrough.drivers.snmp.card import LEARN_EVERY, MOST_REFUSALS, Card
from ridethrough.drivers.snmp.discovery import SYS_OBJECT_ID
from ridethrough.drivers.snmp.mibs.mge import MGE
from ridethrough.drivers.snmp.session import AT_ONCE, MANY_AT_ONCE
from ridethrough.ports import Unreachable
from ridethrough.sim.cards_mib.tree import Leaf

from .own_cards import EPPC_CARD, RFC_CARD
from .replay import EPPC, RFC, ReplayCard, Rows, alarm_rows, integers, is_next
from .test_hostile import rewritten, set_error


def now() -> float:
    return 100.0


def asked_for(request: bytes) -> int:
    """How many objects a request names: every name of these cards begins with 1.3.6.1."""
    return request.count(b"\x2b\x06\x01")


async def test_a_card_that_takes_all_its_objects_at_once_is_asked_so() -> None:
    sizes: list[int] = []

    def note(request: bytes, response: bytes) -> list[bytes]:
        sizes.append(asked_for(request))
        return [response]

    async with ReplayCard(EPPC_CARD) as replay:
        card = Card(replay.config(), now)
        await card.poll()
        replay.mangle = note
        for _ in range(3):
            assert (await card.poll()).charge == 100
        card.close()
    assert len(sizes) == 3
    assert min(sizes) > AT_ONCE


async def test_a_card_that_does_not_is_asked_in_tens_and_tried_once_only() -> None:
    sizes: list[int] = []

    def small(request: bytes, response: bytes) -> list[bytes]:
        sizes.append(asked_for(request))
        return [response] if sizes[-1] <= AT_ONCE else []

    async with ReplayCard(EPPC_CARD) as replay:
        card = Card(replay.config(timeout=0.05), now)
        await card.poll()
        replay.mangle = small
        for _ in range(3):
            assert (await card.poll()).charge == 100
        card.close()
    assert sum(size > AT_ONCE for size in sizes) == 1


async def test_a_card_that_no_longer_takes_them_at_once_is_read_in_the_same_poll() -> None:
    async with ReplayCard(EPPC_CARD) as replay:
        card = Card(replay.config(timeout=0.05), now)
        await card.poll()
        await card.poll()

        def too_big(request: bytes, response: bytes) -> list[bytes]:
            return [response] if asked_for(request) <= AT_ONCE else [rewritten(response, set_error(1))]

        replay.mangle = too_big
        assert (await card.poll()).charge == 100
        card.close()


async def test_an_alarm_that_takes_the_place_of_another_is_seen_without_a_walk() -> None:
    walks = [0]

    def count(request: bytes, response: bytes) -> list[bytes]:
        walks[0] += is_next(request)
        return [response]

    async with ReplayCard(RFC_CARD | alarm_rows([24])) as replay:
        card = Card(replay.config(), now)
        assert (await card.poll()).testing
        replay.mangle = count
        assert (await card.poll()).testing
        assert walks == [0]
        replay.rows |= alarm_rows([3])
        reading = await card.poll()
        assert (reading.testing, reading.low_battery, walks) == (False, True, [0])
        replay.rows |= alarm_rows([3, 24])
        reading = await card.poll()
        assert (reading.testing, reading.low_battery) == (True, True)
        assert walks[0] > 0
        card.close()


async def test_alarms_that_are_numbered_from_one_take_one_request_more() -> None:
    table = {f"{RFC}.6.2.1.2.{row}": Leaf("oid", f"{RFC}.6.3.{alarm}") for row, alarm in ((1, 2), (2, 24))}
    async with ReplayCard(RFC_CARD) as replay:
        card = Card(replay.config(), now)
        for _ in range(2):
            await card.poll()
        replay.rows |= {f"{RFC}.6.1.0": Leaf("gauge", 2), **table}
        asked = replay.asked
        assert (await card.poll()).testing
        assert replay.asked - asked == 2
        card.close()


@pytest.mark.parametrize("first", ["0.0.0.0.0.0.0.0.0.0.0", f"{RFC}.6.3.24"])
async def test_rows_that_name_no_alarm_of_their_own_are_not_taken_for_those_present(first: str) -> None:
    table = {1: first, 2: f"{RFC}.6.3.24", 9: f"{RFC}.6.3.3"}
    rows = {f"{RFC}.6.2.1.2.{row}": Leaf("oid", alarm) for row, alarm in table.items()}
    async with ReplayCard(RFC_CARD | rows | {f"{RFC}.6.1.0": Leaf("gauge", 2)}) as replay:
        card = Card(replay.config(), now)
        for _ in range(2):
            reading = await card.poll()
            assert (reading.testing, reading.low_battery) == (True, True)
        card.close()


async def test_a_card_that_is_asked_much_is_asked_in_as_few_requests_as_it_takes() -> None:
    sizes: list[int] = []

    def noted(request: bytes, response: bytes) -> list[bytes]:
        sizes.append(asked_for(request))
        return [response] if asked_for(request) <= MANY_AT_ONCE else []

    every = integers({row.oid: 1 if row.field == "link_lost" else 2 for row in MGE.rows}) | {
        SYS_OBJECT_ID: Leaf("oid", "1.3.6.1.4.1.705.1")
    }
    async with ReplayCard(RFC_CARD | every) as replay:
        card = Card(replay.config(), now)
        for _ in range(2):
            await card.poll()
        replay.mangle = noted
        assert (await card.poll()).source is Source.UTILITY
        assert sizes[0] == MANY_AT_ONCE
        await card.poll()
        assert sum(sizes[-2:]) > MANY_AT_ONCE
        assert sizes[-2:] == [MANY_AT_ONCE, sum(sizes[-2:]) - MANY_AT_ONCE]
        card.close()


@pytest.mark.parametrize("version", ["1", "2c"])
@pytest.mark.parametrize("refusal", ["tooBig", "silence"])
@pytest.mark.parametrize("limit", [1, 2, 4, 5, 9])
@pytest.mark.parametrize("rows", [EPPC_CARD, RFC_CARD], ids=["EPPC", "RFC 1628"])
async def test_a_card_that_takes_few_objects_is_learned_and_read(
    rows: Rows, limit: int, refusal: str, version: Literal["1", "2c"]
) -> None:
    sizes: list[int] = []

    def small(request: bytes, response: bytes) -> list[bytes]:
        sizes.append(asked_for(request))
        if sizes[-1] <= limit:
            return [response]
        return [rewritten(response, set_error(1))] if refusal == "tooBig" else []

    async with ReplayCard(rows) as generous, ReplayCard(rows) as replay:
        replay.mangle = small
        at = [100.0]
        card = Card(replay.config(version=version, timeout=0.05), lambda: at[0])
        reading = await card.poll()
        other = Card(generous.config(version=version), lambda: 100.0)
        assert reading == await other.poll()
        assert other.profile is not None
        assert card.profile == other.profile
        for _ in range(MOST_REFUSALS + 1):
            at[0] += LEARN_EVERY  # it is learned anew, and how much it takes is not forgotten
            await card.poll()
        sizes.clear()
        await card.poll()
        assert max(sizes) <= limit
        for each in (card, other):
            each.close()


async def test_a_card_that_took_little_while_its_network_was_bad_is_asked_for_more_again() -> None:
    at = [100.0]
    async with ReplayCard(EPPC_CARD) as replay:
        replay.mangle = lambda request, response: [response] if asked_for(request) <= 4 else []
        card = Card(replay.config(timeout=0.05), lambda: at[0])
        await card.poll()
        replay.mangle = None
        for _ in range(2):
            at[0] += LEARN_EVERY
            await card.poll()
            await card.poll()
        asked = replay.asked
        await card.poll()
        assert replay.asked - asked == 1
        card.close()


async def test_a_card_that_falls_silent_is_given_up_as_soon_as_ever_and_asked_as_before_when_it_is_back() -> None:
    async with ReplayCard(EPPC_CARD) as replay:
        card = Card(replay.config(timeout=0.05), now)
        for _ in range(2):
            await card.poll()
        replay.silent, asked = True, replay.asked
        with pytest.raises(Unreachable, match="3 attempts"):
            await card.poll()
        assert replay.asked - asked == 3
        replay.silent, asked = False, replay.asked
        await card.poll()
        assert replay.asked - asked == 1
        card.close()


async def test_a_card_without_its_status_for_a_while_is_asked_as_before_when_that_is_back() -> None:
    status = {oid: leaf for oid, leaf in EPPC_CARD.items() if oid.startswith(f"{EPPC}.2.1.")}
    assert status
    async with ReplayCard(EPPC_CARD) as replay:
        card = Card(replay.config(), now)
        for _ in range(2):
            await card.poll()
        for oid in status:
            del replay.rows[oid]
        with pytest.raises(Unreachable, match="lacks"):
            await card.poll()
        replay.rows |= status
        asked = replay.asked
        await card.poll()
        assert replay.asked - asked == 1
        card.close()


async def test_a_card_that_refuses_many_objects_is_not_asked_for_ever() -> None:
    at = [0.0]
    tried: list[int] = []

    def refusing(request: bytes, response: bytes) -> list[bytes]:
        if asked_for(request) <= AT_ONCE:
            return [response]
        tried.append(asked_for(request))
        return [rewritten(response, set_error(1))]

    async with ReplayCard(EPPC_CARD) as replay:
        replay.mangle = refusing
        card = Card(replay.config(), lambda: at[0])
        for _ in range(2 * MOST_REFUSALS):
            for _ in range(3):
                await card.poll()
            at[0] += LEARN_EVERY
        assert len(tried) == MOST_REFUSALS
        card.close()


async def test_a_card_is_learned_with_few_requests_and_one_that_is_silent_takes_no_place() -> None:
    room = asyncio.Semaphore(1)
    async with ReplayCard(RFC_CARD) as replay, ReplayCard(RFC_CARD) as silent:
        silent.silent = True
        cards = [Card(config.config(timeout=0.5), now, learning=room) for config in (silent, silent, replay)]
        polls = [asyncio.create_task(card.poll()) for card in cards]
        assert (await polls[2]).source is Source.UTILITY
        assert not polls[0].done()
        assert not polls[1].done()
        assert replay.asked <= 20
        for poll in polls[:2]:
            with pytest.raises(Unreachable):
                await poll
        for card in cards:
            card.close()
