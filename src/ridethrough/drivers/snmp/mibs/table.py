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
class Setting:
    """An object that must read one of `good`. Where it does not, the first of these is set, and read back."""

    oid: str
    good: tuple[int, ...]
    name: str


@dataclass(frozen=True, slots=True)
class Control:
    """How a family's cards switch their output off, and on again with utility power; or cancel that only.

    All objects are INTEGER. `countdown` reads the seconds until the cut; `idle`, and nothing else below 1, while there
    is none: a card that reads otherwise does not keep to the document, and is not told anything. `off` is SET to the
    seconds, after every one of `first` is as it must be. `cancel`: an object and the value that it is SET to.
    """

    name: str
    countdown: str
    idle: int
    off: str = ""
    first: tuple[Setting, ...] = ()
    cancel: tuple[str, int] | None = None
    final: bool = False  # once given, off cannot be taken back
    on_utility: bool = False  # it may be given on utility power, too: the output comes back by itself all the same
    note: str = ""


@dataclass(frozen=True, slots=True)
class Mib:
    """A family. Its first row finds it: a card that answers it speaks this family.

    `tells_countdown`: the family's own documents say that its cards show a running countdown. `walked`: it was read
    from the walk of a real card, and not from documents alone. `test_trap`: the object that makes its cards send a test
    trap when it is set to 1. `no_off`: why its own objects are not used to switch the output off.
    """

    name: str
    rows: tuple[Oid, ...]
    tells_countdown: bool = False
    walked: bool = False
    test_trap: str = ""
    control: Control | None = None
    no_off: str = ""

    @property
    def probe(self) -> Oid:
        return self.rows[0]


def column(oid: str, convert: Convert, field: Field, *, needed: bool = False, slow: bool = False) -> Oid:
    """A table's column of which the indices are not known beforehand."""
    return Oid(oid, convert, field, slow=slow, needed=needed, column=True)


def phases(oid: str, convert: Convert, field: Field, *, suffix: str = "", slow: bool = False) -> tuple[Oid, ...]:
    """A table column with one row a phase. `suffix` stands behind the phase's number."""
    return tuple(Oid(f"{oid}.{phase}{suffix}", convert, field, slow=slow) for phase in (1, 2, 3))
