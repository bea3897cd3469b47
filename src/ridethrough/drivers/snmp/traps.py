"""Traps and informs of all cards: each makes us ask the card at once, and nothing that it says is believed."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from ridethrough.core.model import Seconds, UpsId
from ridethrough.drivers.snmp.allowance import Allowance
from ridethrough.drivers.snmp.notice import NoNotification, Notification
from ridethrough.drivers.snmp.session import CardConfig, split_address

if TYPE_CHECKING:
    from ridethrough.drivers.snmp.notification_v3 import V3Receiver
    from ridethrough.drivers.snmp.usm import V3User

log = logging.getLogger(__name__)

OPEN_AGAIN: Seconds = 30.0  # after the port could not be had
POLL_EVERY: Seconds = 1.0  # at most, however many traps come
TOLD_AGAIN: Seconds = 600.0  # the same trap of a UPS is told once in so long: RFC 1628 repeats its first each minute
STRANGERS_NAMED = 20  # senders that are no card, named in the log
STRANGERS = 100  # of which each has an allowance of its own


@dataclass(frozen=True, slots=True)
class Trap:
    """What a UPS's card, or somebody in its name, has sent. `untold`: more of them since the last that was told."""

    ups: UpsId
    oid: str
    says: str
    untold: int = 0


@dataclass(slots=True)
class Heard:
    """What has come from one UPS's card, for people."""

    traps: int = 0  # all that were understood
    last: str = ""
    at: Seconds = 0.0  # of the event loop
    unread: str = ""  # why the last datagram that was none of these could not be read


@dataclass(slots=True)
class _Sender:
    """What one UPS may cause."""

    decoded: Allowance = field(default_factory=lambda: Allowance(10, 2))  # datagrams read
    told: Allowance = field(default_factory=lambda: Allowance(10, 0.1))  # traps told
    last_told: tuple[str, Seconds] | None = None  # what it said, and when
    untold: int = 0
    polled_at: Seconds | None = None
    poll: asyncio.TimerHandle | None = None  # the one that is due


class Traps:
    """Listens on one UDP port for the cards of a whole site.

    `poll` is called with the UPS whose card is to be asked now, at most once a second for each; `tell` with what is
    worth writing down, at most ten at once and six a minute for each. Whatever comes from a card's address makes us
    ask that card, read or not, so a flood hides nothing; it also costs little, for few datagrams a second are read.
    """

    def __init__(
        self,
        listen: tuple[str, int],
        cards: Sequence[CardConfig],
        poll: Callable[[UpsId], None],
        tell: Callable[[Trap], None],
    ) -> None:
        self.listen = listen
        self.trouble = ""  # why nothing is heard
        self.heard: dict[UpsId, Heard] = {card.ups: Heard() for card in cards}
        self._poll, self._tell = poll, tell
        self._cards: dict[str, list[CardConfig]] = defaultdict(list)  # by address
        for card in sorted(cards, key=lambda c: c.ups):
            self._cards[split_address(card.address)[0]].append(card)
        self._senders: dict[UpsId, _Sender] = {card.ups: _Sender() for card in cards}
        self._all = Allowance(200, 100)  # datagrams read, of all cards together
        self._strangers = Allowance(50, 10)  # of all that are no card
        self._each_stranger: dict[str, Allowance] = {}
        self._named: set[str] = set()
        self._transport: asyncio.DatagramTransport | None = None
        self._lost = asyncio.Event()  # the open port was closed by no doing of ours
        self._v3: V3Receiver | None = None

    async def run(self) -> None:
        """Listen until cancelled. A port that cannot be had is tried again, and is no reason to stop."""
        try:
            while True:
                try:
                    await self.open()
                    await self._lost.wait()
                    self._fail("it was closed")
                except OSError as error:
                    self._fail(error.strerror or str(error))
                except Exception as error:  # a bug must not end the listening unseen
                    log.exception("listening for traps failed")
                    self._fail(repr(error))
                self.close()
                await asyncio.sleep(OPEN_AGAIN)
        finally:
            self.close()

    async def open(self) -> None:
        """Open the port. Raises OSError when it cannot be had.

        What reading a trap needs is imported and made here, a third of a second, and not in an outage.
        """
        from ridethrough.drivers.snmp import notification  # noqa: F401

        users = {card.user for cards in self._cards.values() for card in cards if card.user is not None}
        if users and self._v3 is None:
            from ridethrough.drivers.snmp.notification_v3 import V3Receiver

            self._v3 = V3Receiver(self._send)
            self._v3.prepare(users)
        loop = asyncio.get_running_loop()
        self._lost.clear()
        make = partial(_Port, self._take, self._lost.set)
        self._transport, _ = await loop.create_datagram_endpoint(make, local_addr=self.listen)
        self.trouble = ""

    def close(self) -> None:
        """Close the port."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None
        for sender in self._senders.values():
            if sender.poll is not None:
                sender.poll.cancel()

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        assert self._transport is not None
        host, port = self._transport.get_extra_info("sockname")[:2]
        return host, port

    def _fail(self, why: str) -> None:
        host, port = self.listen
        trouble = f"no traps are heard: UDP port {port} of {host} cannot be opened ({why})"
        if trouble != self.trouble:
            log.warning("%s; it is tried again every %.0f s", trouble, OPEN_AGAIN)
        self.trouble = trouble

    def _take(self, datagram: bytes, sender: Any) -> None:
        """One datagram. Never raises: anybody may send anything."""
        now = asyncio.get_running_loop().time()
        address = plain(sender[0])
        cards = self._cards.get(address, [])
        for card in cards:
            self._poll_soon(card.ups, now)
        if not self._may_read(address, cards, now):
            return
        try:
            self._hear(datagram, sender, cards, now)
        except NoNotification as error:
            if error.is_amiss:
                for card in cards:
                    self.heard[card.ups].unread = str(error)
        except Exception:
            log.exception("a datagram from %s", address)

    def _hear(self, datagram: bytes, sender: Any, cards: Sequence[CardConfig], now: Seconds) -> None:
        found, user = self._read(datagram, sender, cards, now)
        named = self._cards.get(found.agent, [])
        if not cards and not named:
            self._name_stranger(plain(sender[0]))
        if found.answer and (cards or named) and self._transport is not None:
            self._transport.sendto(found.answer, sender)
        for card in cards or named:
            if card not in cards:
                self._poll_soon(card.ups, now)
            if user is None or card.user == user:
                self._note(card.ups, found, now)

    def _may_read(self, address: str, cards: Sequence[CardConfig], now: Seconds) -> bool:
        """Reading costs a third of a millisecond, and anybody may send: so many are read, and no more."""
        if not cards:
            if len(self._each_stranger) >= STRANGERS and address not in self._each_stranger:
                del self._each_stranger[next(iter(self._each_stranger))]
            each = self._each_stranger.setdefault(address, Allowance(5, 0.5))
            return each.take(now) and self._strangers.take(now)
        return any(self._senders[card.ups].decoded.take(now) for card in cards) and self._all.take(now)

    def _read(
        self, datagram: bytes, sender: Any, cards: Iterable[CardConfig], now: Seconds
    ) -> tuple[Notification, V3User | None]:
        """The notification, and of version 3 who has signed it."""
        from ridethrough.drivers.snmp import notification  # pysnmp takes a third of a second to import

        if not notification.is_v3(datagram):
            return notification.read(datagram), None
        users = [card.user for card in cards if card.user is not None]
        if self._v3 is None or not users:
            raise NoNotification("it is of version 3, and its card has no user")
        return self._v3.read(datagram, sender, users, now)

    def _send(self, datagram: bytes, to: Any) -> None:
        if self._transport is not None:
            self._transport.sendto(datagram, to)

    def _note(self, ups: UpsId, found: Notification, now: Seconds) -> None:
        from ridethrough.drivers.snmp.mibs.traps import in_words

        says = in_words(found.trap, found.values)
        heard, sender = self.heard[ups], self._senders[ups]
        heard.traps, heard.last, heard.at, heard.unread = heard.traps + 1, says, now, ""
        said, told_at = sender.last_told or ("", -math.inf)
        if (said == says and now - told_at < TOLD_AGAIN) or not sender.told.take(now):
            sender.untold += 1
            return
        sender.last_told = says, now
        untold, sender.untold = sender.untold, 0
        self._tell(Trap(ups, found.trap, says, untold))

    def _poll_soon(self, ups: UpsId, now: Seconds) -> None:
        """Now, or when a second has passed since the last time: what comes within it is followed by a poll, too."""
        sender = self._senders[ups]
        if sender.poll is not None:
            return
        pause = POLL_EVERY if sender.polled_at is None else POLL_EVERY - (now - sender.polled_at)
        if sender.polled_at is None or pause <= 0:
            self._ask(ups)
        else:
            sender.poll = asyncio.get_running_loop().call_later(pause, self._ask, ups)

    def _ask(self, ups: UpsId) -> None:
        sender = self._senders[ups]
        sender.polled_at, sender.poll = asyncio.get_running_loop().time(), None
        self._poll(ups)

    def _name_stranger(self, address: str) -> None:
        if address not in self._named and len(self._named) < STRANGERS_NAMED:
            self._named.add(address)
            log.info("a trap came from %s, which is no card of site.toml", address)


def plain(address: str) -> str:
    """An address as site.toml has it: one of IPv4 that a socket of IPv6 tells as such."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return str(mapped or ip)


class _Port(asyncio.DatagramProtocol):
    def __init__(self, take: Callable[[bytes, Any], None], lost: Callable[[], None]) -> None:
        self._take, self._is_lost = take, lost

    def connection_lost(self, error: Exception | None) -> None:
        self._is_lost()

    def datagram_received(self, datagram: bytes, sender: Any) -> None:
        self._take(datagram, sender)
