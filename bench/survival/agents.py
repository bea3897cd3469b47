"""The agents on the hosts of a simulated site: their own code decides and stops, on what each of them would see.

Every agent reads the cards of its host, and hears the controller's word while that lives. An agent whose cards all tell
of utility power, and which has nothing in mind, would do nothing: its rounds are left out, but for the last two before
the next thing that happens to one of its UPSs, which leave it as all of them would have. The others go round every 2 s
while something goes on, and else every 5 s, as they ask; all at the same moments.
"""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial

from ridethrough.api.agents import Present, told_host
from ridethrough.core.evacuation import is_protected
from ridethrough.core.hand_over import TAKES, in_between
from ridethrough.core.model import HostId, Seconds, UpsId
from ridethrough.core.situation import Situation
from ridethrough.sim.agenda import Steps
from ridethrough.sim.cards import SimUps
from ridethrough.sim.machines import SimHost
from ridethrough.sim.scenario import Player, Scenario
from ridethrough.sim.world import World
from ridethrough.views.site import step
from ridethrough_agent import controller
from ridethrough_agent.agent import Agent, Hands
from ridethrough_agent.config import Config, Ups, XenServer
from ridethrough_agent.model import IDLE, Heard, Memory, Notice, Reading, Rules
from ridethrough_agent.state import State
from ridethrough_agent.stop import Stop, Tools
from ridethrough_agent.watch import QUICK

from .agent_cards import feed, reading
from .agent_ways import shut_down, ways
from .fiber import Fiber

PHASE: Seconds = 0.7  # the first round: off the beat of the controller's own looks
OFF: Seconds = 30.0  # a host that is off is looked at this often: it takes longer to boot
FOREVER = float("inf")
NO_DATE = datetime.fromtimestamp(0.0, UTC)  # on consoles that nobody reads


def config(host: SimHost, world: World) -> Config:
    """What the owner has written: everything as it comes, but that time alone is no reason (after = never)."""
    xen = XenServer(host.uuid)
    rules = Rules(after=None, needs=host.needs, stop=xen.stop_guests + 90.0)
    upses = tuple(Ups(feed(world.upses[ups])) for ups in host.fed_by)
    shutdown = ("/sbin/shutdown", "-h", "now")
    return Config(rules, upses, None, True, "", (), 5.0, shutdown, stop_host=90.0, xenserver=xen)


class NoDisk(State):
    """Nothing outlives the agent: no agent is restarted while its host runs."""

    def __init__(self) -> None:
        super().__init__("", "", lambda _: None)

    def load(self) -> Memory:
        return Memory()

    def keep(self, memory: Memory) -> None:
        pass

    def is_armed(self) -> bool:
        return True


class HostAgent:
    """The agent on one host, from boot to boot."""

    def __init__(self, world: World, host: SimHost, moments: list[Seconds]) -> None:
        self._world, self._host, self._moments = world, host, moments
        self._config = config(host, world)
        self._upses = [world.upses[ups] for ups in host.fed_by]
        self._agent: Agent | None = None
        self._fiber: Fiber | None = None
        self._heard: dict[str, Heard] = {}
        self._notice: Notice | None = None
        self._quick = False
        self._left_out = False
        self.next: Seconds = PHASE

    @property
    def host(self) -> HostId:
        return self._host.id

    def runs(self) -> bool:
        """Its machine is up; else it is ended."""
        host = self._host
        if not host.power or host.powering_off or host.toolstack == "down":
            self.end()
            return False
        if self._agent is None:
            hands = Hands(self._say, lambda _: None, self._stop, lambda: None, lambda: NO_DATE)
            self._agent, self._heard, self._notice = Agent(self._config, NoDisk(), hands), {}, None
        return True

    def end(self) -> None:
        if self._fiber is not None:
            self._fiber.end()
        self._agent = self._fiber = None
        self._quick = False

    def is_needed(self, now: Seconds) -> bool:
        """Whether this round can change anything that lasts."""
        agent = self._agent
        if agent is not None and (self._quick or agent.memory.phase != IDLE):
            return True
        return self.next_moment(now) - now <= 2 * self._config.every or not all(_is_plain(ups) for ups in self._upses)

    def next_moment(self, now: Seconds) -> Seconds:
        """When something happens next to one of its UPSs."""
        place = bisect.bisect_left(self._moments, now)
        return self._moments[place] if place < len(self._moments) else FOREVER

    def leave_out(self, now: Seconds) -> None:
        self._left_out = True
        self.next = now + (OFF if self._agent is None else self._config.every)

    def round(self, now: Seconds, readings: Mapping[UpsId, Reading | None], notice: Notice | None) -> None:
        assert self._agent is not None
        for ups in self._host.fed_by:
            told = readings[ups]
            before = self._heard.get(ups, Heard()).reading
            self._heard[ups] = Heard(told, now) if told is not None else Heard(before, now, "no answer")
        self._notice = notice or self._notice
        if self._left_out:
            self._left_out = False
            self._agent.memory = self._agent.memory._replace(round_at=now)
        self._quick = self._agent.round(now, self._heard, self._notice).quick
        self.next = now + (QUICK if self._quick else self._config.every)

    def _say(self, text: str) -> None:
        self._world.tell(f"the agent on {self._host.id}: {text}")

    def _stop(self, left: Seconds | None) -> None:
        def work(fiber: Fiber) -> None:
            world, host = self._world, self._host
            tools = Tools(
                now=lambda: world.now,
                wait=fiber.wait,
                say=lambda text: fiber.ask(partial(self._say, text)),
                ways=partial(ways, world, host, fiber),
                run=lambda command, seconds: shut_down(world, host, fiber),
            )
            Stop(self._config, tools).carry_out(left)

        self._fiber = Fiber(self._world.agenda, work)


class Agents:
    """All of a site. `player` must be there before the world's first moment passes. `every`: leave no round out."""

    def __init__(self, scenario: Scenario, world: World, every: bool = False) -> None:
        self._scenario, self._world, self._every = scenario, world, every
        self.player: Player | None = None
        self._agents = [HostAgent(world, host, _moments(scenario, host, world)) for host in world.hosts.values()]
        world.agenda.run(self._run())

    def end(self) -> None:
        for agent in self._agents:
            agent.end()

    def _run(self) -> Steps:
        yield PHASE
        while True:
            now = self._world.now
            due = [agent for agent in self._agents if agent.next <= now + 1e-6]
            needed = [agent for agent in due if agent.runs() and (self._every or agent.is_needed(now))]
            for agent in due:
                if agent not in needed:
                    agent.leave_out(now)
            if needed:
                self._rounds(now, needed)
            following = min(agent.next for agent in self._agents)
            if not self._every and not any(agent.is_needed(now) for agent in self._agents):
                moment = min(agent.next_moment(now) for agent in self._agents)
                if moment == FOREVER:
                    return
                following = max(following, following + 5.0 * ((moment - 10.0 - following) // 5.0))
                for agent in self._agents:
                    agent.next = following
            yield following - now

    def _rounds(self, now: Seconds, agents: list[HostAgent]) -> None:
        readings: dict[UpsId, Reading | None] = {}
        for ups in self._world.upses.values():
            ups.settle(now)
            readings[ups.id] = reading(ups, now)
        word = _Word(self._scenario, self.player)
        for agent in agents:
            agent.round(now, readings, word.of(agent.host, now))


class _Word:
    """What the controller's manager answers to agents at this moment."""

    def __init__(self, scenario: Scenario, player: Player | None) -> None:
        status = player.status if player is not None else None
        self._armed = scenario.armed
        self._s = Situation(status.at, status.seen, status.memory, scenario.site.site) if status is not None else None

    def of(self, host: HostId, now: Seconds) -> Notice | None:
        """None: nobody answers."""
        s = self._s
        if s is None:
            return None
        seen, built = s.seen.hosts.get(host), s.site.hosts[host]
        shutdown = s.host_policy(host).shutdown
        row = {
            "id": host,
            "pool": built.pool,
            "powered_by": built.powered_by,
            "connected": seen is not None and s.answers(seen),
            "options": {"shutdown": {"enabled": shutdown.enabled}},
            "row": {"spared": seen is not None and is_protected(s, seen)},
            "step": step(s.memory.host(host)),
        }
        pools = {built.pool: {"connected": s.is_trusted(built.pool), "hands_over": in_between(s, built.pool, TAKES)}}
        return controller.notice(told_host(row, Present({}, pools, now, 0.0, True, self._armed)), now)


def _moments(scenario: Scenario, host: SimHost, world: World) -> list[Seconds]:
    """When something happens to a UPS of a host."""
    names = {*host.fed_by, *(world.upses[ups].feeder for ups in host.fed_by)}
    happenings = scenario.timeline
    return sorted(h.at + scenario.lead_in for h in happenings if names & {*h.arguments.values()})


def _is_plain(ups: SimUps) -> bool:
    return ups.input_good and ups.output and not ups.card.mute and ups.card.cut_at is None
