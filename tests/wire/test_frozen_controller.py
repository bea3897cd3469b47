"""The controller's process is frozen (SIGSTOP) in mid-evacuation, and thawed when utility power is back for long."""

from __future__ import annotations

from pathlib import Path

from ridethrough.core import events as e
from ridethrough.runtime.clock import STILL

from .outage import SPEED, all_is_well, outage, scenario

FROZEN = (STILL + 3.0) * SPEED  # site seconds; a standstill is told by seconds of the wall


async def test_frozen_in_mid_evacuation(root: Path, tmp_path: Path) -> None:
    story = scenario(root, "case_one", "two_hosts")
    async with outage(story, tmp_path) as run:
        run.fail("a")
        moving = [v for v in run.world.vms.values() if v.name in ("web1", "files1", "db1")]
        await run.until(lambda: all(v.busy or v.resident_on == "xenserver2" for v in moving), "all VMs move", 100)
        assert any(v.busy for v in moving)
        run.daemon.freeze()
        frozen_at = run.wire.now()
        await run.until(lambda: not any(v.busy for v in moving), "what had begun has ended", 200)
        run.restore("a")
        thaw_at = frozen_at + FROZEN
        await run.until(lambda: run.wire.now() >= thaw_at, "time passes", FROZEN)
        calls = len(run.wire.server.log.calls)
        run.daemon.thaw()
        await run.until_restored(120)
    resumed = [event for event in run.events if isinstance(event, e.ControllerResumed)]
    assert len(resumed) == 1, run.report()
    assert resumed[0].seconds >= STILL * SPEED
    behind = run.events[run.events.index(resumed[0]) :]
    begun = {type(event.action).__name__ for event in behind if isinstance(event, e.ActionStarted)}
    assert begun == {"EnableHost", "ReleasePool"}, run.report()
    harmful = ("host.shutdown", "host.disable", "Async.VM.pool_migrate", "Async.VM.clean_shutdown")
    assert [c.method for c in run.wire.server.log.calls[calls:] if c.method in harmful] == []
    all_is_well(run)
