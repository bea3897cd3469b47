"""One answer of a card, by meaning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Protocol

from ridethrough.core.model import CardAction
from ridethrough.core.observation import Source
from ridethrough.ups.meaning import Convert, Field, Meaning, Value


class Row(Protocol):
    """One thing that a UPS can be asked for: by its name on the wire, and what its value means."""

    @property
    def name(self) -> str: ...

    @property
    def convert(self) -> Convert: ...

    @property
    def field(self) -> Field: ...


NOTHING: Mapping[str, Field] = MappingProxyType({})
NO_VALUES: Mapping[str, Value] = MappingProxyType({})
NOT_SAID = object()


@dataclass(frozen=True, slots=True)
class Told:
    """Every meaning that an answer holds, in the order of the rows: the vendor's own first, RFC 1628's after it."""

    found: Mapping[Field, Sequence[tuple[str, Meaning]]]  # the name on the wire, and the meaning

    @classmethod
    def of(cls, rows: Iterable[Row], values: Mapping[str, Value], besides: Mapping[str, Field] = NOTHING) -> Told:
        """What `values` say by these rows, and what is true besides. A value without meaning is left out."""
        found: dict[Field, list[tuple[str, Meaning]]] = {}
        for row in rows:
            if row.name in values and (meaning := row.convert(values[row.name])) is not None:
                found.setdefault(row.field, []).append((row.name, meaning))
        for oid, field in besides.items():
            found.setdefault(field, []).append((oid, True))
        return cls(found)

    def all(self, field: Field) -> list[Meaning]:
        return [meaning for _, meaning in self.found.get(field, ())]

    def any(self, field: Field) -> bool:
        """Whether any row says yes."""
        for _, meaning in self.found.get(field, ()):  # noqa: SIM110 - any() with a generator costs thrice as much
            if meaning is True:
                return True
        return False

    def numbers(self, field: Field) -> dict[str, float]:
        """Every number of this field by its name."""
        said = self.found.get(field)
        return {oid: m for oid, m in said if isinstance(m, float)} if said else {}

    def number(self, field: Field) -> float | None:
        """The first number of this field."""
        for _, meaning in self.found.get(field, ()):
            if isinstance(meaning, float):
                return meaning
        return None

    def above_zero(self, field: Field) -> float | None:
        """The first number of this field above 0: cards answer 0 for what they do not know."""
        for _, meaning in self.found.get(field, ()):
            if isinstance(meaning, float) and meaning > 0:
                return meaning
        return None

    def sources(self) -> list[Source]:
        return [m for _, m in self.found.get("source", ()) if isinstance(m, Source)]

    def action(self) -> CardAction | None:
        return next((m for m in self.all("action") if isinstance(m, CardAction)), None)

    def text(self, field: Field) -> str:
        return next((m for m in self.all(field) if isinstance(m, str)), "")


class _Index:
    """Rows by what they are looked for. A place is that of a row among all."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.by_name: dict[str, list[tuple[int, Convert, Field]]] = {}
        self.by_field: dict[Field, list[tuple[int, str]]] = {}
        for place, row in enumerate(rows):
            self.by_name.setdefault(row.name, []).append((place, row.convert, row.field))
            self.by_field.setdefault(row.field, []).append((place, row.name))


@lru_cache(1024)
def _index(rows: tuple[Row, ...]) -> _Index:
    """One for all UPSs with the same rows: thousands of them have few families."""
    return _Index(rows)


class Hearing:
    """Answer after answer of one UPS, of which only what has changed is looked at again.

    Thousands of UPSs are asked every few seconds, and most of what each says it has said before.
    """

    def __init__(self, rows: tuple[Row, ...]) -> None:
        self._index = _index(rows)
        self._meanings: list[Meaning | None] = [None] * len(rows)
        self._values: Mapping[str, Value] = {}
        self._slow: Mapping[str, Value] = NO_VALUES
        self._besides: Mapping[str, Field] = NOTHING
        self._told = Told({})

    def hear(
        self, values: Mapping[str, Value], slow: Mapping[str, Value] = NO_VALUES, besides: Mapping[str, Field] = NOTHING
    ) -> Told:
        """What `Told.of` says of `values` and `slow`, which share no name; the same object as before where that is the
        same. `slow` is looked at only when it is another object than before.

        All three are kept, and must not be changed later.
        """
        changed: set[Field] = set()
        self._compare(self._values, values, changed)
        if slow is not self._slow:
            self._compare(self._slow, slow, changed)
        if besides != self._besides:
            changed |= {*besides.values(), *self._besides.values()}
        self._values, self._slow, self._besides = values, slow, besides
        if changed:
            found = dict(self._told.found)
            for field in changed:
                if said := self._said(field):
                    found[field] = said
                else:
                    found.pop(field, None)
            self._told = Told(found)
        return self._told

    def _compare(self, known: Mapping[str, Value], values: Mapping[str, Value], changed: set[Field]) -> None:
        """Add the fields of which something else is said than before."""
        fresh = len(known) != len(values)
        for name, value in values.items():
            before = known.get(name, NOT_SAID)
            if value is not before and (value != before or type(value) is not type(before)):
                fresh = fresh or before is NOT_SAID
                self._learn(name, value, changed)
        if fresh:
            for name in known.keys() - values.keys():
                self._learn(name, NOT_SAID, changed)

    def _learn(self, name: str, value: object, changed: set[Field]) -> None:
        """What this value means to each row of this name."""
        for place, convert, field in self._index.by_name.get(name, ()):
            meaning = convert(value) if value is not NOT_SAID else None  # type: ignore[arg-type]
            before = self._meanings[place]
            if meaning != before or type(meaning) is not type(before):
                self._meanings[place] = meaning
                changed.add(field)

    def _said(self, field: Field) -> list[tuple[str, Meaning]]:
        """All that is said of it, in the order of the rows."""
        said = [
            (name, meaning)
            for place, name in self._index.by_field.get(field, ())
            if (meaning := self._meanings[place]) is not None
        ]
        return said + [(name, True) for name, about in self._besides.items() if about == field]
