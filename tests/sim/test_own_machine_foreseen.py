"""A forecast knows that the controller's own machine, or its VM, goes too, and what a switch cuts off."""

from __future__ import annotations

from pathlib import Path

from ridethrough.sim.forecast import forecast
from ridethrough.sim.glimpse import situation_at
from ridethrough.sim.scenario import load


def foreseen(root: Path, name: str, *lost: str) -> tuple[str, tuple[str, ...]]:
    """What is told when these UPSs fail in the site of a scenario, before anything has happened there."""
    s = situation_at(load(root / "scenarios" / f"{name}.toml"))
    found = forecast(s.site, s.seen, lost)
    return found.run.narrative, found.assumed


def test_the_machine_is_shut_down_last(root: Path) -> None:
    told, _ = foreseen(root, "own_machine_shuts_down_last", "ups1", "ups2", "ups3")
    assert told.index("xenserver2 is off") < told.index("the controller's machine shuts down")


def test_the_vm_goes_down_with_its_host(root: Path) -> None:
    told, _ = foreseen(root, "infra_vm_controller_on_the_coordinator", "ups1", "ups2")
    assert told.index("xenserver1 is off") < told.index("the controller ends with its VM")


def test_a_switch_on_no_ups_is_named_among_what_is_assumed(root: Path) -> None:
    _, assumed = foreseen(root, "c18_switch_on_no_ups", "ups1")
    assert [text for text in assumed if text.startswith("sw1 is on no UPS: it is assumed to work on")]
