"""A NAS whose UPS fails alone: it reads its UPS's state from the real controller, as a Synology does from an upsd."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ridethrough.sim.scenario import load
from ridethrough.sim.site_file import load_site

from .outage import BOOT, all_is_well, in_order, nothing_twice, outage

# The story of scenarios/nas_alone_loses_power.toml, with times that fit a test.
SHORT = {
    "storage": {"nas1": {"stop_time": 30, "after": 0}},
    "world": {
        "ups": {"ups3": {"card": {"warning_period": 150, "shutdown_delay": 100}}},
        "nas": {"nas1": {"stop_time": 10, "boot_time": BOOT}},
    },
}


async def test_its_vms_stop_it_goes_down_and_comes_back_and_a_killed_controller_goes_on(
    root: Path, tmp_path: Path
) -> None:
    site = load_site(root / "scenarios" / "sites" / "two_hosts_and_a_nas.toml", SHORT)
    story = replace(load(root / "scenarios" / "nas_alone_loses_power.toml"), site=site)
    async with outage(story, tmp_path) as run:
        nas, ups3 = run.world.nases["nas1"], run.world.upses["ups3"]
        run.fail("c")
        await run.until(lambda: "web1 is shut down" in run.told, "the first VMs are stopped", 120)
        await run.daemon.kill()
        await run.daemon.start()
        await run.until(lambda: not nas.power, "nas1 is off", 200)
        await run.until(lambda: not ups3.output, "ups3 is cut", 300)
        run.restore("c")
        await run.until_restored(200)
        status = await run.daemon.until(lambda shown: shown["nas"][0]["logged_in"] is True, 30.0)
    (row,) = status["nas"]
    assert (row["serves"], row["told"], row["hosts"]) == (True, "online", ["xenserver1", "xenserver2"])
    in_order(
        run.told,
        "utility power fails on feeder c",
        "web1 is shut down",
        "db1 is shut down",
        "nas1 goes down",
        "nas1 is off",
        "ups3's card cuts its output",
        "utility power returns on feeder c",
        "nas1 serves",
        "db1 starts on xenserver1",
    )
    in_order(
        run.narrative,
        "nas1 must go down",
        "-> shut web1 down",
        "-> tell nas1 to go down",
        "done: nas1 was told to go down",
        "nas1 is down",
        "nas1 serves",
        "-> start ",
        "pool1 is restored, as it was before",
    )
    all_is_well(run, lives=2)
    nothing_twice(run)
