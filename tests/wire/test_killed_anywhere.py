"""The controller's process is killed at any moment of an outage over the wire, and started again.

Plain runs kill it several times in each of two outages. `--thorough` gives each moment an outage of its own.
"""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pytest

from ridethrough.cli.wire import PROGRAM
from ridethrough.core.events import ControllerStarted
from ridethrough.sim.scenario import Scenario, load
from ridethrough.sim.site_file import load_site

from .moments import ONE_HOST, WHOLE_POOL, Moment, off
from .outage import BOOT, Outage, all_is_well, as_in_virtual_time, nothing_twice, outage

MORTAL = Path(__file__).with_name("mortal.py")
KILLED = "the controller is killed"
# Slow enough for a controller that starts a few times on a busy machine: at this speed each start takes half a minute.
TIMERS = {"maintenance": {"enabled": True, "after": 30}, "shutdown": {"enabled": True, "after": 150}}
CARD = {"warning_period": 420, "shutdown_delay": 60}
OFF_AT = 480.0


@dataclass(frozen=True, slots=True)
class Tale:
    """An outage: everything on `feeders` is lost until the output is cut and `hosts` are off."""

    story: str  # from scenarios/
    site: str
    feeders: str
    hosts: tuple[str, ...]
    moments: tuple[Moment, ...]

    def scenario(self, root: Path) -> Scenario:
        """The story with hosts that boot fast, and with time to spare."""
        path = root / "scenarios" / "sites" / f"{self.site}.toml"
        built = load_site(path).site
        story = load(root / "scenarios" / f"{self.story}.toml")
        site = load_site(
            path,
            {
                "host": {host: dict(TIMERS) for host in built.hosts},
                "world": {
                    "ups": {ups: {"card": dict(CARD)} for ups in built.upses},
                    "pool": {"pool1": {"auto_poweron": True}},
                    "host": {host: {"boot_time": BOOT} for host in built.hosts},
                },
            },
        )
        later = tuple(replace(h, at=h.at and OFF_AT + 60) for h in story.timeline)
        return replace(story, site=site, timeline=later, until=OFF_AT + 300)

    async def power(self, run: Outage) -> None:
        """Utility power returns half a minute after everything on it was cut."""
        upses = [u for u in run.world.upses.values() if u.feeder in self.feeders]
        await run.until(lambda: off(*self.hosts)(run) and not any(u.output for u in upses), "all is cut", 2 * OFF_AT)
        at = run.world.now + 30.0
        await run.until(lambda: run.world.now >= at, "30 s later", 30)
        run.restore(*self.feeders)


ONE = Tale("case_one", "two_hosts", "a", ("xenserver1",), ONE_HOST)
ALL = Tale("whole_pool_on_battery", "three_hosts", "abc", ("xenserver1", "xenserver2", "xenserver3"), WHOLE_POOL)
# In a plain run: far enough apart for each to come after the controller has started again.
SEVERAL = (
    (
        ONE,
        ("-> disable xenserver1", "one has moved, others move", "6 s ago", "output is cut", "-> let xenserver1 exit"),
    ),
    (ALL, ("-> shut db2 down", "xenserver2 accepted", "xenserver1 accepted", "-> start db2", "-> restore")),
)


async def suffer(tale: Tale, moments: Sequence[Moment], root: Path, folder: Path) -> None:
    """Play the outage; the controller dies at each of `moments`, in turn, and is started again."""
    story = tale.scenario(root)
    async with outage(story, folder, program(moments[0])) as run:
        if not moments[0].before:
            run.fail(*tale.feeders)
        outside = asyncio.create_task(tale.power(run))
        try:
            for moment, following in pairwise((*moments, None)):
                assert moment is not None
                await die(run, moment)
                if moment.before:
                    run.fail(*tale.feeders)
                run.daemon.program = program(following)
                await run.daemon.start()
            await run.until_restored(3 * OFF_AT)
            await outside
            # Killed with its last sentence, it has no more to say than that it has started again.
            await run.until(lambda: lives(run) == 1 + len(moments), "the last start told", OFF_AT)
        finally:
            outside.cancel()
    all_is_well(run, lives=2 if tale is ALL else 0)
    nothing_twice(run)
    run.world.story = [line for line in run.world.story if line.text != KILLED]
    await as_in_virtual_time(run, story)


def lives(run: Outage) -> int:
    """How often the controller has started, by its journal."""
    return sum(isinstance(event, ControllerStarted) for event in run.events)


def program(moment: Moment | None) -> tuple[str, ...]:
    """What Python runs: the controller, or one that ends itself at a sentence."""
    return (str(MORTAL), moment.sentence) if moment and moment.sentence else PROGRAM


async def die(run: Outage, moment: Moment) -> None:
    """Wait for the moment; see to it that the controller is dead then, by SIGKILL."""
    if moment.sentence:
        await run.until(lambda: not run.daemon.running, f"dead at: {moment.when}", 2 * OFF_AT)
    else:
        await run.until(lambda: moment.seen is None or moment.seen(run), moment.when, 2 * OFF_AT)
        await run.daemon.kill()
    run.world.tell(KILLED)
    assert await run.daemon.ended() == -signal.SIGKILL, run.report()
    if moment.call:
        named = {h.id: h.ref for h in run.world.hosts.values()} | {v.name: v.ref for v in run.world.vms.values()}
        about = named[moment.on] if moment.on else ""
        called = [c for c in run.wire.server.log.of(moment.call) if about in ("", *c.arguments)]
        assert called == [], f"{moment.call} has been called before: {moment.when}"


def test_the_moments_are_forty_and_two_in_each_phase() -> None:
    moments = [*ONE_HOST, *WHOLE_POOL]
    assert len(moments) >= 40
    assert {phase: n for phase, n in Counter(m.phase for m in moments).items() if n < 2} == {}


@pytest.mark.parametrize(("tale", "parts"), SEVERAL, ids=["one host", "the whole pool"])
async def test_killed_again_and_again(root: Path, tmp_path: Path, tale: Tale, parts: tuple[str, ...]) -> None:
    moments = [m for part in parts for m in tale.moments if part in m.when]
    assert len(moments) == len(parts)
    await suffer(tale, moments, root, tmp_path)


@pytest.mark.parametrize(
    ("tale", "moment"), [pytest.param(t, m, id=f"{m.phase}: {m.when}") for t in (ONE, ALL) for m in t.moments]
)
async def test_killed_once(root: Path, tmp_path: Path, thorough: bool, tale: Tale, moment: Moment) -> None:
    if not thorough:
        pytest.skip("one outage a moment: --thorough")
    await suffer(tale, [moment], root, tmp_path)
