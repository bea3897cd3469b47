"""Work beside the rounds is begun again after a bug, and told once."""

from __future__ import annotations

import asyncio

import pytest

from ridethrough.runtime.steadily import steadily

from .fakes import virtually


def test_it_is_begun_again_and_the_same_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    begun: list[float] = []
    troubles = iter([KeyError("a"), KeyError("a"), OSError(5, "Input/output error"), None])

    async def work() -> None:
        begun.append(asyncio.get_running_loop().time())
        if (trouble := next(troubles)) is not None:
            raise trouble

    virtually(lambda: steadily("the work", work, pause=10.0))
    assert begun == [0.0, 10.0, 20.0, 30.0]
    assert [record.getMessage() for record in caplog.records] == ["the work failed, and is begun again"] * 2


def test_it_ends_when_it_is_cancelled() -> None:
    async def story() -> None:
        running = asyncio.create_task(steadily("the work", asyncio.Event().wait))  # type: ignore[arg-type]
        await asyncio.sleep(1.0)
        running.cancel()
        await asyncio.wait({running})
        assert running.cancelled()

    virtually(story)
