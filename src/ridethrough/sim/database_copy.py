"""What a member's copy of its pool's database does not hold yet: the changes of the last minutes.

Read from source (xapi_globs.ml pool_db_sync_interval): members get a copy every five minutes, and one that makes itself
the coordinator goes on with that. What VMs do is soon told anew by their hosts; what people and programs wrote is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ridethrough.core.model import PoolId, Seconds

from .machines import SimHost, SimPool, SimVm

if TYPE_CHECKING:
    from .world import World

COPIED_EVERY: Seconds = 300.0


def remember(world: World, pool: PoolId, thing: SimHost | SimPool | SimVm, field: str) -> None:
    """`field` of `thing` is about to be written."""
    old = dict(getattr(thing, field))

    def undo() -> None:
        setattr(thing, field, old)
        kind = {SimHost: "host", SimPool: "pool", SimVm: "vm"}[type(thing)]
        world.changed(kind, thing.ref)

    written = world.written.setdefault(pool, [])
    written[:] = [(at, undo) for at, undo in written if world.now - at <= COPIED_EVERY]
    written.append((world.now, undo))


def fall_back(world: World, pool: PoolId) -> None:
    """The pool goes on with a copy: what was written since it was made is gone."""
    copied_at = world.now // COPIED_EVERY * COPIED_EVERY
    lost: list[Callable[[], None]] = [undo for at, undo in world.written.pop(pool, []) if at > copied_at]
    for undo in reversed(lost):
        undo()
    world.pools[pool].database_life += 1
