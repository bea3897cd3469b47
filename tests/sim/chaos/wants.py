"""What some owners want: tiers shed for more runtime, VMs back at home, outputs cut, NAS boxes woken, room made for
what has none, VMs with many vCPUs, agents on hosts.

They have dice of their own: a site without them is as it was before there were any.
"""

from __future__ import annotations

from typing import Any

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


def cut_some(dice: Dice, site: RandomSite, timeline: list[dict[str, Any]]) -> None:
    """One site in three has UPSs cut their outputs; some of their cards cannot, or not any more."""
    if not dice.chance(33):
        return
    for ups in sorted(site.content["ups"]):
        if dice.chance(80):
            owned, true = site.content["ups"].setdefault(ups, {}), site.content["world"]["ups"][ups]["card"]
            owned["cut_output"] = True
            if dice.chance(60):  # else there is little to do
                true["action"] = "client"
                owned |= {"action": "client"} if "action" in owned else {}
            if dice.chance(10):
                timeline.append({"at": dice.choice([0, 20, 60, 120]), "do": "refuse cut", "ups": ups})


def make_room_some(dice: Dice, site: RandomSite) -> None:
    """The hosts of those sites have little room left, and the tiers of their VMs differ."""
    if not dice.chance(15):
        return
    site.content.setdefault("site", {})["make_room"] = dice.choice(["move", "stop"])
    vms = site.content["world"]["vm"]
    for name, host in site.content["world"]["host"].items():
        used = sum(vm["memory_gib"] for vm in vms.values() if vm["host"] == name)
        host["memory_gib"] = 4 + used + dice.choice([0.5, 1, 2, 3])
    for name in vms:
        if dice.chance(70):
            site.content.setdefault("vm", {}).setdefault(name, {})["tier"] = dice.choice([0, 2, 5, 8])


def wake_some(dice: Dice, site: RandomSite) -> None:
    """Every other NAS can be woken over the network; some owners only think so."""
    for name, box in sorted(site.content.get("storage", {}).items()):
        if dice.chance(50):
            box["wake_on_lan"] = {"mac": "52:54:00:12:34:90"}
            site.content["world"]["nas"][name]["wakes"] = not dice.chance(10)


def count_cpus_some(dice: Dice, site: RandomSite) -> None:
    """One site in five: hosts of several sizes, VMs with as many vCPUs as their hosts have CPUs; few exceed them."""
    if not dice.chance(20):
        return
    hosts = site.content["world"]["host"]
    for host in hosts.values():
        host["cpus"] = dice.choice([0, 2, 4, 8, 16])
    for vm in site.content["world"]["vm"].values():
        vm["vcpus"] = min(dice.choice([1, 2, 4, 8, 16]), hosts[vm["host"]]["cpus"] or 16)
        if dice.chance(10):
            vm |= {"vcpus": 24, "vcpu_unrestricted": True}


def have_agents_some(dice: Dice, site: RandomSite) -> None:
    """One site in six. The agents are not played: what the controller does for their sake is."""
    if dice.chance(17):
        for host in site.content["host"].values():
            host["agent"] = dice.chance(80)
