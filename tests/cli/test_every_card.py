"""A UPS of every family, looked at as its owner would: check, ups discover and ups show, before and in an outage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .live import Live, as_json

FEEDER_A = {
    "rfc1628": "RFC 1628",
    "eppc": "EPPC + RFC 1628",
    "cyberpower": "CPS + RFC 1628",
    "mge": "MG-SNMP-UPS + XUPS + RFC 1628",
    "pxgx": "PXGX + RFC 1628",
    "delta": "DeltaUPS + RFC 1628",
    "riello": "RIELLOUPS + RFC 1628",
    "huawei": "HUAWEI-UPS + RFC 1628",
    "vertiv": "LIEBERT-FLEXIBLE + RFC 1628",
    "socomec": "SOCOMECUPS",
}
FEEDER_B = {
    "xppc": "XPPC + RFC 1628",
    "usha": "USHA + RFC 1628",
    "apc": "PowerNet",
    "xups": "XUPS + RFC 1628",
    "hp": "CPQPOWER + RFC 1628",
    "dell": "DELL-UPS + RFC 1628",
    "tripplite": "TLP + RFC 1628",
    "liebert": "LIEBERT-GP + RFC 1628",
    "ita2": "VERTIV-ITA2",
    "netvision": "NETVISION",
}
FAMILIES = FEEDER_A | FEEDER_B


def test_check_names_each_family_and_its_condition(every_card: Live) -> None:
    result = every_card.look("check")
    assert result.exit_code == 0, result.stdout
    told = {part.split("\n")[0]: part for part in result.stdout.split("\n\n")}
    for ups, family in FAMILIES.items():
        _, who, condition, *_ = told[f"UPS {ups}"].splitlines()
        assert who.endswith(f"({family})")
        assert condition.startswith("  utility power"), ups
    warned = "WARNING: host.xenserver1: all its 10 UPSs hang on feeder a: when it fails, xenserver1 loses them all."
    assert warned in " ".join(result.stdout.split())
    assert result.stdout.endswith("Found: 2 warnings, 1 note.\n")


def discovered(live: Live) -> dict[str, tuple[str, str]]:
    """Family and condition of each, by its name in site.toml."""
    where = ("127.0.20.0/24", "--port", str(live.wire.port), "--json")
    found = as_json(live.look("ups", "discover", *where))["found"]
    assert [row["trouble"] for row in found] == [""] * len(FAMILIES)
    return {row["in_site"]: (row["family"], row["condition"]) for row in found}


def test_discover_finds_each_family(every_card: Live) -> None:
    assert discovered(every_card) == {ups: (family, "utility power") for ups, family in FAMILIES.items()}


def shown(live: Live, ups: str) -> dict[str, Any]:
    result = live.look("ups", "show", ups, "--state", str(live.state), "--json")
    assert result.exit_code == 0, result.stdout
    document: dict[str, Any] = as_json(result)
    return document


@pytest.fixture(scope="module")
def half_out(every_card: Live) -> Iterator[Live]:
    """Feeder a has failed."""
    every_card.set_feeder("a", False)
    yield every_card
    every_card.set_feeder("a", True)


def test_discover_in_an_outage(half_out: Live) -> None:
    on_battery = {ups: (family, "on battery") for ups, family in FEEDER_A.items()}
    on_utility = {ups: (family, "utility power") for ups, family in FEEDER_B.items()}
    assert discovered(half_out) == on_battery | on_utility


@pytest.mark.parametrize("ups", FEEDER_A)
def test_show_on_battery(half_out: Live, ups: str) -> None:
    card = shown(half_out, ups)
    assert (card["family"], card["source"], card["testing"]) == (FEEDER_A[ups], "battery", False)
    assert (card["contradicts_itself"], card["trouble"]) == ([], "")
    said = {row["what"] for row in card["evidence"] if row["says"] in ("battery", "yes")}
    assert said & {"output source", "battery discharges", "says it is on battery"}


@pytest.mark.parametrize("ups", FEEDER_B)
def test_show_on_utility_power(half_out: Live, ups: str) -> None:
    card = shown(half_out, ups)
    assert (card["family"], card["source"], card["low"]) == (FEEDER_B[ups], "utility", False)
    assert (card["testing"], card["countdown"], card["contradicts_itself"], card["trouble"]) == (False, None, [], "")
    assert {row["says"] for row in card["evidence"] if row["what"] == "output source"} == {"utility"}


def test_check_in_an_outage(half_out: Live) -> None:
    result = half_out.look("check")
    told = {part.split("\n")[0]: part for part in result.stdout.split("\n\n")}
    for ups in FEEDER_A:
        assert "\n  on battery" in told[f"UPS {ups}"]
    for ups in FEEDER_B:
        assert "\n  utility power" in told[f"UPS {ups}"]
