"""`ridethrough ups discover` on a terminal: it tells how far it is, and Ctrl-C ends it with what it has found."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from tests.drivers.snmp.own_cards import FAMILIES
from tests.drivers.snmp.replay import ReplayCard

FILE = '[site]\nname = "Cellar"\n'
MANY = "127.0.80.0-127.0.95.255"  # 4,096 addresses: ten seconds at the least

# What was started in the background ignores Ctrl-C, and so does all that it starts; this does not.
HEEDING = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


async def test_ctrl_c_ends_it_with_what_was_found(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text(FILE)
    async with ReplayCard(FAMILIES["EPPC"], at=("127.0.80.2", 0)) as card:
        port = card.address.partition(":")[2]
        command = ("ups", "discover", MANY, "--port", port, "--site", str(site), "--add", "all", "--json")
        code, printed, shown = await asyncio.to_thread(_interrupted, *command)
    assert code == 1, shown
    told = [
        (int(done), int(found)) for done, found in re.findall(r"\r(\d+) of 4096 addresses asked, (\d) found", shown)
    ]
    assert [done for done, _ in told] == list(range(1, len(told) + 1))
    assert told[-1][1] == 1
    document = json.loads(printed)
    assert [row["address"] for row in document["found"]] == [f"127.0.80.2:{port}"]
    (trouble,) = document["troubles"]
    assert re.fullmatch(r"the search was ended early: \d+ of 4096 addresses were asked", trouble)
    assert "Traceback" not in shown
    assert site.read_text() == FILE


def _interrupted(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and what a terminal shows, of one that is interrupted once it has found something."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", HEEDING, "-m", "ridethrough.cli", *arguments]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    shown, told = b"", False
    with suppress(OSError):  # the other side has hung up
        while part := os.read(ours, 4096):
            shown += part
            if not told and b"1 found" in shown:
                told = True
                process.send_signal(signal.SIGINT)
    os.close(ours)
    printed, _ = process.communicate(timeout=30)
    return process.returncode, printed.decode(), shown.decode()
