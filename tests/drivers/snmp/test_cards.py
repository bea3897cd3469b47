"""All cards, watched: what the loop sees, and when it is woken."""

from __future__ import annotations

import asyncio
import os
import resource
from collections.abc import Callable

import pytest

from ridethrough.core.observation import Source, UpsSeen
from ridethrough.drivers.snmp import CardConfig, Cards, V3User
from ridethrough.drivers.snmp.cards import SPREAD
from ridethrough.ports import Observer
from ridethrough.sim.cards_mib.tree import Leaf

from .own_cards import EPPC_CARD, RFC_CARD, USHA_CARD, XPPC_CARD
from .replay import RFC, ReplayCard, alarm_rows, integers, on_battery

DEADLINE = 5.0
PACE = 0.03


class Loop:
    """What the cards need of the loop: a clock, and a wake that is counted."""

    def __init__(self) -> None:
        self.woken = 0

    def wake(self) -> None:
        self.woken += 1

    @staticmethod
    def now() -> float:
        return asyncio.get_running_loop().time()


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for a condition; fails after `DEADLINE`."""
    async with asyncio.timeout(DEADLINE):
        while not is_so():  # noqa: ASYNC110 - nothing tells when it becomes so
            await asyncio.sleep(0.005)


async def seen(cards: Cards, ups: str = "a") -> UpsSeen:
    return cards.observe(urgent=False).upses[ups]


async def until_seen(cards: Cards, is_so: Callable[[UpsSeen], bool], ups: str = "a") -> UpsSeen:
    async with asyncio.timeout(DEADLINE):
        while not is_so(await seen(cards, ups)):  # noqa: ASYNC110 - nothing tells when it becomes so
            await asyncio.sleep(0.005)
    return await seen(cards, ups)


def source_is(source: Source) -> Callable[[UpsSeen], bool]:
    return lambda s: s.reading is not None and s.reading.source is source


async def test_many_do_not_begin_together() -> None:
    loop = Loop()
    async with ReplayCard(RFC_CARD) as card:
        card.silent = True  # so that each card is heard once
        cards = Cards([card.config(ups=f"ups{n}") for n in range(40)], loop.now, pace=PACE)
        began = loop.now()
        await cards.start(loop.wake)
        await until(lambda: card.asked >= 40)
        took = loop.now() - began
        await cards.stop()
    assert took >= 39 * SPREAD


async def test_stopping_while_many_begin_leaves_no_task() -> None:
    async with ReplayCard(RFC_CARD) as card:
        cards = Cards([card.config(ups=f"ups{n}") for n in range(1000)], Loop.now, pace=PACE)
        await cards.start(lambda: None)
        await until(lambda: card.asked > 0)
        await cards.stop()
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("card")]


async def test_cards_are_an_observer() -> None:
    cards: Observer = Cards([], lambda: 0.0)
    await cards.start(lambda: None)
    assert cards.observe(urgent=True).upses == {}
    await cards.stop()


async def test_before_its_first_answer_a_card_is_there_and_says_nothing() -> None:
    cards = Cards([CardConfig("a", "127.0.0.1:1")], lambda: 0.0)
    assert await seen(cards) == UpsSeen()


async def test_an_outage_is_seen_told_and_kept_with_the_answer_before() -> None:
    loop = Loop()
    async with ReplayCard(RFC_CARD) as replay:
        cards = Cards([replay.config()], loop.now, pace=PACE, urgent_pace=PACE)
        await cards.start(loop.wake)
        await until_seen(cards, source_is(Source.UTILITY))
        assert loop.woken == 1
        replay.rows = on_battery(RFC_CARD)
        now = await until_seen(cards, source_is(Source.BATTERY))
        assert now.previous is not None
        assert now.previous.source is Source.UTILITY
        assert now.reading is not None
        assert now.reading.at > now.previous.at
        woken = loop.woken
        assert woken >= 2
        await until(lambda: loop.woken > woken)  # each good poll on battery wakes
        replay.rows = dict(RFC_CARD)
        await until_seen(cards, source_is(Source.UTILITY))
        await cards.stop()


async def test_utility_power_without_change_wakes_nobody() -> None:
    loop = Loop()
    async with ReplayCard(RFC_CARD) as replay:
        cards = Cards([replay.config()], loop.now, pace=PACE)
        await cards.start(loop.wake)
        first = (await until_seen(cards, source_is(Source.UTILITY))).answered_at
        await until_seen(
            cards, lambda s: s.answered_at is not None and first is not None and s.answered_at > first + 0.5
        )
        assert loop.woken == 1
        await cards.stop()


async def test_silence_keeps_the_last_answer_and_is_told_once() -> None:
    loop = Loop()
    async with ReplayCard(RFC_CARD) as replay:
        cards = Cards([replay.config(timeout=0.02)], loop.now, pace=PACE)
        await cards.start(loop.wake)
        await until_seen(cards, source_is(Source.UTILITY))
        replay.silent = True
        now = await until_seen(cards, lambda s: bool(s.trouble))
        assert source_is(Source.UTILITY)(now)
        assert "no answer" in now.trouble
        assert loop.woken == 2
        asked = replay.asked
        await until(lambda: replay.asked > asked + 6)
        assert loop.woken == 2
        replay.silent = False
        await until_seen(cards, lambda s: not s.trouble)
        assert loop.woken == 3
        await cards.stop()


async def test_a_card_that_never_answered_is_told() -> None:
    loop = Loop()
    cards = Cards([CardConfig("a", "127.0.0.1:1", timeout=0.02)], loop.now, pace=PACE)
    await cards.start(loop.wake)
    now = await until_seen(cards, lambda s: bool(s.trouble))
    assert now.reading is None
    assert loop.woken == 1
    await cards.stop()


async def test_a_card_that_loses_its_ups_keeps_its_reading_and_grows_silent() -> None:
    loop = Loop()
    async with ReplayCard(RFC_CARD) as replay:
        cards = Cards([replay.config()], loop.now, pace=PACE)
        await cards.start(loop.wake)
        before = await until_seen(cards, source_is(Source.UTILITY))
        replay.rows = RFC_CARD | alarm_rows([20])
        now = await until_seen(cards, lambda s: bool(s.trouble))
        assert "lost its UPS" in now.trouble
        assert now.reading is not None
        assert not now.reading.link_lost
        frozen = now.reading.at
        asked = replay.asked
        await until(lambda: replay.asked > asked + 3)
        assert (await seen(cards)).answered_at == frozen
        assert before.reading is not None
        await cards.stop()


@pytest.mark.parametrize(
    "change",
    [
        {f"{RFC}.4.1.0": 4},
        {f"{RFC}.2.1.0": 3},
        {f"{RFC}.7.3.0": 5},
        {f"{RFC}.3.3.1.3.1": 170},
        {f"{RFC}.9.9.0": 232, f"{RFC}.9.10.0": 250},
    ],
    ids=["source", "low battery", "test", "input", "nothing that is polled"],
)
async def test_a_change_that_a_decision_may_depend_on_wakes(change: dict[str, int]) -> None:
    loop = Loop()
    async with ReplayCard(RFC_CARD) as replay:
        cards = Cards([replay.config()], loop.now, pace=PACE)
        await cards.start(loop.wake)
        await until(lambda: loop.woken == 1)
        replay.rows |= integers(change)
        asked = replay.asked
        await until(lambda: replay.asked > asked + 4)
        assert loop.woken == (1 if f"{RFC}.9.9.0" in change else 2)
        await cards.stop()


async def test_a_countdown_is_followed() -> None:
    loop = Loop()
    async with ReplayCard(
        on_battery(RFC_CARD) | alarm_rows([2, 22]) | {f"{RFC}.8.2.0": Leaf("integer", 100)}
    ) as replay:
        cards = Cards([replay.config()], loop.now, pace=PACE)
        await cards.start(loop.wake)
        now = await until_seen(cards, lambda s: s.reading is not None)
        assert now.reading is not None
        assert now.reading.countdown == pytest.approx(100, abs=1)
        replay.rows = dict(RFC_CARD)
        await until_seen(cards, lambda s: s.reading is not None and s.reading.countdown is None)
        await cards.stop()


async def test_turning_urgent_polls_at_once_and_then_at_the_fast_pace() -> None:
    loop = Loop()
    async with ReplayCard(RFC_CARD) as replay:
        cards = Cards([replay.config()], loop.now, pace=60.0, urgent_pace=0.2)
        await cards.start(loop.wake)
        await until_seen(cards, source_is(Source.UTILITY))
        asked = replay.asked
        cards.observe(urgent=True)
        await until(lambda: replay.asked > asked)
        await until(lambda: replay.asked > asked + 6)
        await cards.stop()


async def test_a_hint_polls_at_once() -> None:
    loop = Loop()
    async with ReplayCard(RFC_CARD) as replay:
        cards = Cards([replay.config()], loop.now, pace=60.0)
        await cards.start(loop.wake)
        await until_seen(cards, source_is(Source.UTILITY))
        replay.rows = on_battery(RFC_CARD)
        cards.poll_soon("a")
        cards.poll_soon("unknown")
        await until_seen(cards, source_is(Source.BATTERY))
        await cards.stop()


async def test_one_silent_card_delays_no_other() -> None:
    loop = Loop()
    async with ReplayCard(XPPC_CARD) as good, ReplayCard(USHA_CARD) as bad:
        bad.silent = True
        cards = Cards([good.config(ups="good"), bad.config(ups="bad", timeout=3.0)], loop.now, pace=PACE)
        await cards.start(loop.wake)
        await until_seen(cards, source_is(Source.UTILITY), "good")
        asked = good.asked
        await until(lambda: good.asked > asked + 10)
        assert (await seen(cards, "bad")).reading is None
        await cards.stop()


async def test_stopping_closes_every_socket() -> None:
    loop = Loop()
    async with ReplayCard(EPPC_CARD) as replay:
        before = len(os.listdir("/proc/self/fd"))
        cards = Cards([replay.config(ups=f"ups{n}") for n in range(10)], loop.now, pace=PACE)
        await cards.start(loop.wake)
        for n in range(10):
            await until_seen(cards, source_is(Source.UTILITY), f"ups{n}")
        await cards.stop()
        await cards.stop()
        assert len(os.listdir("/proc/self/fd")) <= before


async def test_stopping_ends_every_poll_however_often() -> None:
    """A cancellation that comes together with an answer must not get lost (asyncio.wait_for before Python 3.12)."""
    loop = Loop()
    async with ReplayCard(RFC_CARD) as replay:
        for turn in range(40):
            cards = Cards([replay.config()], loop.now, pace=0.0)
            await cards.start(loop.wake)
            asked = replay.asked
            await until(lambda asked=asked, turn=turn: replay.asked > asked + turn % 7)  # type: ignore[misc]
            async with asyncio.timeout(0.5):
                await cards.stop()


async def test_failed_polls_leave_no_sockets_behind() -> None:
    loop = Loop()
    async with ReplayCard(RFC_CARD) as replay:
        cards = Cards([replay.config(timeout=0.01)], loop.now, pace=0.01)
        await cards.start(loop.wake)
        await until_seen(cards, source_is(Source.UTILITY))
        before = len(os.listdir("/proc/self/fd"))
        replay.mangle = lambda request, response: [b"\x30\x05abcde"]
        asked = replay.asked
        await until(lambda: replay.asked > asked + 15)
        assert len(os.listdir("/proc/self/fd")) <= before + 1
        await cards.stop()


async def test_too_few_files_for_all_sockets_are_told_of(caplog: pytest.LogCaptureFixture) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    user = V3User("reader", "sha256", "a password to sign")
    plain = [CardConfig(f"ups{n}", f"127.0.0.1:{1024 + n}") for n in range(100)]
    signed = [CardConfig(f"ups{n}", f"127.0.0.1:{1024 + n}", "3", user=user) for n in range(100)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (400, hard))
    try:
        for configs in (plain, signed):
            cards = Cards(configs, asyncio.get_running_loop().time)
            await cards.start(lambda: None)
            await cards.stop()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert [record.getMessage() for record in caplog.records] == [
        "100 cards need 300 sockets, and this process may open 400 files: set LimitNOFILE=1112 in its unit"
    ]
