"""What `ridethrough check` asks one card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ridethrough.core.model import Seconds
from ridethrough.core.observation import UpsSeen
from ridethrough.drivers.snmp.card import Card
from ridethrough.drivers.snmp.session import CardConfig
from ridethrough.ports import Refused, Unreachable


@dataclass(frozen=True, slots=True)
class CardReport:
    """One card, as it answered once. Everything but `seen.trouble` is empty when it did not."""

    seen: UpsSeen
    family: str = ""  # "EPPC + RFC 1628"
    why: str = ""  # it was taken for that
    model: str = ""
    object_id: str = ""  # sysObjectID
    description: str = ""  # sysDescr
    supported: tuple[str, ...] = ()  # the OIDs it answers, of those we read
    missing: tuple[str, ...] = ()  # what it does not tell, by meaning: "runtime", "warning_period"


TOLD_BY_GOOD_CARDS = (
    "runtime",
    "charge",
    "load",
    "input_volts",
    "countdown",
    "alarms_present",
    "warning_period",
    "shutdown_delay",
    "action",
)


async def read_card(config: CardConfig, now: Callable[[], Seconds]) -> CardReport:
    """Learn and poll one card once. Takes up to three times `config.timeout` for a card that is silent. Never raises
    for a card: what went wrong is in `seen.trouble`.
    """
    card = Card(config, now)
    try:
        reading = await card.poll()
    except Unreachable as error:
        seen = UpsSeen(trouble=str(error))
    except Refused as refused:
        seen = UpsSeen(trouble=f"{config.address}: {refused.detail}")
    else:
        lost = f"{config.address}: the card answers, but has lost its UPS"
        seen = UpsSeen(trouble=lost) if reading.link_lost else UpsSeen(reading)
    finally:
        card.close()
    return _report(card, seen)


def _report(card: Card, seen: UpsSeen) -> CardReport:
    profile = card.profile
    if profile is None:
        return CardReport(seen)
    fields = {row.field for row in profile.rows}
    return CardReport(
        seen,
        family=profile.family,
        why=profile.why,
        model=seen.reading.model if seen.reading else "",
        object_id=profile.object_id,
        description=profile.description,
        supported=tuple(dict.fromkeys(row.oid for row in profile.rows)),
        missing=tuple(name for name in TOLD_BY_GOOD_CARDS if name not in fields),
    )
