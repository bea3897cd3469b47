"""One answer of a card, by meaning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
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
        return any(meaning is True for meaning in self.all(field))

    def numbers(self, field: Field) -> dict[str, float]:
        """Every number of this field by its name."""
        return {oid: m for oid, m in self.found.get(field, ()) if isinstance(m, float)}

    def number(self, field: Field) -> float | None:
        """The first number of this field."""
        return next(iter(self.numbers(field).values()), None)

    def above_zero(self, field: Field) -> float | None:
        """The first number of this field above 0: cards answer 0 for what they do not know."""
        return next((n for n in self.numbers(field).values() if n > 0), None)

    def sources(self) -> list[Source]:
        return [m for m in self.all("source") if isinstance(m, Source)]

    def action(self) -> CardAction | None:
        return next((m for m in self.all("action") if isinstance(m, CardAction)), None)

    def text(self, field: Field) -> str:
        return next((m for m in self.all(field) if isinstance(m, str)), "")
