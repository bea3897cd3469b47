"""One answer of a card, by meaning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ridethrough.core.model import CardAction
from ridethrough.core.observation import Source
from ridethrough.drivers.snmp.mibs.table import Field, Meaning, Oid, Value


@dataclass(frozen=True, slots=True)
class Told:
    """Every meaning that an answer holds, in the order of the rows: the vendor's own first, RFC 1628's after it."""

    found: Mapping[Field, Sequence[tuple[str, Meaning]]]  # OID and meaning
    alarms: frozenset[int] = frozenset()  # numbers of RFC 1628's well-known alarms that are present

    @classmethod
    def of(cls, rows: Iterable[Oid], values: Mapping[str, Value], alarms: frozenset[int] = frozenset()) -> Told:
        """What `values` say, by these rows. A value without meaning is left out."""
        found: dict[Field, list[tuple[str, Meaning]]] = {}
        for row in rows:
            if row.oid in values and (meaning := row.convert(values[row.oid])) is not None:
                found.setdefault(row.field, []).append((row.oid, meaning))
        return cls(found, alarms)

    def all(self, field: Field) -> list[Meaning]:
        return [meaning for _, meaning in self.found.get(field, ())]

    def any(self, field: Field) -> bool:
        """Whether any row says yes."""
        return any(meaning is True for meaning in self.all(field))

    def numbers(self, field: Field) -> dict[str, float]:
        """Every number of this field by its OID."""
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

    def listed(self, field: Field) -> frozenset[int]:
        """The numbers of a list."""
        return next((m for m in self.all(field) if isinstance(m, frozenset)), frozenset())
