"""A scenario: its file, its run under the real loop on virtual time, and the narrative of the run.

    story = two or more lines of prose
    site = "two_hosts"                    # scenarios/sites/two_hosts.toml; or copied = "...", as the manager saves it
    until = "20m"                         # times: 90, "90 s", "5m", "1:30", from the scenario's second 0
    timeline = [{ at = 0, do = "fail", feeder = "a" }, { at = "5m", do = "restore", feeder = "a" }]
    armed = false                         # default true
    lead_in = 0                           # quiet seconds before second 0 that are not told; default 60
    [override.world.vm.web1]              # laid over the site's file, table by table
    guest = "hangs"
    [expect]                              # the end; hosts that crash and guests that are lost must always be named
    up = ["xenserver1"]
    [[crash_exception]]                   # what may end otherwise when the controller dies, and why
    between = [60, "2m"]
    differs = ["residence"]
    why = "power is back before the controller is"

`timeline.py` lists what can happen, `crash_exception.py` the keys of `[[crash_exception]]`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from ridethrough.core.decide import decide as decide_for_real
from ridethrough.core.events import Armed, Event, Requested, TrapHeard
from ridethrough.core.learned import NOTHING_LEARNED
from ridethrough.core.model import CONTROLLER, HostId, Seconds, UpsId
from ridethrough.core.narrative import tell
from ridethrough.core.observation import Power
from ridethrough.core.site import Site
from ridethrough.runtime.clock import MARKED_EVERY
from ridethrough.runtime.loop import STOPPED, Answer, Decide, Loop, Status

from .begun import Begun, Deciding
from .crash_exception import CrashException, read_exception
from .doors import Doors
from .faults import find_vm
from .live_site import LiveSite, copied
from .machines import SimVm
from .memory_journal import Killed, MemoryJournal
from .own_machine import stop as shut_down
from .quantity import clock
from .reading import ScenarioError, Table, read_toml
from .site_file import load_site
from .timeline import (
    ASKS,
    BREAK_JOURNAL,
    CRASH,
    FORGE_TRAP,
    FREEZE,
    MEND_JOURNAL,
    SET_AHEAD,
    SET_BACK,
    Happening,
    read_happening,
)
from .virtual_time import Timeline
from .virtual_time import run as run_virtually
from .world import World

LEAD_IN: Seconds = 60.0  # of quiet before a scenario's second 0, so that the controller knows the site
EPSILON: Seconds = 1e-6
LOOKED_AT: Seconds = 5.0  # how often a run is asked whether it is over


@dataclass(frozen=True, slots=True)
class Expectation:
    """How the world must be at the end. What a scenario does not name is not looked at, crashes excepted."""

    up: tuple[str, ...] = ()
    down: tuple[str, ...] = ()
    enabled: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()
    halted: tuple[str, ...] = ()
    running: Mapping[str, str] = field(default_factory=dict)  # guest -> host
    moves: Mapping[str, int] = field(default_factory=dict)  # guest -> completed migrations
    crashed: tuple[str, ...] = ()  # every host that loses its power while it runs must be named here
    lost: tuple[str, ...] = ()  # and every guest that dies with one


class Built(Protocol):
    """A site and the world that it truly is: from a file, or copied from a live one."""

    @property
    def site(self) -> Site: ...

    def build(self) -> World: ...


@dataclass(frozen=True, slots=True)
class Scenario:
    """What happens, and what must have come of it. Times in seconds since the scenario's beginning."""

    name: str
    story: str
    site: Built
    timeline: tuple[Happening, ...]
    until: Seconds
    expect: Expectation
    armed: bool = True
    lead_in: Seconds = LEAD_IN
    crash_exceptions: tuple[CrashException, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run. `narrative` is the text of the golden file; `failures` say which expectations were missed.

    `begun`: how each host's way down began, at moments of the world.
    """

    world: World
    journal: MemoryJournal
    narrative: str
    failures: tuple[str, ...]
    begun: Mapping[HostId, Begun] = field(default_factory=dict)  # by the real decisions only


def load(path: Path) -> Scenario:
    """Read scenarios/NAME.toml; its site is scenarios/sites/SITE.toml beside it. Raises ScenarioError."""
    return read(read_toml(path), path)


def read(content: Mapping[str, Any], path: Path) -> Scenario:
    """A scenario from what its file says; `path` is where it stands, or would. Raises ScenarioError."""
    t = Table(dict(content), path.name, "")
    story = t.take("story", str).strip()
    if len(story.splitlines()) < 2:
        raise t.wrong("story", "must tell the scenario in two or more lines")
    site = _site(t, path)
    world = site.build()
    timeline = [read_happening(line, world) for line in t.list_of_tables("timeline")]
    expect = _expectation(t.table("expect"), world)
    exceptions = [read_exception(one, world) for one in t.list_of_tables("crash_exception", [])]
    until, armed, lead_in = t.time("until"), t.take("armed", bool, True), t.time("lead_in", LEAD_IN)
    t.end()
    if late := [h for h in timeline if h.at > until]:
        raise ScenarioError(f'{path.name}: timeline: "{late[0].do}" happens after the end, until = {until:.0f}')
    in_order = tuple(sorted(timeline, key=lambda h: h.at))
    return Scenario(path.stem, story, site, in_order, until, expect, armed, lead_in, tuple(exceptions))


def _site(t: Table, path: Path) -> Built:
    if t.has("copied"):
        return copied(t.take("copied", str), path.name)
    return load_site(path.parent / "sites" / f"{t.take('site', str)}.toml", t.table("override").rest())


def _expectation(t: Table, world: World) -> Expectation:
    vms = [v.name for v in world.vms.values()]
    running = t.table("running").rest()
    moves = t.table("moves").rest()
    for vm in (*running, *moves):
        t.one_of("running", vm, vms)
    machines = [*world.hosts, *world.nases, *([CONTROLLER] if world.machine is not None else [])]
    found = Expectation(
        **{key: tuple(t.names(key, machines)) for key in ("up", "down", "crashed")},
        **{key: tuple(t.names(key, world.hosts)) for key in ("enabled", "disabled")},
        **{key: tuple(t.names(key, vms)) for key in ("halted", "lost")},
        running=running,
        moves=moves,
    )
    t.end()
    return found


# --- running -----------------------------------------------------------------------------------------------------


def play(
    scenario: Scenario,
    journal: MemoryJournal | None = None,
    decide: Decide | None = None,
    away: Seconds = 0.0,
    over: Callable[[], bool] | None = None,
    watched: Callable[[World], Timeline] | None = None,
) -> Run:
    """Run a scenario from its beginning to its end, in virtual time; by the real decisions unless others are handed in.

    On a copy of a live site they count on what its journal has taught.
    `away`: how long a controller that dies by itself (a bug, a journal that kills it) stays away. `over`: asked every
    five seconds once the whole timeline has happened; where it says yes, the run ends before `until`. `watched` makes
    of the world what time moves instead of it, and must move it.
    """
    world, kept = scenario.site.build(), journal or MemoryJournal()
    if scenario.armed and not kept.entries:
        kept.entries.append(Armed(0.0, "owner"))
    real = Deciding(scenario.site.learned if isinstance(scenario.site, LiveSite) else NOTHING_LEARNED)
    player = Player(scenario, world, kept, decide or real, away)
    run_virtually(watched(world) if watched else world, player.play(over))
    lines = narrative(scenario, world, kept.entries)
    return Run(world, kept, lines, failures(scenario.expect, world), real.begun)


class Player:
    """Plays a scenario on a world, life after life of its controller.

    `away` is how long one that dies by itself stays dead, seconds; it may be changed while the scenario plays.
    """

    def __init__(
        self, scenario: Scenario, world: World, kept: MemoryJournal, decide: Decide = decide_for_real, away: Seconds = 0
    ) -> None:
        self.away = away
        self._scenario = scenario
        self._world = world
        self._kept = kept
        self._decide = decide
        self._doors: Doors | None = None
        self._loop: Loop | None = None
        self._life: asyncio.Task[None] | None = None
        self._restart_at: Seconds | None = None
        self._started_at: Seconds = 0.0
        self._alive_until: Seconds | None = None  # of the controllers so far
        self._goes_down = False  # its machine, when it has ended
        self._has_booted = asyncio.Event()
        self._frozen_until: Seconds | None = None
        self._wall_ahead: Seconds = 0.0  # of the controller's machine, against the world
        self._asked: list[tuple[Requested, asyncio.Future[Answer] | None]] = []

    @property
    def status(self) -> Status | None:
        """The living controller's latest round; None while it is dead or has not gone round yet."""
        return self._loop.status if self._loop else None

    @property
    def lives(self) -> bool:
        return self._life is not None

    def kill(self) -> None:
        """Let the controller die at this very moment, for `away` seconds; to be called from inside the run."""
        if self._life is not None and self._doors is not None:
            self._doors.cut()
            self._life.cancel()

    async def play(self, over: Callable[[], bool] | None = None) -> None:
        """The whole scenario, until it is `over`. To be run once, on a loop whose time is the world's."""
        if (machine := self._world.machine) is not None:
            machine.on_death, machine.on_boot = self._die_with_machine, self._boot
        self._start_controller()
        for happening in self._scenario.timeline:
            await self._until(happening.at)
            await self._happen(happening)
        await self._to_the_end(over)
        await self._kill_controller()

    async def _to_the_end(self, over: Callable[[], bool] | None) -> None:
        until, lead_in = self._scenario.until, self._scenario.lead_in
        while over is not None and self._world.now - lead_in + LOOKED_AT < until:
            if over():
                return
            await self._until(self._world.now - lead_in + LOOKED_AT)
        await self._until(until)

    async def _until(self, at: Seconds) -> None:
        """Let time pass, starting a dead controller when its time has come."""
        end = at + self._scenario.lead_in
        self._stand_still(end)
        while self._world.now < end - EPSILON:
            pause = end - self._world.now
            if self._restart_at is not None:
                pause = min(pause, max(self._restart_at - self._world.now, 0.0))
            await self._pass(pause)
            if self._restart_at is not None and self._world.now >= self._restart_at - EPSILON:
                self._restart_at = None
                if self._machine_runs():
                    self._start_controller()

    def _stand_still(self, end: Seconds) -> None:
        """While the controller is frozen the world goes on and no task of it runs: nothing is awaited here."""
        while self._frozen_until is not None and self._world.now < end - EPSILON:
            self._world.advance(min(end, self._frozen_until, self._world.now + 1.0))
            if self._frozen_until is not None and self._world.now >= self._frozen_until - EPSILON:
                self._frozen_until = None
                self._world.tell("the controller is thawed")

    async def _pass(self, seconds: Seconds) -> None:
        """Let time pass; a controller that dies meanwhile, by a bug or by a simulated kill, ends it early."""
        if self._life is None:
            self._has_booted.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._has_booted.wait(), seconds)
            return
        await asyncio.wait({self._life}, timeout=seconds)
        if self._life.done():
            await self._kill_controller()
            self._restart_at = self._world.now + self.away
            self._shut_down_machine()

    def _shut_down_machine(self) -> None:
        """The controller has ended in order, to go down with its machine; or has died before it could."""
        if self._goes_down and self._world.machine is not None:
            shut_down(self._world, self._world.machine)
        self._goes_down = False

    def _machine_runs(self) -> bool:
        return self._world.machine is None or self._world.machine.runs

    def _die_with_machine(self) -> None:
        """Its machine is off: nothing of it is frozen any more, and who has asked gets no answer."""
        self._frozen_until = None
        self._hangs_up()
        self._loop = None
        self.kill()

    def _boot(self) -> None:
        """Its machine has booted: the controller starts with it, unless it is to stay away for longer."""
        self._restart_at = max(self._restart_at or 0.0, self._world.now)
        self._has_booted.set()

    def _go_down(self) -> None:
        """Its machine is to be shut down: the controller ends in order first, its journal closed."""
        if self._loop is not None:
            self._goes_down = True
            self._ending = asyncio.create_task(self._loop.stop(), name="end of the controller")

    async def _happen(self, happening: Happening) -> None:
        if happening.do == CRASH:
            self._world.tell("the controller is killed")
            await self._kill_controller()
            self._restart_at = max(self._restart_at or 0.0, self._world.now + happening.lasts)
        elif happening.do == FREEZE:
            self._world.tell("the controller is frozen")
            self._frozen_until = self._world.now + happening.lasts
        elif happening.do in (SET_AHEAD, SET_BACK):
            ahead = happening.do == SET_AHEAD
            self._world.tell(f"somebody sets the controller's wall clock {'ahead' if ahead else 'back'}")
            self._wall_ahead += happening.lasts if ahead else -happening.lasts
        elif happening.do in (BREAK_JOURNAL, MEND_JOURNAL):
            self._kept.fails = happening.do == BREAK_JOURNAL
            self._world.tell(f"the journal's disk {'is gone' if self._kept.fails else 'works again'}")
        elif happening.do == FORGE_TRAP:
            self._forge_trap(happening.arguments["ups"])
        elif happening.do in ASKS:
            ask, subject = ASKS[happening.do]
            named, long = happening.arguments.get(subject, ""), happening.lasts or None
            self._ask(Requested(self._world.now, ask, named, "a person", seconds=long))
        else:
            happening.happen(self._world)

    def _forge_trap(self, ups: UpsId) -> None:
        self._world.tell(f"somebody sends a trap in the name of {ups}'s card: on battery")
        if self._loop is not None and self._doors is not None:
            self._doors.cards.poll_soon()
            self._loop.note(TrapHeard(self._world.now, ups, "1.3.6.1.2.1.33.2.1", "on battery"))

    def _ask(self, asked: Requested) -> None:
        """A person asks; one who gets no answer, because the controller is dead or dies, asks the next one again."""
        self._asked.append((asked, self._loop.request(asked) if self._loop else None))

    def _hangs_up(self) -> None:
        """The controller is dead: whoever waits for an answer gets none from it."""
        self._asked = [(asked, answer if _is_answered(answer) else None) for asked, answer in self._asked]

    def _start_controller(self) -> None:
        self._started_at = self._world.now
        self._doors = Doors(self._world, self._kept, lambda: self._wall_ahead)
        self._loop = Loop(
            site=self._scenario.site.site,
            observers=self._doors.observers,
            actors=self._doors.actors,
            journal=self._doors.journal,
            clock=self._doors.clock,
            alive_until=self._alive_until,
            decide=self._decide,
        )
        life = self._life = asyncio.create_task(self._loop.run(), name="controller")

        def die() -> None:
            if asyncio.current_task() is not life:  # its journal was being written by a task beside it
                life.cancel()

        self._doors.on_death = die
        self._doors.own.go_down = self._go_down
        waiting, self._asked = self._asked, []
        for asked in (asked for asked, answer in waiting if not _is_answered(answer)):
            self._ask(replace(asked, at=self._world.now))

    async def _kill_controller(self) -> None:
        """End it as a kill would: what it still does on its way out reaches nobody."""
        life, self._life, self._loop = self._life, None, None
        self._hangs_up()
        if life is None or self._doors is None:
            return
        lived = self._world.now - self._started_at
        noted = self._started_at + lived - lived % MARKED_EVERY  # by its clock, on the disk
        self._alive_until = max([noted, *(event.at for event in self._kept.entries[-1:])])
        self._doors.cut()
        life.cancel()
        with suppress(asyncio.CancelledError, Killed):
            await life


def _is_answered(answer: asyncio.Future[Answer] | None) -> bool:
    return answer is not None and answer.done() and answer.result() != STOPPED


# --- telling -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Told:
    """A line of a narrative; `at` in seconds since the scenario's beginning."""

    at: Seconds
    who: str  # "site": what truly happened; "ridethrough": what the controller wrote in its journal
    text: str

    def __str__(self) -> str:
        return f"{clock(self.at):>6}  {self.who:<11}  {self.text}"


def told(lead_in: Seconds, world: World, events: Iterable[Event]) -> list[Told]:
    """One line for each thing that truly happened and each event of the journal, from the scenario's second 0."""
    lines = [(line.at, 0, i, "site", line.text) for i, line in enumerate(world.story)]
    lines += [(event.at, 1, i, "ridethrough", tell(event)) for i, event in enumerate(events)]
    shown = sorted(line for line in lines if line[0] >= lead_in - EPSILON and line[4])
    return [Told(at - lead_in + EPSILON, who, text) for at, _, _, who, text in shown]


def narrative(scenario: Scenario, world: World, events: Iterable[Event]) -> str:
    """The text of the golden file: what is told, line by line."""
    return "".join(f"{line}\n" for line in told(scenario.lead_in, world, events))


def failures(expect: Expectation, world: World) -> tuple[str, ...]:
    """Which expectations the end of a run misses, in words."""
    found: list[str] = []
    for host in (*expect.up, *expect.down):
        power = _has_power(world, host)
        if power != (host in expect.up):
            found.append(f"{host} is {'on' if power else 'off'}")
    for host in (*expect.enabled, *expect.disabled):
        if world.hosts[host].enabled != (host in expect.enabled):
            found.append(f"{host} is {'enabled' if world.hosts[host].enabled else 'disabled'}")
    for name, wanted in expect.running.items():
        if (where := _where(find_vm(world, name))) != wanted:
            found.append(f"{name} is {where or 'halted'}, not on {wanted}")
    for name in expect.halted:
        if find_vm(world, name).power_state is not Power.HALTED:
            found.append(f"{name} is not halted")
    for name, times in expect.moves.items():
        if world.moves[name] != times:
            found.append(f"{name} has moved {world.moves[name]} times, not {times}")
    if sorted(world.crashed) != sorted(expect.crashed):
        found.append(f"crashed: {sorted(world.crashed)}, expected {sorted(expect.crashed)}")
    if sorted(world.lost) != sorted(expect.lost):
        found.append(f"guests lost: {sorted(world.lost)}, expected {sorted(expect.lost)}")
    return tuple(found)


def _has_power(world: World, name: str) -> bool:
    if name == CONTROLLER and world.machine is not None:
        return world.machine.runs
    return (world.hosts.get(name) or world.nases[name]).power


def _where(vm: SimVm) -> str:
    return vm.resident_on or "" if vm.power_state is Power.RUNNING and vm.alive else ""
