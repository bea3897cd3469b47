"""What the controller lives on and reaches a random site through: its own machine, or the VM that it is, and switches.

They have dice of their own: a site without them is as it was before there were any.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .sites import Content, Dice, RandomSite

OWN_FEEDER = "w"  # that nothing but switches and the controller hangs on
OWN_VM = "ctl"
SWITCH_WATTS = 20.0
MACHINE_WATTS = 30.0
MACHINES, VMS, SWITCHES = 14, 10, 18  # percent of the sites


@dataclass
class RandomLifeline:
    """Lays it into the site's content; `timeline` is what befalls it, before all is mended."""

    dice: Dice
    site: RandomSite
    over_at: float
    timeline: list[Content] = field(default_factory=list)
    own_upses: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        d = self.dice
        switches, machine, vm = d.chance(SWITCHES), d.chance(MACHINES), d.chance(VMS)
        if switches:
            self._switches()
        if machine:
            self._machine()
        elif vm:
            self._vm()
        if self.own_upses:
            self._befall()

    # --- switches

    def _switches(self) -> None:
        """One that leads to everything, or those that the hosts and boxes name; some cards are behind them."""
        d, content = self.dice, self.site.content
        machines = {**content["host"], **content.get("storage", {})}
        if d.chance(60):
            for it in machines.values():
                it["switch"] = "sw1"
        names = sorted({it["switch"] for it in machines.values() if it["switch"]}) or ["sw1"]
        built, true = content.setdefault("switch", {}), content["world"].setdefault("switch", {})
        for name in names:
            if len(names) > 1 and d.chance(30):
                continue  # nobody has written it down
            cards = [u for u in sorted(content["ups"]) if d.chance(60)]
            built[name] = {"connects": cards or sorted(machines)[:1]}
            true[name] = {"boot_time": d.choice([2, 20, 60])}
            feeds = self._feeds(name, SWITCH_WATTS) if not d.chance(10) else []
            if feeds:
                built[name] |= {"powered_by": feeds, "needs": 1}
            elif d.chance(60):
                true[name]["feeder"] = d.choice(self.site.feeders)
        if len(built) == 1 and d.chance(30):
            only = min(built)
            built[only]["connects"] = sorted(content["ups"]) + self.site.pools
            if all(it["switch"] == only for it in machines.values()):
                content.setdefault("controller", {})["switch"] = only

    # --- the controller itself

    def _machine(self) -> None:
        d, content = self.dice, self.site.content
        feeds = self._feeds("ctl", MACHINE_WATTS)
        owned = content.setdefault("controller", {})
        owned |= {"powered_by": feeds, "needs": d.randint(1, len(feeds))}
        owned["stop_time"] = d.choice([10, 20]) if self.site.short else 60
        if not d.chance(25):
            owned["shutdown"] = True
        true: Content = {"stop_time": round(owned["stop_time"] * d.choice([0.3, 0.5, 0.9]), 1)}
        true["boot_time"] = d.choice([5, 20, 60])
        if d.chance(15):
            true["starts_itself"] = False
        content["world"]["controller"] = true

    def _vm(self) -> None:
        """A VM of one of the pools, on a host that has room for it."""
        d, content = self.dice, self.site.content
        world = content["world"]
        memory = d.choice([0.5, 1, 2])
        able = [h for h in self.site.hosts if world["host"][h].get("enabled", True) and self._room(h) >= memory]
        if not able:
            return
        host = d.choice(able)
        reached = [s for s, it in sorted(world["storage"].items()) if host in it.get("hosts", self.site.hosts)]
        world["vm"][OWN_VM] = {"host": host, "memory_gib": memory, "stop_time": 4}
        if reached:
            world["vm"][OWN_VM]["storage"] = d.sample(reached, 1)
        if d.chance(85):
            world["vm"][OWN_VM]["auto_poweron"] = True
            world["pool"][self.site.pool_of[host]]["auto_poweron"] = True
        content.setdefault("controller", {})["vm"] = OWN_VM
        world["controller"] = {"boot_time": d.choice([5, 20, 60])}

    def _room(self, host: str) -> float:
        world = self.site.content["world"]
        used = sum(v["memory_gib"] for v in world["vm"].values() if v["host"] == host)
        return float(world["host"][host]["memory_gib"] - 4 - used)

    # --- what they hang on, and what befalls it

    def _feeds(self, name: str, watts: float) -> list[str]:
        own = f"ups-{name}"
        feeds = self.site.feeds_of(own, watts, self.dice, 40, OWN_FEEDER, 20)
        self.own_upses += [ups for ups in feeds if ups == own]
        return feeds

    def _befall(self) -> None:
        d, upses = self.dice, self.site.content["world"]["ups"]
        if any(upses[u]["feeder"] == OWN_FEEDER for u in self.own_upses):
            at = d.choice([0.0, 0.0, 3.0, 30.0, self.over_at])
            self._add(at, "fail", feeder=OWN_FEEDER)
            self._add(
                at + d.choice([8, 45, 90, 150, 240] if self.site.short else [90, 600]), "restore", feeder=OWN_FEEDER
            )
        for ups in self.own_upses:
            if d.chance(10):
                at = d.uniform(0.0, self.over_at + 15.0)
                self._add(at, "silence card", ups=ups)
                self._add(at + d.choice([8, 20, 45, 90]), "answer card", ups=ups)

    def button(self, at: float) -> list[Content]:
        """Somebody comes by, mostly, and starts the controller where it is still off."""
        content = self.site.content
        if not self.dice.chance(85):
            return []
        if OWN_VM in content["world"]["vm"]:
            return [{"at": at, "do": "person starts", "vm": OWN_VM}]
        return [{"at": at, "do": "switch controller on"}] if "powered_by" in content.get("controller", {}) else []

    def _add(self, at: float, do: str, **arguments: Any) -> None:
        self.timeline.append({"at": round(at, 1), "do": do, **arguments})
