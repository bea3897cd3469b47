"""How a scenario has ended, for comparing one run of it with another; not how often or when anything was done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from ridethrough.core.events import PoolRecorded, PoolRestored
from ridethrough.sim.memory_journal import MemoryJournal
from ridethrough.sim.world import World

Ending: TypeAlias = dict[tuple[str, str], object]  # by what may be exempted together, and what it is


def ending(world: World, journal: MemoryJournal) -> Ending:
    """Everything that a death of the controller must not change."""
    return dict(_parts(world, journal))


def _parts(world: World, journal: MemoryJournal) -> Iterator[tuple[tuple[str, str], object]]:
    yield ("crashed", "hosts that crashed"), sorted(world.crashed)
    yield ("lost", "guests that were lost"), sorted(world.lost)
    for h in world.hosts.values():
        marks = sorted(key for key in h.other_config if key.startswith("MAINTENANCE"))
        operations = sorted(h.current_operations.values())
        yield (h.id, h.id), (h.power, h.enabled, h.live, h.auto_enable, marks, operations)
    for v in world.vms.values():
        yield (v.name, v.name), (v.power_state.value, v.alive, sorted(v.current_operations.values()))
        yield ("residence", f"where {v.name} is"), v.resident_on
        yield ("residence", f"moves of {v.name}"), world.moves[v.name]
    for p in world.pools.values():
        yield (p.id, p.id), (p.coordinator, dict(p.other_config), p.ha_enabled)
    recorded = sum(isinstance(event, PoolRecorded) for event in journal.entries)
    restored = [event.differences for event in journal.entries if isinstance(event, PoolRestored)]
    yield ("records", "open records"), recorded - len(restored)
    yield ("records", "differences at last"), restored[-1] if restored else ()


def differing(found: Ending, wanted: Ending) -> dict[str, list[str]]:
    """What has ended otherwise than wanted: by what may be exempted together, in words.

    A guest that has moved more often than once, and than wanted, is never exempted: its aspect is "moves".
    """
    bad: dict[str, list[str]] = {}
    for (aspect, what), value in found.items():
        want = wanted[aspect, what]
        if what.startswith("moves of ") and isinstance(value, int) and value > max(1, int(str(want))):
            bad.setdefault("moves", []).append(f"{what}: {value}")
        elif value != want:
            bad.setdefault(aspect, []).append(f"{what}: {value} instead of {want}")
    return bad
