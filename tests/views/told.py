"""A journal told as outages, and what holds of them in every story."""

from __future__ import annotations

from collections.abc import Sequence

from ridethrough.core.events import Event
from ridethrough.views.outages import Outages


def told(entries: Sequence[Event]) -> Outages:
    """The outages of a whole journal."""
    found = Outages()
    found.take_all(enumerate(entries, start=1))
    return found


def makes_sense(found: Outages) -> None:
    """Whatever happens, no outage begins before the last has ended, and each action is in one."""
    for before, after in zip(found.all, found.all[1:], strict=False):
        assert before.ended_at is not None
        assert before.last < after.id
    for outage in found.all:
        whole = outage.whole()
        assert whole["id"] <= whole["last"]
        assert all(done["done_at"] is None or done["done_at"] >= done["at"] for done in whole["done"])
