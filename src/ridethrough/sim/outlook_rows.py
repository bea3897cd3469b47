"""A plan's rows: what becomes of each host and VM, with the seconds that it had and needed, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from ridethrough.core.actions import Action, ForceStopVm, MoveVm, StopVm
from ridethrough.core.events import ActionStarted
from ridethrough.core.memory import Memory
from ridethrough.core.observation import Snapshot, VmSeen
from ridethrough.core.site import Site
from ridethrough.core.situation import Situation
from ridethrough.core.wording import listed

from . import ends
from .film import Film
from .forecast import Forecast
from .scenario import Run

Row = dict[str, Any]

QUIET: Mapping[str, Any] = {"begins_at": None, "left": None, "needed": None, "spare": None, "why": ""}
MOST_NAMED = 6


def hosts(run: Run, film: Film) -> Iterator[Row]:
    """Each host's end, as `ends.hosts`; `begins_at` is when its way down began, `left` the power that it had then,
    `needed` what the rest of its way took by the plan, `spare` the difference. None: it did not begin, or nothing that
    is known limits it.
    """
    for row in ends.hosts(run, film):
        begun = run.begun.get(row["id"])
        if begun is None:
            yield {**row, **QUIET}
            continue
        spare = round(begun.left - begun.needed, 1) if begun.left is not None else None
        yield row | {
            "begins_at": round(begun.at - film.lead_in, 1),
            "left": round(begun.left, 1) if begun.left is not None else None,
            "needed": round(begun.needed, 1),
            "spare": spare,
            "why": begun.why,
        }


def vms(ahead: Forecast) -> Iterator[Row]:
    """Each VM's end, as `ends.vms`, with its tier, and why it was moved or stopped."""
    site, seen = ahead.site, ahead.seen
    moved = [action for action in _started(ahead) if isinstance(action, MoveVm | StopVm | ForceStopVm)]
    why = {action.vm: action.why for action in moved}
    for row in ends.vms(ahead.run, ahead.film):
        yield row | {
            "tier": tier(site, seen, seen.vms[row["id"]]),
            "why": why.get(row["id"], "") if row["end"] in ("moves", "shut down") else "",
        }


def tier(site: Site, seen: Snapshot, vm: VmSeen) -> int:
    """The tier of a VM, by site.toml or its tags."""
    return Situation(0.0, seen, Memory(), site).vm_policy(vm).tier


def first_loss(hosts: Collection[Row], vms: Collection[Row]) -> Row | None:
    """The first crash: when, of which hosts, with which VMs, in words. None: nothing crashes."""
    crashes = [row for row in hosts if row["end"] == "crashed"] + [row for row in vms if row["end"] == "lost"]
    if not crashes:
        return None
    at = min((row["at"] for row in crashes if row["at"] is not None), default=None)
    gone = [row["id"] for row in hosts if row["end"] == "crashed" and row["at"] == at]
    with_it = [row["name"] for row in vms if row["end"] == "lost" and row["at"] == at]
    return {"at": at, "hosts": gone, "vms": with_it, "text": _in_words(gone, with_it)}


def _in_words(hosts: Sequence[str], vms: Sequence[str]) -> str:
    crash = f"{listed(_named(hosts, 'hosts'))} crash{'es' if len(hosts) == 1 else ''}" if hosts else ""
    if not vms:
        return f"{crash}, without a VM on {'it' if len(hosts) == 1 else 'them'}"
    theirs = listed(_named(vms, "VMs"))
    if not hosts:
        return f"{theirs} crash{'es' if len(vms) == 1 else ''}"
    return f"{crash}, and with {'it' if len(hosts) == 1 else 'them'} {theirs}"


def _named(names: Sequence[str], what: str) -> Sequence[str]:
    return names if len(names) <= MOST_NAMED else [f"{len(names)} {what}"]


def _started(ahead: Forecast) -> list[Action]:
    return [event.action for event in ahead.run.journal.entries if isinstance(event, ActionStarted)]
