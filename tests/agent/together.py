"""Stories of one module that mostly wait are played at the same time; each test waits for its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

Story = Callable[[Path], Awaitable[None]]
AT_ONCE = 6  # stories, each with a process of the agent or two
STORIES: dict[tuple[str, str], Story] = {}  # by module and name

module_loop = pytest.mark.asyncio(loop_scope="module")  # the pytestmark of such a module


class Begun:
    """The stories that are played."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(AT_ONCE)
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def begin(self, name: str, story: Story, folder: Path) -> None:
        self._tasks[name] = asyncio.create_task(self._play(story, folder))

    async def of(self, name: str) -> None:
        """Wait for the end of one; raises what it raised."""
        await self._tasks[name]

    async def end(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _play(self, story: Story, folder: Path) -> None:
        async with self._places:
            await story(folder)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def begun(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Begun]:
    """All stories of this module that were asked for, begun in their order."""
    found = Begun()
    for item in request.session.items:
        story = STORIES.get((request.module.__name__, item.name)) if item.path == request.path else None
        if story is not None and not any(mark.args[0] for mark in item.iter_markers("skipif")):
            found.begin(item.name, story, tmp_path_factory.mktemp("story"))
    yield found
    await found.end()


def together(story: Story) -> Callable[[Begun], Awaitable[None]]:
    """A test that is such a story; it gets a folder of its own."""

    async def test(begun: Begun) -> None:
        await begun.of(story.__name__)

    test.__name__, test.__doc__, test.__module__ = story.__name__, story.__doc__, story.__module__
    STORIES[story.__module__, story.__name__] = story
    return test
