"""What is under way in a part of the site, so that its loop may not end now."""

from __future__ import annotations

from ridethrough.core.memory import Memory


def unrest(memory: Memory) -> str:
    """It in words; empty when nothing is."""
    if memory.pending:
        return "an action is under way: ask again when it has ended"
    failing = [ups for ups, known in memory.upses.items() if known.on_battery_since is not None or known.doubted]
    if failing:
        return f"{', '.join(sorted(failing))} is on battery: ask again when utility power is back"
    if open_ := sorted(pool for pool, known in memory.pools.items() if known.record is not None):
        return f"the outage of {', '.join(open_)} is not over: ask again when all is restored"
    return ""
