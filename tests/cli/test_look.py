"""What `status` makes of a view, row by row."""

from __future__ import annotations

from typing import Any

import pytest

from ridethrough.cli.look import _cut, power_in_words

UPS: dict[str, Any] = {
    "condition": "good",
    "source": "utility",
    "silent": False,
    "low": False,
    "testing": False,
    "on_battery_for": None,
    "off_in": None,
    "countdown": None,
    "warning_period": 180.0,
    "shutdown_delay": 120.0,
    "action": "client and ups",
}


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({}, "utility power"),
        ({"source": "bypass"}, "utility power (bypass)"),
        ({"source": "boost", "testing": True}, "utility power (boost), testing"),
        ({"silent": True}, "utility power, silent"),
        ({"condition": "unknown", "source": None}, "unknown"),
        ({"condition": "off", "source": "off"}, "output off"),
        ({"condition": "on battery", "source": "battery", "on_battery_for": 75.2}, "on battery for 75 s"),
        ({"condition": "on battery", "on_battery_for": 600.0, "low": True}, "on battery for 10 min, low"),
        ({"condition": "settling", "on_battery_for": 60.0}, "utility power, not settled"),
    ],
)
def test_power_in_words(row: dict[str, Any], text: str) -> None:
    assert power_in_words(UPS | row) == text


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({}, "5 min after a failure"),
        ({"off_in": 225.0}, "in 3 min 45 s"),
        ({"off_in": 100.0, "countdown": 99.0}, "in 99 s, it counts down"),
        ({"off_in": -30.0}, "30 s ago"),
        ({"action": "client"}, "no"),
        ({"action": None}, "not known"),
        ({"shutdown_delay": None}, "not known"),
    ],
)
def test_when_the_card_cuts(row: dict[str, Any], text: str) -> None:
    assert _cut(UPS | row) == text
