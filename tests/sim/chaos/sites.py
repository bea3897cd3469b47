"""A random site: what its owner wrote, and what it truly is."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")
Content = dict[str, Any]  # as tomllib gives it

# Short sites: everything takes seconds, so that a whole outage with its return is played in a few minutes.
SHORT = {
    "host_stop": 25,
    "reserve": 15,
    "guest_stop": 30,
    "guest_stop_estimate": 15,
    "low_battery_left": 60,
    "starts_itself": 20,
    "start_timeout": 90,
    "battery_wait": 60,
    "down_silence": 15,
    "retry_after": 10,
    "link_speed": "8 Gbit/s",
}
WATTS = 300.0


class Dice(random.Random):
    """Random choices, by chance in percent."""

    def chance(self, percent: float) -> bool:
        return self.random() * 100.0 < percent

    def mostly(self, percent: float, usual: T, *others: T) -> T:
        return usual if self.chance(percent) else self.choice(others)


@dataclass
class RandomSite:
    """`content` is what stands under [override]."""

    dice: Dice
    short: bool

    def __post_init__(self) -> None:
        d = self.dice
        self.pools = ["pool1", "pool2"] if d.chance(8) else ["pool1"]
        count = d.choice([1, 2, 2, 2, 3, 3, 4])
        self.hosts = [f"h{n}" for n in range(1, max(count, len(self.pools)) + 1)]
        self.pool_of = {h: self.pools[n % len(self.pools)] for n, h in enumerate(self.hosts)}
        self.upses = [f"ups{n}" for n in range(1, d.choice([1, 2, 2, 3]) + 1)]
        self.feeder_of = {u: d.choice(["a", "b"]) for u in self.upses}
        self.feeders = sorted(set(self.feeder_of.values()))
        self.vms = [f"vm{n}" for n in range(1, d.choice([0, 1, 2, 2, 3, 4, 5, 6]) + 1)]
        self.feeds = {h: self._feeds() for h in self.hosts}
        self.needs = {h: d.randint(1, max(len(self.feeds[h]), 1)) for h in self.hosts}
        self.content = self._content()

    def _feeds(self) -> list[str]:
        if self.dice.chance(4):
            return []
        return sorted(self.dice.sample(self.upses, min(self.dice.choice([1, 1, 1, 2, 2, 3]), len(self.upses))))

    def _content(self) -> Content:
        d = self.dice
        site: Content = dict(SHORT) if self.short else {"battery_wait": 300}
        if d.chance(30):
            site["settle"] = d.choice([5, 20])
        for key, value in (("protect_coordinator", False), ("force_stop", False), ("parallel", 1), ("trust", 0.5)):
            if d.chance(4):
                site[key] = value
        world = {
            "ups": {u: self._true_ups(u) for u in self.upses},
            "pool": {p: self._true_pool(p) for p in self.pools},
            "storage": self._storage(),
            "host": {h: self._true_host(h) for h in self.hosts},
            "vm": {},
        }
        world["vm"] = {v: self._true_vm(world) for v in self.vms}
        for pool in self.pools:
            self._advise(world, pool)
        found: Content = {"site": site} if site else {}
        found["ups"] = {u: self.entered(world["ups"][u]["card"]) for u in self.upses}
        found["pool"] = {p: {} for p in self.pools}
        found["host"] = {h: self._host(h) for h in self.hosts}
        if wishes := {v: wish for v in self.vms if (wish := self._wish())}:
            found["vm"] = wishes
        return found | {"world": world}

    # --- what the owner wrote

    def entered(self, card: Content, dice: Dice | None = None) -> Content:
        """The owner entered the card's timers, mostly where it does not tell them, and mostly right."""
        d = dice or self.dice
        if not d.chance(60 if card["tells"] in ("rfc1628", "xppc") else 10):
            return {}
        wrong = d.choice([-10, 30]) if d.chance(4) else 0
        return {
            "warning_period": max(card["warning_period"] + wrong, 1),
            "shutdown_delay": card["shutdown_delay"],
            "action": card["action"],
        }

    def _host(self, host: str) -> Content:
        d = self.dice
        found: Content = {"pool": self.pool_of[host]}
        if self.feeds[host]:
            found["powered_by"] = self.feeds[host]
        if self.needs[host] > 1:
            found["needs"] = self.needs[host]
        found["switch"] = d.mostly(85, "sw1", "sw2", "")
        times = [0, 5, 10, 20, 40] if self.short else [0, 30, 60, 120]
        for option, often in (("maintenance", 70), ("shutdown", 75)):
            if d.chance(often):
                after = d.choice(times) + (d.choice(times) if option == "shutdown" else 0)
                found[option] = {"enabled": True, "after": after}
        return found

    def _wish(self) -> Content:
        d = self.dice
        found: Content = {}
        if d.chance(12):
            found["wish"] = d.choice(["shut down", "leave"])
        if d.chance(20):
            found["tier"] = d.randint(0, 9)
        if d.chance(6):
            found["infrastructure"] = True
        return found

    # --- what is true

    def _true_ups(self, ups: str) -> Content:
        watts = sum(WATTS / len(f) for f in self.feeds.values() if ups in f) or WATTS
        return self.true_ups(self.feeder_of[ups], watts, self.dice)

    def feeds_of(self, ups: str, watts: float, d: Dice, shared: int, own_feeder: str, on_it: int) -> list[str]:
        """UPSs of hosts, in so many of a hundred cases; else one of its own: on a feeder of its own, in so many, or on
        one of theirs."""
        if d.chance(shared):
            return sorted(d.sample(self.upses, min(d.mostly(70, 1, 2), len(self.upses))))
        feeder = own_feeder if d.chance(on_it) else d.choice(self.feeders)
        true = self.content["world"]["ups"][ups] = self.true_ups(feeder, watts, d)
        self.content["ups"][ups] = self.entered(true["card"], d)
        return [ups]

    def true_ups(self, feeder: str, watts: float, d: Dice) -> Content:
        """One that carries so many watts for some time."""
        runtime = d.choice([60, 120, 180, 300, 600] if self.short else [300, 600, 1200])
        found: Content = {"feeder": feeder, "capacity_wh": round(runtime * watts / 3600.0, 1)}
        if d.chance(15):
            found["charge"] = d.choice([50.0, 80.0])
        if d.chance(10):
            found["promise"] = d.choice([0.5, 1.2, 3.0])
        if self.short or d.chance(30):
            found["low_runtime"] = d.choice([20, 40, 90])
        if d.chance(20):
            found["return_delay"] = d.choice([0, 20])
        if d.chance(10):
            found["base_load_watts"] = d.choice([50.0, 200.0])
        found["card"] = self._card(d)
        return found

    def _card(self, d: Dice) -> Content:
        warning, delay = ([15, 40, 80, 120, 200], [5, 20, 60]) if self.short else ([180, 300, 600], [60, 120])
        found: Content = {
            "warning_period": d.choice(warning),
            "shutdown_delay": d.choice(delay),
            "action": d.mostly(65, "client and ups", "client", "warning", "disabled"),
            "tells": d.mostly(55, "eppc", "rfc1628", "xppc", "usha"),
        }
        if d.chance(35):
            found["cancels_on_return"] = False
        if d.chance(10):
            found["low_action"] = "client and ups"
        if d.chance(8):
            found["tells_runtime"] = False
        return found

    def _true_pool(self, pool: str) -> Content:
        d = self.dice
        found: Content = {"coordinator": d.choice([h for h in self.hosts if self.pool_of[h] == pool])}
        if d.chance(40):
            found["release"] = d.choice(["8.2", "8.3-26.1"])
        if d.chance(3):
            found["ha_enabled"] = True
        if d.chance(25):
            found["auto_poweron"] = True
        if d.chance(20):
            found["wlb"] = d.choice(["answers", "late", "dead"])
        if self.short and not d.chance(10):
            found["dead_after"] = d.choice([30, 60])
        return found

    def _storage(self) -> Content:
        d = self.dice
        found: Content = {"nas": {"hosts": self._some_hosts()} if d.chance(12) else {}}
        if d.chance(15):
            local = d.choice(self.hosts)
            found[f"disk-of-{local}"] = {"shared": False, "hosts": [local]}
        return found

    def _some_hosts(self) -> list[str]:
        return sorted(self.dice.sample(self.hosts, self.dice.randint(1, len(self.hosts))))

    def _true_host(self, host: str) -> Content:
        d = self.dice
        found: Content = {"memory_gib": d.choice([12, 16, 32, 64]), "link_gbit": 10}
        found |= {"boot_time": d.choice([5, 10, 30]), "toolstack_time": d.choice([3, 8]), "stop_time": d.choice([2, 8])}
        if d.chance(15):
            found["bios_power_on"] = False
        if d.chance(25):
            found["power_on_mode"] = ""
        if d.chance(8):
            found["enabled"] = False
        return found

    def _true_vm(self, world: Content) -> Content:
        """On a host that takes guests, has room for it and reaches its disks; else halted there."""
        d = self.dice
        host, memory = d.choice(self.hosts), d.choice([0.5, 1, 2, 4])
        found: Content = {"host": host, "memory_gib": memory, "stop_time": d.choice([1, 4, 10])}
        reached = [s for s, it in world["storage"].items() if host in it.get("hosts", self.hosts)]
        used = sum(v["memory_gib"] for v in world["vm"].values() if v["host"] == host)
        room = world["host"][host]["memory_gib"] - 4 - used >= memory
        if not room or not reached or not world["host"][host].get("enabled", True) or d.chance(6):
            found["halted"] = True
        found["storage"] = d.sample(reached or ["nas"], 1)
        if d.chance(16):
            found["guest"] = d.choice(["slow", "ignores", "hangs", "no tools"])
            if found["guest"] == "slow":
                found["stop_time"] = d.choice([25, 60])
        if d.chance(10):
            found["dirtying"] = d.choice([1.5, 6.0])
        if d.chance(15):
            found["auto_poweron"] = True
        if d.chance(8):
            found["tags"] = [d.choice(["ridethrough:tier=2", "ridethrough:wish=leave", "ridethrough:infrastructure"])]
        return found

    def _advise(self, world: Content, pool: str) -> None:
        """WLB knows nothing of power: it may name any host of the pool."""
        hosts = [h for h in self.hosts if self.pool_of[h] == pool]
        vms = [v for v, it in world["vm"].items() if it["host"] in hosts]
        if world["pool"][pool].get("wlb") == "answers" and vms:
            world["pool"][pool]["wlb_advice"] = {v: self.dice.choice(hosts) for v in vms}
