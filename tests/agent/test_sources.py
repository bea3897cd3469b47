"""What devices say, as the agent understands it: impossible values are none, and a label is no outage."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ridethrough_agent import snmp, upsd
from ridethrough_agent.model import BATTERY, UNKNOWN, UTILITY
from ridethrough_agent.programs import run
from ridethrough_agent.sources import SourceError


@pytest.mark.parametrize(
    ("status", "power", "low", "forced", "testing"),
    [
        ("OL", UTILITY, False, False, False),
        ("OL CHRG LB", UTILITY, True, False, False),
        ("OB DISCHRG", BATTERY, False, False, False),
        ("OB LB", BATTERY, True, False, False),
        ("OL OB", BATTERY, False, False, False),
        ("FSD OL", BATTERY, True, True, False),
        ("OL FSD", UTILITY, False, False, False),
        ("OB CAL", BATTERY, False, False, True),
        ("BYPASS", UTILITY, False, False, False),
        ("OFF", UNKNOWN, False, False, False),
    ],
)
def test_the_words_of_upsd(status: str, power: str, low: bool, forced: bool, testing: bool) -> None:
    found = upsd.reading({"ups.status": status}, 1.0)
    assert (found.power, found.low, found.forced, found.testing) == (power, low, forced, testing)


@pytest.mark.parametrize("status", ["", "WAIT", "ALARM"])
def test_a_status_that_says_nothing_of_the_power_is_no_answer(status: str) -> None:
    with pytest.raises(SourceError, match="says nothing of its power"):
        upsd.reading({"ups.status": status}, 1.0)


@pytest.mark.parametrize(
    ("name", "value", "field", "found"),
    [
        ("battery.runtime", "1800", "runtime", 1800.0),
        ("battery.runtime", "65535", "runtime", None),
        ("battery.runtime", "0", "runtime", None),
        ("battery.runtime", "-1", "runtime", None),
        ("battery.runtime", "n/a", "runtime", None),
        ("battery.charge", "100.0", "charge", 100.0),
        ("battery.charge", "255", "charge", None),
        ("ups.timer.shutdown", "-60", "countdown", 0.0),
        ("ups.timer.shutdown", "65535", "countdown", 0.0),
        ("ups.timer.shutdown", "90", "countdown", 90.0),
        ("input.voltage", "0.0", "input_dead", False),
    ],
)
def test_values_that_cannot_be_are_none(name: str, value: str, field: str, found: object) -> None:
    assert getattr(upsd.reading({"ups.status": "OL", name: value}, 1.0), field) == found


@pytest.mark.parametrize(
    ("objects", "power"),
    [
        ({"source": "3"}, UTILITY),
        ({"source": "5"}, BATTERY),
        ({"source": "4"}, UTILITY),
        ({"source": "2"}, UNKNOWN),
        ({"source": "3", "eppc": "5"}, BATTERY),
        ({"source": "2", "xppc": "2"}, UTILITY),
        ({"xppc": "3"}, BATTERY),
    ],
)
def test_the_objects_of_a_card(objects: dict[str, str], power: str) -> None:
    assert snmp.reading(objects, 1.0).power == power


def test_a_cards_test_low_battery_and_times() -> None:
    found = snmp.reading({"eppc": "6", "battery": "3", "minutes": "12", "charge": "80", "countdown": "-1"}, 1.0)
    assert (found.power, found.testing, found.low, found.runtime, found.countdown) == (UTILITY, True, True, 720.0, 0.0)
    times = {"source": "5", "eppc_action": "4", "eppc_warning": "900", "eppc_delay": "120"}
    assert snmp.reading(times, 1.0).off_after == 1020.0
    assert snmp.reading({**times, "eppc_action": "3"}, 1.0).off_after is None


def test_a_card_that_says_nothing_of_it() -> None:
    with pytest.raises(SourceError, match="not what its UPS runs on"):
        snmp.reading({"charge": "100"}, 1.0)


def test_a_program_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    child = "import subprocess, sys; subprocess.run(['sleep', '600'])"
    ran = run([sys.executable, "-c", child], 1.0)
    assert (ran.code, ran.text) == (None, f"{sys.executable} did not end in 1 s")
    assert run([str(tmp_path / "none")], 1.0).text.startswith(f"{tmp_path}/none cannot be run: ")
    assert run(["sh", "-c", "cat; exit 3"], 5.0, stdin="words")[:2] == (3, "words")
