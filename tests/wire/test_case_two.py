"""The manual's test case two (3.2.2), with the real controller over SNMP and TLS."""

from __future__ import annotations

from pathlib import Path

from .outage import all_is_well, as_in_virtual_time, in_order, nothing_twice, outage, scenario


async def test_power_returns_while_vms_migrate(root: Path, tmp_path: Path) -> None:
    story = scenario(root, "case_two", "two_hosts")
    async with outage(story, tmp_path) as run:
        migrating = run.world.vms.values()
        run.fail("a")
        await run.until(lambda: all(v.busy for v in migrating if v.name in ("web1", "files1", "db1")), "VMs move", 90)
        run.restore("a")
        await run.until_restored(90)
    in_order(
        run.told,
        "utility power fails on feeder a",
        "xenserver1 is disabled",
        "utility power returns on feeder a",
        "has moved from xenserver1 to xenserver2",
        "has moved from xenserver1 to xenserver2",
        "has moved from xenserver1 to xenserver2",
        "xenserver1 is enabled",
    )
    in_order(run.narrative, "xenserver1 enters maintenance mode", "-> let xenserver1 exit maintenance mode", "restored")
    assert run.world.moves == {"web1": 1, "files1": 1, "db1": 1}
    assert {v.resident_on for v in run.world.vms.values()} == {"xenserver2"}
    assert run.world.upses["ups1"].output
    assert run.wire.server.log.of("host.shutdown") == []
    all_is_well(run)
    nothing_twice(run)
    await as_in_virtual_time(run, story)
