"""Which objects a card of each family answers, and by which sysObjectID it is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from ridethrough.sim.cards import Family
from ridethrough.sim.cards_mib import apc, cyberpower, delta, eppc, mge, others, powerware, rfc1628, socomec, usha, xppc
from ridethrough.sim.cards_mib import vertiv as liebert
from ridethrough.sim.cards_mib.control import Control
from ridethrough.sim.cards_mib.shown import Shown
from ridethrough.sim.cards_mib.tree import Leaf

Leaves: TypeAlias = Callable[[Shown, Control], dict[str, Leaf]]


@dataclass(frozen=True, slots=True)
class CardMib:
    """One family on the wire."""

    object_id: str
    leaves: Leaves


CARDS: Mapping[Family, CardMib] = {
    Family.RFC1628: CardMib("1.3.6.1.2.1.33", rfc1628.leaves),
    Family.XPPC: CardMib(xppc.OBJECT_ID, xppc.leaves),
    Family.EPPC: CardMib(eppc.OBJECT_ID, eppc.leaves),
    Family.USHA: CardMib(usha.OBJECT_ID, usha.leaves),
    Family.APC: CardMib(apc.OBJECT_ID, apc.leaves),
    Family.MGE: CardMib(mge.OBJECT_ID, mge.leaves),
    Family.XUPS: CardMib(powerware.XUPS_OBJECT_ID, powerware.xups),
    Family.PXGX: CardMib(powerware.PXGX_OBJECT_ID, powerware.pxgx),
    Family.CYBERPOWER: CardMib(cyberpower.OBJECT_ID, cyberpower.leaves),
    Family.TRIPPLITE: CardMib(others.TRIPPLITE_OBJECT_ID, others.tripplite),
    Family.HUAWEI: CardMib(others.HUAWEI_OBJECT_ID, others.huawei),
    Family.DELTA: CardMib(delta.OBJECT_ID, delta.leaves),
    Family.LIEBERT: CardMib(liebert.LIEBERT_OBJECT_ID, liebert.liebert),
    Family.VERTIV: CardMib(liebert.LIEBERT_OBJECT_ID, liebert.vertiv),
    Family.ITA2: CardMib(liebert.ITA2_OBJECT_ID, liebert.ita2),
    Family.SOCOMEC: CardMib(socomec.SOCOMEC_OBJECT_ID, socomec.socomec),
    Family.NETVISION: CardMib(socomec.NETVISION_OBJECT_ID, socomec.netvision),
    Family.HP: CardMib(powerware.HP_OBJECT_ID, powerware.hp),
    Family.DELL: CardMib(others.DELL_OBJECT_ID, others.dell),
    Family.RIELLO: CardMib(others.RIELLO_OBJECT_ID, others.riello),
}
