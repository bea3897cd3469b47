"""What some owners want: tiers given up for more runtime, VMs back at home.

They have dice of their own: a site without them is as it was before there were any.
"""

from __future__ import annotations

from .sites import Dice, RandomSite


def shed_some(dice: Dice, site: RandomSite) -> None:
    """One site in eight sheds tiers. There its VMs draw power, so that it is worth something."""
    if not dice.chance(12):
        return
    tiers = sorted(dice.sample(range(10), dice.choice([1, 2, 10])))
    times = [5, 20, 60] if site.short else [60, 300]
    site.content.setdefault("site", {})["shed"] = {str(tier): dice.choice(times) for tier in tiers}
    for vm in site.content["world"]["vm"].values():
        if dice.chance(70):
            vm["watts"] = dice.choice([10.0, 40.0, 100.0])


def go_home_some(dice: Dice, site: RandomSite) -> None:
    if dice.chance(10):
        site.content.setdefault("site", {})["return_home"] = True
