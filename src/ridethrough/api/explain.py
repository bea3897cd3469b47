"""What comes next for each host, and why it is as it is, in words. Reads the rows that people see, nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ridethrough.core.wording import duration

Row = Mapping[str, Any]
FAILING = ("on battery", "lost")
UNTOUCHED = ("", "rides through")
GONE = ("down", "shutting down")


def next_steps(rows: Iterable[Row], now: float) -> list[dict[str, Any]]:
    """What is still to come for hosts whose supply fails, by time: `at`, `host`, `what`, and the seconds it `takes`.

    `what` is "maintenance", "shutdown", "last safe start" (the budget begins what is still to do) or "power ends".
    """
    found = [step for row in rows for step in _steps(row) if step["at"] >= now]
    return sorted(found, key=lambda step: (step["at"], step["host"], step["what"]))


def _steps(row: Row) -> list[dict[str, Any]]:
    since, step = row.get("on_battery_since"), row.get("step", "")
    if row.get("supply") not in FAILING or since is None or step in GONE:
        return []
    options, found = row["options"], []
    takes = row.get("takes") or {}
    if options["maintenance"]["enabled"] and step in UNTOUCHED:
        found.append(_at(row, since + options["maintenance"]["after"], "maintenance", takes.get("evacuation")))
    if options["shutdown"]["enabled"] and step != "guests stop":
        found.append(_at(row, since + options["shutdown"]["after"], "shutdown", takes.get("shutdown")))
    until, needed = row.get("power_until"), row.get("seconds_needed")
    if until is not None:
        found.append(_at(row, until, "power ends"))
        if needed is not None and step in UNTOUCHED:
            found.append(_at(row, until - needed, "last safe start"))
    return found


def _at(row: Row, at: float, what: str, takes: float | None = None) -> dict[str, Any]:
    return {"at": round(at, 1), "host": row["id"], "what": what, "takes": takes}


def explanations(rows: Iterable[Row], now: float) -> list[dict[str, str]]:
    """Each host and one sentence on why it is as it is: `host`, `text`."""
    listed = list(rows)
    return [{"host": row["id"], "text": _why(row, listed, now)} for row in sorted(listed, key=lambda r: str(r["id"]))]


def _why(row: Row, rows: list[Row], now: float) -> str:
    step, supply = row.get("step", ""), row.get("supply")
    if step == "down":
        return "It is down, and that is proven."
    if step == "shutting down":
        return "It was told to shut down; that it is down is not proven yet."
    if row.get("held"):
        until = row.get("held_until")
        ends = f" It ends in {duration(max(until - now, 0.0))}." if until is not None else ""
        return f"It is held: hands off until that ends, or its last safe start comes.{ends}"
    if step == "guests stop":
        return "What still runs on it is being stopped; then it shuts down."
    if step == "being emptied":
        return f"Its VMs are being moved; {_count(len(row.get('vms', [])))} left on it."
    if step == "maintenance mode":
        return f"It is in maintenance mode.{_then(row, now)}"
    if step.startswith(("left to", "maintenance mode, not")):
        return f"It is {step}: hands off."
    if supply not in FAILING:
        return _stays_up(row, supply)
    return _rides_through(row, rows, now)


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


def _rides_through(row: Row, rows: list[Row], now: float) -> str:
    options = row["options"]
    if not options["maintenance"]["enabled"] and not options["shutdown"]["enabled"]:
        if row.get("coordinator"):
            up = [r["id"] for r in rows if r["pool"] == row["pool"] and r["id"] != row["id"] and r["step"] not in GONE]
            wait = f"; {', '.join(sorted(up))} still up" if up else ""
            return f"It is the coordinator: it goes down last, before its power ends{wait}."
        return "Neither of its options is enabled: nothing is done, and it crashes when its power ends."
    return f"It rides through.{_then(row, now)}"


def _then(row: Row, now: float) -> str:
    for step in sorted(_steps(row), key=lambda s: float(s["at"])):
        if step["at"] >= now and step["what"] in ("maintenance", "shutdown", "last safe start"):
            words = {"maintenance": "It enters maintenance mode", "shutdown": "It shuts down"}
            return f" {words.get(step['what'], 'Its last safe start is')} in {duration(step['at'] - now)}."
    return ""


def _count(vms: int) -> str:
    return "1 VM is" if vms == 1 else f"{vms} VMs are"
