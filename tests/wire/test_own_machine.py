"""The controller shuts its own machine down: its journal is closed first, and after its own boot it goes on."""

from __future__ import annotations

import asyncio
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from ridethrough.core.events import ActionStarted, ControllerStarted
from ridethrough.sim.scenario import load
from ridethrough.sim.site_file import load_site

from .outage import in_order, outage

SPEED = 5.0  # a program has to be started meanwhile

# What `systemctl poweroff` would do to us, and what it finds: nobody writes the journal any more.
POWEROFF = """
import os, signal, sys
from pathlib import Path
from ridethrough.runtime.journal_file import read_journal
from ridethrough.runtime.lock import is_held
state = Path(sys.argv[1])
last = type(read_journal(state)[-1][1].action).__name__
Path(sys.argv[2]).write_text(f"{'open' if is_held(state) else 'closed'}, {last}")
os.kill(os.getppid(), signal.SIGTERM)
"""


async def test_the_journal_is_closed_before_the_power_off_and_goes_on_after_the_boot(
    root: Path, tmp_path: Path
) -> None:
    found = tmp_path / "found"
    changes: dict[str, Any] = {
        "site": {"reserve": 10},
        "ups": {"ups3": {}},
        "controller": {
            "powered_by": ["ups3"],
            "shutdown": True,
            "stop_time": 10,
            "shutdown_command": [sys.executable, "-c", POWEROFF, str(tmp_path / "state"), str(found)],
        },
        "world": {
            "ups": {
                "ups3": {
                    "feeder": "c",
                    "capacity_wh": 10.0,
                    "card": {"warning_period": 30, "shutdown_delay": 20, "action": "client and ups"},
                }
            }
        },
    }
    site = load_site(root / "scenarios" / "sites" / "two_hosts.toml", changes)
    story = replace(load(root / "scenarios" / "case_one.toml"), site=site)
    async with outage(story, tmp_path, speed=SPEED) as run:
        run.fail("c")
        assert await asyncio.wait_for(run.daemon.ended(), 60.0) == 0
        assert found.read_text() == "closed, ShutDownController"
        run.restore("c")
        await run.daemon.start()
        await run.until(lambda: "ups3 has utility power again" in run.narrative[-1], "it goes on", 60)
    kinds = [type(event) for event in run.events]
    assert kinds.count(ActionStarted) == 1  # the hosts have power, and nothing is done to them
    assert kinds.index(ActionStarted) < len(kinds) - 1 - kinds[::-1].index(ControllerStarted)
    in_order(run.narrative, "-> shut the controller's own machine down", "Ridethrough", "ups3 has utility power again")


async def test_a_program_that_refuses_ends_the_controller_with_an_error_and_is_tried_again(
    root: Path, tmp_path: Path
) -> None:
    changes: dict[str, Any] = {
        "site": {"reserve": 10},
        "controller": {"powered_by": ["ups1"], "shutdown": True, "stop_time": 10, "shutdown_command": ["false"]},
        "world": {"ups": {"ups1": {"card": {"warning_period": 30, "shutdown_delay": 60}}}},
    }
    site = load_site(root / "scenarios" / "sites" / "two_hosts.toml", changes)
    story = replace(load(root / "scenarios" / "case_one.toml"), site=site)
    async with outage(story, tmp_path, speed=SPEED) as run:
        run.fail("a")
        assert await asyncio.wait_for(run.daemon.ended(), 60.0) not in (0, -signal.SIGKILL)
        assert "own machine is not shut down: false ended with 1" in run.daemon.log_text()
        await run.daemon.start()
        assert await asyncio.wait_for(run.daemon.ended(), 60.0) != 0
    run.look()
    assert len([text for text in run.narrative if "shut the controller's own machine down" in text]) == 2
