"""HA for a random site: which pools have it, and which of their VMs it protects.

It has dice of its own: a site without it is as it was before there was any.
"""

from __future__ import annotations

from .sites import Content, Dice, RandomSite

SOME = 12  # percent of the pools
JAMS = 15  # percent of those, for a while


def protect(d: Dice, site: RandomSite, over_at: float) -> list[Content]:
    """Lay HA into the site's content, and tell what befalls it: all is mended when the outage is over."""
    world, befalls = site.content["world"], []
    for pool in site.pools:
        if not d.chance(SOME):
            continue
        world["pool"][pool] |= {"ha_enabled": True, "ha_failures": d.randint(0, 1)}
        for vm in (v for v in world["vm"].values() if site.pool_of[v["host"]] == pool):
            if d.chance(50):
                vm["ha"] = d.mostly(80, "restart", "best-effort")
        if d.chance(JAMS):
            befalls.append({"at": float(d.randint(0, int(over_at))), "do": "jam HA", "pool": pool})
            befalls.append({"at": over_at, "do": "free HA", "pool": pool})
    return befalls
