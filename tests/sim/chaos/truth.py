"""What truly happens to a site while a story is played, kept from round to round; nothing of it comes from `decide`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from ridethrough.core.model import HostId, RepositoryId, Seconds, StorageId, SwitchId, UpsId
from ridethrough.runtime.clock import MARKED_EVERY
from ridethrough.sim.cards import SimUps
from ridethrough.sim.machines import Reach, SimHost, SimVm
from ridethrough.sim.nas import SimNas
from ridethrough.sim.own_machine import SimMachine
from ridethrough.sim.scenario import Scenario
from ridethrough.sim.switches import SimSwitch
from ridethrough.sim.timeline import CRASH, FREEZE, Happening
from ridethrough.sim.world import World

NOTICED: Seconds = 8.0  # a failure or return is known after two polls and a round at the latest
ROUND: Seconds = 2.5  # what a round sees may have begun so long before
POLL: Seconds = 6.0  # a return that lasts so long has surely been polled
SILENT: Seconds = 25.0  # a card counts as silent, and as heard again, within this time
DIED_WORDS = "its guests die with it: "
CUT_OFF_WORDS = " is cut off: "
DISK_WORDS = " loses its disk on "
CRASH_WORDS = " loses power while it runs: crash"
RESET_WORDS = " is reset"
BRING_BACK = ("bring back", "bring all back")
ON_WORDS = ("starts by itself", "is switched on", "is woken", "boots")


ENDS_WORDS = (
    "the controller's machine loses power while it runs",
    "the controller's machine shuts down",
    "the controller ends with its VM",
)
BOOTED_WORDS = "the controller's machine has booted"


def _is_audible(ups: SimUps) -> bool:
    return not (ups.card.silent or ups.card.link_lost or ups.card.unwired)


@dataclass
class Feed:
    """A UPS: whether it gives utility power, and whether its card can be heard."""

    watched: Callable[[Seconds, Seconds], Seconds]  # how much of the time between two moments a controller was there
    good: bool = True
    audible: bool = True
    since: Seconds = -1e9  # of `good` being as it is
    heard_since: Seconds = -1e9  # of `audible` being as it is
    bad_began: Seconds = -1e9  # the last time without utility power
    bad_ended: Seconds = -1e9
    return_seen: Seconds = -1e9  # the first round since `bad_ended` that a poll can have come before
    began_as_seen: Seconds = -1e9  # as `bad_began`, but returns that perhaps no poll saw count for nothing
    input_good: bool = True
    input_back: Seconds = -1e9
    input_failed: Seconds = -1e9  # the last time that utility power failed on its feeder, its output on or off
    silent_ended: Seconds = -1e9
    fell_silent_in_doubt: bool = False
    good_heard_at: Seconds = 0.0
    counted_at: Seconds = -1e9  # the last moment at which its card counted down
    silences: list[tuple[Seconds, Seconds]] = field(default_factory=list)  # that are over
    history: list[tuple[Seconds, bool]] = field(default_factory=list)
    earlier: list[tuple[tuple[Seconds, ...], Seconds]] = field(default_factory=list)  # its outages before the last one

    def note(self, at: Seconds, good: bool, audible: bool) -> None:
        if audible != self.audible:
            if audible:
                self.silences.append((self.heard_since, at))
                self.silent_ended = at
            else:
                lately = self.watched(max(self.bad_ended, self.counted_at), at) <= NOTICED
                self.fell_silent_in_doubt = not self.good or lately or self.return_seen < self.bad_ended
            self.audible, self.heard_since = audible, at
        if good != self.good:
            self.good, self.since = good, at
            self.history.append((at, good))
            if good:
                self.bad_ended = at
            else:
                self.earlier.append((self.begins, self.seen_again))
                self.bad_began = at
                if self.return_seen >= self.bad_ended and at - self.bad_ended >= POLL:
                    self.began_as_seen = at
        if good and audible:
            self.good_heard_at = at

    @property
    def begins(self) -> tuple[Seconds, ...]:
        """When its last outage may have begun, as far as anybody could tell."""
        return self.bad_began, self.began_as_seen, self.input_failed

    @property
    def seen_again(self) -> Seconds:
        """When it was seen that its last outage is over."""
        return max(self.return_seen, self.silent_ended if self.fell_silent_in_doubt else self.bad_ended)

    def last_bad(self, now: Seconds) -> Seconds:
        return now if not self.good else self.bad_ended


class Truth:
    """Kept up by `note` at every round; happenings of the timeline are taken in at their own moment."""

    def __init__(self, scenario: Scenario, world: World) -> None:
        self._ahead = list(scenario.timeline)
        self._lead_in = scenario.lead_in
        begins = [(it.at + self._lead_in, it.lasts) for it in scenario.timeline if it.do in (CRASH, FREEZE)]
        self._asked_away = [
            (at - MARKED_EVERY, at + lasts) for at, lasts in begins
        ]  # it knows its life to its last mark
        self.scenario = scenario
        self.world = world
        self.feeds = {u: Feed(self.watched) for u in world.upses}
        self.answered_at: dict[HostId, Seconds] = dict.fromkeys(world.hosts, 0.0)  # its toolstack, anything at all
        self.reached_since: dict[HostId, Seconds | None] = dict.fromkeys(world.hosts, -1e9)
        self.came_up: dict[HostId, list[Seconds]] = {h: [] for h in world.hosts}
        self.coordinator_gone: dict[str, list[Seconds]] = {p: [] for p in world.pools}
        self.unwired: dict[str, list[list[Seconds]]] = {m: [] for m in (*world.hosts, *world.nases)}  # began, last seen
        self.serves_since: dict[StorageId, Seconds | None] = dict.fromkeys(world.nases, -1e9)  # None: it does not
        self.served_at: dict[StorageId, Seconds] = dict.fromkeys(world.nases, 0.0)
        self._last_look: Seconds = 0.0
        self.happened: list[Happening] = []
        self.asked: set[HostId] = set()  # a person wants it emptied or down
        self.person_enabled: dict[HostId, Seconds] = {}

    def note(self) -> list[Happening]:
        """Look at the world; returns what has happened since the last look."""
        news = list(self._happenings())
        now = self.world.now
        for ups, feed in self.feeds.items():
            it = self.world.upses[ups]
            feed.note(now, it.input_good and it.output, _is_audible(it))
            if it.card.cut_at is not None:
                feed.counted_at = now
            if feed.good and feed.return_seen < feed.bad_ended and self.watched(feed.bad_ended, now) >= ROUND:
                feed.return_seen = now
        for host_id in self.world.hosts:
            reach = self.world.reach(host_id)
            if reach not in (Reach.NOTHING, Reach.REFUSED):
                self.answered_at[host_id] = now
            if reach is Reach.NOTHING:
                self.reached_since[host_id] = None
            elif self.reached_since[host_id] is None:
                self.reached_since[host_id] = now
                self.came_up[host_id].append(now)
        for name, spells in self.unwired.items():
            if (self.world.hosts.get(name) or self.world.nases[name]).unwired:
                if spells and spells[-1][1] >= self._last_look:
                    spells[-1][1] = now
                else:
                    spells.append([self._last_look, now])
        self._last_look = now
        for id_, box in self.world.nases.items():
            since, serves = self.serves_since[id_], box.power and box.serves and not (box.hangs or box.unwired)
            self.serves_since[id_] = (since if since is not None else now) if serves else None
            if serves:
                self.served_at[id_] = now
        for pool, gone in self.coordinator_gone.items():
            if self.world.coordinator(pool) is None:
                gone.append(now)
        return news

    def _happenings(self) -> Iterator[Happening]:
        while self._ahead and self._ahead[0].at + self._lead_in <= self.world.now + 1e-6:
            it = self._ahead.pop(0)
            self.happened.append(it)
            self._take_in(it, it.at + self._lead_in)
            yield it

    def _take_in(self, it: Happening, at: Seconds) -> None:
        for ups, feed in self.feeds.items():
            sim = self.world.upses[ups]
            if it.do in ("fail", "restore") and it.arguments["feeder"] == sim.feeder:
                feed.note(at, it.do == "restore" and sim.output, feed.audible)
                if it.do == "fail" and feed.input_good:
                    feed.input_failed = at
                elif it.do == "restore" and not feed.input_good:
                    feed.input_back = at
                feed.input_good = it.do == "restore"
            if it.do in ("silence card", "lose link") and it.arguments["ups"] == ups:
                feed.note(at, feed.good, False)
            if it.do in ("answer card", "restore link") and it.arguments["ups"] == ups:
                feed.note(at, feed.good, _is_audible(sim))
        if it.do == "person enables" and self.world.coordinator(self.world.hosts[it.arguments["host"]].pool):
            self.person_enabled[it.arguments["host"]] = at

    # --- questions

    def machine(self, name: HostId | StorageId | SwitchId) -> SimHost | SimNas | SimSwitch | SimMachine:
        found = self.world.hosts.get(name) or self.world.nases.get(name) or self.world.switches.get(name)
        if found is not None:
            return found
        assert self.world.machine is not None, name
        return self.world.machine

    @property
    def absences(self) -> list[tuple[Seconds, Seconds]]:
        """When there was no controller, as far as it can know: it was killed or stood still, or its machine was off."""
        return [*self._asked_away, *((left - MARKED_EVERY, back) for left, back in self.without_machine())]

    def without_machine(self) -> list[tuple[Seconds, Seconds]]:
        """From when until when the controller's own machine, or the VM that it is, did not run."""
        found: list[tuple[Seconds, Seconds]] = []
        left: Seconds | None = None
        for line in self.world.story if self.world.machine is not None else ():
            if line.text.startswith(ENDS_WORDS) and left is None:
                left = line.at
            elif line.text == BOOTED_WORDS and left is not None:
                found.append((left, line.at))
                left = None
        return found if left is None else [*found, (left, self.world.now)]

    def reached_until(self, machines: Iterable[str], since: Seconds, until: Seconds) -> Seconds:
        """How long, between these moments, the controller lived on its own supply and reached these machines."""
        spells = [(began, ended) for m in machines for began, ended in self.unwired.get(m, ())]
        gone = [began for began, ended in (*spells, *self.without_machine()) if began <= until and ended >= since]
        return min([until, *gone])

    def believed_on(self, vm: SimVm, home: HostId = "") -> list[StorageId]:
        """The boxes on which a VM has its disks, as far as owner and XenServer tell; `home`: where it ran."""
        found = []
        for id_, built in sorted(self.scenario.site.site.storages.items()):
            stores = self.stores_told(id_)
            if stores & vm.storage or (not stores and {vm.resident_on, home} & {*built.used_by}):
                found.append(id_)
        return found

    def stores_told(self, storage: StorageId) -> set[RepositoryId]:
        """What is known to lie on a box: named by its owner, or at its address as XenServer tells it."""
        built, box = self.scenario.site.site.storages[storage], self.world.nases[storage]
        named = {store.id for store in self.world.storages.values() if store.name in built.repositories}
        return named | (box.repositories if box.address == built.address else set())

    def truly_on(self, vm: SimVm) -> list[StorageId]:
        """The boxes on which it has its disks."""
        return sorted(b.id for b in self.world.nases.values() if not b.repositories.isdisjoint(vm.storage))

    def may_be_failing(self, host: HostId | StorageId) -> bool:
        """Whether anybody outside could think that the host or box has too little utility power."""
        it = self.machine(host)
        doubtful = [u for u in it.fed_by if self._is_doubtful(u)]
        quiet = [u for u in it.fed_by if self._is_quiet(u)] if doubtful else []
        return len(it.fed_by) - len({*doubtful, *quiet}) < it.needs and bool(it.fed_by)

    def _is_doubtful(self, ups: UpsId) -> bool:
        """Without utility power a moment ago; silent since then; counting down to its cut, or perhaps counting."""
        feed, now = self.feeds[ups], self.world.now
        if now - max(feed.last_bad(now), feed.counted_at) <= NOTICED:
            return True
        if self._is_quiet(ups) and feed.fell_silent_in_doubt:
            return True
        return self._may_count(ups, feed, now)

    def is_unheard(self, host: HostId | StorageId) -> bool:
        """A card of the host's or box's does not answer, or did not a moment ago."""
        return any(self._is_quiet(u) for u in self.machine(host).fed_by)

    def _is_quiet(self, ups: UpsId) -> bool:
        feed = self.feeds[ups]
        return not feed.audible or self.world.now - feed.silent_ended <= SILENT

    def _may_count(self, ups: UpsId, feed: Feed, now: Seconds) -> bool:
        """A card that shows no countdown, after an outage as long as its warning period: until the cut must be past."""
        card = self.world.upses[ups].card
        entered = self.scenario.site.site.upses[ups].timers
        if card.tells_countdown and not self._is_quiet(ups):
            return False
        warnings = [w for w in (card.warning_period, entered.warning_period) if w is not None]
        delays = [d for d in (card.shutdown_delay, entered.shutdown_delay) if d is not None]
        unseen = feed.good and feed.return_seen < feed.bad_ended
        last = (feed.begins, now if unseen else feed.seen_again)
        return any(
            seen_again - earliest >= min(warnings) - NOTICED
            and now <= latest + max(warnings) + max(delays) + 4 * NOTICED
            for begins, seen_again in (*feed.earlier, last)
            for earliest, latest in (self._as_known(at, feed) for at in begins)
        )

    def _as_known(self, at: Seconds, feed: Feed) -> tuple[Seconds, Seconds]:
        """Between which moments it can be placed: while the controller or the card was away anything may have been."""
        for left, back in (*self.absences, *feed.silences):
            if left - NOTICED <= at <= back + NOTICED:
                return min(at, left), max(at, back)
        return at, at

    def is_surely_failing(self, host: HostId | StorageId) -> bool:
        """Too few feeds, heard by everybody for long enough to be known; or back for less than the settle time.

        Nobody waits for that any longer where a person has asked since to have all back at once.
        """
        it, now = self.machine(host), self.world.now
        wanted_back = self._wanted_back(set(it.fed_by))
        settle = self.scenario.site.site.policy.settle
        bad = 0
        for feed in (self.feeds[u] for u in it.fed_by):
            if not feed.good:
                heard = min(now - feed.since, now - feed.heard_since if feed.audible else 0.0)
                bad += feed.audible and heard > NOTICED
            else:
                noticed = self.watched(feed.bad_began, feed.bad_ended) > NOTICED and feed.heard_since < feed.bad_began
                waits = now - feed.input_back < settle - ROUND and wanted_back < feed.input_back
                bad += noticed and feed.audible and waits  # its output follows later
        return len(it.fed_by) - bad < it.needs and bool(it.fed_by)

    def _wanted_back(self, upses: set[UpsId]) -> Seconds:
        """When somebody has last asked to have a pool back at once of which one of these UPSs feeds a host."""
        pools = {h.pool for h in self.world.hosts.values() if not upses.isdisjoint(h.fed_by)}
        asked = [it for it in self.happened if it.do == "bring all back" or it.arguments.get("pool") in pools]
        return max([it.at + self._lead_in for it in asked if it.do in BRING_BACK], default=-1e9)

    def watched(self, began: Seconds, ended: Seconds) -> Seconds:
        """How much of this time the controller was there."""
        away = sum(max(0.0, min(ended, back) - max(began, left)) for left, back in self.absences)
        return ended - began - away

    def stood_still(self, since: Seconds, until: Seconds) -> bool:
        """Whether the controller's machine did between these moments."""
        frozen = [(it.at + self._lead_in, it.lasts) for it in self.happened if it.do == FREEZE]
        return any(at <= until and since <= at + lasts for at, lasts in frozen)

    def is_proven_powered(self, host: HostId, within: Seconds) -> bool:
        """Enough feeds were heard to have utility power a moment ago."""
        it, now = self.world.hosts[host], self.world.now
        proven = sum(now - self.feeds[u].good_heard_at <= within for u in it.fed_by)
        return not it.fed_by or proven >= it.needs

    def failing_since(self, host: HostId | StorageId, crashed_at: Seconds) -> Seconds:
        """Since when the host or box had been without enough utility power when it crashed."""
        it = self.machine(host)
        changes = sorted({t for u in it.fed_by for t, _ in self.feeds[u].history if t <= crashed_at}, reverse=True)
        since = crashed_at
        for at in changes:
            if sum(self._was_good(u, at) for u in it.fed_by) >= it.needs:
                break
            since = at
        return since

    def _was_good(self, ups: UpsId, at: Seconds) -> bool:
        """From `at` on."""
        return next((good for t, good in reversed(self.feeds[ups].history) if t <= at), True)

    def crashes(self) -> list[tuple[Seconds, HostId]]:
        told = [(line.at, *line.text.partition(CRASH_WORDS)[:2]) for line in self.world.story]
        return [(at, host) for at, host, crashed in told if crashed and host in self.world.hosts]

    def died(self, since: Seconds = -math.inf, until: Seconds = math.inf) -> set[str]:
        """The names of the guests that went down with the host they ran on, wherever that was."""
        story = [line for line in self.world.story if since <= line.at <= until]
        told = [line.text.partition(DIED_WORDS)[2] for line in story]
        cut = {line.text.partition(CUT_OFF_WORDS)[0] for line in story if CUT_OFF_WORDS in line.text}
        return cut | {name for names in told for name in names.split(", ") if name}

    def died_with(self, hosts: set[HostId]) -> set[str]:
        """The names of the guests that went down with one of these hosts."""
        told = [line.text.partition(DIED_WORDS) for line in self.world.story if line.text.split(" ")[0] in hosts]
        return {name for _, _, names in told for name in names.split(", ") if name}

    def switched_on(self, host: HostId) -> list[Seconds]:
        """When the host got power and began to start, however that came."""
        return [
            line.at for line in self.world.story if line.text.startswith(tuple(f"{host} {how}" for how in ON_WORDS))
        ]

    def falls(self) -> list[tuple[Seconds, HostId]]:
        """When which hosts crashed, or were reset by HA."""
        resets = [li for li in self.world.story if RESET_WORDS in li.text]
        return [*self.crashes(), *((li.at, li.text.partition(RESET_WORDS)[0]) for li in resets)]
