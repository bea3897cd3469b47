"""A scenario played once, with a copy of its process forked at each place where the controller is to die.

The copy takes the death and plays on to the end; the original goes on as if nothing had happened. So nothing before a
death is played twice. Only for a process without threads. Every round is held against the rules of `chaos`.
"""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NoReturn

from ridethrough.core.decide import Decision
from ridethrough.core.decide import decide as decide_for_real
from ridethrough.core.events import Armed, ControllerStarted, RoundFailed
from ridethrough.core.memory import HostMemory, Memory
from ridethrough.core.model import Seconds
from ridethrough.core.observation import Snapshot
from ridethrough.core.site import Site
from ridethrough.runtime.clock import MARKED_EVERY
from ridethrough.runtime.loop import Decide
from ridethrough.sim.memory_journal import Killed
from ridethrough.sim.reading import read_toml
from ridethrough.sim.scenario import EPSILON, Player, narrative
from ridethrough.sim.virtual_time import run as run_virtually
from ridethrough.sim.world import World

from .chaos.losses import hard_stops
from .chaos.truth import NOTICED
from .chaos.watch import Watch
from .deaths import AWAY, Choose, Death, Place, Sweep
from .ending import Ending, differing, ending

LONGER: Seconds = max(AWAY) + 60.0  # a run with a death in it may end so much later than its scenario
QUIET: Seconds = 30.0  # a run in which nothing is left to do and nothing was written for so long has ended
HANGS = 300  # seconds of the wall clock that the rest of one run may take


def sweep(path: Path, choose: Choose, told: bool = False, decide: Decide = decide_for_real) -> Sweep:
    """Play the scenario, with deaths where `choose` says so. `told`: with the narrative of each run with a death."""
    return _Sweeper(Watch(read_toml(path), decide), choose, told).sweep()


@dataclass(slots=True)
class _End:
    """What a copy reports."""

    ending: Ending = field(default_factory=dict)
    story: str = ""
    trouble: str = ""
    broken: list[str] = field(default_factory=list)


class _Over(Exception):  # noqa: N818 - a state, and the name for it
    """Nothing is left to happen."""


class _Sweeper:
    def __init__(self, watch: Watch, choose: Choose, told: bool) -> None:
        self._watch = watch
        self._scenario = scenario = watch.scenario
        self._choose = choose
        self._told = told
        self._world = scenario.site.build()
        self._journal = watch.journal
        watch.begin(self._world)
        if scenario.armed:
            self._journal.entries.append(Armed(0.0, "owner"))
        self._journal.after_entry = self._entry
        longer = replace(scenario, until=scenario.until + LONGER)
        self._player = Player(longer, self._world, self._journal, self._decide)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._report: int | None = None  # in a copy: where its end is told
        self._ends: list[tuple[Place, Seconds, _End]] = []
        self._wanted: Ending | None = None  # known before the end, when nothing is left to happen
        self._unseen: tuple[Seconds, Seconds] | None = None  # in a copy: when nobody watched
        self._before = self._broken = 0  # in a copy: entries and broken rules when it was made
        self._ticks = 0
        self._stirred = False

    def sweep(self) -> Sweep:
        try:
            run_virtually(_Watched(self._world, self._still, self._stir), self._play())
        except _Over:
            pass
        except BaseException:
            if self._report is not None:
                self._end(_End(trouble=traceback.format_exc()))
            raise
        if self._report is not None:
            self._end()
        wanted = self._wanted or ending(self._world, self._journal)
        deaths = [Death(place, away, _differs(end, wanted), end.story) for place, away, end in self._ends]
        return Sweep(deaths, len(self._journal.entries), self._ticks)

    async def _play(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._player.play()

    def _decide(self, now: Seconds, seen: Snapshot, memory: Memory, site: Site) -> Decision:
        self._stirred = True
        return self._watch(now, seen, memory, site)

    def _stir(self) -> None:
        self._stirred = True

    # --- where it may die

    def _entry(self, position: int) -> None:
        entry = self._journal.entries[position - 1]
        place = Place(entry.at - self._scenario.lead_in, position, type(entry).__name__)
        if self._report is None and self._dies(place):
            raise Killed

    def _still(self) -> bool:
        """Everything stands still. Whether the controller has just been killed, so that time does not jump yet."""
        if self._is_at_rest():
            if self._report is not None:
                self._end()
            self._over()
        if self._report is not None:
            return False
        stirred, self._stirred = self._stirred, False
        if not stirred or not self._player.lives:
            return False
        self._ticks += 1
        if self._dies(Place(self._world.now - self._scenario.lead_in, self._ticks)):
            self._player.kill()
            return True
        return False

    def _dies(self, place: Place) -> bool:
        """In the original False, after the copies that die here have ended; in such a copy True."""
        if place.at > self._scenario.until:
            return False  # there is no time left to come back in
        for away in self._choose(place):
            if self._copy(place, away):
                self._player.away = away
                return True
        return False

    # --- copies

    def _copy(self, place: Place, away: Seconds) -> bool:
        reads, writes = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reads)
            self._report, self._before, self._broken = writes, len(self._journal.entries), len(self._watch.broken)
            self._unseen = (self._world.now - MARKED_EVERY - NOTICED, self._world.now + away + NOTICED)
            signal.alarm(HANGS)
            asyncio._set_running_loop(self._loop)  # Python 3.12 and later forget it in a fork
            return True
        os.close(writes)
        with os.fdopen(reads, "rb") as pipe:
            told = pipe.read()
        _, status = os.waitpid(child, 0)
        end = pickle.loads(told) if told else _End(trouble=f"its process ended with {status}")
        self._ends.append((place, away, end))
        return False

    def _end(self, end: _End | None = None) -> NoReturn:
        if end is None:
            story = narrative(self._scenario, self._world, self._journal.entries) if self._told else ""
            broken = [f"{b.rule}: {b.text}" for b in self._watch.broken[self._broken :]]
            broken += [f"a clean stop was possible: {text}" for text in hard_stops(self._watch, self._unseen)]
            end = _End(ending(self._world, self._journal), story, self._trouble(), broken)
        assert self._report is not None
        with os.fdopen(self._report, "wb") as pipe:
            pickle.dump(end, pipe)
        os._exit(0)

    def _trouble(self) -> str:
        since = self._journal.entries[self._before :]
        bugs = [event.text for event in since if isinstance(event, RoundFailed)]
        again = any(isinstance(event, ControllerStarted) for event in since)
        return "; ".join(bugs) if again else "the controller has not started again"

    def _over(self) -> None:
        """What is left of a run without a death, after its scenario's end, is not played: nothing happens in it."""
        if self._wanted is None and self._world.now >= self._scenario.until + self._scenario.lead_in:
            self._wanted = ending(self._world, self._journal)
            raise _Over

    def _is_at_rest(self) -> bool:
        """Nothing is left to happen, in the scenario or by itself, and nothing for the controller to do."""
        world, status, story = self._world, self._player.status, self._scenario
        if story.timeline and world.now < story.timeline[-1].at + story.lead_in + QUIET:
            return False
        if status is None or world.now - self._journal.entries[-1].at < QUIET:
            return False
        return world.next_change() is None and not world.at_work and _is_done(status.memory)


def _is_done(m: Memory) -> bool:
    """Nothing of an outage is open."""
    if m.pending or m.requests or m.left or any(p.record or p.ha for p in m.pools.values()):
        return False
    if any(u.on_battery_since is not None or u.doubted or u.silent_since is not None for u in m.upses.values()):
        return False
    return all(_is_untouched(host) for host in m.hosts.values())


def _is_untouched(m: HostMemory) -> bool:
    steps = (m.evacuation, m.shutdown, m.disabled_at, m.shut_down_at, m.down_at, m.yielded_at)
    return not m.wanted and all(step is None for step in steps)


def _differs(end: _End, wanted: Ending) -> dict[str, list[str]]:
    if end.trouble:
        return {"trouble": [end.trouble]}
    return differing(end.ending, wanted) | ({"never": end.broken} if end.broken else {})


class _Watched:
    """A world whose time is watched: `still` is asked before time jumps, `stir` is told when the world will change."""

    def __init__(self, world: World, still: Callable[[], bool], stir: Callable[[], None]) -> None:
        self._world = world
        self._is_still = still
        self._stir = stir

    @property
    def now(self) -> Seconds:
        return self._world.now

    def next_change(self) -> Seconds | None:
        return self._world.now if self._is_still() else self._world.next_change()

    def advance(self, to: Seconds) -> None:
        change = self._world.next_change()
        if change is not None and change <= to + EPSILON:
            self._stir()
        self._world.advance(to)
