"""A random outage on a site: what fails and returns, what breaks, and what people do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ridethrough.sim.timeline import (
    ASKS,
    BREAK_JOURNAL,
    CRASH,
    FORGE_TRAP,
    FREEZE,
    HOLDS,
    MEND_JOURNAL,
    SET_AHEAD,
    SET_BACK,
)

from .boxes import RandomBoxes
from .lifeline import RandomLifeline
from .protection import protect
from .sites import Content, Dice, RandomSite
from .wants import (
    count_cpus_some,
    cut_some,
    go_home_some,
    have_agents_some,
    make_room_some,
    shed_some,
    wake_some,
)

LEAD_IN = 20
QUIET_AFTER = 15  # from the last return of power until everything is mended and people are quiet
PATIENCE = {True: 1200, False: 3600}  # short or not: longest time for the return; a run ends when all is settled

# What mends each fault. A fault without one stays.
MENDED_BY = {
    "silence card": "answer card",
    "lose link": "restore link",
    "start test": "stop test",
    "pull power": "plug in",
    "lose network": "restore network",
    "lose statefile": "restore statefile",
    "refuse hello": "accept hello",
    "refuse move": "allow move",
    "stall move": "allow move",
    "other claims": "other releases",
    "hang storage": "mend storage",
    "restart toolstack": "",
    "ignore shutdown": "",
    "ignore wake": "",
    "hang shutdown": "",
    "lose tools": "",
}
DRAWN_APART = ("refuse hello", "hang storage")  # by other dice
FAULTS = tuple(do for do in MENDED_BY if do not in DRAWN_APART)
PEOPLE = ("person enables", "person disables", "person shuts down", "person starts", "switch on")
ASKED = ("disarm", "hold", "enter maintenance", "evacuate", "shut down pool")
HELD = ("hold", "hold pool", "hold all", "release pool", "release all")
WISHES = (*HELD, "skip", "skip", "bring back", "bring all back")
REFUSALS = ("VM_MIGRATE_FAILED", "HOST_NOT_ENOUGH_FREE_MEMORY", "VM_LACKS_FEATURE", "INTERNAL_ERROR")


@dataclass
class RandomOutage:
    """`timeline` in the order of time; `quiet_at` is the last of it."""

    dice: Dice
    more: Dice
    site: RandomSite
    boxes: RandomBoxes
    armed: bool
    timeline: list[Content] = field(default_factory=list)
    over_at: float = 0.0

    def __post_init__(self) -> None:
        begin = 0.0
        for _ in range(self.dice.mostly(75, 1, 2, 2, 3)):
            begin = self._outage(begin) + self.dice.choice([5, 20, 40, 120])
        for _ in range(self.dice.mostly(35, 0, 1, 1, 2, 3, 4)):
            self._fault()
        for _ in range(self.dice.mostly(60, 0, 1, 1, 2, 3)):
            self._person()
        if self.dice.chance(22):
            self._add(self._moment(), CRASH, **{"for": self.dice.choice([1, 5, 30, 90])})
        if self.dice.chance(8):
            broken = self._moment()
            self._add(broken, BREAK_JOURNAL)
            self._add(broken + self.dice.choice([3, 20, 80]), MEND_JOURNAL)
        if not self.armed and self.dice.chance(60):
            self._add(self._moment(), "arm")
        self._clocks()
        self._stays_outside()
        self._forgers()
        self._wishes()
        self.boxes.befall(self.over_at)
        self.timeline += self.boxes.timeline
        self.timeline.sort(key=lambda entry: float(entry["at"]))
        self.timeline += list(self._mended(max([self.over_at, *(e["at"] for e in self.timeline)]) + QUIET_AFTER))

    def _clocks(self) -> None:
        """The controller's machine stands still, its wall clock jumps."""
        d = self.more
        if d.chance(8):
            self._add(d.uniform(0.0, self.over_at + 15.0), FREEZE, **{"for": d.choice([2, 7, 30, 120, 400])})
        if d.chance(8):
            by = d.choice([30, 3600, 10 * 365 * 86400])
            self._add(d.uniform(0.0, self.over_at + 15.0), d.choice([SET_AHEAD, SET_BACK]), by=by)

    def _stays_outside(self) -> None:
        """A host that starts is not taken in by its coordinator."""
        d = self.more
        if d.chance(8):
            self._add(d.uniform(0.0, self.over_at + 15.0), "refuse hello", host=d.choice(self.site.hosts))

    def _forgers(self) -> None:
        """Somebody sends traps in a card's name."""
        d = self.more
        if d.chance(10):
            for _ in range(d.randint(1, 4)):
                self._add(d.uniform(0.0, self.over_at + 15.0), FORGE_TRAP, ups=d.choice(self.site.upses))

    def _wishes(self) -> None:
        """A person holds one host for a time, or all of them; skips a VM; wants a pool back at once."""
        d = self.more
        if not d.chance(30):
            return
        for _ in range(d.randint(1, 4)):
            do = d.choice(WISHES)
            subject = self._subject(do, d)
            if subject is None:
                continue
            late = do in ("bring back", "bring all back") and d.chance(70)
            at = d.uniform(self.over_at if late else 0.0, self.over_at + (40.0 if late else 15.0))
            lasts: Content = {"for": d.choice([5, 30, 120, 600])} if do in HOLDS and d.chance(70) else {}
            self._add(at, do, **subject, **lasts)

    def _add(self, at: float, do: str, **arguments: Any) -> None:
        self.timeline.append({"at": round(at, 1), "do": do, **arguments})

    def _moment(self) -> float:
        """Some time from shortly before the first failure until shortly after the last return."""
        return max(self.dice.uniform(-5.0, self.over_at + 15.0), 0.0)

    def _outage(self, begin: float) -> float:
        """One feeder or several, together or staggered, for a moment or past the cut, perhaps flapping."""
        d = self.dice
        end = begin
        stagger = d.mostly(60, 0.0, 1.0, 3.0, 12.0, 30.0)
        times = [3, 8, 20, 45, 90, 90, 150, 240, 400] if self.site.short else [20, 90, 240, 600, 900]
        lasts = d.choice(times)
        failing = d.sample(self.site.feeders, d.randint(1, len(self.site.feeders)))
        together = d.chance(60)
        for number, feeder in enumerate(failing):
            at = begin + number * stagger
            if d.chance(15):
                for _ in range(d.randint(1, 4)):
                    self._add(at, "fail", feeder=feeder)
                    at += d.choice([0.6, 2, 7, 15])
                    self._add(at, "restore", feeder=feeder)
                    at += d.choice([1, 5, 9, 14, 30])
            self._add(at, "fail", feeder=feeder)
            at += lasts if together else d.choice(times)
            self._add(at, "restore", feeder=feeder)
            end = max(end, at)
        self.over_at = max(self.over_at, end)
        return end

    def _fault(self) -> None:
        do, at = self.dice.choice(FAULTS), self._moment()
        subject = self._subject(do)
        if subject is None:
            return
        extra: Content = {"code": self.dice.choice(REFUSALS)} if do == "refuse move" else {}
        if do == "start test":
            extra = {"for": self.dice.choice([10, 40])}
        self._add(at, do, **subject, **extra)
        if MENDED_BY[do] and self.dice.chance(60):
            self._add(at + self.dice.choice([2, 8, 20, 45, 90]), MENDED_BY[do], **subject)

    def _person(self) -> None:
        do = self.dice.choice([*PEOPLE, *ASKED])
        if do == "shut down pool" and not self.dice.chance(40):
            return
        subject = self._subject(do)
        if subject is not None:
            at = self._moment()
            self._add(at, do, **subject)
            undone = {"hold": "release", "disarm": "arm", "enter maintenance": "exit maintenance"}.get(do)
            if undone and self.dice.chance(50):
                self._add(at + self.dice.choice([5, 20, 60]), undone, **subject)

    def _subject(self, do: str, dice: Dice | None = None) -> Content | None:
        """What it happens to, or None when the site has nothing of the kind."""
        site, dice = self.site, dice or self.dice
        if do in ASKS:
            kind = ASKS[do][1]
        elif do in ("silence card", "lose link", "start test"):
            kind = "ups"
        elif do in ("other claims",):
            kind = "pool"
        else:
            vms = ("person shuts down", "person starts", "refuse move", "stall move", "hang shutdown", "lose tools")
            kind = "vm" if do in vms else "host"
        names = {"": [""], "ups": site.upses, "pool": site.pools, "host": site.hosts, "vm": site.vms}[kind]
        return {kind: dice.choice(names)} if kind and names else None if kind else {}

    def _mended(self, at: float) -> Iterator[Content]:
        """Power is there, whatever was broken and can be mended is, and nobody wants anything any more."""
        mended: dict[str, list[Content]] = {MENDED_BY[e["do"]]: [] for e in self.timeline if MENDED_BY.get(e["do"])}
        for entry in [e for e in self.timeline if MENDED_BY.get(e["do"])]:
            subject = {k: v for k, v in entry.items() if k in ("ups", "host", "vm", "pool", "storage")}
            if subject not in mended[MENDED_BY[entry["do"]]]:
                mended[MENDED_BY[entry["do"]]].append(subject)
                yield {"at": at, "do": MENDED_BY[entry["do"]], **subject}
        for host in sorted({e["host"] for e in self.timeline if e["do"] == "hold"}):
            yield {"at": at, "do": "release", "host": host}
        if any(e["do"] in ("hold pool", "hold all") for e in self.timeline):
            yield {"at": at, "do": "release all"}
        for host in sorted({e["host"] for e in self.timeline if e["do"] in ("enter maintenance", "evacuate")}):
            yield {"at": at, "do": "exit maintenance", "host": host}
        if any(e["do"] == "disarm" for e in self.timeline):
            yield {"at": at, "do": "arm"}
        if self.dice.chance(50):
            for host in self.site.hosts:  # somebody comes by and switches on what is still off
                yield {"at": at + 60, "do": "switch on", "host": host}
        yield from self.boxes.switched_on(at)


def story(seed: int) -> Content:
    """A whole scenario's content for a seed. Its site stands under [override]; `site` is the empty one."""
    dice = Dice(f"ridethrough chaos {seed}")
    short, armed = not dice.chance(5), not dice.chance(6)
    site = RandomSite(dice, short)
    boxes = RandomBoxes(Dice(f"ridethrough chaos {seed}, storage"), site)
    outage = RandomOutage(dice, Dice(f"ridethrough chaos {seed}, clocks"), site, boxes, armed)
    lifeline = RandomLifeline(Dice(f"ridethrough chaos {seed}, lifeline"), site, outage.over_at)
    outage.timeline += lifeline.timeline
    outage.timeline += protect(Dice(f"ridethrough chaos {seed}, HA"), site, outage.over_at)
    wake_some(Dice(f"ridethrough chaos {seed}, wakes"), site)
    cut_some(Dice(f"ridethrough chaos {seed}, cuts"), site, outage.timeline)
    outage.timeline.sort(key=lambda entry: entry["at"])
    shed_some(Dice(f"ridethrough chaos {seed}, shedding"), site)
    go_home_some(Dice(f"ridethrough chaos {seed}, homes"), site)
    make_room_some(Dice(f"ridethrough chaos {seed}, room"), site)
    count_cpus_some(Dice(f"ridethrough chaos {seed}, CPUs"), site)
    have_agents_some(Dice(f"ridethrough chaos {seed}, agents"), site)
    outage.timeline += lifeline.button(max(entry["at"] for entry in outage.timeline) + 60)
    last = max(entry["at"] for entry in outage.timeline)
    found: Content = {
        "story": f"A story that the dice made, seed {seed}.\nNobody has told it before.\n",
        "site": "empty",
        "timeline": outage.timeline,
        "until": last + PATIENCE[short],
        "lead_in": LEAD_IN,
    }
    if not armed:
        found["armed"] = False
    return found | {"override": site.content}
