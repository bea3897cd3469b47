"""A random outage on a site, and with it the story of a seed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ridethrough.core.model import Seconds

from .dice import Dice
from .worlds import Content, RandomSite

LEAD_IN: Seconds = 20.0  # of quiet before the outage
PATIENCE: Seconds = 1800.0  # from the last return of power until a run ends, at the latest

LASTS = {"moment": 60.0, "minutes": 25.0, "hour": 10.0, "longer": 5.0}  # percent of the outages
SPANS: dict[str, tuple[Seconds, Seconds]] = {
    "moment": (2.0, 60.0),
    "minutes": (60.0, 600.0),
    "hour": (600.0, 3600.0),
    "longer": (3600.0, 10800.0),
}
SCOPES = {"one UPS": 50.0, "several": 25.0, "site": 25.0}
FLAPPING, SILENT_CARD, REFUSED_MOVES, SLOW_GUESTS, CRASH = 10.0, 5.0, 5.0, 10.0, 1.0  # percent of the outages


@dataclass
class RandomOutage:
    """`timeline` in the order of time; power is back for good at `over_at`."""

    dice: Dice
    site: RandomSite
    timeline: list[Content] = field(default_factory=list)
    over_at: Seconds = 0.0

    def __post_init__(self) -> None:
        d = self.dice
        self.lasts, self.scope = d.weighed(LASTS), d.weighed(SCOPES)
        low, high = SPANS[self.lasts]
        self.seconds = d.uniform(low, high) if self.lasts == "moment" else d.log_uniform(low, high)
        self.failing = self._failing()
        for ups in self.failing:
            self._fail(ups)
        self._bad_luck()
        self.timeline.sort(key=lambda entry: float(entry["at"]))

    def _failing(self) -> list[str]:
        upses = self.site.upses
        match self.scope:
            case "one UPS":
                return [self.dice.choice(upses)]
            case "several":
                most = max(len(upses) - 1, 1)
                return sorted(self.dice.sample(upses, self.dice.randint(min(2, most), most)))
            case _:
                return list(upses)

    def _fail(self, ups: str) -> None:
        """Utility power of one UPS fails and returns: with the others, or of several up to a minute behind."""
        d = self.dice
        feeder = f"feeder {ups}"
        at = d.uniform(0.0, 60.0) if self.scope == "several" and d.chance(30) else 0.0
        if d.chance(FLAPPING) if len(self.failing) == 1 else self._all_flap():
            for _ in range(d.randint(1, 4)):
                self._add(at, "fail", feeder=feeder)
                at += d.uniform(1.0, 15.0)
                self._add(at, "restore", feeder=feeder)
                at += d.uniform(1.0, 40.0)
        self._add(at, "fail", feeder=feeder)
        at += self.seconds
        self._add(at, "restore", feeder=feeder)
        self.over_at = max(self.over_at, at)

    _flaps: bool | None = None

    def _all_flap(self) -> bool:
        """What makes the power of several UPSs flap is one and the same."""
        if self._flaps is None:
            self._flaps = self.dice.chance(FLAPPING)
        return self._flaps

    def _bad_luck(self) -> None:
        d, vms = self.dice, self.site.content["world"]["vm"]
        if d.chance(SILENT_CARD):
            ups, at = d.choice(self.failing), max(d.uniform(-60.0, min(self.seconds, 600.0)), 0.0)
            self._add(at, "silence card", ups=ups)
            back = at + d.log_uniform(20.0, 3600.0)
            self._add(min(back, self.over_at + 60.0), "answer card", ups=ups)
        if d.chance(REFUSED_MOVES):
            for vm in d.sample(sorted(vms), max(len(vms) // 10, 1)):
                self._add(0.0, "refuse move", vm=vm, code="VM_MIGRATE_FAILED")
        if d.chance(SLOW_GUESTS):
            for vm in [v for v in sorted(vms) if vms[v].get("guest", "acknowledges") == "acknowledges"]:
                if d.chance(30):
                    vms[vm] |= {"guest": "slow", "stop_time": round(d.uniform(60.0, 240.0), 1)}
        if d.chance(CRASH):
            lasts = d.choice([5, 30, 120, 600])
            self._add(d.uniform(0.0, min(self.seconds, 1200.0)), "crash controller", **{"for": lasts})

    def _add(self, at: Seconds, do: str, **arguments: Any) -> None:
        self.timeline.append({"at": round(at, 1), "do": do, **arguments})


def story(seed: int) -> Content:
    """A whole scenario's content for a seed. Its site stands under [override]; `site` is the empty one."""
    site = RandomSite(Dice(f"ridethrough survival {seed}, site"))
    outage = RandomOutage(Dice(f"ridethrough survival {seed}, outage"), site)
    lasts = f"{outage.seconds:.0f} s" if outage.seconds < 120 else f"{outage.seconds / 60:.0f} min"
    return {
        "story": f"Survival, seed {seed}: {len(site.hosts)} hosts, {len(site.upses)} UPSs, {outage.scope},\n{lasts}.\n",
        "site": "empty",
        "timeline": outage.timeline,
        "until": round(max([outage.over_at, *(entry["at"] for entry in outage.timeline)]) + PATIENCE, 1),
        "lead_in": LEAD_IN,
        "override": site.content,
    }
