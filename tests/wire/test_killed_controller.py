"""The controller's process is killed in the middle of an evacuation, and started again."""

from __future__ import annotations

from pathlib import Path

from ridethrough.core.events import ControllerStarted

from .outage import all_is_well, as_in_virtual_time, in_order, nothing_twice, outage, scenario


async def test_killed_in_mid_evacuation(root: Path, tmp_path: Path) -> None:
    story = scenario(root, "case_one", "two_hosts")
    async with outage(story, tmp_path) as run:
        moving = [v for v in run.world.vms.values() if v.name in ("web1", "files1", "db1")]
        run.fail("a")
        await run.until(
            lambda: bool(run.world.moves) and any(v.busy for v in moving), "one has moved, others move", 100
        )
        await run.daemon.kill()
        run.world.tell("the controller is killed")
        await run.daemon.start()
        ups1 = run.world.upses["ups1"]
        await run.until(lambda: not ups1.output, "ups1 is cut", 300)
        run.restore("a")
        await run.until_restored(120)
    assert sum(isinstance(event, ControllerStarted) for event in run.events) == 2
    in_order(
        run.told,
        "xenserver1 is disabled",
        "has moved from xenserver1 to xenserver2",
        "the controller is killed",
        "has moved from xenserver1 to xenserver2",
        "xenserver1 shuts down",
        "ups1's card cuts its output",
        "xenserver1 starts by itself",
    )
    assert run.world.moves == {"web1": 1, "files1": 1, "db1": 1}
    all_is_well(run)
    nothing_twice(run)
    run.world.story = [line for line in run.world.story if line.text != "the controller is killed"]
    await as_in_virtual_time(run, story)
