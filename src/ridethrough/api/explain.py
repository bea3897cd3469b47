"""What comes next for each host, and why it is as it is, in words. Reads the rows that people see, nothing else."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from ridethrough.core.wording import listed

Row = Mapping[str, Any]
FAILING = ("on battery", "lost")
UNTOUCHED = ("", "rides through")
GONE = ("down", "shutting down")


def next_steps(rows: Iterable[Row], now: float) -> list[dict[str, Any]]:
    """What is still to come for hosts whose supply fails, by time: `at`, `host`, `what`, and the seconds it `takes`.

    `what` is "maintenance", "shutdown", "hold ends", "last safe start" (the budget begins what is still to do) or
    "power ends". While a person holds a host nothing of it comes before the hold ends.
    """
    found = [step for row in rows for step in _steps(row) if step["at"] >= now]
    return sorted(found, key=lambda step: (step["at"], step["host"], step["what"]))


def _steps(row: Row) -> list[dict[str, Any]]:
    since, step = row.get("on_battery_since"), row.get("step", "")
    if row.get("supply") not in FAILING or since is None or step in GONE:
        return []
    options, found = row["options"], []
    takes = row.get("takes") or {}
    held, ends = bool(row.get("held")), row.get("held_until")
    first = (ends if ends is not None else math.inf) if held else -math.inf  # nothing is begun before
    if held and ends is not None:
        found.append(_at(row, ends, "hold ends"))
    if options["maintenance"]["enabled"] and step in UNTOUCHED:
        at = max(since + options["maintenance"]["after"], first)
        found.append(_at(row, at, "maintenance", takes.get("evacuation")))
    if options["shutdown"]["enabled"] and step != "guests stop":
        found.append(_at(row, max(since + options["shutdown"]["after"], first), "shutdown", takes.get("shutdown")))
    found = [one for one in found if math.isfinite(one["at"])]
    until, needed = row.get("power_until"), row.get("seconds_needed")
    if until is not None:
        found.append(_at(row, until, "power ends"))
        if needed is not None and step in UNTOUCHED:
            found.append(_at(row, until - needed, "last safe start"))
    return found


def _at(row: Row, at: float, what: str, takes: float | None = None) -> dict[str, Any]:
    return {"at": round(at, 1), "host": row["id"], "what": what, "takes": takes}


def explanations(rows: Iterable[Row], now: float, armed: bool = True) -> list[dict[str, Any]]:
    """Each host and one sentence on why it is as it is: `host`, `text`; and what comes next: `then`, `then_at`.

    `then` is empty where nothing is due.
    """
    known = list(rows)
    return [
        {"host": row["id"], "text": _why(row, known, armed), **_then(row, now, armed)}
        for row in sorted(known, key=lambda r: str(r["id"]))
    ]


def _why(row: Row, rows: list[Row], armed: bool) -> str:
    step, supply = row.get("step", ""), row.get("supply")
    if step == "down":
        return "It is down, and that is proven."
    if step == "shutting down":
        return "It was told to shut down; that it is down is not proven yet."
    if supply == "lost":
        return f"Its supply has been cut: the off-time of {listed(row.get('powered_by', []))} has passed."
    if row.get("held"):
        return "It is held: hands off until that ends, or its last safe start comes."
    if step == "guests stop":
        return "What still runs on it is being stopped; then it shuts down."
    if step == "being emptied":
        return f"Its VMs are being moved; {_count(len(row.get('vms', [])))} left on it."
    if step == "maintenance mode":
        return "It is in maintenance mode."
    if step.startswith(("left to", "maintenance mode, not")):
        return f"It is {step}: hands off."
    if supply not in FAILING:
        return _stays_up(row, supply)
    return _rides_through(row, rows) if armed else "Dry run: nothing is done. It crashes when its power ends."


def _stays_up(row: Row, supply: str | None) -> str:
    fed = " and ".join(row.get("powered_by", []))
    match supply:
        case "full":
            return f"It stays up: {fed} has utility power."
        case "reduced":
            return f"It stays up: one feed is gone, and what is left of {fed} is enough."
        case "settling":
            return f"Utility power is back at {fed}, and must hold before anything is undone."
        case "assumed":
            return "It stays up: site.toml names no UPS for it, so its power is assumed."
        case _:
            return "What feeds it is not known: nothing is done on that alone."


def _rides_through(row: Row, rows: list[Row]) -> str:
    options = row["options"]
    if options["maintenance"]["enabled"] or options["shutdown"]["enabled"]:
        return "It rides through."
    if not row["row"].get("spared"):
        return "Neither of its options is enabled: nothing is done, and it crashes when its power ends."
    up = [r["id"] for r in rows if r["pool"] == row["pool"] and r["id"] != row["id"] and r["step"] not in GONE]
    wait = f"; {listed(sorted(up))} still up" if up else ""
    return f"It is the coordinator: it goes down last, before its power ends{wait}."


NEXT = {
    "maintenance": "It enters maintenance mode",
    "shutdown": "It shuts down",
    "hold ends": "That ends",
    "last safe start": "Its last safe start is",
}


def _then(row: Row, now: float, armed: bool) -> dict[str, Any]:
    if row.get("supply") == "lost" or not armed:
        return {"then": "", "then_at": None}
    held_until = row.get("held_until") if row.get("held") else None
    steps = [(step["at"], NEXT[step["what"]]) for step in _steps(row) if step["what"] in NEXT and step["at"] >= now]
    if held_until is not None and held_until >= now:
        steps = [(held_until, NEXT["hold ends"])]  # of a host whose power does not fail, too
    at, words = min(steps, default=(None, ""))
    return {"then": words, "then_at": at}


def _count(vms: int) -> str:
    return "1 VM is" if vms == 1 else f"{vms} VMs are"
