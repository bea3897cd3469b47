"""HA for a random site: which pools have it, and which of their VMs it protects.

It has dice of its own: a site without it is as it was before there was any.
"""

from __future__ import annotations

from .sites import Dice, RandomSite

SOME = 12  # percent of the pools


def protect(d: Dice, site: RandomSite) -> None:
    """Lay HA into the site's content."""
    world = site.content["world"]
    for pool in site.pools:
        if not d.chance(SOME):
            continue
        world["pool"][pool] |= {"ha_enabled": True, "ha_failures": d.randint(0, 1)}
        for vm in (v for v in world["vm"].values() if site.pool_of[v["host"]] == pool):
            if d.chance(50):
                vm["ha"] = d.mostly(80, "restart", "best-effort")
