"""Every command that speaks to a running controller, in the order of a first day; the red button comes last."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ridethrough.core.observation import Power
from ridethrough.sim.faults import find_vm

from .live import Live, as_json


@pytest.fixture
def armed(protected: Live) -> Iterator[Live]:
    assert protected.ask("arm").exit_code == 0
    yield protected
    protected.ask("disarm")


def host(status: dict[str, Any], name: str) -> dict[str, Any]:
    row: dict[str, Any] = next(row for row in status["hosts"] if row["id"] == name)
    return row


# --- before anything happened


def test_status_shows_every_device(protected: Live) -> None:
    result = protected.ask("status", columns=120)
    assert result.exit_code == 0, result.stdout
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0][:4] == ["two", "hosts:", "dry", "run,"]
    assert ["dry", "run:", "nothing", "to", "do"] in lines
    assert "UPS   Power          Charge  Runtime  Card cuts its output" in result.stdout
    assert "ups1  utility power  100 %   25 min   5 min after a failure" in result.stdout
    assert ["xenserver1", "connected", "ups1", "XenServer", "full", "-", "3"] in lines
    assert ["xenserver2", "connected", "ups2", "Coordinator", "(XenCenter)", "full", "-", "3"] in lines


@pytest.mark.parametrize("columns", [80, 120])
def test_status_fits_the_terminal(protected: Live, columns: int) -> None:
    lines = protected.ask("status", columns=columns).stdout.splitlines()
    assert max(map(len, lines)) <= columns
    assert not any("…" in line for line in lines)


def test_status_as_json(protected: Live) -> None:
    found = as_json(protected.ask("status", "--json"))
    assert (found["site"], found["running"], found["armed"]) == ("two hosts", True, False)
    assert [row["id"] for row in found["upses"]] == ["ups1", "ups2"]
    assert host(found, "xenserver2")["coordinator"]
    assert host(found, "xenserver1")["vms"] == ["db1", "files1", "web1"]


def test_a_second_controller_is_refused(protected: Live) -> None:
    result = protected.look("run", "--state", str(protected.state))
    assert result.exit_code == 1
    assert "another ridethrough controller runs here" in result.stderr


# --- requests


def test_arm_and_disarm(protected: Live) -> None:
    result = protected.ask("arm")
    assert (result.exit_code, result.stdout) == (0, "accepted: arm. From now on Ridethrough acts.\n")
    protected.until(lambda status: bool(status["armed"]))
    assert protected.ask("status").stdout.startswith("two hosts: armed\n")
    assert as_json(protected.ask("disarm", "--json"))["accepted"] is True
    protected.until(lambda status: not status["armed"])


def test_dry_run_refuses_what_acts(protected: Live) -> None:
    result = protected.ask("maintenance", "enter", "xenserver1")
    assert result.exit_code == 1
    assert "the site is in dry run: arm it first" in result.stderr
    assert result.stdout == ""


def test_hold_and_release(protected: Live) -> None:
    assert protected.ask("hold", "xenserver1").exit_code == 0
    protected.until(lambda status: bool(host(status, "xenserver1")["held"]))
    assert "held" in protected.ask("status").stdout
    assert protected.ask("release", "xenserver1").exit_code == 0
    protected.until(lambda status: not host(status, "xenserver1")["held"])


@pytest.mark.parametrize(
    "command",
    [
        ("hold", "nobody"),
        ("release", "nobody"),
        ("maintenance", "enter", "nobody"),
        ("maintenance", "exit", "nobody"),
        ("evacuate", "nobody", "--yes", "nobody"),
    ],
    ids=" ".join,
)
def test_unknown_hosts_are_refused(protected: Live, command: tuple[str, ...]) -> None:
    result = protected.ask(*command)
    assert result.exit_code == 1
    assert 'no host is named "nobody"; known hosts are xenserver1, xenserver2' in result.stderr
    told = as_json(protected.ask(*command, "--json"))
    assert told["accepted"] is False
    assert "known hosts are" in told["answer"]


def test_unknown_pools_are_refused(protected: Live) -> None:
    result = protected.ask("shutdown-pool", "pool9", "--yes", "pool9")
    assert result.exit_code == 1
    assert 'no pool is named "pool9"; known pools are pool1' in result.stderr


RED = [("evacuate", "xenserver1"), ("shutdown-pool", "pool1"), ("bring-back", "pool1")]


@pytest.mark.parametrize("command", RED, ids=" ".join)
@pytest.mark.parametrize(
    ("yes", "typed"), [(("--yes", "wrong"), None), ((), "wrong\n"), ((), "\n\n\n"), ((), "")], ids=repr
)
def test_nothing_is_done_unconfirmed(
    protected: Live, command: tuple[str, ...], yes: tuple[str, ...], typed: str | None
) -> None:
    before = len(protected.ask("journal").stdout.splitlines())
    result = protected.ask(*command, *yes, typed=typed)
    assert result.exit_code == 1
    assert f'"{command[1]}"' in result.stderr
    assert len(protected.ask("journal").stdout.splitlines()) == before


# --- by hand, and in an outage


def test_maintenance_mode_by_hand(armed: Live) -> None:
    """The manual's check that every host can enter and exit maintenance mode (2.1.4)."""
    result = armed.ask("maintenance", "enter", "xenserver1")
    assert result.stdout.startswith("accepted: enter maintenance xenserver1")
    status = armed.until(lambda status: host(status, "xenserver1")["step"] == "maintenance mode")
    assert host(status, "xenserver1")["vms"] == []
    assert armed.on("db1") == "xenserver2"
    assert "maintenance mode" in armed.ask("status").stdout
    assert armed.ask("maintenance", "exit", "xenserver1").exit_code == 0
    armed.until(lambda status: bool(host(status, "xenserver1")["enabled"]) and not host(status, "xenserver1")["step"])
    assert armed.on("db1") == "xenserver2"  # "Skip": they stay where they are


def test_status_and_plan_in_an_outage(armed: Live) -> None:
    armed.set_feeder("a", False)
    armed.until(lambda status: host(status, "xenserver1")["supply"] == "on battery")
    result = armed.ask("status", columns=120)
    (ups,) = [line for line in result.stdout.splitlines() if line.startswith("ups1 ")]
    assert "on battery for" in ups
    assert " in " in ups  # the card's cut
    (row,) = [line for line in result.stdout.splitlines() if line.startswith("xenserver1  ")]
    assert "on battery for" in row
    assert "rides through" in row
    assert "of power left" in result.stdout
    armed.set_feeder("a", True)
    armed.until(lambda status: host(status, "xenserver1")["supply"] == "full")


def test_what_people_ask_for_in_an_outage(protected: Live) -> None:
    """In dry run, where nothing is moved meanwhile."""
    assert "no host is in an outage" in protected.ask("hold", "--all", "--for", "5m").stderr
    assert "in no outage" in protected.ask("skip", "db1").stderr
    told = protected.ask("hold", "xenserver1", "--for", "15 min", "--why", "a new disk").stdout
    assert "asks: hold xenserver1 for 15 min: a new disk" in protected.ask("journal", columns=200).stdout
    assert told.startswith("accepted: hold xenserver1: held for 15 min. It ends with")
    held = host(protected.until(lambda status: bool(host(status, "xenserver1")["held"])), "xenserver1")
    assert 0.0 < held["held_for"] <= 900.0
    assert " left  " in protected.ask("status", columns=120).stdout
    at = protected.on("db1") or ""  # tests before this one may have moved it
    feeder = {"xenserver1": "a", "xenserver2": "b"}[at]
    protected.set_feeder(feeder, False)
    protected.until(lambda status: host(status, at)["supply"] == "on battery")
    assert f"db1 is left on {at}" in protected.ask("skip", "db1").stdout
    protected.until(lambda status: any(row["name"] == "db1" and row["skipped"] for row in status["vms"]))
    protected.set_feeder(feeder, True)
    protected.until(lambda status: not any(row["skipped"] for row in status["vms"]))
    assert protected.ask("release", "--all").exit_code == 0
    protected.until(lambda status: not host(status, "xenserver1")["held"])


def test_a_pool_is_brought_back_with_the_typed_name(armed: Live) -> None:
    refused = armed.ask("bring-back", "--yes", "all")
    assert (refused.exit_code, refused.stderr) == (1, "refused: bring back: nothing waits to come back\n")
    armed.set_feeder("a", False)
    armed.until(lambda status: host(status, "xenserver1")["supply"] == "on battery")
    refused = armed.ask("bring-back", "pool1", typed="pool1\n")
    assert (refused.exit_code, "refused: bring back pool1: ups1 is on battery" in refused.stderr) == (1, True)
    armed.set_feeder("a", True)
    armed.until(lambda status: host(status, "xenserver1")["supply"] == "full")


def test_a_silent_card_is_an_alert(protected: Live) -> None:
    protected.wire.world.upses["ups2"].card.silent = True
    protected.until(lambda status: bool(status["alerts"]))
    result = protected.ask("status", columns=80)
    assert result.exit_code == 1
    assert "\nALERT ups2" in result.stdout
    assert "utility power, silent" in result.stdout
    protected.wire.world.upses["ups2"].card.silent = False
    protected.until(lambda status: not status["alerts"])


def test_evacuate_with_the_typed_name(armed: Live) -> None:
    result = armed.ask("evacuate", "xenserver1", typed="xenserver1\n")
    assert result.exit_code == 0, result.stderr
    assert "accepted: evacuate xenserver1" in result.stdout
    status = armed.until(lambda status: host(status, "xenserver1")["step"] == "maintenance mode")
    assert not host(status, "xenserver1")["enabled"]
    assert armed.ask("maintenance", "exit", "xenserver1").exit_code == 0
    armed.until(lambda status: bool(host(status, "xenserver1")["enabled"]))


# --- the journal


def test_journal_as_text(protected: Live) -> None:
    result = protected.ask("journal")
    assert result.exit_code == 0
    first = result.stdout.splitlines()[0]
    assert first.split()[0] == "1"
    assert first.endswith("Ridethrough 0.1.0 starts")
    assert max(map(len, protected.ask("journal", columns=80).stdout.splitlines())) <= 80


def test_journal_as_json_lines(protected: Live) -> None:
    lines = protected.ask("journal", "--json", columns=80).stdout.splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["position"] for row in rows] == list(range(1, len(rows) + 1))
    assert all(set(row) == {"position", "time", "text", "event"} for row in rows)
    assert rows[0]["event"]["type"] == "ControllerStarted"
    later = protected.ask("journal", "--json", "--after", "3").stdout.splitlines()
    assert json.loads(later[0])["position"] == 4


# --- the end


def test_the_red_button(armed: Live) -> None:
    result = armed.ask("shutdown-pool", "pool1", "--yes", "pool1")
    assert result.exit_code == 0, result.stderr
    world = armed.wire.world
    armed.until_world(lambda: not world.hosts["xenserver1"].power)
    assert all(vm.power_state is Power.HALTED for vm in world.vms.values())
    assert world.crashed == []
    assert find_vm(world, "db1").power_state is Power.HALTED


def test_status_after_the_controller_was_stopped(protected: Live) -> None:
    protected.run(protected.daemon.stop())
    result = protected.ask("status")
    assert result.exit_code == 3
    assert "The controller is not running: what follows is" in result.stdout
    assert as_json(protected.ask("status", "--json"))["running"] is False
    assert protected.ask("journal").exit_code == 0
    assert "Traceback" not in protected.daemon.log_text()
