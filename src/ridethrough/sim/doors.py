"""The ports straight onto a World: what the loop sees and does of a simulated site, without a wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ridethrough.core.events import Event
from ridethrough.core.model import CONTROLLER, PoolId, Seconds
from ridethrough.ports import Actor, Journal, Observer

from .bmc_door import BmcDoor
from .card_door import CardsDoor
from .memory_journal import Killed, MemoryJournal
from .nas_door import NasDoor
from .own_door import OwnDoor
from .pool_door import PoolDoor
from .ups_door import UpsDoor
from .virtual_time import VirtualClock
from .world import World

__all__ = ["CardsDoor", "Doors", "PoolDoor"]


@dataclass(slots=True)
class Doors:
    """Everything that one life of a controller needs of a World. `cut` ends that life as a kill would."""

    world: World
    kept: MemoryJournal  # outlives it
    wall_ahead: Callable[[], Seconds] = lambda: 0.0  # of the wall clock of the controller's machine
    cards: CardsDoor = field(init=False)
    pools: dict[PoolId, PoolDoor] = field(init=False)
    storage: NasDoor = field(init=False)
    bmcs: BmcDoor = field(init=False)
    switches: UpsDoor = field(init=False)
    own: OwnDoor = field(init=False)
    clock: VirtualClock = field(init=False)
    journal: Journal = field(init=False)

    def __post_init__(self) -> None:
        self.cards = CardsDoor(self.world)
        self.clock = VirtualClock(self.world, self.wall_ahead)
        self.pools = {pool: PoolDoor(self.world, pool, self.clock) for pool in sorted(self.world.pools)}
        self.storage = NasDoor(self.world, self.clock)
        self.bmcs = BmcDoor(self.world, self.clock)
        self.switches = UpsDoor(self.world, self.clock)
        self.own = OwnDoor(self.clock)
        self.journal = _Pen(self.kept, self)
        self.is_cut = False

    is_cut: bool = field(init=False, default=False)
    on_death: Callable[[], None] = field(init=False, default=lambda: None)  # the journal has killed this controller

    @property
    def observers(self) -> Sequence[Observer]:
        return (self.cards, *self.pools.values(), *([self.storage] if self.world.nases else []), self.bmcs)

    @property
    def actors(self) -> Mapping[str, Actor]:
        boxes: dict[str, Actor] = {f"storage {id_}": self.storage for id_ in self.world.nases}
        boxes |= {f"power on {id_}": self.storage for id_ in self.world.nases}
        boxes |= {f"ups {id_}": self.switches for id_ in self.world.upses}
        boxes |= {f"power on {host}": self.bmcs for host in self.world.hosts}
        return {CONTROLLER: self.own, **self.pools, **boxes}

    def cut(self) -> None:
        """From now on nothing that this controller does reaches the world or the journal, its cleaning up included."""
        self.is_cut = True
        self.storage.is_cut = self.bmcs.is_cut = self.switches.is_cut = self.own.is_cut = True
        for pool in self.pools.values():
            pool.is_cut = True


class _Pen:
    """The journal as long as its controller lives."""

    def __init__(self, journal: MemoryJournal, doors: Doors) -> None:
        self._journal = journal
        self._doors = doors

    async def append(self, events: Sequence[Event]) -> Sequence[int]:
        if self._doors.is_cut:
            raise Killed
        try:
            return await self._journal.append(events)
        except Killed:
            self._doors.cut()  # before its loop ends in order, cancelling tasks that a dead process would leave alone
            self._doors.on_death()
            raise

    async def read(self, after: int = 0) -> Sequence[tuple[int, Event]]:
        return await self._journal.read(after)

    async def close(self) -> None:
        await self._journal.close()
