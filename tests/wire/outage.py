"""An outage on the wire: simulated cards over SNMP, a simulated pool over TLS, and the controller as a process.

Nothing here waits for a time of the wall: every step waits for what must become true, with a deadline that only a
broken run reaches.
"""

from __future__ import annotations

import asyncio
import math
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from ridethrough.cli.wire import PROGRAM, Daemon, WireSite, is_ready
from ridethrough.core.events import ActionStarted, Ask, Event, PoolRestored
from ridethrough.core.model import Seconds
from ridethrough.core.narrative import tell
from ridethrough.sim.scenario import Scenario, load, play
from ridethrough.sim.site_file import SimSite, load_site

SPEED = float(os.environ.get("RIDETHROUGH_TEST_SPEED", "10"))  # lower it on a slow machine
PATIENCE = 60.0  # seconds of the wall beyond the time that a step takes on the site
LOOK = 0.02
BOOT = 30  # seconds: a host that boots fast makes the outage short, and changes nothing else

# Calls that do something a second time when they are made a second time, or that another party may have undone since.
ONCE = ("VM.pool_migrate", "VM.start", "VM.start_on", "VM.clean_shutdown", "VM.hard_shutdown", "host.power_on")
NOT_DONE = ("HOST_IS_SLAVE", "SESSION_INVALID", "HOST_STILL_BOOTING")


def scenario(root: Path, name: str, site: str) -> Scenario:
    """A story from scenarios/, on its site with hosts that boot fast."""
    story = load(root / "scenarios" / f"{name}.toml")
    return replace(story, site=fast_site(root, site))


def fast_site(root: Path, name: str) -> SimSite:
    path = root / "scenarios" / "sites" / f"{name}.toml"
    hosts = load_site(path).site.hosts
    return load_site(path, {"world": {"host": {host: {"boot_time": BOOT} for host in hosts}}})


class Outage:
    """A site on the wire, watched by an armed controller that sees all of it."""

    def __init__(self, wire: WireSite, daemon: Daemon) -> None:
        self.wire, self.daemon, self.world = wire, daemon, wire.world
        self.began = len(self.world.story)
        self.events: list[Event] = []
        self.failed_at: Seconds = math.inf
        self.restored = False

    def fail(self, *feeders: str) -> None:
        """Utility power fails."""
        self._switch(feeders, False)
        self.failed_at = self.world.now

    def restore(self, *feeders: str) -> None:
        """Utility power returns."""
        self._switch(feeders, True)
        self.restored = True

    def _switch(self, feeders: Sequence[str], on: bool) -> None:
        self.wire.pace.step()
        for feeder in feeders:
            self.world.set_feeder(feeder, on)

    async def until(self, is_so: Callable[[], bool], what: str, takes: Seconds) -> None:
        """Wait until it is so. `takes`: seconds of the site that it needs. Fails with the whole story."""
        try:
            async with asyncio.timeout(takes / SPEED + PATIENCE):
                while True:
                    self.look()
                    if is_so():
                        return
                    await asyncio.sleep(LOOK)
        except TimeoutError:
            raise AssertionError(f"not so after {takes:.0f} s: {what}\n{self.report()}") from None

    def look(self) -> None:
        """Bring the site to now, and read what is new in the journal."""
        self.wire.pace.step()
        self.events += [event for _, event in self.daemon.news()]

    async def until_restored(self, takes: Seconds) -> None:
        """Wait until the controller has closed the outage of every pool."""
        await self.until(lambda: any(isinstance(e, PoolRestored) for e in self.events), "restored", takes)

    # --- what happened

    @property
    def told(self) -> list[str]:
        """What truly happened on the site."""
        return [line.text for line in self.world.story[self.began :]]

    @property
    def narrative(self) -> list[str]:
        """What the controller's journal says."""
        return [tell(event) for event in self.events]

    def at(self, text: str) -> Seconds:
        """When it happened on the site, in seconds since the first thing that did."""
        first, *_ = lines = self.world.story[self.began :]
        return next(line.at for line in lines if line.text == text) - first.at

    def report(self) -> str:
        return "\n".join(["-- the site:", *self.told, "-- the controller:", self.daemon.log_text()])


@asynccontextmanager
async def outage(
    story: Scenario, folder: Path, program: Sequence[str] = PROGRAM, *, pages: bool = False, speed: float = SPEED
) -> AsyncIterator[Outage]:
    """Everything started; at the end everything is stopped, and the controller must have ended in good order.

    `pages`: the manager serves its pages beside it. `speed`: for people, who need time between two steps.
    """
    assert isinstance(story.site, SimSite)
    site = story.site
    writes = any(ups.cut_output for ups in site.site.upses.values())
    wire, daemon = WireSite(site, folder, speed, writes=writes, pages=pages), Daemon(folder, speed)
    daemon.program = program
    await wire.start()
    try:
        await daemon.start()
        await daemon.until(is_ready, PATIENCE)
        answer = await daemon.ask(Ask.ARM)
        assert answer.accepted, answer
        await daemon.until(lambda status: bool(status["armed"]), PATIENCE)
        yield Outage(wire, daemon)
    finally:
        await daemon.stop()
        await wire.stop()
    assert "Traceback" not in daemon.log_text(), daemon.log_text()


# --- what must hold ----------------------------------------------------------------------------------------------


def in_order(lines: Sequence[str], *wanted: str) -> None:
    """Each of the wanted lines (by a part of it) stands behind the one before."""
    behind = 0
    for part in wanted:
        found = [n for n in range(behind, len(lines)) if part in lines[n]]
        assert found, f'"{part}" is not told{" at that point" if behind else ""}:\n' + "\n".join(lines)
        behind = found[0] + 1


def all_is_well(run: Outage, lives: int = 0) -> None:
    """Every host up and enabled, every VM alive, nothing lost, nothing left behind.

    `lives`: how often each VM was stopped or started.
    """
    world = run.world
    assert (world.crashed, world.lost) == ([], []), run.report()
    for host in world.hosts.values():
        assert (host.power, host.toolstack, host.enabled, host.live) == (True, "up", True, True), host.id
        assert "MAINTENANCE_MODE" not in host.other_config, host.id
    for vm in world.vms.values():
        assert (vm.power_state.value, vm.alive, vm.life, vm.current_operations) == ("running", True, lives, {}), vm.name
    for pool in world.pools.values():
        assert "ridethrough:claim" not in pool.other_config
    differences = [event.differences for event in run.events if isinstance(event, PoolRestored)]
    assert differences == [()]


def nothing_twice(run: Outage) -> None:
    """No call that is not safe to repeat was made twice for the same VM or host, by whichever controller."""
    calls = Counter(
        (c.method.removeprefix("Async."), str(c.arguments[0]))
        for method in ONCE
        for c in run.wire.server.log.of(method)
        if c.outcome.split(",")[0] not in NOT_DONE
    )
    assert [call for call, times in calls.items() if times > 1] == []


async def as_in_virtual_time(run: Outage, story: Scenario) -> None:
    """The same things happened to the site, and the same was done, as when the story is played in virtual time."""
    virtual = await asyncio.to_thread(play, story)
    assert virtual.failures == ()
    told = {line.text for line in virtual.world.story if line.at >= story.lead_in}
    assert set(run.told) == told
    assert done(run.events) == done(virtual.journal.entries)


def done(events: Sequence[Event]) -> set[tuple[str, str]]:
    """Every action, by its kind and what it was done to."""
    actions = [event.action for event in events if isinstance(event, ActionStarted)]
    return {(type(a).__name__, str(getattr(a, "name", "") or getattr(a, "host", ""))) for a in actions}
