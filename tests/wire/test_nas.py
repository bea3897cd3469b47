"""A NAS whose UPS fails alone: it reads its UPS's state from the real controller, as a Synology does from an upsd."""

from __future__ import annotations

import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

from ridethrough.api.access import Person, Role
from ridethrough.api.accounts import Accounts
from ridethrough.sim.nas import stop
from ridethrough.sim.scenario import load
from ridethrough.sim.site_file import load_site
from tests.agent.machine import Machine, running

from .outage import BOOT, all_is_well, in_order, nothing_twice, outage

# The story of scenarios/nas_alone_loses_power.toml, with times that fit a test.
SHORT: dict[str, Any] = {
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


async def test_an_agent_on_it_leaves_it_up_until_the_controller_wants_it_down(root: Path, tmp_path: Path) -> None:
    """The same with way = "agent": ridethrough-agent on the NAS reads no UPS of its own, only the controller's word."""
    changes = {**SHORT, "storage": {"nas1": {**SHORT["storage"]["nas1"], "way": "agent"}}}
    site = load_site(root / "scenarios" / "sites" / "two_hosts_and_a_nas.toml", changes)
    story = replace(load(root / "scenarios" / "nas_alone_loses_power.toml"), site=site)
    async with outage(story, tmp_path, pages=True) as run:
        (tmp_path / "token").touch(mode=0o600)
        (tmp_path / "token").write_text(_token(run.daemon.state))
        url = {"url": f"http://{run.wire.pages}", "name": "nas1", "token_file": f"{tmp_path}/token"}
        machine, box = Machine(tmp_path / "m", controller=url), run.world.nases["nas1"]
        async with running(machine):
            await machine.says("The controller handles this machine")
            run.fail("c")
            await run.until(lambda: "web1 is shut down" in run.told, "the first VMs are stopped", 120)
            assert not machine.down.exists(), "it went down under its VMs"
            await machine.until(machine.down.exists, "it is told, and shuts the machine down")
            run.look()
            stop(run.world, box)  # what its `shutdown -h now` does
            await run.until(lambda: not box.power, "nas1 is off", 60)
            await machine.end(signal.SIGTERM)
    assert any("the controller's shutdown notice: " in line for line in machine.lines)
    assert (run.world.crashed, run.world.lost) == ([], [])
    in_order(run.narrative, "nas1 must go down", "-> tell nas1 to go down", "done: nas1 was told to go down")


def _token(state: Path) -> str:
    accounts = Accounts(state)
    accounts.add("anna", Role.ADMINISTER, "correct horse battery", "the test")
    return accounts.tokens.make(Person("anna", Role.ADMINISTER), "agent", Role.VIEW, 86400.0).value
