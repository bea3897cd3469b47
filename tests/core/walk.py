"""A random walk of `decide` through outages: a toy site whose readings, hosts and answers change at random."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ridethrough.core import actions as a
from ridethrough.core import events as e
from ridethrough.core.decide import decide
from ridethrough.core.fold import fold, fold_all
from ridethrough.core.memory import Memory
from ridethrough.core.observation import Power, Snapshot, Source
from ridethrough.core.site import Site
from ridethrough.core.situation import Situation

from .build import known, reading, site, snapshot, vm_seen


@dataclass
class Step:
    """One round of a walk: what decide was given, what it answered, and the situation it saw after the news."""

    before: Situation
    events: tuple[e.Event, ...]
    after: Situation

    @property
    def started(self) -> list[a.Action]:
        return [event.action for event in self.events if isinstance(event, e.ActionStarted)]


@dataclass
class Walk:
    """The toy site. It does what actions ask, late, never, or wrongly, as the dice say."""

    dice: random.Random
    armed: bool = True
    site: Site = field(init=False)
    seen: Snapshot = field(init=False)
    memory: Memory = field(init=False)
    now: float = 1000.0

    def __post_init__(self) -> None:
        feeds = self.dice.choice([1, 1, 2])
        self.site = site(self.dice.randint(1, 4), feeds, self.dice.randint(1, feeds))
        self.sources = dict.fromkeys(self.site.upses, Source.UTILITY)
        vms = tuple(
            vm_seen(f"vm{n}", self.dice.choice(list(self.site.hosts)), self.dice.choice([1.0, 4.0, 16.0]))
            for n in range(self.dice.randint(0, 6))
        )
        self.seen = snapshot(self.now, self.site, vms)
        self._pool(auto_poweron=self.dice.random() < 0.5)
        armed: list[e.Event] = [e.Armed(0.0, "owner")] if self.armed else []
        self.memory = fold_all(Memory(), enumerate([*armed, *known(self.site)], start=1))

    def run(self, steps: int) -> Iterator[Step]:
        for _ in range(steps):
            self.now += self.dice.choice([0.5, 1.0, 2.0, 2.0, 5.0, 30.0])
            for _ in range(self.dice.randint(0, 2)):
                self._disturb()
            self._observe()
            yield self._round()
            self._answer()

    def _round(self) -> Step:
        before = Situation(self.now, self.seen, self.memory, self.site)
        decision = decide(self.now, self.seen, self.memory, self.site)
        for event in decision.events:
            self.memory = fold(self.memory, self.memory.position + 1, event)
        return Step(before, decision.events, replace(before, memory=self.memory))

    # --- what happens to the site --------------------------------------------------------------------------------

    def _disturb(self) -> None:
        kind = self.dice.choice(["ups", "ups", "ups", "host", "person", "ask", "restart", "claim"])
        host = self.dice.choice(sorted(self.seen.hosts))
        if kind == "ups":
            ups = self.dice.choice(sorted(self.sources))
            self.sources[ups] = self.dice.choice([Source.UTILITY, Source.BATTERY, Source.BATTERY, Source.OFF])
        elif kind == "host":
            gone = self.dice.random() < 0.5
            self._host(host, toolstack_at=self.now - 100.0 if gone else self.now, live=True)
            self._host(host, network_at=self.seen.hosts[host].toolstack_at)
        elif kind == "person":
            self._host(host, enabled=self.dice.random() < 0.5)
        elif kind == "restart":
            self._host(host, agent_started=self.now, enabled=True)
        elif kind == "claim" and self.dice.random() < 0.1:
            self._pool(claim=self.dice.choice(["", "me", "somebody else"]))
        elif kind == "ask":
            self._ask(host)

    def _ask(self, host: str) -> None:
        ask = self.dice.choice([ask for ask in e.Ask if ask not in (e.Ask.ARM, e.Ask.DISARM)])
        subject, seconds = host, None
        if ask is e.Ask.SHUT_DOWN_POOL:
            if self.dice.random() >= 0.1:
                return
            subject = "pool1"
        elif ask in (e.Ask.HOLD, e.Ask.RELEASE):
            subject, seconds = self.dice.choice([host, "pool1", ""]), self.dice.choice([None, 10.0, 60.0])
        elif ask is e.Ask.BRING_BACK:
            subject = self.dice.choice(["pool1", ""])
        elif ask is e.Ask.SKIP_VM:
            subject = self.dice.choice([*sorted(self.seen.vms), host])
        self._journal(e.Requested(self.now, ask, subject, "anna", seconds=seconds))

    def _observe(self) -> None:
        """Cards answer nearly always, hosts that are not gone always."""
        upses = dict(self.seen.upses)
        for ups, source in self.sources.items():
            if self.dice.random() < 0.9:
                low = source is Source.BATTERY and self.dice.random() < 0.05
                upses[ups] = replace(
                    upses[ups], previous=upses[ups].reading, reading=reading(self.now, source, low_battery=low)
                )
        for host, seen in self.seen.hosts.items():
            if seen.toolstack_at is not None and self.now - seen.toolstack_at < 60.0:
                self._host(host, toolstack_at=self.now, network_at=self.now)
        self._pool(answered_at=self.now)
        self.seen = replace(self.seen, upses=upses)

    def _answer(self) -> None:
        """Pending actions end: well, badly, or not yet."""
        for position, action in sorted(self.memory.pending.items()):
            fate = self.dice.random()
            if fate < 0.5:
                self._done(action)
                self._journal(e.ActionFinished(self.now, position, action))
            elif fate < 0.65:
                refused = self.dice.random() < 0.5
                self._journal(e.ActionFinished(self.now, position, action, "SOME_ERROR", refused=refused))

    def _done(self, action: a.Action) -> None:
        match action:
            case a.DisableHost():
                self._host(action.host, enabled=False)
            case a.EnableHost():
                self._host(action.host, enabled=True)
            case a.MoveVm():
                self._vm(action.vm, resident_on=action.host)
            case a.StopVm() | a.ForceStopVm():
                self._vm(action.vm, power=Power.HALTED, resident_on=None)
            case a.StartVm():
                self._vm(action.vm, power=Power.RUNNING, resident_on=self.dice.choice(sorted(self.seen.hosts)))
            case a.ShutDownHost():
                self._host(action.host, toolstack_at=self.now - 100.0, network_at=self.now - 100.0, live=False)
            case a.ClaimPool():
                self._pool(claim="me")
            case a.ReleasePool():
                self._pool(claim="")
            case _:
                pass

    def _journal(self, event: e.Event) -> None:
        self.memory = fold(self.memory, self.memory.position + 1, event)

    def _host(self, host: str, **changes: object) -> None:
        changed = replace(self.seen.hosts[host], **changes)  # type: ignore[arg-type]
        self.seen = replace(self.seen, hosts={**self.seen.hosts, host: changed})

    def _vm(self, vm: str, **changes: object) -> None:
        changed = replace(self.seen.vms[vm], **changes)  # type: ignore[arg-type]
        self.seen = replace(self.seen, vms={**self.seen.vms, vm: changed})

    def _pool(self, **changes: object) -> None:
        changed = replace(self.seen.pools["pool1"], **changes)  # type: ignore[arg-type]
        self.seen = replace(self.seen, pools={"pool1": changed})


def touched(action: a.Action) -> str:
    """The host that an action takes something from."""
    match action:
        case a.MoveVm():
            return action.source
        case a.DisableHost() | a.ShutDownHost() | a.StopVm() | a.ForceStopVm():
            return action.host
        case _:
            return ""
