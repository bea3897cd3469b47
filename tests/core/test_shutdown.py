"""When a host may be shut down."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ridethrough.core import events as e
from ridethrough.core.actions import ShutDownHost
from ridethrough.core.observation import Power, Source
from ridethrough.core.shutdown import shut_down

from .build import lost, site, situation, snapshot, vm_seen


@pytest.mark.parametrize(
    ("starts", "seconds_left", "goes_down"), [(None, 250, True), ("h2", 250, False), ("h2", 60, True)]
)
def test_a_start_on_a_host_is_waited_for_until_its_last_moment(
    starts: str | None, seconds_left: int, goes_down: bool
) -> None:
    the_site, now = site(2), 300.0
    guest = replace(vm_seen("web", "h2"), power=Power.HALTED, resident_on=None, starting_on=starts)
    seen = snapshot(now, the_site, (guest,), {"ups2": Source.BATTERY})
    seen = replace(seen, hosts={**seen.hosts, "h2": replace(seen.hosts["h2"], enabled=False)})
    begun = (
        lost("ups2", 100.0, off_at=now + seconds_left),
        e.PoolRecorded(290.0, "pool1", "h1", (("h1", 1.0), ("h2", 1.0)), (), (), False),
        e.ShutdownBegun(290.0, "h2", "ups2 on battery"),
    )
    found = [
        event.action
        for event in shut_down(situation(now, seen, the_site, *begun))
        if isinstance(event, e.ActionStarted)
    ]
    assert [isinstance(action, ShutDownHost) for action in found] == [True] * goes_down
