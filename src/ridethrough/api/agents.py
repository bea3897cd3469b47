"""What the agent on a machine is told: does the controller handle the machine, is it warned, must it go down now.

Reads the rows that people see, nothing else. Every time is relative: the agent's clock need not agree with ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]

LEASE = 120.0  # seconds that the controller's word holds: longer than a restart of it
FRESH = 20.0  # a status older than this is kept by nobody
GOING_DOWN = "shutting down"  # before it the controller still moves VMs, and stops the others in their order
NO_POWER, LOW = "Utility power is not available", "The battery is low"  # the manual's 4.2


@dataclass(frozen=True, slots=True)
class Present:
    """What the controller shows now. `age`: how old the rows are; None: there are none yet."""

    upses: Mapping[str, Row]
    pools: Mapping[str, Row]
    now: float
    age: float | None
    running: bool
    armed: bool


def told_host(row: Row, present: Present) -> dict[str, Any]:
    """For the agent on a host."""
    goes = {"why": "it shuts down", "within": _until(row.get("power_until"), present.now)}
    order = goes if row.get("step") == GOING_DOWN else None
    return _told("host", row, present, _not_wanted(row), _not_reached(row, present.pools.get(row["pool"])), order)


def told_storage(row: Row, present: Present) -> dict[str, Any]:
    """For the agent on a NAS or SAN. Where another way is written the controller stops it, and needs no agent."""
    way = row.get("way")
    never = "its way is that it asks its UPS by itself" if way == "by itself" else _not_fed(row)
    goes = way == "agent" and row.get("step") == GOING_DOWN
    order = {"why": row.get("why") or "the plan wants it down", "within": None} if goes else None
    return _told("storage", row, present, never, "", order)


def _told(
    kind: str, row: Row, present: Present, not_wanted: str, not_reached: str, order: dict[str, Any] | None
) -> dict[str, Any]:
    now, age = present.now, present.age
    fed = [present.upses[ups] for ups in row.get("powered_by", []) if ups in present.upses]
    never = ("" if present.armed else "the site is in dry run") or not_wanted
    why_not = never or ("" if present.running else "no controller runs") or _stale(age) or not_reached
    return {
        "id": row["id"],
        "kind": kind,
        "handled": not why_not,
        "why": why_not or "the controller shuts it down in time",
        "withdrawn": bool(never) and present.running and not _stale(age),
        "lease": 0.0 if why_not else max(0.0, LEASE - (age or 0.0)),
        "supply": row.get("supply", "unknown"),
        "upses": [_ups(ups, now) for ups in fed],
        "warnings": [] if _stale(age) else [warning for ups in fed for warning in _warnings(ups, now)],
        "shutdown": None if why_not else order,
    }


def _stale(age: float | None) -> str:
    if age is None:
        return "the controller has not shown anything yet"
    return f"what the controller shows is {age:.0f} s old" if age > FRESH else ""


def _not_reached(row: Row, pool: Row | None) -> str:
    """It may be reached again within the lease: a controller that was just started has not looked yet.

    While the coordinator hands over, by the controller's own doing, nobody is reached for some 45 s.
    """
    if pool and pool.get("hands_over"):
        return ""
    if not row.get("connected"):
        return "the controller does not reach it now"
    return "" if pool and pool.get("connected") else "the controller does not reach its pool's coordinator now"


def _not_wanted(row: Row) -> str:
    """Why the controller would not shut this host down; "" when it would."""
    if _not_fed(row):
        return _not_fed(row)
    options = row.get("options") or {}
    if not options.get("shutdown", {}).get("enabled") and not (row.get("row") or {}).get("spared"):
        return "its option shutdown is off, and it is no coordinator that is protected without"
    return ""


def _not_fed(row: Row) -> str:
    return "" if row.get("powered_by") else "site.toml names no UPS for it"


def _ups(ups: Row, now: float) -> dict[str, Any]:
    since = ups.get("on_battery_since")
    return {
        "id": ups["id"],
        "address": ups.get("address") or "",
        "condition": ups.get("condition", "unknown"),
        "on_battery_for": round(max(now - since, 0.0), 1) if since is not None else None,
        "low": bool(ups.get("low")),
        "silent": bool(ups.get("silent")),
        "runtime": ups.get("runtime"),
        "cuts_in": _until(ups.get("cut_at"), now),
    }


def _warnings(ups: Row, now: float) -> list[dict[str, str]]:
    if ups.get("condition") != "on battery":
        return []
    who = f"{ups['address']} ({ups['id']})" if ups.get("address") else str(ups["id"])
    cuts = _until(ups.get("cut_at"), now)
    said = [NO_POWER] + ([LOW] if ups.get("low") else [])
    said += [f"The output is cut in {cuts:.0f} s"] if cuts is not None else []
    return [{"who": who, "what": "; ".join(said)}]


def _until(moment: float | None, now: float) -> float | None:
    return round(max(moment - now, 0.0), 1) if moment is not None else None
