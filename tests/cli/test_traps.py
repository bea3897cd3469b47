"""A trap reaches the running controller: it asks the card, writes the trap down, and does nothing else."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ridethrough.cli.wire import ON_BATTERY
from ridethrough.sim.cards_mib.notification import notification

from .live import Live, ridethrough


def send(live: Live, come_from: str, trap: str = ON_BATTERY) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind((come_from, 0))
        sender.sendto(notification(trap), live.wire.traps)


def of(status: dict[str, Any], ups: str) -> dict[str, Any]:
    found: dict[str, Any] = next(row for row in status["upses"] if row["id"] == ups)
    return found


def heard(status: dict[str, Any], ups: str) -> int:
    return int(of(status, ups)["traps"])


def journal(live: Live) -> list[dict[str, Any]]:
    return [json.loads(line) for line in live.ask("journal", "--json").stdout.splitlines()]


def test_a_trap_is_written_down_and_is_no_evidence(protected: Live) -> None:
    assert protected.ask("arm").exit_code == 0
    card, _ = protected.wire.agent.address("ups1")
    send(protected, card)
    status = protected.until(lambda status: heard(status, "ups1") == 1)
    assert (of(status, "ups1")["last_trap"], of(status, "ups1")["trap_unread"]) == ("on battery", "")
    assert heard(status, "ups2") == 0
    told = journal(protected)
    at = next(n for n, line in enumerate(told) if line["event"]["type"] == "TrapHeard")
    assert told[at]["text"] == "a trap of ups1 says: on battery; its card is asked at once"
    protected.until(lambda status: status["written_at"] > told[at]["event"]["at"] + 15)  # two polls and more
    later = [line["event"]["type"] for line in journal(protected)[at + 1 :]]
    assert later == []
    assert protected.ask("disarm").exit_code == 0


@pytest.fixture
def unhurried(root: Path, tmp_path: Path) -> Iterator[Live]:
    """A controller that asks its cards every thirty seconds."""
    found = Live(tmp_path, root / "scenarios" / "sites" / "two_hosts.toml")
    text = found.site.read_text(encoding="utf-8")
    assert "[site]\n" in text
    found.site.write_text(text.replace("[site]\n", "[site]\npoll = 30\nsilent_after = 90\n"), encoding="utf-8")
    found.protect()
    yield found
    found.close()


def answered_at(status: dict[str, Any], ups: str) -> float:
    """Site seconds, up to one round late."""
    return float(status["written_at"] - of(status, ups)["answered"])


def test_a_trap_makes_it_ask_at_once_and_poll_is_the_pace_otherwise(unhurried: Live) -> None:
    """Its own pace would bring the next answer thirty seconds after the one before."""
    first = unhurried.until(lambda status: True)
    unhurried.until(lambda status: answered_at(status, "ups1") > answered_at(first, "ups1") + 7.0)  # it is on its beat
    before = unhurried.until(lambda status: 8.0 < of(status, "ups1")["answered"] < 14.0)
    card, _ = unhurried.wire.agent.address("ups1")
    send(unhurried, card)
    after = unhurried.until(lambda status: answered_at(status, "ups1") > answered_at(before, "ups1") + 7.0)
    assert answered_at(after, "ups1") - answered_at(before, "ups1") < 23.0
    assert heard(after, "ups1") == 1


def test_a_strangers_trap_is_nobodys(protected: Live) -> None:
    before = protected.until(lambda status: True)
    send(protected, "127.0.20.99")
    card, _ = protected.wire.agent.address("ups2")
    send(protected, card, "1.3.6.1.4.1.935.0.12")
    status = protected.until(lambda status: of(status, "ups2")["last_trap"] == "UPS off")
    assert heard(status, "ups1") == heard(before, "ups1")


def test_test_trap_with_the_controller_that_has_the_port(protected: Live) -> None:
    card, _ = protected.wire.agent.address("ups1")
    ended = threading.Event()

    def from_its_page() -> None:
        while not ended.wait(0.3):  # a person presses the button again and again
            send(protected, card, "1.3.6.1.2.1.33.2.2")

    pressing = threading.Thread(target=from_its_page)
    pressing.start()
    try:
        result = protected.look("ups", "test-trap", "ups1", "--state", str(protected.state))
    finally:
        ended.set()
        pressing.join()
    assert result.exit_code == 0, result.stdout
    listens, cannot, wait, heard, good = result.stdout.splitlines()
    assert listens == "The controller listens on UDP {}:{}.".format(*protected.wire.traps)
    assert "cannot be told to send one over SNMP" in cannot
    assert "from its own page within 30 s" in wait
    assert heard == "Heard from ups1: a battery test has ended"
    assert good == "Its traps reach Ridethrough."


def test_test_trap_says_why_none_came(live: Live, tmp_path: Path) -> None:
    """Without a controller it listens itself; nobody sends."""
    site = live.changed("alone.toml", {"{}:{}".format(*live.wire.traps): f"127.0.20.2:{free_port()}"})
    result = ridethrough(
        *("ups", "test-trap", "ups1", "--wait", "1", "--site", str(site), "--secrets", str(live.secrets)),
        *("--state", str(tmp_path)),
    )
    assert result.exit_code == 1
    assert "NOT HEARD: within 1 s no trap of ups1 came to UDP 127.0.20.2:" in result.stdout
    assert "redirect it" in result.stdout


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        found.bind(("127.0.20.2", 0))
        port: int = found.getsockname()[1]
        return port


def test_test_trap_needs_a_port_and_a_card(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text(
        '[site]\nname = "x"\n[ups.a]\nsource = "snmp://127.0.20.9"\n[ups.b]\nsource = "nut://127.0.0.1/b"\n'
    )
    result = ridethrough("ups", "test-trap", "a", "--site", str(site), "--state", str(tmp_path))
    assert (result.exit_code, "write a section [traps]" in result.stderr) == (2, True)
    result = ridethrough("ups", "test-trap", "b", "--site", str(site), "--state", str(tmp_path))
    assert (result.exit_code, "an upsd, which sends no traps" in result.stderr) == (2, True)


@pytest.mark.skipif(shutil.which("snmptrap") is None, reason="net-snmp's snmptrap is not installed")
def test_net_snmps_trap_reaches_the_controller(protected: Live) -> None:
    card, _ = protected.wire.agent.address("ups2")
    before = heard(protected.until(lambda status: True), "ups2")

    async def net_snmp() -> int:
        there = "{}:{}".format(*protected.wire.traps)
        command = ("-v2c", "-c", "any", f"--clientaddr={card}", there, "", "1.3.6.1.2.1.33.2.2")
        return await (await asyncio.create_subprocess_exec("snmptrap", *command)).wait()

    assert asyncio.run(net_snmp()) == 0
    status = protected.until(lambda status: heard(status, "ups2") == before + 1)
    assert of(status, "ups2")["last_trap"] == "a battery test has ended"
