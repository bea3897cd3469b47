"""A random site: what its owner wrote down, and what it truly is.

One pool of 2 to 16 hosts. Every number that is drawn here stands in bench/README.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ridethrough.core.model import Seconds, UpsId

from .dice import Dice

Content = dict[str, Any]  # as tomllib gives it

WATTS = 350.0  # of a host
NAS_WATTS = 80.0
FILL = (0.40, 0.85)  # share of the pool's memory that its VMs take
AWKWARD = 15.0  # percent of the VMs
KINDS = ("no tools", "ignores", "local disk", "passthrough")  # of awkward VMs
HEALTH = (0.6, 1.1)  # what a battery truly holds, of what its card promises
PROMISED = (360.0, 2400.0)  # seconds of runtime that a full battery promises at the load of its hosts
PERIODS = (900, 600, 300, 180, 120)  # warning periods; the owner takes the longest that the promise allows
DELAY = 120  # from the end of the warning period to the cut
TIERS = {5: 50.0, 8: 25.0, 2: 15.0, 0: 10.0}


@dataclass
class RandomSite:
    """`content` is what stands under [override] in a scenario; the rest is for who draws an outage for it."""

    dice: Dice
    hosts: list[str] = field(default_factory=list)
    upses: list[UpsId] = field(default_factory=list)
    feeds: dict[str, list[UpsId]] = field(default_factory=dict)  # of hosts
    content: Content = field(default_factory=dict)

    def __post_init__(self) -> None:
        d = self.dice
        count = round(d.log_uniform(2, 16))
        self.hosts = [f"host{n:02}" for n in range(1, count + 1)]
        self.memory = d.choice([64, 128, 192, 256])  # GiB of each host
        self.link = d.choice([1, 10])  # Gbit/s
        self._wire()
        world: Content = {"ups": {}, "pool": {}, "storage": {"san": {}}, "host": {}, "vm": {}}
        self.content = {"site": self._thresholds(), "ups": {}, "pool": {"pool1": {}}, "host": {}, "world": world}
        for ups in self.upses:
            self._add_ups(ups)
        world["pool"]["pool1"] = {"coordinator": d.choice(self.hosts), "auto_poweron": True}
        for host in self.hosts:
            self._add_host(host)
        if d.chance(25):
            self._add_nas()
        self._fill()

    # --- power

    def _wire(self) -> None:
        """One UPS for 1 to 4 hosts, or A/B feeds for up to 8."""
        d = self.dice
        doubled = d.chance(30)
        left = list(self.hosts)
        while left:
            size = min(d.randint(2, 8) if doubled else d.randint(1, 4), len(left))
            group, left = left[:size], left[size:]
            number = len(self.upses) + 1
            fed = [f"ups{number:02}", f"ups{number + 1:02}"] if doubled else [f"ups{number:02}"]
            self.upses += fed
            self.feeds |= dict.fromkeys(group, fed)

    def _add_ups(self, ups: UpsId) -> None:
        """Its card has timers; the owner has entered those that it does not tell, and they fit what it promises."""
        d = self.dice
        fed = [host for host in self.hosts if ups in self.feeds[host]]
        watts = WATTS * len(fed)  # one of two feeds carries all when the other is gone
        promised, health = d.log_uniform(*PROMISED), d.uniform(*HEALTH)
        period = next((p for p in PERIODS if p + DELAY <= 0.75 * promised), PERIODS[-1])
        card = {
            "warning_period": period,
            "shutdown_delay": DELAY,
            "action": d.weighed({"client and ups": 60.0, "client": 40.0}),
            "cancels_on_return": d.chance(65),
            "tells": d.weighed({"eppc": 55.0, "rfc1628": 20.0, "xppc": 15.0, "usha": 10.0}),
        }
        self.content["world"]["ups"][ups] = {
            "feeder": f"feeder {ups}",
            "capacity_wh": round(promised * health * watts / 3600.0, 2),
            "promise": round(1.0 / health, 4),
            "rated_watts": round(watts / d.uniform(0.4, 0.8)),
            "low_runtime": d.choice([120, 180, 300]),
            "card": card,
        }
        entered = ("warning_period", "shutdown_delay", "action")
        self.content["ups"][ups] = {key: card[key] for key in entered} if card["tells"] in ("rfc1628", "xppc") else {}

    def period_of(self, host: str) -> Seconds:
        """The shortest warning period among the cards of a host."""
        return float(min(self.content["world"]["ups"][ups]["card"]["warning_period"] for ups in self.feeds[host]))

    # --- machines

    def _thresholds(self) -> Content:
        """The owner knows the links, and how soon his hosts start; he does not wait long for batteries to recharge."""
        return {"link_speed": f"{self.link} Gbit/s", "starts_itself": "2 min", "battery_wait": "10 min"}

    def _add_host(self, host: str) -> None:
        """Both options on, as in the manual's test cases: at a third and at two thirds of the warning period."""
        d, period = self.dice, self.period_of(host)
        self.content["host"][host] = {
            "pool": "pool1",
            "powered_by": self.feeds[host],
            "switch": "switch1",
            "power_on": ["xapi", "wake-on-lan"],
            "wake_on_lan": {"mac": f"02:00:00:00:00:{self.hosts.index(host):02x}"},
            "maintenance": {"enabled": True, "after": round(period / 3)},
            "shutdown": {"enabled": True, "after": round(period * 2 / 3)},
        }
        self.content["world"]["host"][host] = {
            "memory_gib": self.memory,
            "link_gbit": self.link,
            "watts": WATTS,
            "boot_time": d.choice([90, 120, 180, 240]),
            "toolstack_time": d.choice([20, 40]),
            "stop_time": d.choice([15, 20, 30]),
        }

    def _add_nas(self) -> None:
        """On the UPS of some hosts, or on both feeds; told to go down by an agent."""
        d, world = self.dice, self.content["world"]
        feeds = self.feeds[d.choice(self.hosts)]
        world["storage"]["nas"] = {}
        world["nas"] = {"nas": {"repositories": ["nas"], "stop_time": d.choice([20, 40]), "boot_time": 90}}
        world["nas"]["nas"]["watts"] = NAS_WATTS
        self.content["storage"] = {
            "nas": {
                "powered_by": feeds,
                "address": "192.0.2.90",
                "serves": ["nfs://192.0.2.90"],
                "repositories": ["nas"],
                "way": "agent",
                "stop_time": 60,
                "switch": "switch1",
            }
        }

    # --- VMs

    def _fill(self) -> None:
        """Log-normal sizes, each on the roomier of two hosts, until the pool is about as full as it shall be."""
        d = self.dice
        usable = self.memory - 4.0
        room = dict.fromkeys(self.hosts, usable)
        wanted, misses = d.uniform(*FILL) * usable * len(self.hosts), 0
        while misses < 5:
            size = round(d.log_normal(self.memory / 16, 0.8, 0.5, usable / 3), 1)
            host = max(d.sample(self.hosts, 2), key=lambda h: room[h])
            if size > min(room[host], wanted):
                misses += 1
                continue
            wanted, room[host] = wanted - size, room[host] - size
            self._add_vm(host, size)

    def _add_vm(self, host: str, size: float) -> None:
        d, world = self.dice, self.content["world"]
        name = f"vm{len(world['vm']) + 1:03}"
        store = "nas" if "nas" in world["storage"] and d.chance(60) else "san"
        vm: Content = {
            "host": host,
            "memory_gib": size,
            "storage": [store],
            "stop_time": round(d.log_normal(15.0, 0.6, 3.0, 60.0), 1),
            "dirtying": round(d.log_normal(1.1, 0.2, 1.0, 2.5), 2),
            "auto_poweron": True,
        }
        if (tier := d.weighed(TIERS)) != 5:
            vm["tags"] = [f"ridethrough:tier={tier}"]
        if d.chance(AWKWARD):
            self._make_awkward(vm, d.choice(KINDS))
        world["vm"][name] = vm

    def _make_awkward(self, vm: Content, kind: str) -> None:
        match kind:
            case "local disk":
                local = f"disk of {vm['host']}"
                self.content["world"]["storage"][local] = {"shared": False, "hosts": [vm["host"]]}
                vm["storage"] = [local]
            case "passthrough":
                vm["device"] = "pci"
            case _:
                vm["guest"] = kind
