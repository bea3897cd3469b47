"""`ridethrough ups test-trap` with cards that can be told to send one: Eaton's XUPS and PXGX."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import Result

from .live import Live

CARDS = [("xups", "XUPS + RFC 1628"), ("pxgx", "PXGX + RFC 1628")]


@pytest.fixture(scope="module")
def writing(every_card: Live) -> Path:
    """site.toml with the community that may write to both."""
    names = [ups for ups, _ in CARDS]
    return every_card.changed(
        "writing.toml", {f"[ups.{ups}]\n": f'[ups.{ups}]\nwrite_community = "secret:write"\n' for ups in names}
    )


def order(live: Live, ups: str, site: Path | None = None, *, wait: int = 30, write: str = "private") -> Result:
    where = ("--state", str(live.state), "--wait", str(wait))
    return live.look("ups", "test-trap", ups, *where, site=site, RIDETHROUGH_SECRET_WRITE=write)


@pytest.mark.parametrize(("ups", "family"), CARDS)
def test_the_card_is_told_and_its_trap_is_heard(every_card: Live, writing: Path, ups: str, family: str) -> None:
    result = order(every_card, ups, writing)
    assert result.exit_code == 0, result.stdout
    assert result.stdout.splitlines() == [
        f"{ups} ({family}) is told to send a test trap ...",
        f"Heard from {ups}: a test trap",
        "Its traps reach Ridethrough.",
    ]


@pytest.mark.parametrize("ups", [ups for ups, _ in CARDS])
def test_without_write_community_nothing_is_told_and_the_reason_is(every_card: Live, ups: str) -> None:
    result = order(every_card, ups, wait=1)
    assert result.exit_code == 1
    refused, by_hand, nothing, *_ = result.stdout.splitlines()
    assert refused == "site.toml gives no write_community for this card, so nothing can be set."
    assert by_hand == "Let it send one from its own page within 1 s; any trap of it counts ..."
    assert nothing.startswith(f"NOT HEARD: within 1 s no trap of {ups} came to UDP ")


def test_a_wrong_write_community_is_named(every_card: Live, writing: Path) -> None:
    result = order(every_card, "xups", writing, wait=1, write="a-wrong-one")
    assert result.exit_code == 1
    assert "no answer, so it may or may not have been carried out" in result.stdout
    assert "its write_community" in result.stdout
    assert "a-wrong-one" not in result.stdout


def test_the_controller_hears_what_its_owner_has_ordered(every_card: Live, writing: Path) -> None:
    every_card.protect()
    result = order(every_card, "pxgx", writing)
    assert result.exit_code == 0, result.stdout
    assert result.stdout.splitlines() == [
        "The controller listens on UDP {}:{}.".format(*every_card.wire.traps),
        "pxgx (PXGX + RFC 1628) is told to send a test trap ...",
        "Heard from pxgx: a test trap",
        "Its traps reach Ridethrough.",
    ]
    status = every_card.until(lambda status: True)
    assert {row["id"]: row["traps"] for row in status["upses"] if row["traps"]} == {"pxgx": 1}
