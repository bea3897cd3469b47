"""A controller that has never run, with no site.toml: it begins one, serves its pages with TLS, and prints the link."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import aiohttp

from ridethrough.cli import run
from ridethrough.cli.wire import Daemon

PATIENCE = 90.0


async def printed(daemon: Daemon, pattern: str) -> str:
    """What stands in its log, as soon as it does."""
    async with asyncio.timeout(PATIENCE):
        while not (found := re.search(pattern, daemon.log_text())):  # noqa: ASYNC110 - a process's log
            await asyncio.sleep(0.1)
    return found[1]


async def test_the_first_start_begins_a_site_and_leads_to_its_pages(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    daemon = Daemon(tmp_path, speed=1.0)
    await daemon.start()
    try:
        link = await printed(daemon, r"(https://\S+/setup#\S+)")
        pin = await printed(daemon, r"certificate is (sha256:[0-9a-f]{64})")
        port = int(re.search(r":(\d+)/", link)[1])  # type: ignore[index]
        async with aiohttp.ClientSession() as session:
            fingerprint = aiohttp.Fingerprint(bytes.fromhex(pin.removeprefix("sha256:")))
            async with session.get(f"https://127.0.0.1:{port}/api/v1/setup", ssl=fingerprint) as answer:
                assert await answer.json() == {"needed": True}
            async with session.get(f"https://127.0.0.1:{port}/setup", ssl=fingerprint) as answer:
                assert "text/html" in answer.headers["content-type"]
    finally:
        await daemon.stop()
    text = (tmp_path / "site.toml").read_text(encoding="utf-8")
    assert text == run.NEW_SITE
    (tmp_path / "site.toml").unlink()
    await daemon.start()
    assert (
        await asyncio.wait_for(daemon.ended(), PATIENCE) == 2
    )  # it has run before: an empty site would protect nobody
    assert not (tmp_path / "site.toml").exists()
