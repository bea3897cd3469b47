"""The loops of a site as they run: some may end and others begin while the rest go on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from ridethrough.core.site import Site

from .loop import Loop, Status
from .unrest import unrest


class Part(Protocol):
    """A part of the site with its loop."""

    @property
    def site(self) -> Site: ...

    @property
    def loop(self) -> Loop: ...


P = TypeVar("P", bound=Part)


class Crew(Generic[P]):
    """Runs the loop of each part until cancelled, or until one of them fails."""

    def __init__(self, parts: Sequence[P]) -> None:
        self.parts = list(parts)
        self._tasks: dict[Loop, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Run them all. Raises what a loop raises; all loops have cleaned up when this returns."""
        for part in self.parts:
            self._begin(part)
        changed: asyncio.Task[Any] = asyncio.create_task(self._changed.wait())
        try:
            while True:
                await asyncio.wait({changed, *self._tasks.values()}, return_when=asyncio.FIRST_COMPLETED)
                if changed.done():
                    self._changed.clear()
                    changed = asyncio.create_task(self._changed.wait())
                for loop, task in list(self._tasks.items()):
                    if task.done():
                        del self._tasks[loop]
                        task.result()
        finally:
            tasks = [changed, *self._tasks.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def exchange(
        self, parts: Sequence[P], write: Callable[[], Awaitable[None]], rebuild: Callable[[P], P]
    ) -> str:
        """Let these parts run instead. A loop that runs already just gets its new site; why not, else empty.

        `write` is called when nothing stands in the way any more, before anything new begins. Where it fails, or a loop
        does not end, all is as before; `rebuild` makes such a part once more.
        """
        stay = {part.loop for part in parts}
        gone = [part for part in self.parts if part.loop not in stay]
        runs = {part.loop for part in self.parts}
        fresh = [part for part in parts if part.loop not in runs]
        if (gone or fresh) and (why := self.unrest()):
            return why
        why = await self._end(gone, rebuild)
        if not why:
            try:
                await write()
            except Exception as error:  # the disk's, or a bug: in no case may the ended loops stay away
                why = f"it cannot be written down ({error})"
                self._again(gone, rebuild)
        if why:
            return why
        self.parts = list(parts)
        for part in parts:
            part.loop.take(part.site)
        for part in fresh:
            self._begin(part)
        return ""

    def unrest(self) -> str:
        """Why no loop may end or begin now; empty when none stands in the way."""
        return next((why for part in self.parts if (why := _unrest(part.loop.status))), "")

    async def _end(self, gone: Sequence[P], rebuild: Callable[[P], P]) -> str:
        """End the loops of these parts, all or none. Why not, else empty."""
        whys = await asyncio.gather(*(part.loop.retire() for part in gone))
        ended = [part for part, why in zip(gone, whys, strict=True) if not why]
        running = [task for part in ended if (task := self._tasks.get(part.loop))]
        if running:
            await asyncio.wait(running)
        if any(whys):
            self._again(ended, rebuild)
        return next(filter(None, whys), "")

    def _again(self, ended: Sequence[P], rebuild: Callable[[P], P]) -> None:
        for part in ended:
            new = rebuild(part)
            self.parts[self.parts.index(part)] = new
            self._begin(new)

    def _begin(self, part: P) -> None:
        self._tasks[part.loop] = asyncio.create_task(part.loop.run(), name=f"loop of {part.loop.name}")
        self._changed.set()


def _unrest(status: Status | None) -> str:
    if status is None:
        return "it has only just started to look: ask again in a moment"
    if status.journal_trouble:
        return f"the journal cannot be written ({status.journal_trouble})"
    return unrest(status.memory)
