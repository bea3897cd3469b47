"""Traps of SNMP v1 and v2c and informs, as cards send them (RFC 1157 §4.1.6, RFC 3416 §4.2.6, §4.2.7)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pyasn1.codec.ber import encoder  # type: ignore[import-untyped]
from pysnmp.proto import api  # type: ignore[import-untyped]

UPTIME, TRAP_OID = "1.3.6.1.2.1.1.3.0", "1.3.6.1.6.3.1.1.4.1.0"  # sysUpTime, snmpTrapOID


def notification(
    trap: str,
    variables: Iterable[tuple[str, Any]] = (),
    *,
    community: str = "public",
    inform: bool = False,
    up_for: float = 0.0,
) -> bytes:
    """The datagram. `variables` are OIDs with values of pysnmp's; `up_for` is the card's uptime in seconds."""
    proto: Any = api.PROTOCOL_MODULES[api.SNMP_VERSION_2C]
    pdu = proto.InformRequestPDU() if inform else proto.TrapPDU()
    proto.apiTrapPDU.set_defaults(pdu)
    leading = [(UPTIME, proto.TimeTicks(int(100 * up_for))), (TRAP_OID, proto.ObjectIdentifier(trap))]
    pairs = [(proto.ObjectIdentifier(name), value) for name, value in (*leading, *variables)]
    proto.apiTrapPDU.set_varbinds(pdu, pairs)
    return _message(proto, pdu, community)


def trap_of_v1(
    enterprise: str,
    number: int,
    agent: str,
    variables: Iterable[tuple[str, Any]] = (),
    *,
    community: str = "public",
    up_for: float = 0.0,
) -> bytes:
    """The datagram of an enterprise's own trap; `agent` is the card's address, as the card knows it."""
    proto: Any = api.PROTOCOL_MODULES[api.SNMP_VERSION_1]
    pdu = proto.TrapPDU()
    proto.apiTrapPDU.set_defaults(pdu)
    proto.apiTrapPDU.set_enterprise(pdu, enterprise)
    proto.apiTrapPDU.set_agent_address(pdu, agent)
    proto.apiTrapPDU.set_generic_trap(pdu, "enterpriseSpecific")
    proto.apiTrapPDU.set_specific_trap(pdu, number)
    proto.apiTrapPDU.set_timestamp(pdu, int(100 * up_for))
    proto.apiTrapPDU.set_varbinds(pdu, [(proto.ObjectIdentifier(name), value) for name, value in variables])
    return _message(proto, pdu, community)


def _message(proto: Any, pdu: Any, community: str) -> bytes:
    message = proto.Message()
    proto.apiMessage.set_defaults(message)
    proto.apiMessage.set_community(message, community)
    proto.apiMessage.set_pdu(message, pdu)
    return bytes(encoder.encode(message))
