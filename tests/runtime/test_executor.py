"""Every action ends in exactly one report, in time, and holds up nothing but its own target."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from ridethrough.core.actions import Action, MoveVm, StopVm
from ridethrough.core.events import ActionFinished
from ridethrough.ports import Refused, Unreachable
from ridethrough.runtime.executor import Executor

from .fakes import FakeActor, LoopClock, disable, virtually


def story(actor: FakeActor, tell: Callable[[Executor], Coroutine[None, None, None]]) -> list[ActionFinished]:
    """Run `tell` with an executor over `actor`, in virtual time; what was reported."""

    async def run() -> list[ActionFinished]:
        reports: list[ActionFinished] = []
        executor = Executor({"main": actor}, LoopClock(), reports.append)
        await tell(executor)
        await executor.stop()
        return reports

    return virtually(run)


def fails(error: BaseException) -> Callable[[Action], Coroutine[None, None, None]]:
    async def how(_: Action) -> None:
        await asyncio.sleep(1)
        raise error

    return how


async def takes_three_seconds(_: Action) -> None:
    await asyncio.sleep(3)


@pytest.mark.parametrize(
    ("error", "code", "detail", "refused"),
    [
        (Refused("VM_REQUIRES_SR", "no way there"), "VM_REQUIRES_SR", "no way there", True),
        (Unreachable("nobody answers"), "UNREACHABLE", "nobody answers", False),
        (KeyError("x"), "BUG", "KeyError: 'x'", False),
        (asyncio.CancelledError(), "BUG", "CancelledError: cancelled from inside", False),
    ],
)
def test_every_end_is_reported(error: BaseException, code: str, detail: str, refused: bool) -> None:
    async def tell(executor: Executor) -> None:
        executor.start(7, disable("h1"))
        await asyncio.sleep(5)

    reports = story(FakeActor(fails(error)), tell)
    assert reports == [ActionFinished(1.0, 7, disable("h1"), code, detail, refused)]


def test_success_has_no_error() -> None:
    async def tell(executor: Executor) -> None:
        executor.start(7, disable("h1"))
        await asyncio.sleep(5)

    assert story(FakeActor(takes_three_seconds), tell) == [ActionFinished(3.0, 7, disable("h1"))]


def test_a_pool_without_an_actor_is_an_error() -> None:
    async def tell(executor: Executor) -> None:
        executor.start(7, disable("h1", pool="other"))
        await asyncio.sleep(0.1)

    [report] = story(FakeActor(), tell)
    assert (report.error, report.detail) == ("NO_ACTOR", "nothing is connected to other")


def test_two_on_one_target_never_overlap_and_others_run_beside() -> None:
    actor = FakeActor(takes_three_seconds)
    move = MoveVm("v1", "web", "main", "h1", "h2", "a test", 30.0)
    stop = StopVm("v1", "web", "main", "h1", "a test", 30.0)

    async def tell(executor: Executor) -> None:
        actions: list[Action] = [move, stop, disable("h1"), disable("h2")]
        for started, action in enumerate(actions):
            executor.start(started, action)
        await asyncio.sleep(20)

    reports = story(actor, tell)
    assert actor.begun == [(0.0, move), (0.0, disable("h1")), (0.0, disable("h2")), (3.0, stop)]
    assert sorted((r.at, r.started) for r in reports) == [(3.0, 0), (3.0, 2), (3.0, 3), (6.0, 1)]


def test_a_hanging_action_ends_at_its_deadline_and_its_target_is_free_again() -> None:
    async def hangs_once(action: Action) -> None:
        if action.deadline == 10.0:
            await asyncio.Event().wait()

    async def tell(executor: Executor) -> None:
        executor.start(1, disable("h1", deadline=10.0))
        executor.start(2, disable("h1", deadline=20.0))
        executor.start(3, disable("h2", deadline=20.0))
        await asyncio.sleep(60)

    reports = story(FakeActor(hangs_once), tell)
    assert [(r.at, r.started, r.error) for r in reports] == [(0.0, 3, None), (10.0, 1, "DEADLINE"), (10.0, 2, None)]
    assert reports[1].detail == "not finished within 10 s"


def test_what_ignores_its_cancellation_blocks_nothing_for_long() -> None:
    stubborn = True

    async def how(action: Action) -> None:
        while action.deadline == 10.0 and stubborn:
            try:
                await asyncio.sleep(1)
            except asyncio.CancelledError:
                continue

    async def tell(executor: Executor) -> None:
        nonlocal stubborn
        executor.start(1, disable("h1", deadline=10.0))
        executor.start(2, disable("h1", deadline=20.0))
        await asyncio.sleep(60)
        stubborn = False

    reports = story(FakeActor(how), tell)
    assert [(r.at, r.started, r.error) for r in reports] == [(10.0, 1, "DEADLINE"), (15.0, 2, None)]


def test_a_cancelled_action_gets_time_to_end_what_it_began() -> None:
    cleaned: list[float] = []

    async def how(action: Action) -> None:
        try:
            await asyncio.sleep(100 if action.deadline == 10.0 else 0)
        except asyncio.CancelledError:
            await asyncio.sleep(2)
            cleaned.append(asyncio.get_running_loop().time())
            raise

    actor = FakeActor(how)

    async def tell(executor: Executor) -> None:
        executor.start(1, disable("h1", deadline=10.0))
        executor.start(2, disable("h1", deadline=20.0))
        await asyncio.sleep(60)

    reports = story(actor, tell)
    assert cleaned == [12.0]
    assert [(r.at, r.error) for r in reports] == [(10.0, "DEADLINE"), (12.0, None)]


def test_stopping_cancels_everything_and_reports_nothing() -> None:
    actor = FakeActor(takes_three_seconds)

    async def tell(executor: Executor) -> None:
        for started in range(3):
            executor.start(started, disable(f"h{started}"))
        executor.start(9, disable("h1"))
        await asyncio.sleep(1)

    assert story(actor, tell) == []
    assert len(actor.ended) == 3


def test_stopping_before_anything_began_is_clean() -> None:
    async def tell(executor: Executor) -> None:
        executor.start(1, disable("h1"))

    assert story(FakeActor(), tell) == []
