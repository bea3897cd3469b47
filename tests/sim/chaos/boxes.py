"""NAS and SAN boxes for a random site: what its owner wrote of them, what they truly are, and what befalls them.

They have dice of their own: a site without them is as it was before there were any.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .sites import Content, Dice, RandomSite

OWN_FEEDER = "n"  # that nothing but storage hangs on
WATTS = 60.0
SOME = 30  # percent of the sites have one or two
FAULTS = ("refuse storage stop", "cut storage off", "hang storage")


@dataclass
class RandomBoxes:
    """Lays them into the site's content; `timeline` is what befalls them, before all is mended."""

    dice: Dice
    site: RandomSite
    names: list[str] = field(default_factory=list)
    timeline: list[Content] = field(default_factory=list)
    own_upses: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        d = self.dice
        if not d.chance(SOME):
            return
        self.names = [f"box{n}" for n in range(1, d.mostly(75, 1, 2) + 1)]
        content, world = self.site.content, self.site.content["world"]
        content["storage"], world["nas"] = {}, {}
        for name in self.names:
            self._box(name, content, world)
        if any(box["way"] == "network ups" for box in content["storage"].values()):
            content["network_ups"] = {"listen": "192.0.2.5:3493"}

    def _box(self, name: str, content: Content, world: Content) -> None:
        d = self.dice
        store = "nas" if name == "box1" else "nas2"
        if store not in world["storage"]:
            world["storage"][store] = {"hosts": self._some_hosts()} if d.chance(12) else {}
            self._put_disks(store, world)
        feeds = self._feeds(name)
        needs = d.randint(1, len(feeds))
        content["storage"][name] = self._written(name, store, feeds, needs, world)
        world["nas"][name] = self._true(store, content["storage"][name])

    def _some_hosts(self) -> list[str]:
        return sorted(self.dice.sample(self.site.hosts, self.dice.randint(1, len(self.site.hosts))))

    def _put_disks(self, store: str, world: Content) -> None:
        """Some VMs have their disks there, some a second one."""
        hosts = world["storage"][store].get("hosts", self.site.hosts)
        for vm in (v for v in world["vm"].values() if v["host"] in hosts):
            if self.dice.chance(40):
                vm["storage"] = [store] if self.dice.chance(60) else sorted({*vm["storage"], store})

    def _feeds(self, name: str) -> list[str]:
        own = f"ups-{name}"
        feeds = self.site.feeds_of(own, WATTS, self.dice, 45, OWN_FEEDER, 50)
        self.own_upses += [ups for ups in feeds if ups == own]
        return feeds

    def _written(self, name: str, store: str, feeds: list[str], needs: int, world: Content) -> Content:
        """Repositories are named, or only who uses it; now and then wrongly, or nothing is."""
        d, short = self.dice, self.site.short
        address = f"192.0.2.9{name[-1]}"
        found: Content = {"powered_by": feeds, "address": address, "serves": [f"nfs://{address}"]}
        if needs > 1:
            found["needs"] = needs
        users = [h for h in self.site.hosts if h in world["storage"][store].get("hosts", self.site.hosts)]
        if d.chance(65):
            found["repositories"] = [store] if not d.chance(4) else ["no such store"]
        elif not d.chance(6):
            found["used_by"] = users if not d.chance(10) else sorted(d.sample(users, d.randint(1, len(users))))
        found["way"] = d.mostly(40, "network ups", "agent", "ssh", "by itself", "by itself", "by itself")
        if found["way"] == "ssh":
            found |= {"username": "stopper", "password": "secret:simulated", "command": "poweroff"}
        if found["way"] == "by itself" or d.chance(70):
            found["after"] = d.choice([0, 15, 40, 80, 150, 300] if short else [60, 300, 600])
        found["stop_time"] = d.choice([10, 20, 40] if short else [60, 180])
        found["switch"] = d.mostly(70, "sw1", "sw2", "")
        return found

    def _true(self, store: str, written: Content) -> Content:
        """It mostly stops within the time that its owner gave it, and mostly counts the minutes that he entered."""
        d = self.dice
        found: Content = {"repositories": [store], "boot_time": d.choice([5, 20, 60])}
        found["stop_time"] = round(written["stop_time"] * d.mostly(85, 0.5, 0.9, 2.0), 1)
        if d.chance(50):
            found["address"] = ""  # XenServer does not tell where its repositories lie
        if d.chance(25):
            found["starts_itself"] = False
        if written["way"] == "by itself" and d.chance(10):
            found["goes_after"] = max(written["after"] + d.choice([-20, 30]), 1)
        return found

    # --- what befalls them

    def befall(self, over_at: float) -> None:
        """An outage of their own feeder, faults, silent cards; at random moments of the site's outage or after it."""
        d = self.dice
        if any(self.site.content["world"]["ups"][u]["feeder"] == OWN_FEEDER for u in self.own_upses):
            self._own_outage(over_at)
        for name in self.names:
            if d.chance(25):
                do, at = d.choice(FAULTS), d.uniform(0.0, over_at + 15.0)
                self._add(at, do, storage=name)
                if do == "hang storage" and d.chance(60):
                    self._add(at + d.choice([2, 8, 20, 45, 90]), "mend storage", storage=name)
            if d.chance(8):
                self._add(d.uniform(0.0, over_at + 15.0), "switch storage on", storage=name)
        for ups in self.own_upses:
            if d.chance(10):
                at = d.uniform(0.0, over_at + 15.0)
                self._add(at, "silence card", ups=ups)
                if d.chance(60):
                    self._add(at + d.choice([8, 20, 45, 90]), "answer card", ups=ups)

    def _own_outage(self, over_at: float) -> None:
        d, at = self.dice, self.dice.choice([0.0, 0.0, 3.0, 30.0, over_at])
        for _ in range(d.mostly(80, 1, 2)):
            self._add(at, "fail", feeder=OWN_FEEDER)
            at += d.choice([8, 45, 90, 150, 240, 400] if self.site.short else [90, 600, 900])
            self._add(at, "restore", feeder=OWN_FEEDER)
            at += d.choice([5, 20, 60])

    def switched_on(self, at: float) -> Iterator[Content]:
        """Somebody comes by, mostly, and presses the button of what is still off."""
        if self.names and self.dice.chance(75):
            late = self.dice.choice([5, 60, 60])
            for name in self.names:
                yield {"at": at + late, "do": "switch storage on", "storage": name}

    def _add(self, at: float, do: str, **arguments: Any) -> None:
        self.timeline.append({"at": round(at, 1), "do": do, **arguments})
