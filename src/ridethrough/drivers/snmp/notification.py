"""A trap or an inform of SNMP v1 and v2c, from its bytes (RFC 1157 §4.1.6, RFC 3416 §4.2.6 and §4.2.7)."""

from __future__ import annotations

import re
from typing import Any

from pyasn1.codec.ber import decoder, encoder  # type: ignore[import-untyped]
from pysnmp.proto import api  # type: ignore[import-untyped]

from ridethrough.drivers.snmp.mibs.traps import GENERIC
from ridethrough.drivers.snmp.notice import NoNotification, Notification

TRAP_OID = "1.3.6.1.6.3.1.1.4.1.0"  # snmpTrapOID (RFC 3418)
TRAP_ADDRESS = "1.3.6.1.6.3.18.1.3.0"  # snmpTrapAddress (RFC 3584): a forwarder says there whose trap it was
ENTERPRISE_SPECIFIC = 6  # v1's generic-trap


LONGEST_OID = 255  # characters: a stranger's may fill a datagram, and would fill the journal
_OID = re.compile(r"[0-9]+(\.[0-9]+)+", re.ASCII)
UNREADABLE = "it cannot be read as a trap"


def read(datagram: bytes) -> Notification:
    """The notification in a datagram of v1 or v2c; NoNotification for any other. Its community is not looked at.

    A trap is never evidence, so there is nothing that a community could protect; cards have one of their own for traps.
    """
    try:
        version = int(api.decodeMessageVersion(datagram))
        proto: Any = api.PROTOCOL_MODULES[version]
        message, _ = decoder.decode(datagram, asn1Spec=proto.Message())
        pdu = proto.apiMessage.get_pdu(message)
        if version == api.SNMP_VERSION_1:
            return _of_v1(proto, pdu)
        return _of_v2(proto, message, pdu)
    except NoNotification:
        raise
    except Exception as error:  # pyasn1 lets TypeError and more out on garbage
        raise NoNotification(UNREADABLE) from error


def is_v3(datagram: bytes) -> bool:
    """Whether these bytes say that they are SNMPv3."""
    try:
        return int(api.decodeMessageVersion(datagram)) == 3
    except Exception:  # as above
        return False


def of_variables(pairs: Any, answer: bytes = b"") -> Notification:
    """The notification that these variables of v2c or v3 describe."""
    variables = [(str(name), value) for name, value in pairs]
    trap = next((str(value) for name, value in variables if name == TRAP_OID), "")
    if len(trap) > LONGEST_OID or not _OID.fullmatch(trap):
        raise NoNotification("it has no snmpTrapOID that can be one")
    agent = next((_address(value) for name, value in variables if name == TRAP_ADDRESS), "")
    values = (value.prettyPrint() for name, value in variables if name != TRAP_OID)
    return Notification(trap, tuple(values), agent, answer)


def _of_v1(proto: Any, pdu: Any) -> Notification:
    if not pdu.isSameTypeWith(proto.TrapPDU()):
        raise NoNotification("it is no trap")
    generic = int(proto.apiTrapPDU.get_generic_trap(pdu))
    if generic == ENTERPRISE_SPECIFIC:
        enterprise = str(proto.apiTrapPDU.get_enterprise(pdu))
        trap = f"{enterprise}.0.{int(proto.apiTrapPDU.get_specific_trap(pdu))}"
    else:
        trap = f"{GENERIC}.{generic + 1}"
    if len(trap) > LONGEST_OID:
        raise NoNotification("its enterprise is too long to be one")
    values = tuple(value.prettyPrint() for _, value in proto.apiTrapPDU.get_varbinds(pdu))
    return Notification(trap, values, _address(proto.apiTrapPDU.get_agent_address(pdu)))


def _of_v2(proto: Any, message: Any, pdu: Any) -> Notification:
    is_inform = pdu.isSameTypeWith(proto.InformRequestPDU())
    if not (is_inform or pdu.isSameTypeWith(proto.SNMPv2TrapPDU())):
        raise NoNotification("it is no trap")
    pairs = proto.apiPDU.get_varbinds(pdu)
    answer = b""
    if is_inform:
        response = proto.apiMessage.get_response(message)
        proto.apiPDU.set_varbinds(proto.apiMessage.get_pdu(response), pairs)
        answer = bytes(encoder.encode(response))
    return of_variables(pairs, answer)


def _address(value: Any) -> str:
    octets = bytes(value) if hasattr(value, "asOctets") else b""
    if not octets and hasattr(value, "getComponent"):  # v1's NetworkAddress is a choice of one
        octets = bytes(value.getComponent())
    return ".".join(str(part) for part in octets) if len(octets) == 4 and any(octets) else ""
