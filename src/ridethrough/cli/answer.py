"""What one UPS has answered, as the commands show it: in JSON and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ridethrough.config import UpsConnection
from ridethrough.core.observation import UpsReading
from ridethrough.core.wording import duration

if TYPE_CHECKING:
    from ridethrough.ups.report import UpsReport

FEEDS = {"utility": "utility power", "battery": "on battery"}


def answered(ups: UpsConnection, report: UpsReport) -> dict[str, Any]:
    """Which UPS it is, and what it says of itself now."""
    return {
        "id": ups.id,
        "address": str(ups.at),
        "family": report.family,
        "why": report.why,
        "model": report.model,
        **said(report.seen.reading),
        "contradicts_itself": list(report.contradicts),
        "does_not_tell": list(report.missing),
    }


def said(reading: UpsReading | None) -> dict[str, Any]:
    """A reading's values; of none, all null."""
    return {
        "source": str(reading.source) if reading else None,
        "testing": reading.testing if reading else None,
        "low": reading.low_battery if reading else None,
        "charge": reading.charge if reading else None,
        "runtime": reading.runtime if reading else None,
        "load": reading.load if reading else None,
        "countdown": reading.countdown if reading else None,
    }


def who(row: dict[str, Any]) -> str:
    """Model, address and family of a UPS that has answered."""
    return f"{row['model'] or 'unnamed'} at {row['address']} ({row['family']})"


def fed_by(source: str) -> str:
    """What feeds a UPS's output, by its own word for it."""
    return FEEDS.get(source, source)


def condition(row: dict[str, Any]) -> str:
    """What a UPS says of itself, in a line."""
    parts = [fed_by(row["source"]), *(word for word in ("testing", "low") if row[word])]
    if row["charge"] is not None:
        parts.append(f"charge {row['charge']:g} %")
    if row["runtime"] is not None:
        parts.append(f"{duration(row['runtime'])} of runtime")
    if row["load"] is not None:
        parts.append(f"load {row['load']:g} %")
    if row["countdown"] is not None:
        parts.append(f"it cuts its output in {duration(row['countdown'])}")
    return ", ".join(parts)
