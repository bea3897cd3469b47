"""plan, plan --sweep, check, why and replay on the demo's site, on the wire, before and after a real outage there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.live import Live, as_json


@pytest.fixture(scope="module")
def site(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The site of `./demo`, with a controller that is still in dry run."""
    found = Live(tmp_path_factory.mktemp("what-if"), root / "scenarios" / "sites" / "two_hosts.toml", speed=20.0)
    found.protect()
    yield found
    found.close()


def test_in_peace_and_in_an_outage_and_afterwards(site: Live) -> None:
    _plan(site)
    _check_tells_of_the_dry_run(site)
    site.ask("arm")
    site.until(lambda status: bool(status["armed"]))
    _why_in_peace(site)
    site.set_feeder("a", False)
    site.until(lambda status: any(row["step"] == "being emptied" for row in status["hosts"]))
    _why_in_an_outage(site)
    site.set_feeder("a", True)
    site.until(lambda status: not any(row["recorded"] for row in status["pools"]) and not status["under_way"])
    _replay(site)


def _plan(site: Live) -> None:
    asked = as_json(site.look("plan", "--lose", "ups1", "--json"))
    seen = as_json(site.look("plan", "--lose", "ups1", "--json", "--state", str(site.state)))
    for found in (asked, seen):
        (down,) = [row for row in found["hosts"] if row["id"] == "xenserver1"]
        assert down["end"] == "off"
        assert down["needed"] > 0
        assert down["spare"] == pytest.approx(down["left"] - down["needed"], abs=0.2)
        assert found["first_loss"] is None
        assert [row["tier"] for row in found["tiers"]] == [5]
    swept = as_json(site.look("plan", "--sweep", "--json", "--state", str(site.state)))
    assert (swept["of"], swept["played"]) == (5, 5)
    assert swept["rows"][0]["why"] == "if ups1 and ups2 fail, 6 VMs are stopped, 2 hosts shut down"


def _check_tells_of_the_dry_run(site: Live) -> None:
    found = as_json(site.look("check", "--json", "--state", str(site.state)))
    assert [row["about"] for row in found["advice"] if row["remedy"].endswith("ridethrough arm")] == ["controller"]
    assert found["score"] == 94  # three warnings


def _why_in_peace(site: Live) -> None:
    (host,) = as_json(site.look("why", "xenserver1", "--json", "--state", str(site.state)))["found"]
    assert host["now"] == "Nothing threatens xenserver1: ups1 has utility power."
    told = site.look("why", "db1", "--state", str(site.state)).stdout
    assert "If ups1 failed, it would move to xenserver2" in told
    assert site.look("why", "nobody", "--state", str(site.state)).exit_code == 2


def _why_in_an_outage(site: Live) -> None:
    told = site.look("why", "xenserver1", "--state", str(site.state)).stdout
    assert "xenserver1 is being emptied" in told, told
    assert "ups1 on battery for" in told


def _replay(site: Live) -> None:
    (outage,) = as_json(site.look("replay", str(site.state), "--list", "--json", site=None))["outages"]
    other = site.changed("other.toml", {"after = 60": "after = 3600", "after = 120": "after = 3600"})
    found = as_json(site.look("replay", str(site.state), "--json", site=other))
    assert found["outage"] == outage["id"]
    assert found["identical"] is True, found["differences"]
    assert found["actions"] == found["actions_in_journal"] > 0
    (tier,) = found["compared"]["tiers"]
    assert (tier["tier"], tier["vms"]) == (5, 6)
    assert found["compared"]["was"]["moved"] == 3
    shown = site.look("replay", str(site.state / "journal.db"), site=other).stdout
    assert "are decided again: the same, in the same order, at the same moments." in shown
    assert "Minutes that VMs were down, added up" in shown
