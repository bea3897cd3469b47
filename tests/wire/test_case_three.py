"""The manual's test case three (3.2.3), with the real controller over SNMP and TLS."""

from __future__ import annotations

from pathlib import Path

from .outage import all_is_well, as_in_virtual_time, in_order, nothing_twice, outage, scenario


async def test_two_of_three_hosts_lose_their_upses_together(root: Path, tmp_path: Path) -> None:
    story = scenario(root, "case_three", "three_hosts")
    async with outage(story, tmp_path) as run:
        failing = [run.world.upses[u] for u in ("ups2", "ups3")]
        run.fail("b", "c")
        await run.until(lambda: not any(u.output for u in failing), "both are cut", 300)
        run.restore("b", "c")
        await run.until_restored(120)
    for host, ups in (("xenserver2", "ups2"), ("xenserver3", "ups3")):
        in_order(
            run.told,
            f"{host} is disabled",
            f"has moved from {host} to xenserver1",
            f"{host} shuts down",
            f"{host} is off",
            f"{ups}'s card counts down",
            f"{ups}'s card cuts its output",
            f"{host} starts by itself",
        )
        in_order(
            run.narrative,
            f"{host} enters maintenance mode",
            f"{host} is empty",
            f"-> shut {host} down",
            f"{ups}'s card counts down",
            f"{host} has started again",
            f"-> let {host} exit maintenance mode",
            "pool1 is restored, as it was before",
        )
    disabled = max(n for n, text in enumerate(run.told) if text.endswith("is disabled"))
    moved = min(n for n, text in enumerate(run.told) if "has moved" in text)
    assert disabled < moved  # both are disabled first
    assert run.world.moves == {"web2": 1, "files2": 1, "db2": 1, "web3": 1, "db3": 1}  # the manual moves some twice
    assert {v.resident_on for v in run.world.vms.values()} == {"xenserver1"}
    all_is_well(run)
    nothing_twice(run)
    await as_in_virtual_time(run, story)
