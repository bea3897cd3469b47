"""What people see of a site, of what its owner wrote."""

from __future__ import annotations

from dataclasses import replace

from ridethrough.core import events as e
from ridethrough.core.model import Ups
from ridethrough.core.observation import Source
from ridethrough.views import island_view
from tests.core.build import known, lost, remember, site, snapshot


def test_a_ups_shows_the_feeder_that_its_owner_named() -> None:
    there = site(2)
    there = replace(there, upses={**there.upses, "ups2": Ups("ups2", feeder="B")})
    shown = island_view(100.0, snapshot(100.0, there), remember(*known(there)), there, "")
    assert {row["id"]: row["feeder"] for row in shown["upses"]} == {"ups1": "", "ups2": "B"}


def test_a_ups_shows_whether_its_output_is_cut_and_what_that_waits_for() -> None:
    there = site(2)
    there = replace(there, upses={**there.upses, "ups1": replace(there.upses["ups1"], cut_output=True)})
    memory = remember(*known(there), lost("ups1", 90.0))
    shown = island_view(100.0, snapshot(100.0, there, sources={"ups1": Source.BATTERY}), memory, there, "")["upses"]
    assert [(row["cut_output"], row["cut_waits"]) for row in shown] == [
        (True, "nothing on it was shut down"),
        (False, ""),
    ]


def test_a_held_host_shows_who_holds_it_and_why_until_that_ends() -> None:
    there = site(2)
    hold = (
        e.Requested(95.0, e.Ask.HOLD, "h1", "anna", "new memory", seconds=60.0),
        e.RequestDone(95.0, e.Ask.HOLD, "h1", of=("h1",)),
    )
    release = (e.Requested(96.0, e.Ask.RELEASE, "h1", "bert"), e.RequestDone(96.0, e.Ask.RELEASE, "h1", of=("h1",)))

    def shown(*events: e.Event) -> list[tuple[str, bool, str, str, float | None]]:
        memory = remember(*known(there), *events)
        rows = island_view(100.0, snapshot(100.0, there), memory, there, "")["hosts"]
        return [(r["id"], r["held"], r["held_by"], r["held_why"], r["held_until"]) for r in rows]

    free = [("h1", False, "", "", None), ("h2", False, "", "", None)]
    assert shown(*hold) == [("h1", True, "anna", "new memory", 155.0), free[1]]
    assert shown(*hold, *release) == free
    assert shown(*hold, e.HoldEnded(155.0, "h1")) == free
