"""A NAS or SAN that went down in an outage is woken: only on settled power, only while nothing of it is heard."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ridethrough.core import events as e
from ridethrough.core.actions import Action, StopStorage, WakeStorage
from ridethrough.core.observation import Snapshot, StorageSeen
from ridethrough.core.power_on import wake
from ridethrough.core.situation import Situation

from .build import lost, situation
from .test_storage import NAS, NOW, seen_of, with_nas

ORDER = StopStorage("nas1", "why")
WAKES = with_nas(replace(NAS, wakes=True))
DOWN = (
    lost("ups9", 500.0),
    e.StorageStopBegun(600.0, "nas1", "why"),
    e.ActionStarted(600.0, ORDER),
    e.ActionFinished(603.0, 7, ORDER),  # before it stand: armed, three UPSs known, two of these
    e.StorageDown(700.0, "nas1", "silent"),
)
BACK = e.UtilityBack(NOW - 30.0, "ups9", 400.0)


def silent(*on_battery: str, heard: float | None = 650.0) -> Snapshot:
    return replace(seen_of(WAKES, *on_battery), storages={"nas1": StorageSeen("nas1", None, None, heard)})


def woken(s: Situation) -> list[Action]:
    return [event.action for event in wake(s) if isinstance(event, e.ActionStarted)]


def test_once_power_is_back() -> None:
    (action,) = woken(situation(NOW, silent(), WAKES, *DOWN, BACK))
    assert isinstance(action, WakeStorage)
    assert action.storage == "nas1"


@pytest.mark.parametrize(
    ("s", "why"),
    [
        (situation(NOW, silent("ups9"), WAKES, *DOWN), "on battery"),
        (situation(NOW, silent(), WAKES, *DOWN, e.UtilitySeen(995.0, "ups9", 995.0, 10.0)), "power settles"),
        (situation(NOW, silent(), WAKES, *DOWN[:4], BACK), "it is not down yet"),
        (situation(NOW, silent(heard=NOW - 5.0), WAKES, *DOWN, BACK), "it answers"),
        (situation(NOW, silent(), with_nas(), *DOWN, BACK), "its owner has not said how"),
        (situation(NOW, silent(), WAKES), "it did not go down in an outage"),
        (situation(NOW, silent(), WAKES, *DOWN, BACK, e.ActionStarted(NOW - 20.0, WakeStorage("nas1", "w"))), "lately"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_not_while(s: Situation, why: str) -> None:
    assert woken(s) == []


def test_again_a_minute_later() -> None:
    first = WakeStorage("nas1", "why")
    begun = e.ActionStarted(NOW - 70.0, first)
    s = situation(NOW, silent(), WAKES, *DOWN, e.UtilityBack(NOW - 90.0, "ups9", 400.0), begun)
    assert woken(s) == []  # it is still under way
    done = e.ActionFinished(NOW - 69.0, s.memory.position, first)
    assert woken(situation(NOW, silent(), WAKES, *DOWN, e.UtilityBack(NOW - 90.0, "ups9", 400.0), begun, done)) != []
