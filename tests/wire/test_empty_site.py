"""A site that holds nothing yet: the controller runs, waits, and says so."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ridethrough.cli.wire import Daemon
from ridethrough.core.events import Ask
from ridethrough.runtime.journal_file import read_journal


async def test_a_site_that_holds_nothing_is_waited_with(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text('[site]\nname = "New site"\n', encoding="utf-8")
    (tmp_path / "secrets").mkdir()
    daemon = Daemon(tmp_path, speed=1.0)
    await daemon.start()
    try:
        status = await daemon.until(lambda status: True, 20.0)
        assert (status["site"], status["upses"]) == ("New site", [])
        assert status["verdict"] == "nothing to watch yet: site.toml names no UPS and no pool"
        answer = await asyncio.wait_for(daemon.ask(Ask.ARM), 20.0)
        assert not answer.accepted
        assert "New site has no UPS and no pool yet" in answer.text
        answer = await asyncio.wait_for(daemon.ask(Ask.NOTE, "accounts"), 20.0)
        assert (answer.accepted, answer.text) == (True, "accounts: , by demo")
    finally:
        await daemon.stop()
    assert await daemon.ended() == 0
    kinds = [type(event).__name__ for _, event in read_journal(tmp_path / "state")]
    assert kinds[-3:] == ["Requested", "RequestRefused", "Requested"]  # a note needs no second line
