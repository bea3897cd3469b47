"""The controller lets a UPS cut its output once its host is down, over SNMP: the host starts by itself afterwards."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ridethrough.sim.scenario import load
from ridethrough.sim.site_file import load_site

from .outage import BOOT, all_is_well, as_in_virtual_time, in_order, nothing_twice, outage


async def test_the_output_is_cut_after_its_host_is_down(root: Path, tmp_path: Path) -> None:
    """The story of scenarios/cut_output_one_host.toml, with a host that boots fast."""
    changes = {
        "ups": {"ups1": {"cut_output": True}},
        "world": {
            "ups": {"ups1": {"card": {"action": "client"}}},
            "host": {"xenserver1": {"power_on_mode": "", "boot_time": BOOT}},
        },
    }
    site = load_site(root / "scenarios" / "sites" / "two_hosts.toml", changes)
    story = replace(load(root / "scenarios" / "cut_output_one_host.toml"), site=site)
    async with outage(story, tmp_path) as run:
        ups1 = run.world.upses["ups1"]
        run.fail("a")
        await run.until(lambda: not ups1.output, "ups1 is cut", 300)
        run.restore("a")
        await run.until_restored(150)
    in_order(
        run.told,
        "xenserver1 is off",
        "ups1's card is told to count down: output off in 30 s",
        "ups1's card cuts its output",
        "utility power returns on feeder a",
        "xenserver1 starts by itself",
    )
    in_order(
        run.narrative,
        "xenserver1 is down",
        "-> let ups1 cut its output in 30 s",
        "done: ups1 counts down to cutting its output",
        "xenserver1 has started again",
        "pool1 is restored, as it was before",
    )
    all_is_well(run)
    nothing_twice(run)
    await as_in_virtual_time(run, story)
