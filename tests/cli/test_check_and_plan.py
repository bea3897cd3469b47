"""`check` and `plan` look at a live site and act on nothing."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import Iterator

import pytest

from .live import Live, as_json

ASKS = re.compile(r"session\..*|event\.from|\w+\.get_\w+|host\.(call_plugin|list_methods)|\w+\.assert_\w+|system\..*")


@pytest.fixture(autouse=True)
def nothing_is_done(live: Live) -> Iterator[None]:
    """These commands ask, and change nothing."""
    calls = len(live.wire.server.log.calls)
    yield
    asked = {call.method.removeprefix("Async.") for call in live.wire.server.log.calls[calls:]}
    changing = {name for name in asked if not ASKS.fullmatch(name)}
    assert not changing
    assert not any(line.text for line in live.wire.world.story if "disabled" in line.text)


@pytest.fixture
def nobody() -> Iterator[int]:
    """A port of UDP that answers nothing."""
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as silent:
        silent.bind(("127.0.0.1", 0))
        yield silent.getsockname()[1]


# --- check


def test_all_well(live: Live) -> None:
    roomy = live.changed("roomy.toml", {"after = 60": "after = 5", "after = 120": "after = 6"})
    result = live.look("check", site=roomy)
    assert result.exit_code == 0, result.output
    shown = result.stdout
    assert "PROBLEM" not in shown
    assert "DANGER" not in shown
    assert "\nUPS ups1\n" in shown
    assert '  its card\'s action is "client and ups": 5 min from a failure to the cut\n' in shown
    assert "  6 VMs running; the account has every right it needs\n" in shown
    assert "  xenserver2: coordinator, enabled, XCP-ng 8.3.0" in shown
    assert "  xenserver1: its VMs migrate to another available host, the host shuts down\n" in shown
    assert "sha256:" not in shown


@pytest.mark.parametrize("columns", [80, 120])
def test_check_fits_the_terminal(live: Live, columns: int) -> None:
    assert max(map(len, live.look("check", columns=columns).stdout.splitlines())) <= columns


def test_late_timers_are_warned_of_with_the_sum(live: Live) -> None:
    result = live.look("check")
    assert result.exit_code == 0
    assert "WARNING: host.xenserver1: shutdown ends after the warning period of ups1's card (180 s): 120 s + " in (
        result.stdout
    )
    assert result.stdout.endswith("Score: 95 of 100. Found: 2 warnings, 1 note.\n")


def test_check_as_json(live: Live) -> None:
    found = as_json(live.look("check", "--json"))
    assert found["problems"] == []
    assert {row["level"] for row in found["advice"]} == {"warning", "note"}
    assert [row["id"] for row in found["hosts"]] == ["xenserver1", "xenserver2"]
    assert sorted(found["pools"][0]["fingerprints"]) == sorted(p for *_, p in live.wire.server.endpoints.values())


def test_wrong_password(live: Live) -> None:
    secrets = live.folder / "wrong"
    secrets.mkdir(mode=0o700)
    (secrets / "simulated-pool").write_text("not-the-password")
    (secrets / "simulated-pool").chmod(0o600)
    result = live.look("check", secrets=secrets)
    assert result.exit_code == 1
    assert "PROBLEM: pool1: " in result.stdout
    assert "wrong user or password" in result.stdout
    assert "not-the-password" not in result.output


def test_wrong_fingerprint_and_trust(live: Live) -> None:
    pins = {pin: "sha256:" + "0" * 64 for *_, pin in live.wire.server.endpoints.values()}
    site = live.changed("pins.toml", pins)
    refused = live.look("check", site=site)
    assert refused.exit_code == 1
    assert "shows a certificate that is not pinned" in refused.stdout
    assert "ridethrough check --trust" in refused.stdout
    trusted = live.look("check", "--trust", site=site)
    assert trusted.exit_code == 0, trusted.output
    assert "write under [pool.pool1] in site.toml:\n  fingerprints = [\n" in trusted.stdout
    assert all(f'    "{pin}",\n' in trusted.stdout for pin in pins)


def test_a_card_that_does_not_answer(live: Live, nobody: int) -> None:
    address, port = live.wire.agent.address("ups2")
    site = live.changed("silent.toml", {f"{address}:{port}": f"127.0.0.1:{nobody}"})
    result = live.look("check", site=site)
    assert result.exit_code == 1
    assert "PROBLEM: ups2: " in result.stdout
    assert "\nUPS ups1\n" in result.stdout  # the others are shown all the same


def test_a_host_that_is_not_there(live: Live) -> None:
    result = live.look("check", site=live.changed("name.toml", {"[host.xenserver1": "[host.xenserver7"}))
    assert result.exit_code == 1
    assert "DANGER: host.xenserver7: is no host of pool1: use its name label, uuid or address. There: xenserver1" in (
        result.stdout
    )
    assert "DANGER: pool.pool1: host xenserver1 is not named" in result.stdout


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("shutdown", "its VMs move away, but the host crashes when ups1 stops"),
        ("maintenance", ""),
        ("both", "its VMs and the host crash when ups1 stops"),
    ],
)
def test_crash_rows_are_dangers(live: Live, option: str, told: str) -> None:
    options = ("shutdown", "maintenance") if option == "both" else (option,)
    on = [f"[host.{host}.{name}]\nenabled = true" for host in ("xenserver1", "xenserver2") for name in options]
    site = live.changed("crash.toml", {text: text.replace("true", "false") for text in on})
    result = live.look("check", site=site)
    assert result.exit_code == (1 if told else 0), result.stdout
    assert ("DANGER" in result.stdout) == bool(told)
    if told:
        assert f"DANGER: host.xenserver1: {told}" in result.stdout
        assert "Write shutdown = { enabled = true, after = ... }" in result.stdout
        assert "crash" in result.stdout.split("In an outage")[1].splitlines()[1]


# --- plan


def test_plan_tells_each_vm_and_host(live: Live) -> None:
    result = live.look("plan", "--lose", "ups1")
    assert result.exit_code == 0, result.output
    shown = result.stdout
    assert shown.startswith("two hosts: if ups1 lost utility power now")
    rows = [line.split() for line in shown.split("In the end")[1].splitlines()]
    assert ["xenserver2", "up"] in rows
    assert ["web2", "xenserver2", "stays", "5"] in rows
    (moved,) = [row for row in rows if row[:1] == ["db1"]]
    assert moved[:5] == ["db1", "xenserver1", "moves", "to", "xenserver2"]
    assert ":" in moved[5]
    assert "every host moves VMs at 100 MB/s" in shown.split("Assumed")[1]
    assert moved[6:] == ["5", "xenserver2", "has", "utility", "power", "and", "room"]
    (down,) = [row for row in rows if row[:2] == ["xenserver1", "off"]]
    assert down.count("min") >= 3  # left, needed and margin
    assert shown.endswith("No host and no VM crashes.\n")


@pytest.mark.parametrize("columns", [80, 120])
def test_plan_fits_the_terminal(live: Live, columns: int) -> None:
    assert max(map(len, live.look("plan", "--lose", "ups1", columns=columns).stdout.splitlines())) <= columns


def test_plan_as_json(live: Live) -> None:
    found = as_json(live.look("plan", "--lose", "ups1", "--lose", "ups2", "--json"))
    assert found["lose"] == ["ups1", "ups2"]
    assert {row["end"] for row in found["vms"]} == {"shut down"}
    assert all(row["at"] > 0 and row["host"] is None for row in found["vms"])
    assert [(row["id"], row["end"], row["at"] > 0) for row in found["hosts"]] == [
        ("xenserver1", "off", True),
        ("xenserver2", "off", True),
    ]
    assert found["crashed"] == found["lost"] == []


def test_plan_of_a_crash(live: Live) -> None:
    off = {"enabled = true": "enabled = false"}
    result = live.look("plan", "--lose", "ups1", site=live.changed("off.toml", off))
    assert result.exit_code == 1
    assert "DANGER: xenserver1: crash" in result.stdout
    assert "crashes" in result.stdout
    assert "DANGER: db1, files1, web1: crash with their host" in result.stdout
    assert re.search(r"First loss: at \d+:\d\d xenserver1 crashes, and with it db1, files1 and web1\n$", result.stdout)


def test_plan_of_an_unknown_ups(live: Live) -> None:
    result = live.look("plan", "--lose", "ups9")
    assert result.exit_code == 2
    assert result.stderr == "--lose names ups9; known UPSs are ups1, ups2; known feeders are a, b\n"


def test_plan_of_a_feeder(live: Live) -> None:
    both = live.changed("both.toml", {'feeder = "b"': 'feeder = "cellar"', 'feeder = "a"': 'feeder = "cellar"'})
    found = as_json(live.look("plan", "--lose", "cellar", "--json", site=both))
    assert found["lose"] == ["ups1", "ups2"]
    assert found["narrative"][0].endswith("utility power fails on feeder cellar")
    assert found["summary"]["hosts_off"] == 2


def test_the_event_loop_of_the_commands_is_their_own(live: Live) -> None:
    """The commands run beside a loop of the caller's; each ends its own."""
    live.look("check")
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()


# --- plan --sweep


def test_sweep_ranks_the_weakest_points(live: Live) -> None:
    result = live.look("plan", "--sweep")
    assert result.exit_code == 0, result.output
    assert "\n   1. if ups1 and ups2 fail, 6 VMs are stopped, 2 hosts shut down\n" in result.stdout
    assert "if ups1 fails while xenserver2 is in maintenance mode, 6 VMs are stopped, 1 host shuts down\n" in (
        result.stdout
    )
    assert result.stdout.endswith("5 of 5 cases were played.\n")


def test_sweep_as_json_says_what_was_not_played(live: Live) -> None:
    found = as_json(live.look("plan", "--sweep", "--seconds", "0", "--json"))
    assert (found["of"], found["played"], found["rows"]) == (5, 0, [])
    assert len(found["not_played"]) == 5
    assert found["not_played"][0].startswith("if ups")


@pytest.mark.parametrize("arguments", [(), ("--lose", "ups1", "--sweep")], ids=" ".join)
def test_plan_is_of_a_loss_or_a_sweep(live: Live, arguments: tuple[str, ...]) -> None:
    result = live.look("plan", *arguments)
    assert result.exit_code == 2
    assert "--lose" in result.stderr
