"""What must be good before a site may be relied on, and before a host of it is taken into maintenance mode."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ridethrough.api.live import Live

from .record import Point

FRESH = 30.0  # seconds: the controller writes its status every ten
GOOD = "good"


def watched(live: Live, fresh: float = FRESH) -> Iterator[Point]:
    """The controller runs, and what is known is no older than it must be: `fresh` seconds."""
    age = live.age()
    if not live.running or age is None:
        yield Point("controller", False, "no controller runs", "Start it: ridethrough run")
    elif age > fresh:
        yield Point("controller", False, f"what it shows is {age:.0f} s old", "Look at its log: does its disk answer?")
    else:
        yield Point("controller", True, "the controller runs, and what is known is fresh")
    if trouble := live.rest.get("journal_trouble"):
        yield Point("journal", False, str(trouble), "Mend the disk of the state directory")
    else:
        yield Point("journal", True, "the journal is written")


def armed(live: Live) -> Point:
    """Whether the controller may act."""
    if live.rest.get("armed"):
        return Point("armed", True, "the site is armed")
    return Point("armed", False, "the site is in dry run: nothing would be done", "Arm it")


def equipment(live: Live) -> Iterator[Point]:
    """Every card answers and says that all is well, and every pool is connected."""
    for ups in live.tables["upses"].values():
        bad = "does not answer" if ups.get("silent") else ups["condition"] if ups["condition"] != GOOD else ""
        yield _of(f"UPS {ups['id']}", bad, "has utility power", "Wait for utility power, or mend its card")
    for pool in live.tables["pools"].values():
        bad = "" if pool.get("connected") else str(pool.get("trouble") or "is not connected")
        yield _of(f"pool {pool['id']}", bad, "is connected", "Look at its addresses, user and password")


def failing(live: Live) -> str:
    """The UPSs that have no utility power, in words; empty when all have.

    A card or a pool that falls silent for a while is no reason to end what is under way.
    """
    bad = [(ups["id"], ups["condition"]) for ups in live.tables["upses"].values() if ups["condition"] != GOOD]
    return ", ".join(f"{id} is {condition}" for id, condition in sorted(bad))


def planned(summary: Mapping[str, Any]) -> Iterator[Point]:
    """Nothing is lost when utility power fails everywhere."""
    harm = (("crashed", "hosts crash"), ("lost", "VMs are lost"))
    lost = [f"{summary[key]} {what}" for key, what in harm if summary[key]]
    yield _of("outage", ", ".join(lost), "no host crashes and no VM is lost", "Look at the findings, and at the plan")
    margin = summary["margin"]
    if margin is not None:
        text = f"{summary['margin_host']} is off {margin:.0f} s before its UPSs stop"
        yield Point("margin", margin > 0, text, "" if margin > 0 else "Give the step an earlier time")


def found(counts: Mapping[str, int]) -> Point:
    """What asking everything has found."""
    text = ", ".join(f"{counts[what]} {what}{'s'[: counts[what] != 1]}" for what in ("danger", "warning", "note"))
    return Point("findings", not counts["danger"], text, "Look at the findings" if counts["danger"] else "")


def host_is_ready(live: Live, host: str, confirmed: bool) -> Iterator[Point]:
    """The host is in good order, nothing is under way, and whoever asks knows when it is the coordinator."""
    row = live.tables["hosts"].get(host)
    if row is None:
        known = ", ".join(sorted(live.tables["hosts"])) or "none"
        yield Point("host", False, f'no host is named "{host}"; known are {known}', "Name one of them")
        return
    bad = "" if row["connected"] and row["enabled"] else "is not connected, or is in maintenance mode already"
    bad = bad or (f"is being worked on: {row['step']}" if row["step"] else "") or ("is held" if row["held"] else "")
    yield _of(f"host {host}", bad, "is enabled and in nobody's hands", "Wait, or choose another host")
    if row["supply"] not in ("full", "assumed"):
        yield Point("supply", False, f"{host}'s supply is {row['supply']}", "Wait until all its feeds are good")
    if row["coordinator"] and not confirmed:
        text = f"{host} is the coordinator of {row['pool']}"
        yield Point("coordinator", False, text, "Choose a member, or confirm that it shall be this host")
    busy = [str(text) for text in live.rest.get("under_way", [])]
    yield _of("under way", ", ".join(busy[:3]), "nothing is under way", "Wait until that is done")


def has_places(host: str, outcome: Mapping[str, Any]) -> Iterator[Point]:
    """Every VM of the host has a place elsewhere, by the controller's own plan."""
    bound = [row for row in outcome["vms"] if row["from"] == host]
    stuck = sorted(row["name"] for row in bound if row["end"] != "moves")
    text = f"{', '.join(stuck[:5])}{' and others' if len(stuck) > 5 else ''} would not move" if stuck else ""
    good = f"each of its {len(bound)} VMs has a place" if len(bound) != 1 else "its VM has a place"
    yield _of("places", text, good, "Make room for them, or see in the findings why they cannot move")


def _of(name: str, bad: str, good: str, remedy: str) -> Point:
    return Point(name, not bad, bad or good, remedy if bad else "")


def bad(points: Iterable[Point]) -> str:
    """What is not good, in words; empty when all is."""
    return "; ".join(f"{p.name}: {p.text}. {p.remedy}" for p in points if not p.good)
