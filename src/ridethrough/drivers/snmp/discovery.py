"""Which family a card speaks, and which of its objects it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ridethrough.drivers.snmp.mibs import RFC1628, VENDORS, Mib, Oid
from ridethrough.drivers.snmp.mibs.table import Value, text
from ridethrough.drivers.snmp.session import AT_ONCE, Session
from ridethrough.ports import Refused

SYS_DESCR = "1.3.6.1.2.1.1.1.0"
SYS_OBJECT_ID = "1.3.6.1.2.1.1.2.0"
ENTERPRISE = "1.3.6.1.4.1"

# Cards of makers of UPSs that sit in something else (facts/ups.md §2.2, recordings/sysobjectid.tsv).
NOT_A_UPS = {
    f"{ENTERPRISE}.318.1.3.4": "a power distribution unit",
    f"{ENTERPRISE}.318.1.3.8": "an environment monitor",
    f"{ENTERPRISE}.318.1.3.11": "an automatic transfer switch",
    f"{ENTERPRISE}.318.1.3.14": "a cooling unit",
    f"{ENTERPRISE}.318.1.3.15": "a power distribution unit",
    f"{ENTERPRISE}.534.6": "a power distribution unit",
    f"{ENTERPRISE}.534.10": "an automatic transfer switch",
    f"{ENTERPRISE}.705.2": "a power distribution unit",
}
# Where a vendor's own object tells it, RFC 1628's copy adds nothing but requests.
NO_COPY = frozenset({"input_volts", "output_volts", "load"})


@dataclass(frozen=True, slots=True)
class Profile:
    """A card as it was learned: its families, the vendor's first, and the rows that it answers."""

    mibs: tuple[Mib, ...]
    rows: tuple[Oid, ...]
    object_id: str
    description: str

    @property
    def required(self) -> frozenset[str]:
        return self.mibs[0].required

    @property
    def family(self) -> str:
        return " + ".join(mib.name for mib in self.mibs)

    def oids(self, slow: bool) -> list[str]:
        """What to ask, each object once, the required ones first."""
        asked = dict.fromkeys(row.oid for row in self.rows if row.slow == slow)
        return sorted(asked, key=lambda oid: oid not in self.required)


async def learn(session: Session) -> Profile:
    """Learn a card. Raises Unreachable when it does not answer, Refused when it answers and is no UPS we can read."""
    system = await supported(session, [SYS_DESCR, SYS_OBJECT_ID])
    object_id = (text(system.get(SYS_OBJECT_ID)) or "").lstrip(".")
    description = text(system.get(SYS_DESCR)) or ""
    for prefix, what in NOT_A_UPS.items():
        if _is_below(object_id, prefix):
            raise Refused("NOT_A_UPS", f"this is {what}, not a UPS (sysObjectID {object_id})")
    mibs = await _families(session, object_id)
    if not mibs:
        told = object_id or description or "none told"
        raise Refused("NO_UPS_STATUS", f"it answers, but no UPS status that Ridethrough can read (sysObjectID {told})")
    rows = await _rows(session, mibs)
    return Profile(mibs, rows, object_id, description)


async def supported(session: Session, oids: Sequence[str]) -> dict[str, Value]:
    """The values of those of `oids` that the card has.

    In v1 one missing object empties the whole answer, and some v2c agents answer genErr or tooBig likewise: an
    empty answer is asked again in halves.
    """
    found: dict[str, Value] = {}
    waiting = [list(oids[i : i + AT_ONCE]) for i in range(0, len(oids), AT_ONCE)]
    while waiting:
        part = waiting.pop()
        answer = await session.get(part)
        found |= answer
        if not answer and len(part) > 1:
            middle = len(part) // 2
            waiting += [part[:middle], part[middle:]]
    return found


async def _families(session: Session, object_id: str) -> tuple[Mib, ...]:
    """The vendor's family that the sysObjectID or else the probe names, and RFC 1628, as far as they answer."""
    answered = await supported(session, [mib.probe for mib in (*VENDORS, RFC1628)])
    vendors = [mib for mib in VENDORS if mib.probe in answered]
    vendors.sort(key=lambda mib: not any(_is_below(object_id, prefix) for prefix in mib.object_ids))
    return (*vendors[:1], *([RFC1628] if RFC1628.probe in answered else []))


async def _rows(session: Session, mibs: Sequence[Mib]) -> tuple[Oid, ...]:
    """What the card has of its families, and of RFC 1628 whatever little: its name, its alarms, its limits."""
    rows: list[Oid] = []
    for mib in dict.fromkeys((*mibs, RFC1628)):
        told = {row.field for row in rows} & NO_COPY
        wanted = [row for row in mib.rows if row.field not in told]
        has = await supported(session, list(dict.fromkeys(row.oid for row in wanted)))
        rows += [row for row in wanted if row.oid in has]
    return tuple(rows)


def _is_below(oid: str, prefix: str) -> bool:
    return oid == prefix or oid.startswith(f"{prefix}.")
