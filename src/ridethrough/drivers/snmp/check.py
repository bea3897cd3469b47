"""What `ridethrough check` asks one card."""

from __future__ import annotations

from collections.abc import Callable

from ridethrough.core.model import Seconds
from ridethrough.core.observation import UpsSeen
from ridethrough.drivers.snmp.card import Card
from ridethrough.drivers.snmp.discovery import Profile
from ridethrough.drivers.snmp.mibs import kind_of
from ridethrough.drivers.snmp.mibs.mge import RANGE_NAME
from ridethrough.drivers.snmp.session import CardConfig
from ridethrough.ports import Refused, Unreachable
from ridethrough.ups.evidence import evidence
from ridethrough.ups.reader import LONGEST_NAME, contradictions
from ridethrough.ups.report import UpsReport, missing
from ridethrough.ups.told import Told

RANGES = frozenset({RANGE_NAME})  # read as part of the model's name, and no maker: "93PS"


async def read_card(config: CardConfig, now: Callable[[], Seconds]) -> UpsReport:
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


def _report(card: Card, seen: UpsSeen) -> UpsReport:
    profile = card.profile
    if profile is None:
        return UpsReport(seen)
    lacks = missing({row.field for row in profile.rows})
    told = card.told
    rows, vendor = evidence(told, card.values), _vendor(profile, told)
    return UpsReport(seen, profile.family, profile.why, lacks, rows, contradictions(told), vendor)


def _vendor(profile: Profile, told: Told) -> str:
    """The maker that the card tells, else the one whose sysObjectID it has."""
    makers = [str(maker) for oid, maker in told.found.get("maker", ()) if oid not in RANGES]
    kind = kind_of(profile.object_id)
    return next((maker[:LONGEST_NAME] for maker in makers if maker.strip()), kind.vendor if kind is not None else "")
