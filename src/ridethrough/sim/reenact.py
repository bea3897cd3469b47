"""An outage of a journal, played again on a copy of the site as it was when that began, under any configuration.

What the world does is taken from the journal: when each UPS lost utility power and had it again, when its card was
silent, what people asked for, when the controller was away, how long each stop took and how fast VMs moved. What a
journal does not tell is played as the simulator has it: see `NOT_TOLD`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ridethrough.core import events as e
from ridethrough.core.actions import ForceStopVm, MoveVm, StopVm
from ridethrough.core.memory import Memory
from ridethrough.core.model import HostId, Seconds, VmId
from ridethrough.core.observation import Power, Snapshot
from ridethrough.core.site import Site
from ridethrough.core.situation import Situation

from . import ends
from .film import Film
from .live_site import LiveSite
from .scenario import Expectation, Run, Scenario, play
from .timeline import ASKS, CRASH, FREEZE, Happening
from .world import World

AFTERWARDS: Seconds = 120.0
LONGEST: Seconds = 86400.0
SLOWEST = 1e6  # bytes per second
NOT_TOLD = (
    "when utility power truly failed and returned: between two polls of the card; the later is taken",
    "how the batteries would have discharged under another load: each UPS holds as long as it said before the outage",
    "how long a VM takes to stop, or a host to go down or start, where that was not done: the simulator's times",
    "which faults another order of things would have met: refused moves are refused again, nothing else is",
)

Written = tuple[int, e.Event]


@dataclass(frozen=True, slots=True)
class Remade:
    """A site as it was when an outage began, with what is known of how long things take there."""

    site: Site
    seen: Snapshot
    stops: Mapping[VmId, Seconds]
    links: Mapping[HostId, float]

    def build(self) -> World:
        """The copy of the site, with the measured times in it."""
        world = LiveSite(self.site, self.seen).build()
        for vm in world.vms.values():
            vm.stop_seconds = self.stops.get(vm.id, vm.stop_seconds)
        for host, speed in self.links.items():
            if host in world.hosts:
                world.hosts[host].link_speed = world.links.speeds[host] = speed
        return world


def scenario(site: Site, seen: Snapshot, outage: Sequence[Written], was_armed: bool) -> Scenario:
    """The outage as a story on this site. `seen`: the site just before it; `outage`: its part of the journal.

    Each UPS has a plug of its own: the journal tells of each by itself.
    """
    apart = replace(site, upses={ups: replace(built, feeder="") for ups, built in site.upses.items()})
    facts = [event for _, event in outage]
    began = _began(facts)
    before = _quiet(apart, seen)
    remade = Remade(apart, before, dict(_stops(facts)), dict(_links(before, facts)))
    timeline = sorted(_timeline(apart, before, facts, began), key=lambda h: h.at)
    until = min(max(event.at for event in facts) - began + AFTERWARDS, LONGEST)
    kept = tuple(h for h in timeline if 0.0 <= h.at <= until)
    return Scenario("replay", "", remade, kept, until, Expectation(), armed=was_armed)


def _began(facts: Sequence[e.Event]) -> Seconds:
    """When the first UPS lost utility power; an outage that a person asked for begins with that."""
    return min((fact.since for fact in facts if isinstance(fact, e.UtilityLost)), default=facts[0].at)


def _quiet(site: Site, seen: Snapshot) -> Snapshot:
    """The site just before: what is down in it was down before. Readings on battery count as of a moment ago."""
    hosts = {h: there for h, there in seen.hosts.items() if h in site.hosts or there.pool in site.pools}
    return replace(seen, hosts=hosts, vms={v: there for v, there in seen.vms.items() if there.resident_on in hosts})


def _timeline(site: Site, seen: Snapshot, facts: Sequence[e.Event], began: Seconds) -> Iterator[Happening]:
    refused: set[VmId] = set()
    for fact in facts:
        match fact:
            case e.UtilityLost() if fact.ups in site.upses:
                yield Happening(fact.since - began, "fail", {"feeder": f"of {fact.ups}"})
            case e.UtilityLostAgain() if fact.ups in site.upses:
                yield Happening(fact.at - began, "fail", {"feeder": f"of {fact.ups}"})
            case e.UtilitySeen() if fact.ups in site.upses:
                yield Happening(fact.since - began, "restore", {"feeder": f"of {fact.ups}"})
            case e.UpsSilent() if fact.ups in site.upses:
                yield Happening(max(fact.since - began, 0.0), "silence card", {"ups": fact.ups})
            case e.UpsAnswers() if fact.ups in site.upses:
                yield Happening(fact.at - began, "answer card", {"ups": fact.ups})
            case e.Requested():
                yield from _asked(site, seen, fact, began)
            case e.ControllerStarted(alive_until=alive) if alive is not None and not fact.part:
                yield Happening(alive - began, CRASH, {}, max(fact.at - alive, 0.0))
            case e.ControllerResumed():
                yield Happening(fact.at - fact.seconds - began, FREEZE, {}, fact.seconds)
            case e.ActionFinished(action=MoveVm(vm=vm, name=name)) if vm in seen.vms:
                if fact.error is not None and fact.refused and vm not in refused:
                    refused.add(vm)
                    yield Happening(0.0, "refuse move", {"vm": name, "code": fact.error})
                elif fact.error is None and vm in refused:
                    refused.remove(vm)
                    yield Happening(fact.at - began - 1.0, "allow move", {"vm": name})
            case _:
                pass


def _asked(site: Site, seen: Snapshot, fact: e.Requested, began: Seconds) -> Iterator[Happening]:
    """What a person asked for, where a story has a word for it and the site what it names."""
    names = {"host": seen.hosts, "pool": site.pools, "vm": {vm.name for vm in seen.vms.values()}, "": {""}}
    named = seen.vms[fact.subject].name if fact.subject in seen.vms else fact.subject
    for word, (ask, subject) in ASKS.items():
        if ask is fact.ask and named in names[subject]:
            yield Happening(fact.at - began, word, {subject: named} if subject else {}, fact.seconds or 0.0)
            return


def _stops(facts: Sequence[e.Event]) -> Iterator[tuple[VmId, Seconds]]:
    """How long each clean stop took that ended well."""
    for begun, done in _done(facts):
        if isinstance(done.action, StopVm):
            yield done.action.vm, max(done.at - begun, 0.1)


def _links(seen: Snapshot, facts: Sequence[e.Event]) -> Iterator[tuple[HostId, float]]:
    """How fast VMs left each host, all together: their memory by the time from the first to the last."""
    spans: dict[HostId, tuple[Seconds, Seconds, int]] = {}
    for begun, done in _done(facts):
        if isinstance(done.action, MoveVm) and (vm := seen.vms.get(done.action.vm)) is not None:
            first, last, size = spans.get(done.action.source, (begun, done.at, 0))
            spans[done.action.source] = min(first, begun), max(last, done.at), size + vm.memory
    for host, (first, last, size) in spans.items():
        if last > first:
            yield host, max(size / (last - first), SLOWEST)


def _done(facts: Sequence[e.Event]) -> Iterator[tuple[Seconds, e.ActionFinished]]:
    """Each action that ended well, with its beginning."""
    begun: dict[object, Seconds] = {}
    for fact in facts:
        if isinstance(fact, e.ActionStarted):
            begun[fact.action] = fact.at
        elif isinstance(fact, e.ActionFinished) and fact.error is None and fact.action in begun:
            yield begun[fact.action], fact


# --- what came of it ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run, and the seconds for which each VM that ran before did not."""

    run: Run
    film: Film
    down: Mapping[VmId, Seconds]


def reenact(story: Scenario) -> Outcome:
    """Play it to its end."""
    film = Film(story.lead_in)
    run = play(story, watched=film.of)
    return Outcome(run, film, {vm: _down(rows, story.until) for vm, rows in film.taken["vms"].items() if _ran(rows)})


def _ran(rows: Sequence[tuple[Seconds, tuple[Any, ...]]]) -> bool:
    return bool(rows) and rows[0][1][1] == Power.RUNNING


def _down(rows: Sequence[tuple[Seconds, tuple[Any, ...]]], until: Seconds) -> Seconds:
    ends = [at for at, _ in rows[1:]] + [until]
    pairs = zip(rows, ends, strict=True)
    return round(sum(max(end - max(at, 0.0), 0.0) for (at, row), end in pairs if row[1] != Power.RUNNING), 1)


def minutes_by_tier(site: Site, seen: Snapshot, runs: Mapping[str, Outcome]) -> list[dict[str, Any]]:
    """For each tier, by `site`: how many VMs ran before, and for each run the minutes that they were down, added up."""
    s = Situation(0.0, seen, Memory(), site)
    tiers: dict[int, list[VmId]] = {}
    for vm in sorted({vm for run in runs.values() for vm in run.down}):
        tiers.setdefault(s.vm_policy(seen.vms[vm]).tier, []).append(vm)
    return [
        {
            "tier": tier,
            "vms": len(vms),
            **{name: round(sum(run.down.get(vm, 0.0) for vm in vms) / 60.0, 2) for name, run in runs.items()},
        }
        for tier, vms in sorted(tiers.items())
    ]


def counts(outcome: Outcome) -> dict[str, Any]:
    """A run in figures."""
    vms = ends.vms(outcome.run, outcome.film)
    return {
        "down_minutes": round(sum(outcome.down.values()) / 60.0, 2),
        "moved": sum(outcome.run.world.moves.values()),
        "stopped": len({a.vm for a in _stopping(outcome.run)}),
        "lost": sorted(outcome.run.world.lost),
        "crashed": sorted(outcome.run.world.crashed),
        "off_in_the_end": sorted(row["name"] for row in vms if row["end"] in ("shut down", "lost")),
    }


def _stopping(run: Run) -> list[StopVm | ForceStopVm]:
    started = [event.action for event in run.journal.entries if isinstance(event, e.ActionStarted)]
    return [action for action in started if isinstance(action, StopVm | ForceStopVm)]
