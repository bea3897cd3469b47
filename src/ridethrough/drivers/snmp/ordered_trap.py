"""A card made to send a test trap, where its family has an object for that."""

from __future__ import annotations

from ridethrough.drivers.snmp import discovery
from ridethrough.drivers.snmp.session import CardConfig, Session
from ridethrough.drivers.snmp.set import Put, put
from ridethrough.ports import Refused


async def order_test_trap(config: CardConfig) -> str:
    """Order the trap, and return the card's family. Nothing but the trap comes of it.

    Raises Refused when the card has no such object, or does not let us set it; Unreachable when it does not answer.
    """
    session = Session(config)
    try:
        profile = await discovery.learn(session)
    finally:
        session.close()
    ordered = next((mib.test_trap for mib in profile.mibs if mib.test_trap), "")
    if not ordered:
        raise Refused("NO_TEST_TRAP", f"cards of its family ({profile.family}) cannot be told to send one over SNMP")
    await put(config, [Put(ordered, 1)])
    return profile.family
