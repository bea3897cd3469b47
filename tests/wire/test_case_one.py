"""The manual's test case one (3.2.1), with the real controller over SNMP and TLS."""

from __future__ import annotations

from pathlib import Path

from .outage import all_is_well, as_in_virtual_time, in_order, nothing_twice, outage, scenario


async def test_one_of_two_hosts_loses_its_ups(root: Path, tmp_path: Path) -> None:
    story = scenario(root, "case_one", "two_hosts")
    async with outage(story, tmp_path) as run:
        ups1 = run.world.upses["ups1"]
        run.fail("a")
        await run.until(lambda: not ups1.output, "ups1 is cut", 300)
        run.restore("a")
        await run.until_restored(120)
    in_order(
        run.told,
        "utility power fails on feeder a",
        "xenserver1 is disabled",
        "has moved from xenserver1 to xenserver2",
        "xenserver1 shuts down",
        "xenserver1 is off",
        "ups1's card counts down",
        "ups1's card cuts its output",
        "utility power returns on feeder a",
        "xenserver1 starts by itself",
        "xenserver1's toolstack is up",
    )
    in_order(
        run.narrative,
        "ups1 is on battery",
        "xenserver1 enters maintenance mode",
        "pool1 recorded as it is",
        "-> claim pool1",
        "-> disable xenserver1",
        "-> move ",
        "xenserver1 is empty",
        "xenserver1 must go down",
        "-> shut xenserver1 down",
        "ups1's card counts down",
        "xenserver1 has started again",
        "-> let xenserver1 exit maintenance mode",
        "-> release pool1",
        "pool1 is restored, as it was before",
    )
    # The manual's times; a busy machine makes them late, never early.
    assert 60 <= run.at("xenserver1 is disabled") < 90
    assert 120 <= run.at("xenserver1 shuts down") < 170
    assert run.world.moves == {"web1": 1, "files1": 1, "db1": 1}
    assert {v.resident_on for v in run.world.vms.values()} == {"xenserver2"}
    all_is_well(run)
    nothing_twice(run)
    await as_in_virtual_time(run, story)
