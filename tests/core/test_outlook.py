"""What an outage would do to a host, as whoever sets its options is told."""

from __future__ import annotations

import pytest

from ridethrough.core.model import CardAction, CardTimers, Host, Pool, Ups
from ridethrough.core.observation import PoolSeen, Snapshot
from ridethrough.core.outlook import outlook
from ridethrough.core.policy import HostPolicy, Policy, Timer
from ridethrough.core.site import Site

CUTS = CardTimers(300.0, 60.0, CardAction.CLIENT_AND_UPS)
LED = Snapshot(pools={"p": PoolSeen(id="p", coordinator="h")})


def site(options: HostPolicy = HostPolicy(), card: CardTimers = CUTS, protected: bool = True) -> Site:  # noqa: B008
    host = Host("h", "p", ("a", "b"))
    upses = {"a": Ups("a", card), "b": Ups("b")}
    return Site("s", upses, {"p": Pool("p")}, {"h": host}, Policy(hosts={"h": options}, protect_coordinator=protected))


def test_steps_stand_in_the_order_of_time() -> None:
    found = outlook("h", site(HostPolicy(Timer(True, 60), Timer(True, 120))), Snapshot())
    assert [(step.what, step.at, step.until, step.ups) for step in found.steps] == [
        ("maintenance", 60, 60, ""),
        ("shutdown", 120, 240, ""),
        ("warning", 300, None, "a"),
        ("cut", 360, None, "a"),
    ]
    assert (found.outcome.crash, found.remedy, found.explanation) == (False, None, "")


@pytest.mark.parametrize(
    ("maintenance", "card", "after"),
    [
        (Timer(), CUTS, 120),
        (Timer(True, 100), CUTS, 160),  # a step of its own for the moves
        (Timer(True, 100), CardTimers(250.0), 130),  # 60 s to shut down and 60 s of reserve before the card's end
        (Timer(True, 100), CardTimers(100.0), 0),
        (Timer(), CardTimers(), 120),
    ],
)
def test_a_crash_is_mended_by_a_shutdown_that_fits(maintenance: Timer, card: CardTimers, after: float) -> None:
    the_site = site(HostPolicy(maintenance), card)
    found = outlook("h", the_site, Snapshot())
    assert found.outcome.crash
    assert found.remedy == Timer(True, after)
    mended = outlook("h", site(HostPolicy(maintenance, found.remedy), card), Snapshot())
    assert (mended.outcome.crash, mended.remedy) == (False, None)


@pytest.mark.parametrize(
    ("options", "protected", "told"),
    [
        (HostPolicy(), True, "leave both options off"),
        (HostPolicy(), False, "protect_coordinator is off: it crashes"),
        (HostPolicy(shutdown=Timer(True, 9.0)), True, "Those that are set here hold"),
    ],
)
def test_of_a_coordinator_it_is_told_what_is_done_instead(options: HostPolicy, protected: bool, told: str) -> None:
    found = outlook("h", site(options, protected=protected), LED)
    assert found.coordinator
    assert told in found.explanation
