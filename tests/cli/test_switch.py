"""`ridethrough ups off` and `cancel` with a running controller and simulated cards: guarded, told, read back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .live import Live, as_json, ridethrough


@pytest.fixture(scope="module")
def writing(protected: Live) -> Path:
    """site.toml with a community that may write to the card of ups1."""
    return protected.changed("writing.toml", {"[ups.ups1]\n": '[ups.ups1]\nwrite_community = "secret:write"\n'})


@pytest.fixture
def armed(protected: Live) -> Iterator[Live]:
    assert protected.ask("arm").exit_code == 0
    yield protected
    protected.ask("disarm")


@pytest.fixture
def on_battery(armed: Live) -> Iterator[Live]:
    armed.set_feeder("a", False)
    armed.until(lambda status: ups1(status)["source"] == "battery")
    yield armed
    armed.set_feeder("a", True)
    armed.until(lambda status: ups1(status)["source"] == "utility")


def ups1(status: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = next(row for row in status["upses"] if row["id"] == "ups1")
    return row


def command(live: Live, site: Path, *words: str, **more: Any):  # type: ignore[no-untyped-def]
    return live.look("ups", *words, "--state", str(live.state), site=site, RIDETHROUGH_SECRET_WRITE="private", **more)


def cut_at(live: Live) -> float | None:
    return live.wire.world.upses["ups1"].card.cut_at


def test_what_a_ups_can_is_shown_and_its_card_told_nothing(protected: Live, writing: Path) -> None:
    shown = command(protected, writing, "show", "ups1")
    assert "commands: off with restart (on battery only), cancel (RFC 1628)" in shown.stdout
    assert "write_community" not in shown.stdout
    without = protected.look("ups", "show", "ups1", "--state", str(protected.state))
    assert "(RFC 1628); it needs a write_community in site.toml" in without.stdout


def test_dry_run_refuses(protected: Live, writing: Path) -> None:
    result = command(protected, writing, "off", "ups1", "--after", "120", "--yes", "ups1")
    assert (result.exit_code, cut_at(protected)) == (1, None)
    assert "the site is in dry run: arm it first" in result.stderr


def test_without_a_controller(writing: Path, protected: Live, tmp_path: Path) -> None:
    site = ("--site", str(writing), "--secrets", str(protected.secrets), "--state", str(tmp_path))
    result = ridethrough(
        "ups", "off", "ups1", "--after", "120", "--yes", "ups1", *site, RIDETHROUGH_SECRET_WRITE="private"
    )
    assert (result.exit_code, cut_at(protected)) == (3, None)
    assert "no controller runs here" in result.stderr


def test_who_is_up_is_not_told_from_the_status_of_a_controller_that_has_ended(
    writing: Path, protected: Live, tmp_path: Path
) -> None:
    status = {"hosts": [{"id": "xenserver1", "step": "down", "connected": False}]}
    (tmp_path / "status.json").write_text(json.dumps(status), encoding="utf-8")
    site = ("--site", str(writing), "--secrets", str(protected.secrets), "--state", str(tmp_path))
    result = ridethrough(
        "ups", "off", "ups1", "--after", "120", *site, typed="no\n", RIDETHROUGH_SECRET_WRITE="private"
    )
    assert "xenserver1: nobody knows whether it is up" in result.stdout


def test_cancel_without_a_controller_tells_the_ups_and_that_nobody_writes_it_down(
    protected: Live, writing: Path, tmp_path: Path
) -> None:
    site = ("--site", str(writing), "--secrets", str(protected.secrets), "--state", str(tmp_path))
    result = ridethrough("ups", "cancel", "ups1", "--yes", "ups1", *site, RIDETHROUGH_SECRET_WRITE="private")
    assert result.exit_code == 0, result.stderr
    assert "nobody writes this down" in result.stderr
    assert "it showed no countdown, and shows none" in result.stdout


def test_the_controller_of_another_site_is_not_asked(armed: Live, writing: Path) -> None:
    """Its ups1 is another one: what it allows and writes down would be untrue."""
    address = next(row["address"] for row in as_json(armed.ask("status", "--json"))["upses"] if row["id"] == "ups1")
    other = armed.folder / "other.toml"
    other.write_text(writing.read_text(encoding="utf-8").replace(address, "127.0.0.1:9"), encoding="utf-8")
    for words in (("off", "ups1", "--after", "120"), ("cancel", "ups1")):
        result = command(armed, other, *words, "--yes", "ups1")
        assert result.exit_code == 1
        assert f"ups1 is at 127.0.0.1:9 in the file, and at {address} for the controller" in result.stderr


def test_on_utility_power_it_is_refused_and_the_person_stands_in_the_journal(armed: Live, writing: Path) -> None:
    result = command(armed, writing, "off", "ups1", "--after", "120", "--yes", "ups1")
    assert (result.exit_code, cut_at(armed)) == (1, None)
    assert "it is not on battery" in result.stderr
    journal = armed.ask("journal").stdout
    assert "asks: switch off UPS ups1 in 120 s" in journal
    assert "has told ups1: failed, " in journal
    assert journal.index("asks: switch off UPS ups1 in 120 s") < journal.rindex("it is not on battery")


def test_another_name_is_no_consent(armed: Live, writing: Path) -> None:
    result = command(armed, writing, "off", "ups1", "--after", "120", typed="ups2\n")
    assert (result.exit_code, cut_at(armed)) == (1, None)
    assert '"ups2" is not "ups1": nothing was done' in result.stderr


def test_who_is_fed_is_named_before_the_name_is_asked_for(armed: Live, writing: Path) -> None:
    result = command(armed, writing, "off", "ups1", "--after", "120", typed="no\n")
    assert "ups1: its output will be cut in 2 min (RFC 1628)." in result.stdout
    assert "cancel it if utility power returns first" in result.stdout
    assert "xenserver1: is up, fed by nothing else" in result.stdout
    assert "xenserver2" not in result.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [(("--after", "30"), "--soon"), (("--after", "5"), "10"), (("--after", "90000"), "21600"), ((), "--after")],
)
def test_seconds_that_make_no_sense(protected: Live, writing: Path, words: tuple[str, ...], said: str) -> None:
    result = command(protected, writing, "off", "ups1", *words, "--yes", "ups1")
    assert result.exit_code == 2
    assert said in result.stderr


def test_off_and_cancel(on_battery: Live, writing: Path) -> None:
    result = command(on_battery, writing, "off", "ups1", "--after", "600", "--yes", "ups1", "--json")
    assert result.exit_code == 0, result.stderr
    document = as_json(result)
    assert document["steps"][:2] == ["upsAutoRestart is 1", "upsShutdownType is 1"]
    assert 580 < document["countdown"] <= 600
    assert cut_at(on_battery) is not None
    assert on_battery.ask("disarm").exit_code == 0
    result = command(on_battery, writing, "cancel", "ups1", "--yes", "ups1")
    assert (result.exit_code, cut_at(on_battery)) == (0, None), result.stderr
    assert "its countdown is gone" in result.stdout
    journal = on_battery.ask("journal").stdout
    assert "asks: cancel switching off UPS ups1" in journal
    assert "accepted: switch off UPS ups1" in journal
    assert "asks: switch off UPS ups1 in 600 s" in journal
    assert "has told ups1: upsAutoRestart is 1; upsShutdownType is 1; 1.3.6.1.2.1.33.1.8.2.0 was set to 600" in journal
    assert "its countdown is gone" in journal


def test_a_ups_that_is_not_in_the_file(protected: Live, writing: Path) -> None:
    for words in (("off", "ups9", "--after", "120"), ("cancel", "ups9")):
        result = command(protected, writing, *words, "--yes", "ups9")
        assert result.exit_code == 2
        assert "there is no [ups.ups9]" in result.stderr
