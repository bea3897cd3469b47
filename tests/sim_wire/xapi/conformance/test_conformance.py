"""The calls of the laboratory's recordings, played against the simulated pool, answer as they did there."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from .checkpoints import Checkpoints
from .clock import JumpingLoop
from .compare import Difference
from .laboratory import Story
from .names import Names, known_in, ours_of
from .recording import Call, Other, entries, steps
from .replay import PASSWORD, Player, served
from .stories import NOT_PLAYED, STORIES
from .table import judged, rows
from .watch import EventWatcher, Prober, StateWatcher


async def played(story: Story, folder: Path) -> list[Difference]:
    world = story.world()
    theirs = dict(known_in(folder))
    every = steps(folder / f"{story.file}.json")
    text = (folder / f"{story.file}.json").read_text()
    names = Names(theirs, ours_of(world))
    for prefix, name in story.names.items():
        if (at := text.find(f"OpaqueRef:{prefix}")) >= 0:
            names.theirs[text[at : at + 46]] = name
    async with served(world) as wire:
        player = Player(wire, names, story.addresses(), story.master)
        notes = Checkpoints(player, story.host)
        events, states, prober = EventWatcher(player), StateWatcher(player, notes), Prober(player)
        for step in every:
            await player.until(step)
            if doing := story.doings.get(step.index):
                wire.server.pace.step()
                doing(world)
                names.look_again(world)
                wire.server.pace.step()
                await wire.server.settled()
            if step.index in story.moving:
                names.learn_moving(text, *story.moving[step.index], world)
            if isinstance(step, Call):
                if step.method == "task.destroy":
                    await notes.task_ended(step)
                    await player.until(step)
                player.begin(step)
            elif "note" in step.entry:
                await notes.at(step)
            elif "probe" in step.entry:
                prober.note(step)
            elif isinstance(step.entry.get("state"), dict):
                await states.look(step)
            elif "lab" in step.entry:
                for number in step.entry["hosts"] if step.entry["lab"] == "power on" else ():
                    world.power_up(f"xcp{number}")  # its plug was pulled before that, when it was off already
            elif "poll" in step.entry:
                notes.polled(step)
            elif "old session on new master" in step.entry:
                await old_session(player, story, step)
            else:
                events.note(step)
        await player.finish()
        return player.differences + events.differences() + states.differences() + prober.differences()


async def old_session(player: Player, story: Story, step: Other) -> None:
    """The session of the former coordinator, tried at the new one."""
    coordinator = player.world.coordinator("lab")
    assert coordinator is not None
    answer = await player.wire.xml(coordinator.id, "pool.get_all", player.sessions[story.master])
    theirs = step.entry["old session on new master"]["ErrorDescription"]
    if player.their_words(theirs) != player.our_words(answer.error):
        player.differ(f"old session #{step.index}", theirs, answer)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.id)
def test_a_recording(story: Story, recordings: Path) -> None:
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        found = runner.run(played(story, recordings / "xapi"))
    unexplained, idle = judged(story.id, found)
    assert not unexplained, "\n".join(["these differences stand in no table:", *map(str, unexplained)])
    assert not idle, "\n".join(["these rows of differences.toml explain nothing any more:", *map(str, idle)])


async def logged_out(story: Story, pairs: list[tuple[dict[str, Any], list[str]]]) -> list[Difference]:
    """Recording 21: event.from waits, its session is logged out 3 s later, and it answers within a moment."""
    found: list[Difference] = []
    async with served(story.world()) as wire:
        loop = asyncio.get_running_loop()
        for theirs, classes in pairs:
            login = await wire.xml(story.master, "session.login_with_password", "root", PASSWORD, "1.0", "lab")
            start = await wire.xml(story.master, "event.from", login.value, classes, "", 0.0)
            follow = wire.xml(story.master, "event.from", login.value, classes, start.value["token"], 30.0)
            blocked = asyncio.create_task(follow)
            await asyncio.sleep(theirs["blocked_for_ms"] / 1000)
            assert not blocked.done()
            await wire.xml(story.master, "session.logout", login.value)
            before = loop.time()
            answer = await blocked
            took = 1000 * (loop.time() - before)
            if answer.error != (theirs["answer"][0], login.value) or took > 100 + theirs["returned_ms_after_logout"]:
                found.append(Difference(f"logout {classes}", str(theirs), f"{answer} after {took:.0f} ms"))
    return found


def test_a_logout_while_event_from_blocks(recordings: Path) -> None:
    every = entries(recordings / "xapi" / "21-logout-while-event-from-blocks.json")
    pairs = [(entry, entry["classes"]) for entry in every if "classes" in entry]
    assert len(pairs) == 5
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        assert not runner.run(logged_out(STORIES[0], pairs))


def test_every_recording_is_played_or_says_why_not(recordings: Path) -> None:
    there = {file.stem for file in (recordings / "xapi").glob("*.json")}
    assert there == {story.file for story in STORIES} | set(NOT_PLAYED)


def test_every_row_of_the_table_has_its_recordings() -> None:
    known = {story.id for story in STORIES}
    assert {recording for row in rows() for recording in row.recordings} <= known
    assert all(row.recordings and row.reason for row in rows())
