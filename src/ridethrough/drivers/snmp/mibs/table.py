"""The shape of a family's table."""

from __future__ import annotations

from dataclasses import dataclass

from ridethrough.ups.meaning import Convert, Field


@dataclass(frozen=True, slots=True)
class Oid:
    """One object. `slow` rows hardly ever change and are asked once a minute.

    `needed`: an answer without it is no answer. `column`: `oid` is a table's column, and what is asked are its rows,
    whatever their indices, as they were found when the card was learned.
    """

    oid: str
    convert: Convert
    field: Field
    slow: bool = False
    needed: bool = False
    column: bool = False

    @property
    def name(self) -> str:
        return self.oid


@dataclass(frozen=True, slots=True)
class Mib:
    """A family. Its first row finds it: a card that answers it speaks this family.

    `tells_countdown`: the family's own documents say that its cards show a running countdown. `walked`: it was read
    from the walk of a real card, and not from documents alone. `test_trap`: the object that makes its cards send a test
    trap when it is set to 1.
    """

    name: str
    rows: tuple[Oid, ...]
    tells_countdown: bool = False
    walked: bool = False
    test_trap: str = ""

    @property
    def probe(self) -> Oid:
        return self.rows[0]


def column(oid: str, convert: Convert, field: Field, *, needed: bool = False, slow: bool = False) -> Oid:
    """A table's column of which the indices are not known beforehand."""
    return Oid(oid, convert, field, slow=slow, needed=needed, column=True)


def phases(oid: str, convert: Convert, field: Field, *, suffix: str = "", slow: bool = False) -> tuple[Oid, ...]:
    """A table column with one row a phase. `suffix` stands behind the phase's number."""
    return tuple(Oid(f"{oid}.{phase}{suffix}", convert, field, slow=slow) for phase in (1, 2, 3))
