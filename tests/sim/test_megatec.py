"""A UPS on a serial port: what each command answers and does, as facts of the protocol have it."""

from __future__ import annotations

import pytest

from ridethrough.sim.megatec import Megatec, Quirks
from ridethrough.sim.world import World

from .sites import let, site, told

GOOD = "00001001"  # line-interactive, and its beeper on


def ups(quirks: Quirks | None = None, capacity_wh: float = 125.0) -> tuple[World, Megatec]:
    """ups1 carries 300 W of its 2000: 25 minutes."""
    world = site(hosts=1, capacity_wh=capacity_wh)
    return world, Megatec(world, world.upses["ups1"], quirks)


def signs(megatec: Megatec) -> str:
    return megatec.status()[38:]


def test_the_answers_are_laid_out_as_the_protocol_says() -> None:
    _, megatec = ups()
    assert megatec.answer("Q1") == f"(231.0 231.0 231.0 015 50.0 27.3 25.0 {GOOD}"
    assert megatec.answer("F") == "#230.0 009 024.0 50.0"
    assert megatec.answer("I") == "#Ridethrough     Megatec    SIM1.0    "
    assert [len(megatec.answer(command) or "") + 1 for command in ("Q1", "F", "I")] == [47, 22, 39]


@pytest.mark.parametrize("command", ["QS", "QPI", "D", "", "S", "S11", "S1", "S.1", "S01R", "S01R1", "T5", "TLL", "q1"])
def test_what_it_does_not_know_it_sends_back(command: str) -> None:
    world, megatec = ups()
    assert megatec.answer(command) == command
    assert told(world) == []


def test_on_battery_its_volts_fall_with_the_charge_until_it_is_low_and_empty() -> None:
    world, megatec = ups()
    world.set_feeder("a", False)
    assert megatec.answer("Q1") == "(000.0 000.0 230.0 015 50.0 26.0 25.0 10001001"
    let(world, 750)  # half of its 25 minutes
    assert megatec.battery_volts == pytest.approx(23.4)
    assert signs(megatec) == "10001001"
    let(world, 571)  # 3 minutes are left
    assert signs(megatec) == "11001001"
    let(world, 200)
    assert world.crashed == ["h1"]
    assert megatec.answer("Q1") is None  # without battery or input nothing answers
    world.set_feeder("a", True)
    assert (megatec.answer("Q1") or "").startswith("(231.0 000.0 000.0 000")
    let(world, 6)
    assert (megatec.answer("Q1") or "").startswith("(231.0 000.0 231.0")
    assert megatec.battery_volts == pytest.approx(20.8 + 1.3, abs=0.1)


def test_a_test_is_told_and_ends_by_itself_or_when_it_is_told_to() -> None:
    world, megatec = ups()
    for command, lasts in (("T", 10), ("T02", 120)):
        assert megatec.answer(command) is None
        let(world, lasts - 1)
        assert signs(megatec) == "00001101"
        let(world, 2)
        assert signs(megatec) == GOOD
    megatec.answer("TL")
    let(world, 600)
    assert signs(megatec) == "00001101"
    megatec.answer("CT")
    assert signs(megatec) == GOOD


def test_a_test_until_the_battery_is_low_ends_there() -> None:
    world, megatec = ups()
    megatec.answer("TL")
    let(world, 25 * 60)
    assert signs(megatec) == GOOD
    assert world.upses["ups1"].charge < 20
    assert world.crashed == []


@pytest.mark.parametrize(("command", "seconds"), [("S.2", 12), ("S.5", 30), ("S01", 60), ("S10", 600)])
def test_a_shutdown_cuts_after_its_time_and_returns_with_utility_power(command: str, seconds: int) -> None:
    world, megatec = ups()
    world.set_feeder("a", False)
    assert megatec.answer(command) is None
    assert signs(megatec) == "10001011"
    let(world, seconds - 1)
    assert world.upses["ups1"].output
    let(world, 2)
    assert not world.upses["ups1"].output
    assert megatec.answer("Q1") is None
    let(world, 3600)
    world.set_feeder("a", True)
    let(world, 6)
    assert world.upses["ups1"].output
    assert signs(megatec) == GOOD
    assert told(world)[1:3] == [f"ups1 is told to shut down: output off in {seconds} s", "ups1 cuts its output"]


def test_a_shutdown_goes_on_when_utility_power_returns_and_the_output_comes_back_after_its_minutes() -> None:
    world, megatec = ups()
    world.set_feeder("a", False)
    megatec.answer("S.5R0003")
    let(world, 10)
    world.set_feeder("a", True)
    assert signs(megatec) == "00001011"
    let(world, 21)
    assert not world.upses["ups1"].output
    assert signs(megatec) == "00001011"
    let(world, 178)
    assert not world.upses["ups1"].output
    let(world, 2)
    assert world.upses["ups1"].output


def test_after_its_minutes_the_output_waits_for_utility_power() -> None:
    world, megatec = ups()
    world.set_feeder("a", False)
    megatec.answer("S.5R0003")
    let(world, 1000)
    assert not world.upses["ups1"].output
    world.set_feeder("a", True)
    let(world, 6)
    assert world.upses["ups1"].output


def test_without_minutes_it_stays_off_until_it_is_told() -> None:
    world, megatec = ups()
    megatec.answer("S00R0000")
    let(world, 3600)
    assert not world.upses["ups1"].output
    megatec.answer("C")
    let(world, 1)
    assert world.upses["ups1"].output


def test_a_shutdown_can_be_cancelled_and_one_that_is_given_again_begins_anew() -> None:
    world, megatec = ups()
    world.set_feeder("a", False)
    megatec.answer("S01R0001")
    let(world, 50)
    megatec.answer("S01R0001")
    let(world, 50)
    assert world.upses["ups1"].output
    assert megatec.answer("C") is None
    assert signs(megatec) == "10001001"
    let(world, 600)
    assert world.upses["ups1"].output
    assert told(world)[-1] == "ups1 is told to cancel its shutdown"


def test_the_beeper_is_switched_over() -> None:
    _, megatec = ups()
    megatec.answer("Q")
    assert signs(megatec) == "00001000"
    megatec.answer("Q")
    assert signs(megatec) == GOOD


def test_nothing_counts_down_by_itself() -> None:
    world, _ = ups(capacity_wh=1000.0)
    world.set_feeder("a", False)
    let(world, 3600)  # the card of this UPS would have cut after five minutes
    assert world.upses["ups1"].output


def test_quirks() -> None:
    assert ups(Quirks(no_rating=True))[1].answer("F") is None
    assert ups(Quirks(no_vendor=True))[1].answer("I") is None
    assert signs(ups(Quirks(shutdown_bit_stuck=True))[1]) == "00001011"
    assert signs(ups(Quirks(online=True))[1]) == "00000001"
