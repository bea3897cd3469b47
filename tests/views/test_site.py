"""What people see of a site, of what its owner wrote."""

from __future__ import annotations

from dataclasses import replace

from ridethrough.core.model import Ups
from ridethrough.views import island_view
from tests.core.build import known, remember, site, snapshot


def test_a_ups_shows_the_feeder_that_its_owner_named() -> None:
    there = site(2)
    there = replace(there, upses={**there.upses, "ups2": Ups("ups2", feeder="B")})
    shown = island_view(100.0, snapshot(100.0, there), remember(*known(there)), there, "")
    assert {row["id"]: row["feeder"] for row in shown["upses"]} == {"ups1": "", "ups2": "B"}
