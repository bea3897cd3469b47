"""What a visitor sees first: `ridethrough demo` plays a story over the wire, and says that it ended well."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from .outage import in_order


async def test_a_story_is_shown_to_its_end(tmp_path: Path) -> None:
    demo = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "ridethrough.cli", "demo", "--scenario", "case_two", "--speed", "15"),
        cwd=tmp_path,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(demo.communicate(), 120.0)
    except TimeoutError:
        demo.kill()
        raise
    text = output.decode()
    assert demo.returncode == 0, text
    in_order(
        text.splitlines(),
        "The manual's second test case",
        "utility power fails on feeder a",
        "xenserver1 enters maintenance mode",
        "utility power returns on feeder a",
        "pool1 is restored, as it was before",
        "Hosts up: xenserver1, xenserver2. VMs running: 6 of 6; moved live: 3.",
        "The story ended as it must.",
    )
    assert "Traceback" not in text
