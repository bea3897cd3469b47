"""Which family a card speaks, and which of its objects it has."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace

from ridethrough.drivers.snmp.mibs import RFC1628, VENDORS, Kind, Mib, Oid, kind_of
from ridethrough.drivers.snmp.session import AT_ONCE, Question, Session
from ridethrough.ports import Refused, Unreachable
from ridethrough.ups.meaning import Field, Value, text

SYS_DESCR = "1.3.6.1.2.1.1.1.0"
SYS_OBJECT_ID = "1.3.6.1.2.1.1.2.0"
ENTERPRISE = "1.3.6.1.4.1."

MOST_ROWS = 12  # of a table's column that are read
# Where a vendor's own object tells it, RFC 1628's copy adds nothing but requests.
NO_COPY = frozenset({"input_volts", "output_volts", "load", "watts"})
IDENTITY = frozenset({"maker", "model", "serial", "firmware", "card_firmware"})


@dataclass(frozen=True, slots=True)
class Profile:
    """A card as it was learned: its families, the vendor's first, and the rows that it answers."""

    mibs: tuple[Mib, ...]
    rows: tuple[Oid, ...]
    object_id: str
    description: str
    why: str = ""  # it was taken for what it was

    @property
    def required(self) -> frozenset[str]:
        """What an answer must hold: what the first family needs, even where the card did not tell it when learned."""
        needed = [row for row in self.mibs[0].rows if row.needed]
        learned = [row.oid for row in self.rows if row.needed and row.field == "source"]
        return frozenset({row.oid for row in needed if not row.column} | set(learned[:1]))

    @property
    def family(self) -> str:
        return " + ".join(mib.name for mib in self.mibs)

    @property
    def needed(self) -> frozenset[Field]:
        return frozenset(row.field for row in self.mibs[0].rows if row.needed)

    def oids(self, slow: bool) -> list[str]:
        """What to ask, each object once, the required ones first."""
        asked = dict.fromkeys(row.oid for row in self.rows if row.slow == slow)
        required = self.required
        return sorted(asked, key=lambda oid: oid not in required)


async def learn(session: Session, room: asyncio.Semaphore | None = None) -> Profile:
    """Learn a card. Raises Unreachable when it does not answer, Refused when it answers and is no UPS we can read.

    With `room`, few cards are learned at once; one that is silent takes no place from the others.
    """
    system = await supported(session, [SYS_DESCR, SYS_OBJECT_ID])
    async with room or nullcontext():
        return await _learn(session, system)


async def _learn(session: Session, system: Mapping[str, Value]) -> Profile:
    object_id = (text(system.get(SYS_OBJECT_ID)) or "").lstrip(".")
    description = text(system.get(SYS_DESCR)) or ""
    kind = kind_of(object_id)
    if kind is not None and not kind.families:
        raise Refused("NOT_A_UPS", f"this is {kind.what}, not a UPS (sysObjectID {object_id})")
    sure = SYS_DESCR if SYS_DESCR in system else ""
    mibs = await _families(session, kind, sure)
    rows = await _rows(session, mibs, sure)
    if kind is not None:
        rows += await _identity(session, [mib for mib in kind.families if mib not in mibs], sure)
    if not any(row.field == "source" for row in rows):
        told = object_id or description or "none told"
        what = f"this seems to be {kind.what}, but it" if kind is not None else "it"
        raise Refused("NO_UPS_STATUS", f"{what} answers no UPS status that Ridethrough can read (sysObjectID {told})")
    return Profile(mibs, rows, object_id, description, _why(kind, object_id, mibs))


def _why(kind: Kind | None, object_id: str, mibs: Sequence[Mib]) -> str:
    answers = " and ".join(mib.name for mib in mibs)
    verb = "answers" if len(mibs) == 1 else "answer"
    if kind is not None:
        return f"{kind.prefix.removeprefix(ENTERPRISE)} by sysObjectID is {kind.what}, {answers} {verb}"
    named = f"sysObjectID {object_id.removeprefix(ENTERPRISE)} names no card that is known" if object_id else ""
    return f"{named or 'it tells no sysObjectID'}, but {answers} {verb}"


async def supported(session: Session, oids: Sequence[str], sure: str = "") -> dict[str, Value]:
    """The values of those of `oids` that the card has.

    In v1 one missing object empties the whole answer, and some v2c agents answer genErr or tooBig likewise: an
    empty answer is asked again in halves, and so is what the card does not answer at all. `sure` is an object that
    the card is known to have: asked with the others, it tells that the answer was a good one, and that the card has
    none of them.
    """
    found: dict[str, Value] = {}
    besides = [sure] if sure and session.version != "1" else []
    room = AT_ONCE - len(besides)
    waiting = [list(oids[i : i + room]) for i in range(0, len(oids), room)]
    while waiting:
        part = waiting.pop()
        answer = await session.together(Question([*part, *besides]))
        if answer is not None and besides and answer.pop(sure, None) is not None and not answer:
            continue
        if besides and not answer and len(part) == 1 and (answer := await session.get(part)):
            besides, session.at_once = [], 1  # it answers one object in a request, and no two
        found |= answer or {}
        if not answer and len(part) > 1:
            middle = len(part) // 2
            waiting += [part[:middle], part[middle:]]
    return found


async def _families(session: Session, kind: Kind | None, sure: str) -> tuple[Mib, ...]:
    """The families that the card's kind names, as far as they answer, else the first of all that does; and RFC 1628."""
    named = [mib for mib in kind.families if mib is not RFC1628] if kind is not None else []
    found = await _answering(session, named, {mib.name: await _first(session, mib.probe) for mib in named}, sure)
    if not found:
        rest = [mib for mib in VENDORS if mib not in named]
        # Not walked: that is slow on cards that have no such table, and some cannot be walked at all.
        guessed = {mib.name: f"{mib.probe.oid}.1" if mib.probe.column else mib.probe.oid for mib in rest}
        found = (await _answering(session, rest, guessed, sure))[:1]
    return (*found, *await _answering(session, [RFC1628], {RFC1628.name: RFC1628.probe.oid}, sure))


async def _answering(session: Session, mibs: Sequence[Mib], probes: Mapping[str, str], sure: str) -> list[Mib]:
    """Those of `mibs` whose probe, by name, the card has."""
    known = await supported(session, [probes[mib.name] for mib in mibs], sure)
    return [mib for mib in mibs if probes[mib.name] in known]


async def _first(session: Session, probe: Oid) -> str:
    """The object to ask for: the first of a table's column, where it has rows."""
    if not probe.column:
        return probe.oid
    return next(iter(await session.walk(probe.oid, 1)), f"{probe.oid}.1")


async def _rows(session: Session, mibs: Sequence[Mib], sure: str) -> tuple[Oid, ...]:
    """What the card has of its families, and of RFC 1628 whatever little: its name, its alarms, its limits."""
    rows: list[Oid] = []
    for mib in dict.fromkeys((*mibs, RFC1628)):
        told = {row.field for row in rows} & NO_COPY
        wanted = [row for row in mib.rows if row.field not in told]
        has = await supported(session, list(dict.fromkeys(row.oid for row in wanted if not row.column)), sure)
        columns = {row.oid: await _instances(session, row) for row in {r.oid: r for r in wanted if r.column}.values()}
        for row in wanted:
            if row.column:
                rows += [replace(row, oid=oid, column=False) for oid in columns[row.oid]]
            elif row.oid in has:
                rows.append(row)
    return tuple(rows)


async def _identity(session: Session, mibs: Sequence[Mib], sure: str) -> tuple[Oid, ...]:
    """Who the card says that it is, of a family whose status it does not tell."""
    wanted = [row for mib in mibs for row in mib.rows if row.field in IDENTITY and not row.column]
    has = await supported(session, [row.oid for row in wanted], sure)
    return tuple(row for row in wanted if row.oid in has)


async def _instances(session: Session, column: Oid) -> list[str]:
    """The objects of a table's column that the card has now, in its order.

    Raises Unreachable when a needed column cannot be walked; another one is left out then.
    """
    try:
        return list(await session.walk(column.oid, MOST_ROWS))
    except Unreachable:
        if column.needed:
            raise
        return []
