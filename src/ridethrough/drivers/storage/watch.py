"""Whether each NAS or SAN serves, asked again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from ridethrough.core.model import Seconds, StorageId
from ridethrough.core.observation import Snapshot, StorageSeen
from ridethrough.ports import Refused

from .serving import Probe, serves
from .ssh import load

PACE: Seconds = 5.0
URGENT: Seconds = 3.0  # while a UPS of the island is on battery
PATIENCE: Seconds = 3.0  # for an answer
LOGGED_IN_LATELY: Seconds = 60.0  # NAS boxes ask every five to fifteen seconds


@dataclass(frozen=True, slots=True)
class Watched:
    """A storage, what must answer for it to be up, and how to tell when it last asked us for its UPS, if it does.

    `by_ssh`: it is stopped over SSH, so what that needs is imported at the start, and not in an outage.
    """

    id: StorageId
    targets: tuple[str, ...]
    asked_at: Callable[[], Seconds | None] | None = None
    by_ssh: bool = False


class Storages:
    """ports.Observer for the storages of an island."""

    def __init__(self, storages: Sequence[Watched], now: Callable[[], Seconds]) -> None:
        self._storages, self._now = storages, now
        self._seen: dict[StorageId, StorageSeen] = {each.id: StorageSeen(each.id) for each in storages}
        self._tasks: list[asyncio.Task[None]] = []
        self._urgent = False

    async def start(self, wake: Callable[[], None]) -> None:
        self._tasks = [
            asyncio.create_task(self._ask_on(each, wake), name=f"probe of {each.id}") for each in self._storages
        ]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def observe(self, urgent: bool) -> Snapshot:
        self._urgent = urgent
        return Snapshot(storages=self._with_logins())

    def _with_logins(self) -> Mapping[StorageId, StorageSeen]:
        asked = {each.id: each.asked_at() for each in self._storages if each.asked_at is not None}
        late = self._now() - LOGGED_IN_LATELY
        heard = {id_: at is not None and at >= late for id_, at in asked.items()}
        return {id_: replace(seen, logged_in=heard.get(id_)) for id_, seen in self._seen.items()}

    async def _ask_on(self, storage: Watched, wake: Callable[[], None]) -> None:
        if storage.by_ssh:
            with suppress(Refused):  # `check` tells it, and so does each stop
                await load()
        while True:
            if self._take(storage.id, await serves(storage.targets, PATIENCE)):
                wake()
            await asyncio.sleep(URGENT if self._urgent else PACE)

    def _take(self, storage: StorageId, found: Probe) -> bool:
        """Note what a probe found; whether that is otherwise than before."""
        before, now = self._seen[storage], self._now()
        since = (before.serves_since if before.serves_since is not None else now) if found.serves else None
        self._seen[storage] = replace(
            before,
            serves_at=now if found.serves else before.serves_at,
            serves_since=since,
            network_at=now if found.network else before.network_at,
            trouble=found.trouble,
        )
        return (since is None) != (before.serves_since is None) or before.serves_at is None
