"""A few rows of each family, written for these tests; on utility power."""

from __future__ import annotations

from ridethrough.sim.cards_mib.tree import Leaf

from .replay import EPPC, RFC, USHA, XPPC, Rows, integers

SYSTEM = "1.3.6.1.2.1.1"


def _system(object_id: str, description: str) -> Rows:
    return {
        f"{SYSTEM}.1.0": Leaf("string", description),
        f"{SYSTEM}.2.0": Leaf("oid", object_id),
        f"{SYSTEM}.3.0": Leaf("ticks", 4711),
    }


RFC_ROWS: Rows = {
    f"{RFC}.1.1.0": Leaf("string", "Maker"),
    f"{RFC}.1.2.0": Leaf("string", "UPS 3000"),
    f"{RFC}.2.1.0": Leaf("integer", 2),
    f"{RFC}.2.2.0": Leaf("gauge", 0),
    f"{RFC}.2.3.0": Leaf("integer", 45),
    f"{RFC}.2.4.0": Leaf("integer", 100),
    f"{RFC}.3.1.0": Leaf("counter", 3),
    f"{RFC}.3.3.1.3.1": Leaf("integer", 231),
    f"{RFC}.4.1.0": Leaf("integer", 3),
    f"{RFC}.4.4.1.2.1": Leaf("integer", 230),
    f"{RFC}.4.4.1.5.1": Leaf("integer", 20),
    f"{RFC}.6.1.0": Leaf("gauge", 0),
    f"{RFC}.7.3.0": Leaf("integer", 6),
    f"{RFC}.8.2.0": Leaf("integer", -1),
    f"{RFC}.9.1.0": Leaf("integer", 230),
}
RFC_CARD: Rows = _system("1.3.6.1.2.1.33", "RFC card") | RFC_ROWS
XPPC_CARD: Rows = (
    _system(XPPC, "XPPC card")
    | RFC_ROWS
    | integers(
        {
            f"{XPPC}.2.1.1.0": 2,
            f"{XPPC}.2.1.2.0": 0,
            f"{XPPC}.2.2.1.0": 100,
            f"{XPPC}.2.2.4.0": 2700,
            f"{XPPC}.3.2.1.0": 2310,
            f"{XPPC}.4.1.1.0": 2,
            f"{XPPC}.4.2.1.0": 2300,
            f"{XPPC}.4.2.3.0": 20,
            f"{XPPC}.5.2.1.0": 2300,
            f"{XPPC}.5.2.10.0": 120,
        }
    )
)
EPPC_CARD: Rows = (
    _system("1.3.6.1.4.1.935.10.1", "EPPC card")
    | RFC_ROWS
    | {f"{EPPC}.1.2.0": Leaf("string", "VFI 3000"), f"{EPPC}.9.2.0": Leaf("string", "")}
    | integers(
        {
            f"{EPPC}.2.1.0": 4,
            f"{EPPC}.2.16.1.3.1": 2310,
            f"{EPPC}.2.18.1.3.1": 2300,
            f"{EPPC}.2.18.1.7.1": 20,
            f"{EPPC}.3.1.0": 2,
            f"{EPPC}.3.2.0": 0,
            f"{EPPC}.3.3.0": 45,
            f"{EPPC}.3.4.0": 100,
            f"{EPPC}.7.3.0": 1,
            f"{EPPC}.8.1.0": 120,
            f"{EPPC}.8.4.1.2.1": 4,
            f"{EPPC}.8.4.1.3.1": 900,
            f"{EPPC}.8.4.1.4.1": 60,
            f"{EPPC}.8.7.0": -1,
        }
    )
)
USHA_CARD: Rows = (
    _system("1.3.6.1.4.1.2468.1.2.1", "USHA card")
    | {f"{RFC}.1.1.0": Leaf("string", "Eaton"), f"{RFC}.1.2.0": Leaf("string", "C1KS")}
    | {f"{USHA}.2.3.0": Leaf("null", None)}
    | integers(
        {
            f"{USHA}.2.1.0": 2,
            f"{USHA}.2.2.0": 0,
            f"{USHA}.2.4.0": 100,
            f"{USHA}.3.3.1.3.1": 2349,
            f"{USHA}.4.1.0": 3,
            f"{USHA}.4.4.1.2.1": 2210,
            f"{USHA}.4.4.1.5.1": 17,
            f"{USHA}.6.3.0": 1,
            f"{USHA}.7.1.0": 120,
            f"{USHA}.7.4.1.2.1": 4,
            f"{USHA}.7.4.1.3.1": 15,
        }
    )
)
FAMILIES: dict[str, Rows] = {"RFC 1628": RFC_CARD, "XPPC": XPPC_CARD, "EPPC": EPPC_CARD, "USHA": USHA_CARD}
