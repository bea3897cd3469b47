"""Whose turn it is: evenly spread, kept after a standstill, hurried when something happens."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from ridethrough.drivers.snmp.turns import AT_ONCE, GRAIN, LATE, Turn, Turns

PACE = 5.0


@pytest.mark.parametrize("number", [7, 100, 1000])
def test_beats_lie_evenly(number: int) -> None:
    turns = Turns()
    shares = sorted(turns.join().share for _ in range(number))
    gaps = [after - before for before, after in itertools.pairwise([*shares, shares[0] + 1])]
    assert max(gaps) < 3 / number


@pytest.mark.parametrize("late", [0.0, 0.05, 1.0, PACE / 2, PACE - 0.2])
def test_a_turn_that_begins_late_is_followed_by_the_next_beat(late: float) -> None:
    turn = Turn(0.3)
    beat = (20 + 0.3) * PACE
    assert turn.next(beat + late, PACE) == pytest.approx(beat + PACE)


@pytest.mark.parametrize("began", [100.0, 101.499, 101.5, 103.9])
def test_no_two_turns_lie_more_than_a_pace_apart(began: float) -> None:
    assert 0 <= Turn(0.3).next(began, PACE) - began <= PACE * (1 + LATE)


async def test_turns_come_when_they_are_due_and_never_before() -> None:
    turns, loop = Turns(), asyncio.get_running_loop()
    due = [loop.time() + seconds for seconds in (0.05, 0.0, 0.02)]
    came: list[int] = []

    async def one(number: int) -> None:
        await turns.wait(turns.join(), due[number])
        assert loop.time() >= due[number] - GRAIN / 100
        came.append(number)

    await asyncio.gather(*(one(number) for number in range(3)))
    assert came == [1, 2, 0]


async def test_a_hurried_turn_comes_at_once_and_a_cancelled_one_never() -> None:
    turns, loop = Turns(), asyncio.get_running_loop()
    first, second = turns.join(), turns.join()
    waiting = [asyncio.create_task(turns.wait(turn, loop.time() + 60)) for turn in (first, second)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    turns.hurry(first)
    turns.hurry(second)
    async with asyncio.timeout(5):
        await waiting[0]
        with pytest.raises(asyncio.CancelledError):
            await waiting[1]


async def test_a_turn_hurried_while_its_poll_runs_is_the_next_one() -> None:
    turns, loop = Turns(), asyncio.get_running_loop()
    turn = turns.join()
    turns.hurry(turn)
    async with asyncio.timeout(5):
        await turns.wait(turn, loop.time() + 60)
    waiting = asyncio.create_task(turns.wait(turn, loop.time() + 60))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    waiting.cancel()


async def test_what_has_gathered_in_a_standstill_does_not_burst() -> None:
    turns, loop = Turns(), asyncio.get_running_loop()
    number = 4 * AT_ONCE
    came: list[float] = []

    async def one() -> None:
        await turns.wait(turns.join(), loop.time() - 1.0)
        came.append(loop.time())

    await asyncio.gather(*(one() for _ in range(number)))
    assert max(came.count(moment) for moment in came) <= AT_ONCE
    assert max(came) - min(came) >= 3 * 0.005
