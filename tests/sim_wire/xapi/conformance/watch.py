"""What a pool told of itself while the calls ran: events, states each second, answers to a prober.

From events and states follow *happenings*: (thing, field, value), such as ("VM web1", "resident_on", "host xcp2"). Both
sides' happenings of one thing and field must be the same sequence; a value that lasted for less than `BRIEF` may be
missing on either side, since event.from coalesces. Of one thing, happenings that came in different batches must not
come the other way round. Tasks of synchronous calls are left out: whether a batch shows one is chance.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import aiohttp

from .checkpoints import Checkpoints
from .compare import UNKNOWN, Difference, deduplicated
from .recording import Other
from .replay import Player

BRIEF = 1.2  # seconds
FOLLOWED_ON = 5.0
CLASSES = ["pool", "host", "host_metrics", "vm", "task"]
WATCHED = {
    "host": ("enabled", "current_operations", "power_on_mode"),
    "host_metrics": ("live",),
    "vm": ("power_state", "resident_on", "scheduled_to_be_resident_on", "current_operations"),
    "task": ("status",),
    "pool": ("master",),
}


@dataclass(frozen=True)
class Happening:
    at: float
    batch: int
    thing: str
    field: str
    value: str


class Stream:
    """Happenings out of batches of events, either side's."""

    def __init__(self, words: Any) -> None:
        self._words = words
        self.happenings: list[Happening] = []
        self.orders: list[str] = []  # batches that were not grouped add, mod, del
        self._shown: dict[str, dict[str, Any]] = {}
        self._tasks: dict[str, str] = {}
        self._named: dict[str, int] = defaultdict(int)
        self._batch = 0
        self._silent = False

    def batch(self, at: float, events: Sequence[dict[str, Any]], first: bool = False) -> None:
        """Events with their snapshot, or with the changes that were written down in its place. `first`: what there is
        when the stream begins, which is no change."""
        self._batch += 1
        self._silent = first
        operations = deduplicated(e["operation"] for e in events)
        if operations != sorted(operations, key=["add", "mod", "del"].index):
            self.orders.append(str(operations))
        for event in events:
            self._one(at, event)

    def _one(self, at: float, event: dict[str, Any]) -> None:
        thing = self._thing(event)
        if not thing:
            return
        if event["operation"] == "del":
            self._add(at, thing, "there", "no")
            return
        changes = event.get("changes") or {}
        was_and_is = event["operation"] == "mod"
        told = {f: v[1] if was_and_is and isinstance(v, list) and len(v) == 2 else v for f, v in changes.items()}
        told |= event.get("snapshot") or {}
        for field in WATCHED[event["class"]]:
            if field in told and self._shown.setdefault(thing, {}).get(field) != told[field]:
                self._shown[thing][field] = told[field]
                self._add(at, thing, field, self._value(told[field]))

    def _thing(self, event: dict[str, Any]) -> str:
        ref, xapi_class = event["ref"], event["class"]
        if xapi_class not in WATCHED:
            return ""
        if xapi_class != "task":
            name = str(self._words(ref))
            return "" if name == UNKNOWN else name
        label = event.get("name") or (event.get("snapshot") or event.get("changes") or {}).get("name_label")
        if self._silent:
            self._tasks.setdefault(ref, "")  # from before
        if ref not in self._tasks and isinstance(label, str) and label.startswith("Async."):
            self._named[label] += 1
            self._tasks[ref] = f"{label} {self._named[label]}"
        return self._tasks.get(ref, "")

    def _value(self, value: Any) -> str:
        if isinstance(value, dict):
            return " ".join(sorted(set(value.values()))) or "none"
        return str(self._words(value))

    def _add(self, at: float, thing: str, field: str, value: str) -> None:
        if not self._silent:
            self.happenings.append(Happening(at, self._batch, thing, field, value))


def _tasks(theirs: Iterable[Happening], ours: Iterable[Happening]) -> list[Difference]:
    """How many tasks of each kind ended how, and how many of them went away: which is which is not told."""
    ends: list[dict[str, Counter[str]]] = [defaultdict(Counter), defaultdict(Counter)]
    for side, happenings in enumerate((theirs, ours)):
        last = {h.thing: h.value for h in happenings if h.field == "status"}
        for thing, value in last.items():
            ends[side][thing.rpartition(" ")[0]][value] += 1
        for thing in {h.thing for h in happenings if h.field == "there"} & set(last):
            ends[side][thing.rpartition(" ")[0]]["gone"] += 1
    labels = sorted({*ends[0], *ends[1]})
    told = [(label, *(str(dict(sorted(side[label].items()))) for side in ends)) for label in labels]
    return [Difference(f"tasks {label}", a, b) for label, a, b in told if a != b]


def compared(theirs: Iterable[Happening], ours: Iterable[Happening]) -> list[Difference]:
    """Where the sequences of a thing's field differ."""
    found: list[Difference] = []
    grouped: dict[tuple[str, str], tuple[list[Happening], list[Happening]]] = defaultdict(lambda: ([], []))
    for side, happenings in enumerate((theirs, ours)):
        for each in happenings:
            grouped[each.thing, each.field][side].append(each)
    found += _tasks(theirs, ours)
    for (thing, field), (a, b) in sorted(grouped.items()):
        if thing.startswith("Async."):
            continue
        if not _agree(a, b):
            sequences = (" > ".join(deduplicated(h.value for h in side)) or "nothing" for side in (a, b))
            found.append(Difference(f"events {thing} {field}", *sequences))
    return found


def _agree(theirs: Sequence[Happening], ours: Sequence[Happening]) -> bool:
    """Whether both are the same sequence of values, but for values that lasted briefly and that one side missed."""
    known: dict[tuple[int, int, str], bool] = {}

    def agree(a: int, b: int, last: str) -> bool:
        if (a, b, last) not in known:
            known[a, b, last] = _step(theirs, a, last, lambda: agree(a + 1, b, last)) or _step(
                ours, b, last, lambda: agree(a, b + 1, last)
            )
            if a == len(theirs) and b == len(ours):
                known[a, b, last] = True
            elif a < len(theirs) and b < len(ours) and theirs[a].value == ours[b].value:
                known[a, b, last] |= agree(a + 1, b + 1, theirs[a].value)
        return known[a, b, last]

    return agree(0, 0, "")


def _step(side: Sequence[Happening], at: int, last: str, on: Callable[[], bool]) -> bool:
    """Pass over a value that the other side need not have: one that is no change, or that lasted briefly."""
    if at == len(side):
        return False
    brief = at + 1 < len(side) and side[at + 1].at - side[at].at < BRIEF
    return (brief or side[at].value == last) and on()


def out_of_order(theirs: Sequence[Happening], ours: Sequence[Happening]) -> list[Difference]:
    """Consecutive happenings of one thing that came the other way round on our side."""
    found = []
    for thing in sorted({h.thing for h in theirs}):
        one, two = [h for h in theirs if h.thing == thing], [h for h in ours if h.thing == thing]
        firsts = [(h.field, h.value) for h in one]
        for a, b in pairwise(one):
            if a.batch == b.batch or a.field == b.field:
                continue
            ka, kb = (a.field, a.value), (b.field, b.value)
            mine = [(h.field, h.value) for h in two]
            if firsts.count(ka) == firsts.count(kb) == mine.count(ka) == mine.count(kb) == 1:
                ha, hb = two[mine.index(ka)], two[mine.index(kb)]
                if ha.batch > hb.batch:
                    words = f"{a.field} {a.value}", f"{b.field} {b.value}"
                    found.append(Difference(f"order {thing}", " then ".join(words), " then ".join(words[::-1])))
    return found


class EventWatcher:
    """Follows event.from of the simulated pool as the recording's own follower did."""

    def __init__(self, player: Player) -> None:
        self.player = player
        self.theirs, self.ours = Stream(player.their_words), Stream(player.our_words)
        self._follower: asyncio.Task[None] | None = None
        self._first_at = -1.0

    def note(self, step: Other) -> None:
        """An entry of the recorded stream; the first one starts ours."""
        entry = step.entry
        if "event_from_first" in entry:
            self._first_at = step.at
            self.start()
        elif "event" in entry:
            event = {**entry, "operation": entry["event"]}
            self.theirs.batch(step.at, [event], first=step.at == self._first_at)
        elif "event_from" in entry:
            self.start()
            self.theirs.batch(step.at, entry.get("events", []), first=entry["event_from"]["first"])

    def start(self) -> None:
        if self._follower is None:
            self._follower = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        player, token, session, host = self.player, "", "", ""
        while True:
            coordinator = player.world.coordinator(next(iter(player.world.pools)))
            if coordinator is None:
                await asyncio.sleep(0.7)
                continue
            try:
                if coordinator.id != host or not session:
                    token, host = "", coordinator.id
                    answer = await player.wire.xml(host, "session.login_with_password", "root", "xenroot", "1.0", "ev")
                    session = str(answer.value)
                answer = await player.wire.xml(host, "event.from", session, CLASSES, token, 15.0, patience=40.0)
            except (aiohttp.ClientError, TimeoutError):
                session = ""
                await asyncio.sleep(0.7)
                continue
            if answer.error:
                session = ""
            else:
                self.ours.batch(player.now(), answer.value["events"], first=token == "")
                token = answer.value["token"]

    def differences(self) -> list[Difference]:
        if self._follower is None:
            return []
        self._follower.cancel()
        theirs = self.theirs.happenings
        until = max((h.at for h in theirs), default=0.0) + self.player.late + FOLLOWED_ON
        named = set(self.player.names.theirs.values())
        ours = [
            h
            for h in self.ours.happenings
            if h.at <= until and (h.thing in named or h.field == "status" or h.field == "there")
        ]  # theirs broke off, or was not written down further
        found = compared(theirs, ours) + out_of_order(theirs, ours)
        return found + [Difference("events grouping", "add mod del", order) for order in self.ours.orders]


class StateWatcher:
    """Looks at hosts and guests each second, as the recording's own watcher did; a state is short words for a thing."""

    def __init__(self, player: Player, notes: Checkpoints) -> None:
        self.player, self.notes = player, notes
        self.theirs: list[Happening] = []
        self.ours: list[Happening] = []
        self._seen = 0

    async def look(self, step: Other) -> None:
        state = step.entry["state"]
        if "hosts" not in state:
            return
        self._seen += 1
        for host, flags in state["hosts"].items():
            words = flags.partition(" {")[0].partition(" ops=")
            self._note(self.theirs, step.at, f"host {host}", "flags", words[0])
            if words[2] in ("", "shutdown"):
                self._note(self.theirs, step.at, f"host {host}", "ops", words[2] or "none")
            marks = "MM" if '"MM": "true"' in flags else "none"
            self._note(self.theirs, step.at, f"host {host}", "maintenance", marks)
        for vm, where in state["vms"].items():
            self._note(self.theirs, step.at, f"VM {vm}", "where", where.partition(" ")[0])
        await self._ours(set(state["vms"]))

    def _note(self, side: list[Happening], at: float, thing: str, field: str, value: str) -> None:
        side.append(Happening(at, self._seen, thing, field, value))

    async def _ours(self, guests: set[str]) -> None:
        records = await self.notes.records()
        coordinator = self.player.world.coordinator(next(iter(self.player.world.pools)))
        if not records or coordinator is None:
            return
        at, names = self.player.now(), {}
        for ref, host in records["host"].items():
            name = names[ref] = host["name_label"]
            live = records["host_metrics"][host["metrics"]]["live"]
            flags = ("E" if host["enabled"] else "d") + ("L" if live else "x") + ("*" if name == coordinator.id else "")
            self._note(self.ours, at, f"host {name}", "flags", flags)
            ops = sorted(set(host["current_operations"].values()))
            if ops in ([], ["shutdown"]):
                self._note(self.ours, at, f"host {name}", "ops", ops[0] if ops else "none")
            mark = "MM" if "MAINTENANCE_MODE" in host["other_config"] else "none"
            self._note(self.ours, at, f"host {name}", "maintenance", mark)
        for vm in records["VM"].values():
            if vm["name_label"] in guests:
                where = f"{vm['power_state']}@{names.get(vm['resident_on'], '-')}"
                self._note(self.ours, at, f"VM {vm['name_label']}", "where", where)

    def differences(self) -> list[Difference]:
        found = compared(_changes(self.theirs), _changes(self.ours))
        return [Difference(d.key.replace("events", "states", 1), d.theirs, d.ours) for d in found]


def _changes(happenings: Sequence[Happening]) -> list[Happening]:
    last: dict[tuple[str, str], str] = {}
    kept = []
    for each in happenings:
        if last.get((each.thing, each.field)) != each.value:
            last[each.thing, each.field] = each.value
            kept.append(each)
    return kept


class Prober:
    """Asks every host again and again who it is, as the recording's own prober did."""

    EVERY = 0.3
    SILENCE = 3.0
    FOLLOWED_ON = 1.0

    def __init__(self, player: Player) -> None:
        self.player = player
        self.theirs: dict[str, list[str]] = defaultdict(list)
        self.ours: dict[str, list[tuple[float, str]]] = defaultdict(list)
        self._last = 0.0
        self._probers: list[asyncio.Task[None]] = []

    def note(self, step: Other) -> None:
        entry = step.entry
        host = self.player.hosts[entry["probe"]]
        self._last = step.at + self.player.late + self.FOLLOWED_ON
        self.theirs[host].append(self._word(entry.get("state", entry.get("answer"))))
        if not self._probers:
            self._probers = [asyncio.create_task(self._probe(h)) for h in self.player.hosts.values()]

    def _word(self, state: Any) -> str:
        match state:
            case ["EXC", "ConnectionRefusedError", _]:
                return "refuses"
            case ["EXC", _, _]:
                return "silent"
            case ["MASTER", enabled]:
                return f"master {' '.join(sorted(h for h, flag in enabled.items() if flag)) or 'nobody'} enabled"
            case ["FAIL", error] | [*error]:
                return " ".join(self.player.their_words(error))
            case str() as text:
                return "refuses" if "refused" in text else "silent"
            case dict() as flags:
                on = " ".join(sorted(h for h, flag in flags.items() if flag.startswith("E")))
                return f"master {on or 'nobody'} enabled"
        return str(state)

    async def _probe(self, host: str) -> None:
        while True:
            self.ours[host].append((self.player.now(), await self._answer(host)))
            await asyncio.sleep(self.EVERY)

    async def _answer(self, host: str) -> str:
        wire = self.player.wire
        try:
            login = await wire.xml(
                host, "session.login_with_password", "root", "xenroot", "1.0", "p", patience=self.SILENCE
            )
            if login.error:
                return " ".join(self.player.our_words(login.error))
            hosts = await wire.xml(host, "host.get_all_records", str(login.value), patience=self.SILENCE)
            await wire.xml(host, "session.logout", str(login.value), patience=self.SILENCE)
        except TimeoutError:
            return "silent"
        except aiohttp.ClientError:  # refused, or broken off a moment before
            return "refuses"
        if hosts.error:
            return " ".join(self.player.our_words(hosts.error))
        on = sorted(h["name_label"] for h in hosts.value.values() if h["enabled"])
        return f"master {' '.join(on) or 'nobody'} enabled"

    def differences(self) -> list[Difference]:
        for prober in self._probers:
            prober.cancel()
        found = []
        for host in sorted(self.theirs):
            theirs, ours = (
                deduplicated(self.theirs[host]),
                deduplicated(w for at, w in self.ours[host] if at <= self._last),
            )
            if ours[:1] == ["silent"] != theirs[:1]:  # theirs began to ask a dead host when it got power
                ours = ours[1:]
            if theirs != ours:
                found.append(Difference(f"probes {host}", " > ".join(theirs), " > ".join(ours)))
        return found
