"""The traps and informs of one simulated card, from its own address to its receivers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pyasn1.codec.ber import decoder  # type: ignore[import-untyped]
from pysnmp.proto import api, rfc1902  # type: ignore[import-untyped]

from ridethrough.core.model import Seconds
from ridethrough.sim.cards import Family
from ridethrough.sim.cards_mib.notification import notification, trap_of_v1
from ridethrough.sim.cards_mib.shown import Shown
from ridethrough.sim.cards_mib.traps import OF_V1, Sent, TrapSender

Address = tuple[str, int]
ALARM_DESCR = "1.3.6.1.2.1.33.1.6.2.1.2.1"  # upsAlarmDescr
ATTEMPTS, AGAIN = 3, 1.0  # of an inform, and seconds between them


@dataclass(slots=True)
class _Inform:
    datagram: bytes
    to: Address
    sent_at: Seconds
    attempts: int = 1


class CardTraps:
    """What one card tells its receivers by itself. `send` sends a datagram from the card's own address."""

    def __init__(
        self,
        family: Family,
        address: str,
        receivers: Sequence[Address],
        send: Callable[[bytes, Address], None],
        *,
        informs: bool = False,
        community: str = "public",
    ) -> None:
        self._sender, self._family, self._address = TrapSender(family), family, address
        self._receivers, self._send, self._community = tuple(receivers), send, community
        self._informs = informs
        self._open: dict[int, _Inform] = {}
        self.sent = 0  # datagrams

    @property
    def unanswered(self) -> int:
        """Informs that wait for their answer."""
        return len(self._open)

    def look(self, s: Shown, test_traps: int, clock: Seconds) -> None:
        """Send what has become due since the last look. `clock`: seconds that informs are repeated by."""
        for sent in self._sender.look(s, test_traps):
            for receiver in self._receivers:
                self._tell(sent, receiver, s.up_for, clock)
        for number, inform in list(self._open.items()):
            if clock - inform.sent_at < AGAIN:
                continue
            if inform.attempts == ATTEMPTS:
                del self._open[number]
                continue
            inform.attempts, inform.sent_at = inform.attempts + 1, clock
            self._put(inform.datagram, inform.to)

    def acknowledged(self, datagram: bytes) -> bool:
        """Whether this is the answer to an inform; it is not repeated then."""
        number = _request_id(datagram, "ResponsePDU") if self._open else None
        return number is not None and self._open.pop(number, None) is not None

    def _tell(self, sent: Sent, to: Address, up_for: Seconds, clock: Seconds) -> None:
        variables = [(ALARM_DESCR, rfc1902.ObjectIdentifier(sent.alarm))] if sent.alarm else []
        if self._informs:
            datagram = notification(sent.oid, variables, community=self._community, inform=True, up_for=up_for)
            number = _request_id(datagram, "InformRequestPDU")
            if number is not None:
                self._open[number] = _Inform(datagram, to, clock)
        elif self._family in OF_V1:
            datagram = trap_of_v1(
                sent.enterprise, sent.number, self._address, variables, community=self._community, up_for=up_for
            )
        else:
            datagram = notification(sent.oid, variables, community=self._community, up_for=up_for)
        self._put(datagram, to)

    def _put(self, datagram: bytes, to: Address) -> None:
        self.sent += 1
        self._send(datagram, to)


def _request_id(datagram: bytes, kind: str) -> int | None:
    """The number of a v2c message of this kind; None for any other."""
    proto: Any = api.PROTOCOL_MODULES[api.SNMP_VERSION_2C]
    try:
        message, _ = decoder.decode(datagram, asn1Spec=proto.Message())
        pdu = proto.apiMessage.get_pdu(message)
        return int(proto.apiPDU.get_request_id(pdu)) if pdu.isSameTypeWith(getattr(proto, kind)()) else None
    except Exception:  # pyasn1 lets TypeError and more out on garbage
        return None
