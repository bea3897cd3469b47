"""What the recordings' notes say of a moment: where guests ran, what was enabled and live, how a task stood."""

from __future__ import annotations

import ast
import asyncio
import json
import re
from typing import Any

from .compare import Difference, differing
from .recording import Call, Other
from .replay import Player

PATIENCE = 12.0  # world seconds: how long a boot or a move takes is no evidence
LOOK_EVERY = 0.25
POLLED_EVERY = 0.3  # by their script, so long after a task's end did it destroy it

GUEST = re.compile(r"'([\w-]+)': \('(Running|Halted|Paused|Suspended)', '([\w-]+)'\)")
BELIEF = re.compile(r"'(\w+)': \('(enabled|disabled)', '(live|not live)'\)")
FLAGS = re.compile(r"enabled=(True|False) live=(True|False)")
PAIR = re.compile(r": \((True|False), (True|False), (\{[^}]*\}), \{")
OPS = re.compile(r"ops=(\{[^}]*\})")
TASK_NOW = re.compile(r"\('(pending|success|failure|cancelled)', (\[[^]]*\]), (True|False), ")
TASK_END = re.compile(
    r"task (Async\.\S+) -> (\w+) progress history (\[.*\]) error_info (\[.*?\]) result '(.*)'$", re.DOTALL
)
Facts = dict[str, str]


def facts_of(note: str, host: str) -> Facts:
    """What a note claims, as "guest web1" -> "Running xcp1" and so on; `host` is the one that its flags are about."""
    found: Facts = {f"guest {name}": f"{state} {on}" for name, state, on in GUEST.findall(note)}
    if note.startswith("layout "):
        layout = json.loads(note.removeprefix("layout "))
        found |= {f"guest {name}": f"{state} {on}" for name, (state, on) in layout.items()}
    for name, enabled, live in BELIEF.findall(note):
        found |= {f"{name} enabled": str(enabled == "enabled"), f"{name} live": str(live == "live")}
    if match := FLAGS.search(note) or PAIR.search(note):
        found |= {f"{host} enabled": match[1], f"{host} live": match[2]}
    if ops := OPS.search(note) or PAIR.search(note):
        running: dict[str, str] = ast.literal_eval(ops[ops.lastindex or 1])
        found[f"{host} operations"] = str(sorted(set(running.values())))
    if match := re.fullmatch(r"enabled: (\{.*\})", note):
        found |= {f"{name} enabled": str(flag) for name, flag in ast.literal_eval(match[1]).items()}
    return found


class Checkpoints:
    """Compares the simulated pool with the notes as they come up."""

    def __init__(self, player: Player, host: str) -> None:
        self.player, self.host = player, host
        self._poll: dict[str, Any] = {}

    async def at(self, step: Other) -> None:
        note = step.entry.get("note", "")
        if match := TASK_END.match(note):
            await self._task_ended(step, match)
        elif facts := facts_of(note, self.host):
            if match := TASK_NOW.search(note):
                facts |= {"task": match[1], f"{self.host} live": match[3]}
            await self.compare(f"note #{step.index}", facts, step)

    async def compare(self, key: str, facts: Facts, step: Other) -> None:
        """Wait until the pool is so. If it never is, what was wrong at the best of moments are differences."""
        player, limit = self.player, self.player.now() + PATIENCE
        began, best = self.player.now(), dict(facts)
        while True:
            ours = await self.pool()
            wrong = {k: str(ours.get(k)) for k, v in facts.items() if ours.get(k) != v}
            if not wrong:
                player.late = max(player.late, player.now() - step.at)
                return
            best = wrong if len(wrong) < len(best) or player.now() == began else best
            if player.now() > limit:
                break
            await asyncio.sleep(LOOK_EVERY)
        player.differences += [Difference(f"{key} {k}", facts[k], v) for k, v in best.items()]

    async def pool(self) -> Facts:
        """The same facts of the simulated pool, asked of its coordinator; nothing where none answers."""
        records = await self.records()
        if not records:
            return {"nobody": "answers"}
        hosts, metrics, vms, tasks = (records[c] for c in ("host", "host_metrics", "VM", "task"))
        names = {ref: host["name_label"] for ref, host in hosts.items()}
        found: Facts = {}
        for host in hosts.values():
            name = host["name_label"]
            found[f"{name} enabled"] = str(host["enabled"])
            found[f"{name} live"] = str(metrics[host["metrics"]]["live"])
            found[f"{name} operations"] = str(sorted(set(host["current_operations"].values())))
        for vm in vms.values():
            found[f"guest {vm['name_label']}"] = f"{vm['power_state']} {names.get(vm['resident_on'], '-')}"
        if self.player.tasks:
            latest = tasks.get(self.player.tasks[max(self.player.tasks)])
            found["task"] = latest["status"] if latest else "gone"
        return found

    async def records(self) -> dict[str, Any]:
        player = self.player
        coordinator = player.world.coordinator(next(iter(player.world.pools)))
        found: dict[str, Any] = {}
        for xapi_class in ("host", "host_metrics", "VM", "task") if coordinator else ():
            assert coordinator is not None
            session = player.sessions.get(coordinator.id) or await player.log_in(coordinator.id)
            answer = await player.wire.json(coordinator.id, f"{xapi_class}.get_all_records", session)
            if answer.error:
                await player.log_in(coordinator.id)
                return {}
            found[xapi_class] = answer.value
        return found

    def polled(self, step: Other) -> None:
        """A task as the script saw it; it polled each until its end, then destroyed it."""
        self._poll = step.entry["task"]

    async def task_ended(self, destroyed: Call) -> None:
        """The script polled a task until its end before it destroyed it: wait likewise, and compare the last look."""
        names = self.player.names
        ref = names.ref_here(destroyed.params[-1])
        task = self.player.world.tasks.get(ref)
        if task is None:  # or it is none of ours
            return
        record = await self._ended(ref)
        self.player.late = max(self.player.late, self.player.now() + POLLED_EVERY - destroyed.at)
        if self._poll.get("status", "pending") != "pending" and self._poll["name_label"] == record["name_label"]:
            theirs, ours = self.player.their_words(self._poll), self.player.our_words(record)
            key = f"last poll before #{destroyed.index}"
            self.player.differences += [d for d in differing(key, "", theirs, ours) if ".other_config" not in d.key]

    async def _task_ended(self, step: Other, match: re.Match[str]) -> None:
        """The script had waited for a task's end: so do we, and compare how it ended."""
        player, label = self.player, match[1]
        index = max(i for i in player.tasks if i < step.index and self._label(i) == label)
        record = await self._ended(player.tasks[index])
        player.late = max(player.late, player.now() - step.at)
        theirs = (match[2], ast.literal_eval(match[4]), match[5])
        ours = (record["status"], record["error_info"], record["result"])
        for what, their, our in zip(("status", "error_info", "result"), theirs, ours, strict=True):
            their, our = str(player.their_words(their)), str(player.our_words(our))
            if their != our:
                player.differ(f"task of #{index} {what}", their, our)
        self._progress(index, match[3], record)

    def _progress(self, index: int, history: str, record: dict[str, Any]) -> None:
        last = ast.literal_eval(history)[-1][1][1]
        if last != record["progress"]:
            self.player.differ(f"task of #{index} progress", last, record["progress"])

    def _label(self, index: int) -> str:
        return self.player.labels[index]

    async def _ended(self, ref: str) -> dict[str, Any]:
        """The record of a task, as soon as it has ended."""
        ended = asyncio.Event()
        self.player.world.tasks[ref].done.watch(ended.set)
        await ended.wait()
        return dict((await self.records())["task"][ref])
