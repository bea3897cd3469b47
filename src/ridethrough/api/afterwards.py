"""What an outage did to hosts beside what we did: which lost their supply while they ran, and why the others stayed up.

The journal tells what became of each UPS; the rows that people see tell which UPSs feed a host.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ridethrough.core.wording import duration, listed
from ridethrough.views.outage_parts import HostPart
from ridethrough.views.outages import Outage

Row = Mapping[str, Any]


def losses(outage: Outage, rows: Iterable[Row], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """The hosts that went down with their supply, or by themselves: `host`, `at`, `upses` that were cut, `vms` on it.

    `names` are those of VMs, by their ids. `vms` is null where the journal does not tell what ran there: nothing was
    recorded, and nothing was to be done with it. `proven_at`: when the host was proven down; null: it never was.
    """
    found = []
    for row in sorted(rows, key=lambda r: str(r["id"])):
        cut = _cut(outage, row)
        part = outage.hosts.get(row["id"], HostPart(row["id"]))
        at = cut[-1][0] if cut else part.down_at if _is_concerned(outage, row) else None
        if at is None or outage.stopped_in_time(row["id"], at if cut else at - 0.1):
            continue
        here = [outage.vms[id].name if id in outage.vms else names.get(id, id) for id in outage.left_on(row["id"])]
        guests = sorted(here) if here or row.get("pool") in outage.before else None
        told = {"host": row["id"], "at": at, "upses": [ups for _, ups in cut], "vms": guests}
        found.append({**told, "proven_at": part.down_at})
    return found


def _cut(outage: Outage, row: Row) -> list[tuple[float, str]]:
    """The cuts that took the host's supply, by time; none while what was left of its feeds was enough."""
    fed = row.get("powered_by", [])
    offs = [(part.output_off_at, part.id) for part in outage.upses.values() if part.id in fed]
    cuts = sorted((at, id) for at, id in offs if at is not None)
    enough = len(fed) - row.get("needs", 1)  # so many may go
    return cuts[: enough + 1] if len(cuts) > enough else []


def _is_concerned(outage: Outage, row: Row) -> bool:
    return any(ups in outage.upses for ups in row.get("powered_by", []))


def stayed_up(outage: Outage, rows: Iterable[Row], lost: Iterable[Row]) -> list[dict[str, str]]:
    """Each host to which nothing happened, and why: `host`, `text`. Of an outage that is over."""
    if not outage.upses:
        return []
    told = {*outage.hosts, *(one["host"] for one in lost)}
    rest = sorted((row for row in rows if row["id"] not in told), key=lambda r: str(r["id"]))
    return [{"host": row["id"], "text": _why(outage, row)} for row in rest]


def _why(outage: Outage, row: Row) -> str:
    fed = row.get("powered_by", [])
    failed = [outage.upses[ups] for ups in fed if ups in outage.upses]
    kept = [ups for ups in fed if ups not in outage.upses]
    if not fed:
        return "site.toml names no UPS for it: its power is assumed."
    if not failed:
        return f"{listed(fed)} kept utility power."
    if len(kept) >= row.get("needs", 1):
        return f"{listed(kept)} kept utility power, and that was enough."
    which = listed([part.id for part in failed])
    longest = max((part.lasted or 0.0) for part in failed)
    again = f"{which} had utility power again after {duration(longest)}"
    if any(done.told for done in outage.done.values()):
        return f"{again}. Nothing was done: dry run."
    return f"{again}, before anything was due."
