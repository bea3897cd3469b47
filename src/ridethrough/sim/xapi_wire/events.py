"""event.from: what changed in a pool's records since a token.

Changes of one object are coalesced into its latest state; what was created and destroyed in between is not told; a
batch is grouped add, mod, del and is not chronological (recordings/xapi 09; facts: xenapi-simulator-pitfalls 25).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from . import record_defaults
from .catalogue import Catalogue
from .database import Database
from .envelope import Failure
from .marshal import Value
from .site_records import CLASSES

BATCHING = 0.05  # seconds that xapi waits for further changes, unless only tasks are watched
LONGEST = 24 * 3600.0  # what a negative timeout becomes


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a caller wants to hear of: classes and single objects, class names in lower case."""

    everything: bool
    classes: frozenset[str]
    objects: frozenset[tuple[str, str]]

    def wants(self, xapi_class: str, ref: str) -> bool:
        low = xapi_class.lower()
        return self.everything or low in self.classes or (low, ref) in self.objects

    def may_want(self, xapi_class: str) -> bool:
        low = xapi_class.lower()
        return self.everything or low in self.classes or any(c == low for c, _ in self.objects)

    @property
    def only_tasks(self) -> bool:
        return not self.everything and self.classes | {c for c, _ in self.objects} <= {"task"}


def subscription(classes: Sequence[str]) -> Subscription:
    """`*`, `class` or `class/ref`. An unknown class is accepted and never heard of."""
    objects, whole = set(), set()
    for each in classes:
        name, slash, ref = each.partition("/")
        if not name or "/" in ref:
            raise Failure("EVENT_SUBSCRIPTION_PARSE_FAILURE", each)
        if slash:
            objects.add((name.lower(), ref))
        else:
            whole.add(name.lower())
    return Subscription("*" in whole, frozenset(whole - {"*"}), frozenset(objects))


def generation_of(token: str) -> int:
    """The generation that a token stands for; "" is before everything. One from the future is taken as it is."""
    if token == "":
        return 0
    match = re.fullmatch(r"(\d+),(\d+)", token)
    if match is None:
        raise Failure("EVENT_FROM_TOKEN_PARSE_FAILURE", token)
    return int(match.group(1))


def token_of(generation: int) -> str:
    """The second number counts messages, of which there are none here."""
    return f"{generation:020d},{0:020d}"


def collect(database: Database, wanted: Subscription, since: int) -> tuple[list[Value], int]:
    """The events after `since`, and the generation up to which the caller has then heard."""
    created, modified, deleted, last = [], [], [], since
    for xapi_class in CLASSES:
        if not wanted.may_want(xapi_class):
            continue
        for ref, row in database.rows(xapi_class).items():
            if row.modified <= since:
                continue
            last = max(last, row.modified)  # whether this object is wanted or not: the token is its class's (lab 09)
            if not wanted.wants(xapi_class, ref):
                continue
            if row.created > since:
                created.append(_event(row.created, xapi_class, "add", ref, row.record))
            else:
                modified.append(_event(row.modified, xapi_class, "mod", ref, row.record))
        for gone in database.gone[xapi_class]:
            if gone.deleted > since:
                last = max(last, gone.deleted)
                if gone.created <= since and wanted.wants(xapi_class, gone.ref):
                    deleted.append(_event(gone.deleted, xapi_class, "del", gone.ref))
    return [*created, *modified, *deleted], last


def _event(id: int, xapi_class: str, operation: str, ref: str, snapshot: Value = None) -> dict[str, Value]:
    event = {"id": str(id), "timestamp": "0.0", "class": xapi_class.lower(), "operation": operation, "ref": ref}
    return event if snapshot is None else {**event, "snapshot": snapshot}


def batch(database: Database, catalogue: Catalogue, events: list[Value], last: int, sessions: int) -> dict[str, Value]:
    """The answer. valid_ref_counts tells of every class how many objects there are: a check for lost deletions."""
    counts = dict.fromkeys(sorted({*catalogue.classes, *record_defaults.COUNTED_TOO.split()}), 0)
    counts.update({c.lower(): len(database.rows(c)) for c in CLASSES})
    counts["session"] = sessions
    return {"events": events, "valid_ref_counts": counts, "token": token_of(last)}
