"""What an outage did to hosts that nobody shut down: told from the journals of scenarios, and from events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ridethrough.api.afterwards import losses, stayed_up
from ridethrough.core.events import Event, HostDown, PoolRecorded, UtilityBack, UtilityLost, UtilitySeen
from ridethrough.sim.scenario import load, play
from ridethrough.views.outages import Outage, Outages

TWO = [{"id": "xenserver1", "powered_by": ["ups1"]}, {"id": "xenserver2", "powered_by": ["ups2"]}]


def played(root: Path, name: str) -> Outage:
    found = Outages()
    found.take_all(enumerate(play(load(root / "scenarios" / f"{name}.toml")).journal.entries, start=1))
    return found.all[0]


def folded(*events: Event) -> Outage:
    found = Outages()
    found.take_all(enumerate(events, start=1))
    return found.all[0]


def lost(ups: str = "a", at: float = 10.0, off_at: float | None = 310.0) -> UtilityLost:
    return UtilityLost(at, ups, at, at - 5.0, off_at and off_at - 120, off_at, 900.0, 90.0, 10.0, "test")


def fed(*by: str, needs: int = 1, id: str = "h") -> dict[str, Any]:
    return {"id": id, "powered_by": list(by), "needs": needs}


def test_in_dry_run_the_host_goes_down_with_its_supply_and_its_guests(root: Path) -> None:
    outage = played(root, "dry_run")
    (gone,) = losses(outage, TWO, {})
    cut = outage.upses["ups1"].output_off_at
    assert cut is not None
    assert (gone["host"], gone["at"], gone["upses"]) == ("xenserver1", cut, ["ups1"])
    assert gone["vms"] == ["db1", "files1", "web1"]
    assert gone["proven_at"] is not None
    assert gone["proven_at"] > cut
    assert outage.vms[outage.left_on("xenserver1")[0]].told.startswith("would move ")
    assert stayed_up(outage, TWO, [gone]) == [{"host": "xenserver2", "text": "ups2 kept utility power."}]


def test_what_was_shut_down_in_time_is_no_loss(root: Path) -> None:
    outage = played(root, "case_one")
    assert outage.upses["ups1"].output_off_at is not None
    assert losses(outage, TWO, {}) == []


def test_an_off_time_that_passed_is_known_without_a_countdown() -> None:
    cut = folded(lost(), UtilitySeen(400.0, "a", 400.0, 10.0), UtilityBack(410.0, "a", 400.0))
    assert cut.upses["a"].output_off_at == 310.0
    assert [one["host"] for one in losses(cut, [fed("a")], {})] == ["h"]
    assert [one["vms"] for one in losses(cut, [fed("a")], {})] == [None]  # nobody told what ran there
    spared = folded(lost(), UtilitySeen(312.0, "a", 300.0, 10.0), UtilityBack(410.0, "a", 400.0))
    assert spared.upses["a"].output_off_at is None
    assert losses(spared, [fed("a")], {}) == []


def test_a_host_is_lost_when_too_few_of_its_feeds_are_left() -> None:
    back = [UtilitySeen(700.0, id, 700.0, 10.0) for id in ("a", "b")]
    both = folded(lost("a"), lost("b", 20.0, 620.0), *back)
    assert [(one["at"], one["upses"]) for one in losses(both, [fed("a", "b")], {})] == [(620.0, ["a", "b"])]
    assert [(one["at"], one["upses"]) for one in losses(both, [fed("a", "b", needs=2)], {})] == [(310.0, ["a"])]
    assert losses(both, [fed("a", "c"), fed()], {}) == []


def test_a_host_that_goes_down_by_itself_is_told_with_what_the_record_knows() -> None:
    record = PoolRecorded(20.0, "p", "c", (("h", 0.0), ("c", 0.0)), (), (("v1", "h"), ("v2", "c")), False)
    outage = folded(lost(off_at=None), record, HostDown(100.0, "h", "silent"))
    told = {"host": "h", "at": 100.0, "upses": [], "vms": ["web1"], "proven_at": 100.0}
    assert losses(outage, [fed("a")], {"v1": "web1"}) == [told]
    assert losses(outage, [fed("b")], {}) == []  # a host that this outage does not concern


def test_why_the_others_are_still_up_is_told_afterwards() -> None:
    outage = folded(lost("a", off_at=None), UtilityBack(110.0, "a", 100.0))
    rows = [fed("a", "b", id="h1"), fed("b", "c", id="h2"), fed(id="h3"), fed("a", id="h4")]
    assert [one["text"] for one in stayed_up(outage, rows, [])] == [
        "b kept utility power, and that was enough.",
        "b and c kept utility power.",
        "site.toml names no UPS for it: its power is assumed.",
        "a had utility power again after 100 s, before anything was due.",
    ]
    assert stayed_up(outage, rows, [{"host": "h4"}])[-1]["host"] == "h3"
