"""One story played and watched: every round of the controller, with the true world at hand, against every rule."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from ridethrough.core import actions as a
from ridethrough.core import events as e
from ridethrough.core.decide import Decision
from ridethrough.core.decide import decide as decide_for_real
from ridethrough.core.fold import fold
from ridethrough.core.memory import Memory
from ridethrough.core.model import HostId, Seconds, VmId
from ridethrough.core.observation import Power, Snapshot
from ridethrough.core.recovery import AGENT_TAKES
from ridethrough.core.site import Site
from ridethrough.core.situation import Situation
from ridethrough.runtime.loop import Decide
from ridethrough.sim import failover_plan
from ridethrough.sim.errors import XapiError
from ridethrough.sim.machines import Reach, SimHost
from ridethrough.sim.memory_journal import MemoryJournal
from ridethrough.sim.scenario import Built, Scenario, play, read
from ridethrough.sim.timeline import BREAK_JOURNAL, CRASH, MEND_JOURNAL, Happening
from ridethrough.sim.world import World

from .truth import Truth

SCENARIOS = Path(__file__).resolve().parents[3] / "scenarios"
SETTLED: Seconds = 22.0  # without anything open or happening, longer than a coordinator's grace: the story is over

OWED_FOR: Seconds = 90.0  # a host that was given up has been back for so long, when its guests start at the latest
WRITTEN_AGAIN: Seconds = 2.0  # after its disk works again, all facts kept in memory are in the journal


@dataclass(frozen=True)
class Broken:
    """A rule that does not hold, when, and how."""

    rule: str
    at: Seconds
    text: str


@dataclass
class Ours:
    """What this controller has done so far, from the actions that it has begun; not from its own memory."""

    disabled: set[HostId] = field(default_factory=set)
    still_disabled: set[HostId] = field(default_factory=set)  # of these, and not let out again by us
    moved_from: set[HostId] = field(default_factory=set)
    shut_down: set[HostId] = field(default_factory=set)
    on_the_way_down: set[HostId] = field(default_factory=set)  # of these, and not let out again by us
    stopped: set[VmId] = field(default_factory=set)
    went_off: set[VmId] = field(default_factory=set)  # of these, and was halted since
    ran: dict[str, dict[VmId, HostId]] = field(default_factory=dict)  # when each pool was first touched
    in_maintenance: set[HostId] = field(default_factory=set)  # then, by somebody else
    not_ours: set[HostId] = field(default_factory=set)  # that was in maintenance at any of these moments
    pending: dict[a.Action, Seconds] = field(default_factory=dict)
    begun: list[tuple[Seconds, a.Action]] = field(default_factory=list)
    recorded: dict[str, Seconds] = field(default_factory=dict)
    restored: dict[str, Seconds] = field(default_factory=dict)
    up_then: dict[str, set[HostId]] = field(default_factory=dict)
    given_up: set[HostId] = field(default_factory=set)  # told to be missing when a pool's outage was closed

    # What ran when a pool's outage began, did not run when it was closed, and has not run since: where it ran.
    owed: dict[VmId, HostId] = field(default_factory=dict)

    def take(self, event: e.Event, world: World) -> None:
        match event:
            case e.PoolRecorded(pool=pool, owed=owed):
                self.recorded[pool] = world.now
                guests = [v for v in world.vms.values() if v.pool == pool and v.resident_on]  # as the database has it
                self.ran[pool] = {v.id: v.resident_on or "" for v in guests}
                self.up_then[pool] = {
                    h.id for h in world.members(pool) if world.reach(h.id) in (Reach.MEMBER, Reach.COORDINATOR)
                }
                found = {
                    h.id for h in world.members(pool) if not h.enabled and h.live and h.id not in self.still_disabled
                }
                self.in_maintenance |= found
                self.not_ours |= found
                self.stopped -= {v.id for v in world.vms.values() if v.pool == pool}
                self.stopped |= self.owed.keys() & {*owed}
                self.ran[pool] |= {vm: self.owed[vm] for vm in self.stopped & self.owed.keys()}
            case e.PoolRestored(pool=pool, differences=differences):
                self.restored[pool] = world.now
                self.given_up |= {text.split(" ")[0] for text in differences if " has not come back" in text}
                self.stopped -= {v for v in self.stopped if world.vms[v].pool == pool and not has_room(world, v)}
                self.in_maintenance -= {h.id for h in world.members(pool)}
                off = {v for v in self.ran.get(pool, {}) if not _truly_runs(world, v)}
                self.owed |= {v: home for v, home in self.ran.get(pool, {}).items() if v in off}
                self.shut_down -= {h.id for h in world.members(pool) if h.power}
            case e.ActionStarted(action=action):
                self.begun.append((world.now, action))
                self._begun(action)

    def look(self, world: World) -> None:
        """What we stopped, was off and runs again is not missed any more; unless its host goes down under it."""
        self.owed = {v: home for v, home in self.owed.items() if not _truly_runs(world, v)}
        for vm in [world.vms[v] for v in self.stopped]:
            if vm.power_state is Power.HALTED:
                self.went_off.add(vm.id)
            elif vm.resident_on in self.on_the_way_down:
                continue
            elif vm.power_state is Power.RUNNING and vm.id in self.went_off:
                self.went_off.discard(vm.id)
                self.stopped.discard(vm.id)

    def _begun(self, action: a.Action) -> None:
        match action:
            case a.DisableHost(host=host):
                if host not in self.in_maintenance:  # else somebody else's maintenance mode is restored
                    self.disabled.add(host)
                    self.still_disabled.add(host)
            case a.MoveVm(source=host):
                self.moved_from.add(host)
            case a.ShutDownHost(host=host):
                self.shut_down.add(host)
                self.on_the_way_down.add(host)
            case a.StopVm(vm=vm) | a.ForceStopVm(vm=vm):
                self.stopped.add(vm)
                self.went_off.discard(vm)
            case a.EnableHost(host=host):
                self.moved_from.discard(host)
                self.still_disabled.discard(host)
                self.on_the_way_down.discard(host)


def _truly_runs(world: World, vm: VmId) -> bool:
    return world.vms[vm].alive and world.vms[vm].power_state is Power.RUNNING


def has_room(world: World, vm: VmId) -> bool:
    """Whether some host that is up could truly take this guest."""
    it = world.vms[vm]
    return any(
        h.enabled
        and h.live
        and it.storage <= h.storage
        and world.memory_available(h.id) >= it.memory
        and h.has_cpus(it)
        for h in world.members(it.pool)
        if world.reach(h.id) in (Reach.MEMBER, Reach.COORDINATOR) and _ha_lets(world, vm, h)
    )


def _ha_lets(world: World, vm: VmId, host: SimHost) -> bool:
    """The pool's HA, where it is on, could still restart all that it protects."""
    try:
        failover_plan.assert_placement_kept(world, world.vms[vm], host)
    except XapiError:
        return False
    return True


@dataclass
class Tick:
    """One round: what `decide` was given and answered, and the truth."""

    now: Seconds
    seen: Snapshot
    before: Memory
    site: Site
    events: tuple[e.Event, ...]
    world: World
    truth: Truth
    ours: Ours  # without the events of this round
    news: list[Happening]

    @cached_property
    def s(self) -> Situation:
        """As it is after this round's events."""
        memory = self.before
        for event in self.events:
            memory = fold(memory, memory.position + 1, event)
        return Situation(self.now, self.seen, memory, self.site)

    @cached_property
    def started(self) -> list[a.Action]:
        return [event.action for event in self.events if isinstance(event, e.ActionStarted)]

    def name(self, vm: VmId) -> str:
        return self.world.vms[vm].name


class Found(BaseException):
    """The rule that was looked for is broken: the rest of the story does not matter."""


class _KeptWorld:
    """A scenario's site whose world is at hand while it is played."""

    def __init__(self, built: Built, watch: Watch) -> None:
        self._built = built
        self._watch = watch

    @property
    def site(self) -> Site:
        return self._built.site

    def build(self) -> World:
        world = self._built.build()
        self._watch.begin(world)
        return world


class Watch:
    """Stands in for `decide`: passes it on and looks at each round. Ask it for `broken` afterwards."""

    def __init__(self, content: Mapping[str, object], decide: Decide = decide_for_real, looks_for: str = "") -> None:
        """`looks_for`: the run ends as soon as this rule is broken."""
        from .last_of_all import LAST_OF_ALL  # the rules need the types above
        from .rules import RULES

        self.scenario: Scenario = read(content, SCENARIOS / "chaos.toml")
        self.broken: list[Broken] = []
        self.journal = MemoryJournal()
        self.rounds: list[Seconds] = []
        self.decided: list[tuple[e.Event, ...]] = []
        self.ours = Ours()
        self.calls: list[tuple[Seconds, str]] = []  # everything that XenAPI was asked for
        self.hard_stops: list[tuple[Seconds, a.ForceStopVm, Seconds]] = []  # when, what, and how long before the cut
        self.unwritten: list[tuple[Seconds, str]] = []
        self.memory = Memory()
        self._rules = (*RULES, *LAST_OF_ALL)
        self._looks_for = looks_for
        self.decide = decide
        self._held: set[tuple[str, str]] = set()

    def begin(self, world: World) -> None:
        self.world = world
        self.truth = Truth(self.scenario, world)
        world.on_change(self._changed)

    def play(self) -> list[Broken]:
        """Play the story to its end. What is broken, the rules of the end included."""
        from .ending import the_end

        errors = _Errors()
        log = logging.getLogger()
        log.addHandler(errors)
        scenario = replace(self.scenario, site=_KeptWorld(self.scenario.site, self))
        try:
            play(scenario, self.journal, decide=self, over=self.is_over)
        except Found:
            return self.broken
        finally:
            log.removeHandler(errors)
        self.truth.note()
        self.broken += [Broken("no_error_is_logged", self.world.now, text) for text in errors.found]
        self.broken += the_end(self)
        return self.broken

    def __call__(self, now: Seconds, seen: Snapshot, memory: Memory, site: Site) -> Decision:
        from .losses import time_left

        news = self.truth.note()
        self.ours.look(self.world)
        for host, at in self.truth.person_enabled.items():
            had_effect = now - at < 5.0 and self.world.hosts[host].enabled
            if had_effect and host not in self.ours.on_the_way_down:  # else it goes down and comes back all the same
                self.ours.disabled.discard(host)
        if memory.started_at != self.memory.started_at:
            self.ours.still_disabled &= self._written_down_as_disabled()
        decision = self.decide(now, seen, memory, site)
        tick = Tick(now, seen, memory, site, decision.events, self.world, self.truth, self.ours, news)
        for rule in self._rules:
            self.broken += [Broken(rule.__name__, now, text) for text in rule(self, tick)]
        if any(b.rule == self._looks_for for b in self.broken):
            raise Found
        for event in decision.events:
            self.ours.take(event, self.world)
            if isinstance(event, e.ActionStarted) and isinstance(event.action, a.ForceStopVm):
                self.hard_stops.append((now, event.action, time_left(self, event.action.host)))
        self.rounds.append(now)
        self.memory = tick.s.memory
        if decision.events:
            self.decided.append(decision.events)
        return decision

    @property
    def longest_wait(self) -> Seconds:
        """As long as the controller may wait for a host that does not come back, or for an agent that may still act."""
        site = self.scenario.site.site
        policy, agents = site.policy, any(host.agent for host in site.hosts.values())
        waits = policy.start_timeout + policy.starts_itself + policy.battery_wait + AGENT_TAKES * agents
        return waits + policy.host_stop + policy.settle + SETTLED

    def is_over(self) -> bool:
        """Nothing is open, and nothing has happened for a while."""
        m, now = self.memory, self.world.now
        ats = [line.at for line in self.world.story[-1:]] + [event.at for event in self.journal.entries[-1:]]
        ats += [it.at + self.scenario.lead_in for it in self.scenario.timeline[-1:]]
        ats += [back for _, back in self.truth.absences]
        last = max(ats, default=0.0)
        if now - last < SETTLED or self.world.at_work:
            return False
        if m.pending or m.urgent or m.requests or m.left:
            return False
        if now - last < OWED_FOR and any(p.owed for p in m.pools.values()):
            return False
        hosts, boxes = self.world.hosts.values(), self.world.nases.values()
        missing = any(not h.power for h in hosts) or any(not b.power for b in boxes)
        open_records = any(p.record for p in m.pools.values())
        return not (missing or open_records) or now - last >= self.longest_wait

    def _changed(self, kind: str, ref: str) -> None:
        """Something that XenAPI shows has changed: was it us, and is it written down?"""
        if kind == "task" and (task := self.world.tasks.get(ref)):
            if task.pending and task.created == self.world.now:
                self.calls.append((self.world.now, task.name))
        elif kind == "vm":
            vm = next(v for v in self.world.vms.values() if v.ref == ref)
            for operation in set(vm.current_operations.values()):
                if (vm.id, operation) not in self._held and not self._is_accounted_for(vm.id, operation):
                    self.unwritten.append((self.world.now, f"{operation} of {vm.name} is in nobody's journal"))
            self._held = {key for key in self._held if key[0] != vm.id}
            self._held |= {(vm.id, operation) for operation in vm.current_operations.values()}

    def _is_accounted_for(self, vm: VmId, operation: str) -> bool:
        """Written down by us; or a person, a host on its way down, or the boot script did it."""
        it, now = self.world.vms[vm], self.world.now
        for event in reversed(self.journal.entries):
            if isinstance(event, e.ActionStarted) and _does(event.action, vm, operation):
                return True
        host = self.world.hosts.get(it.resident_on or "")
        if (host is not None and host.powering_off) or self._facts_are_kept() or operation == "start":
            return True
        return any(
            it.name in line.text and now - line.at < 300.0
            for line in self.world.story
            if line.text.startswith("a person")
        )

    def _written_down_as_disabled(self) -> set[HostId]:
        """A controller that starts knows of no other host that it has disabled."""
        known: set[HostId] = set()
        for action in (event.action for event in self.journal.entries if isinstance(event, e.ActionStarted)):
            if isinstance(action, a.DisableHost):
                known.add(action.host)
            elif isinstance(action, a.EnableHost):
                known.discard(action.host)
        return known

    @property
    def facts_died(self) -> bool:
        """The controller was killed while its disk took nothing, or before what it had kept was written."""
        broken, mended = False, -math.inf
        deaths = [(at - self.scenario.lead_in, CRASH) for at, _ in self.truth.without_machine()]
        for at, do in sorted([*deaths, *((it.at, it.do) for it in self.truth.happened)], key=lambda pair: pair[0]):
            if do == BREAK_JOURNAL:
                broken = True
            elif do == MEND_JOURNAL:
                broken, mended = False, at
            elif do == CRASH and (broken or at - mended <= WRITTEN_AGAIN):
                return True
        return False

    def _facts_are_kept(self) -> bool:
        """The disk takes nothing, or so lately that what is kept in memory has not been written yet."""
        mended = [it.at + self.scenario.lead_in for it in self.truth.happened if it.do == MEND_JOURNAL]
        lately = bool(mended) and self.truth.watched(mended[-1], self.world.now) <= WRITTEN_AGAIN
        return self.journal.fails or lately


def _does(action: a.Action, vm: VmId, operation: str) -> bool:
    match action:
        case a.MoveVm():
            return action.vm == vm and operation == "pool_migrate"
        case a.StopVm():
            return action.vm == vm and operation == ("suspend" if action.suspend else "clean_shutdown")
        case a.ForceStopVm():
            return action.vm == vm and operation == "hard_shutdown"
        case a.StartVm():
            return action.vm == vm and operation in ("start", "start_on", "resume", "resume_on")
        case a.ShutDownHost():
            return action.aboard == vm and operation in ("clean_shutdown", "hard_shutdown")
        case _:
            return False


class _Errors(logging.Handler):
    """What the program logs as an error; a failing journal is the story's own doing."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if "journal" not in text:
            self.found.append(f"{record.name}: {text}")
