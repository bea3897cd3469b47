"""Hosts go down in time by the runtime that is left, with or without a card that says "low battery"; and what a wrong
runtime can and cannot do (behaviour.md §1, §3).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ridethrough.core import actions as a
from ridethrough.core import events as e
from ridethrough.core.decide import decide
from ridethrough.core.fold import fold
from ridethrough.core.model import UNTOLD, Ups
from ridethrough.core.observation import Power, Source
from ridethrough.core.policy import HostPolicy, Policy, Timer

from .build import ARMED, known, reading, remember, site, snapshot, vm_seen

AFTER = 3600.0  # the host's own shutdown timer
STEP = 2.0  # a card on battery is asked this often
BEGAN = 100.0  # the outage
Tells = Callable[[float], dict[str, object]]  # what the card says so many seconds into the outage


@dataclass(frozen=True, slots=True)
class Outcome:
    """Seconds into the outage; None for what did not happen."""

    guest_stopped: float | None
    host_down: float | None
    low: float | None  # "low battery" was believed


def outage(lasts: float, tells: Tells) -> Outcome:
    """One host with one guest on one UPS whose card cuts nothing by itself; actions end well within one round."""
    policy = Policy(hosts={"h1": HostPolicy(Timer(), Timer(True, AFTER))}, controller="me")
    the_site = replace(site(1, policy=policy), upses={"ups1": Ups("ups1", UNTOLD)})
    seen = snapshot(BEGAN, the_site, (vm_seen("web", "h1"),))
    memory = remember(*ARMED, *known(the_site))
    first: dict[str, float] = {}
    now = BEGAN
    while now < BEGAN + lasts and "down" not in first:
        now += STEP
        card, fresh = seen.upses["ups1"], reading(now, Source.BATTERY, **tells(now - BEGAN))
        host = replace(seen.hosts["h1"], toolstack_at=now, network_at=now)
        seen = replace(
            seen,
            upses={"ups1": replace(card, previous=card.reading, reading=fresh)},
            hosts={"h1": host},
            pools={"pool1": replace(seen.pools["pool1"], answered_at=now)},
        )
        for event in decide(now, seen, memory, the_site).events:
            memory = fold(memory, memory.position + 1, event)
            if isinstance(event, e.LowBattery):
                first.setdefault("low", now - BEGAN)
        for position, action in sorted(memory.pending.items()):
            match action:
                case a.DisableHost():
                    seen = replace(seen, hosts={"h1": replace(seen.hosts["h1"], enabled=False)})
                case a.StopVm() | a.ForceStopVm():
                    first.setdefault("stopped", now - BEGAN)
                    halted = replace(seen.vms["web"], power=Power.HALTED, resident_on=None)
                    seen = replace(seen, vms={"web": halted})
                case a.ShutDownHost():
                    first["down"] = now - BEGAN
            memory = fold(memory, memory.position + 1, e.ActionFinished(now, position, action))
    return Outcome(first.get("stopped"), first.get("down"), first.get("low"))


def in_time(outcome: Outcome, empty: float) -> bool:
    """The guest was stopped and the host's own shutdown begun while the battery still carried both."""
    stop = Policy().host_stop
    return outcome.guest_stopped is not None and outcome.host_down is not None and outcome.host_down + stop <= empty


def test_a_ups_that_never_says_low_has_its_hosts_shut_down_before_its_runtime_ends() -> None:
    """Eaton 5PX G2: on battery, its status normal to the end, the runtime in whole minutes down to 60 s and 5 %."""
    empty = 1200.0

    def falling(at: float) -> dict[str, object]:
        return {"runtime": max(empty - at, 60.0) // 60 * 60, "charge": max(100.0 * (1 - at / empty), 5.0)}

    outcome = outage(empty, falling)
    assert outcome.low is None
    assert in_time(outcome, empty), outcome
    assert outcome.host_down is not None
    assert outcome.host_down > empty / 2  # the runtime decided, not the beginning of the outage


def test_60_s_at_first_sight_shut_a_host_down_at_once() -> None:
    outcome = outage(120.0, lambda at: {"runtime": 60.0, "charge": 5.0})
    assert outcome.low is None
    assert outcome.host_down is not None
    assert outcome.host_down <= 10 * STEP


def test_a_runtime_sixty_times_too_long_gives_itself_away_by_the_pace_at_which_it_falls() -> None:
    """RouterOS before 6.47: seconds told as minutes. By what it tells, the battery would run empty."""
    empty = 1200.0
    outcome = outage(empty, lambda at: {"runtime": 60 * (empty - at), "low_battery": at >= empty - 180.0})
    assert in_time(outcome, empty), outcome
    assert outcome.host_down is not None
    assert outcome.host_down > empty / 2


def test_with_a_runtime_that_is_too_long_and_never_falls_a_low_battery_decides() -> None:
    empty, low_at = 1200.0, 1200.0 - 180.0
    outcome = outage(empty, lambda at: {"runtime": 36_000.0, "low_battery": at >= low_at})
    assert outcome.low is not None
    assert in_time(outcome, empty), outcome
    assert outcome.host_down is not None
    assert outcome.host_down >= low_at


def test_with_a_runtime_too_long_and_never_low_the_owner_s_timer_decides() -> None:
    outcome = outage(2 * AFTER, lambda at: {"runtime": 60 * (7200.0 - at)})
    assert outcome.host_down is not None
    assert AFTER <= outcome.host_down <= AFTER + 10 * STEP


def test_with_the_elapsed_time_told_as_runtime_a_host_goes_down_early_and_not_late() -> None:
    """The gamatronic driver. It begins with little, so the host goes down at once; that it grows stops nothing."""
    outcome = outage(600.0, lambda at: {"runtime": at, "charge": None})
    assert outcome.host_down is not None
    assert outcome.host_down <= 30 * STEP


def test_without_any_runtime_the_owner_s_timer_decides() -> None:
    outcome = outage(2 * AFTER, lambda at: {"runtime": None, "charge": None})
    assert outcome.low is None
    assert outcome.host_down is not None
    assert AFTER <= outcome.host_down <= AFTER + 10 * STEP
