"""What the agent on a machine is told: does the controller handle the machine, is it warned, must it go down now.

Reads the rows that people see, nothing else. Every time is relative: the agent's clock need not agree with ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Row = Mapping[str, Any]

LEASE = 120.0  # seconds that the controller's word holds: longer than a restart of it
FRESH = 20.0  # a status older than this is kept by nobody
GOING_DOWN = ("guests stop", "shutting down")
NO_POWER, LOW = "Utility power is not available", "The battery is low"  # the manual's 4.2


def told_host(
    row: Row, upses: Mapping[str, Row], now: float, age: float | None, running: bool, armed: bool
) -> dict[str, Any]:
    """For the agent on a host. `age`: how old the rows are; None: there are none yet."""
    fed = [upses[ups] for ups in row.get("powered_by", []) if ups in upses]
    never = ("" if armed else "the site is in dry run") or _not_wanted(row)
    why_not = never or ("" if running else "no controller runs") or _stale(age) or _not_reached(row)
    until = row.get("power_until")
    goes = not why_not and row.get("step") in GOING_DOWN
    return {
        "id": row["id"],
        "kind": "host",
        "handled": not why_not,
        "why": why_not or "the controller shuts it down in time",
        "withdrawn": bool(never) and running and not _stale(age),
        "lease": 0.0 if why_not else max(0.0, LEASE - (age or 0.0)),
        "supply": row.get("supply", "unknown"),
        "upses": [_ups(ups, now) for ups in fed],
        "warnings": [] if _stale(age) else [warning for ups in fed for warning in _warnings(ups, now)],
        "shutdown": {"why": _why(row), "within": _until(until, now)} if goes else None,
    }


def _stale(age: float | None) -> str:
    if age is None:
        return "the controller has not shown anything yet"
    return f"what the controller shows is {age:.0f} s old" if age > FRESH else ""


def _not_reached(row: Row) -> str:
    """It may be reached again within the lease: a controller that was just started has not looked yet."""
    return "" if row.get("connected") else "the controller does not reach it now"


def _not_wanted(row: Row) -> str:
    """Why the controller would not shut this host down; "" when it would."""
    if not row.get("powered_by"):
        return "site.toml names no UPS for it"
    options = row.get("options") or {}
    if not options.get("shutdown", {}).get("enabled") and not (row.get("row") or {}).get("spared"):
        return "its option shutdown is off, and it is no coordinator that is protected without"
    return ""


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


def _why(row: Row) -> str:
    return "its guests stop, then it shuts down" if row["step"] == "guests stop" else "it shuts down"


def _until(moment: float | None, now: float) -> float | None:
    return round(max(moment - now, 0.0), 1) if moment is not None else None
