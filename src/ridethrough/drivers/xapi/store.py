"""The pool's records as the event stream last told them."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Union

import msgspec

from .records import (
    CLASSES,
    Event,
    GuestMetrics,
    Host,
    HostMetrics,
    Network,
    Pbd,
    Pif,
    PlainEvent,
    Pool,
    Record,
    Sr,
    Vbd,
    Vdi,
    Vif,
    Vm,
    VmGroup,
)
from .wire import Gibberish, Value

log = logging.getLogger(__name__)


class Change(msgspec.Struct, frozen=True, gc=False):
    """One record that was added, changed or (None) removed."""

    cls: str
    ref: str
    record: Record | None
    is_readable: bool = True


@dataclass(frozen=True, slots=True)
class Batch:
    """One answer of `event.from`, decoded."""

    token: str
    changes: tuple[Change, ...]
    counts: Mapping[str, int]


class _Frame(msgspec.Struct):
    token: str
    events: list[Event]
    valid_ref_counts: dict[str, int] = {}


class _PlainFrame(msgspec.Struct):
    token: str
    events: list[PlainEvent]
    valid_ref_counts: dict[str, int] = {}


# An event with its record, told apart by its class: a whole pool is read in one go.
_TOLD: Mapping[type, str] = {
    msgspec.defstruct(
        f"_Told_{cls}",
        [("operation", str), ("ref", str), ("snapshot", kind | None, None)],
        tag_field="class",
        tag=cls,
        gc=False,
    ): cls
    for cls, kind in CLASSES.items()
}


class _WholeFrame(msgspec.Struct):
    token: str
    events: list[Union[tuple(_TOLD)]]  # type: ignore[valid-type]  # noqa: UP007
    valid_ref_counts: dict[str, int] = {}


def batch(answer: Value) -> Batch:
    """Decode an answer of `event.from`. Raises Gibberish when it is none."""
    try:
        return _whole(answer)
    except Gibberish:  # one record in an unknown shape: then one by one
        frame: _Frame | _PlainFrame = answer.decode(_PlainFrame) if answer.is_plain else answer.decode(_Frame)
        return _batch(frame, (change for event in frame.events if (change := _change(event)) is not None))


def _whole(answer: Value) -> Batch:
    if answer.is_plain:
        raise Gibberish("not in JSON")
    frame = answer.decode(_WholeFrame)
    if any(event.snapshot is None and event.operation != "del" for event in frame.events):
        raise Gibberish("a record is missing")
    return _batch(
        frame,
        (Change(_TOLD[type(e)], e.ref, None if e.operation == "del" else e.snapshot) for e in frame.events),
    )


def _batch(frame: _WholeFrame | _Frame | _PlainFrame, changes: Iterable[Change]) -> Batch:
    return Batch(frame.token, tuple(changes), {name.lower(): n for name, n in frame.valid_ref_counts.items()})


def _change(event: Event | PlainEvent) -> Change | None:
    cls = event.cls.lower()
    kind = CLASSES.get(cls)
    if kind is None:
        return None
    if event.operation == "del":
        return Change(cls, event.ref, None)
    snapshot = event.snapshot
    value = Value(raw=snapshot) if isinstance(snapshot, msgspec.Raw) else Value(plain=snapshot)
    try:
        return Change(cls, event.ref, value.decode(kind))
    except Gibberish as error:
        # One record in an unknown shape must not hide the pool; without a uuid it is passed over.
        log.warning("a record of class %s: %s", cls, error)
        return Change(cls, event.ref, kind(), is_readable=False)


NEEDS = {"vbd", "vdi", "sr", "pif", "network", "vm_group"}
FRAME = {"pool", "host", "host_metrics", "pbd", "sr", "pif", "network"}
RECENT = 1000  # changes that can be told apart later


@dataclass(slots=True)
class Records:
    """Every record that we watch, by reference.

    `revision` grows with each change, `disks_revision` with each that may change which storage or network a VM needs,
    `frame_revision` with each of the pool and its hosts, and of which records can be read.
    """

    pools: dict[str, Pool] = field(default_factory=dict)
    hosts: dict[str, Host] = field(default_factory=dict)
    metrics: dict[str, HostMetrics] = field(default_factory=dict)
    vms: dict[str, Vm] = field(default_factory=dict)
    guest_metrics: dict[str, GuestMetrics] = field(default_factory=dict)
    pbds: dict[str, Pbd] = field(default_factory=dict)
    vbds: dict[str, Vbd] = field(default_factory=dict)
    vdis: dict[str, Vdi] = field(default_factory=dict)
    srs: dict[str, Sr] = field(default_factory=dict)
    vifs: dict[str, Vif] = field(default_factory=dict)
    pifs: dict[str, Pif] = field(default_factory=dict)
    networks: dict[str, Network] = field(default_factory=dict)
    vm_groups: dict[str, VmGroup] = field(default_factory=dict)
    unreadable: set[tuple[str, str]] = field(default_factory=set)  # class and reference
    revision: int = 0
    disks_revision: int = 0
    frame_revision: int = 0
    _recent: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=RECENT))  # one for each revision

    def apply(self, changes: Iterable[Change]) -> None:
        """Take the changes over. A batch is grouped by kind of change, not by time; each record appears once."""
        tables = self._tables()
        for change in changes:
            table = tables[change.cls]
            of_frame = change.cls in FRAME or not change.is_readable or (change.cls, change.ref) in self.unreadable
            self.frame_revision += of_frame
            if change.is_readable:
                self.unreadable.discard((change.cls, change.ref))
            else:
                self.unreadable.add((change.cls, change.ref))
            if change.record is None:
                table.pop(change.ref, None)
            else:
                table[change.ref] = change.record
            self.revision += 1
            self._recent.append((change.cls, change.ref))
            self.disks_revision += change.cls in NEEDS

    def since(self, revision: int) -> list[tuple[str, str]] | None:
        """Class and reference of each change after a revision; None when it lies too far back to tell."""
        count = self.revision - revision
        return list(islice(reversed(self._recent), count)) if 0 <= count <= len(self._recent) else None

    def missing(self, counts: Mapping[str, int]) -> list[str]:
        """The classes of which we hold another number of records than the coordinator: a change was lost."""
        tables = self._tables()
        return sorted(cls for cls, n in counts.items() if cls in tables and len(tables[cls]) != n)

    @property
    def trouble(self) -> str:
        """What of the pool is not seen, in words; empty when all is."""
        if not self.unreadable:
            return ""
        cls, ref = min(self.unreadable)
        return f"{len(self.unreadable)} records cannot be read and are not seen, {cls} {ref[:100]} among them"

    @property
    def pool(self) -> tuple[str, Pool] | None:
        """The pool's reference and record; there is exactly one."""
        return next(iter(self.pools.items()), None)

    @property
    def coordinator(self) -> tuple[str, Host] | None:
        """The coordinator's reference and record."""
        pool = self.pool
        host = self.hosts.get(pool[1].master) if pool else None
        return (pool[1].master, host) if pool and host else None

    def name(self, ref: str) -> str:
        """What people call the object of a reference; the reference itself when it is unknown."""
        for table in (self.hosts, self.vms, self.srs, self.pools):
            record = table.get(ref)
            if record is not None:
                return getattr(record, "name_label", "") or ref
        return ref

    def _tables(self) -> dict[str, dict[str, Any]]:
        return {
            "pool": self.pools,
            "host": self.hosts,
            "host_metrics": self.metrics,
            "vm": self.vms,
            "vm_guest_metrics": self.guest_metrics,
            "pbd": self.pbds,
            "vbd": self.vbds,
            "vdi": self.vdis,
            "sr": self.srs,
            "vif": self.vifs,
            "pif": self.pifs,
            "network": self.networks,
            "vm_group": self.vm_groups,
        }
