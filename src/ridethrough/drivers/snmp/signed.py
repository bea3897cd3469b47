"""Answers of SNMPv3 that their card has signed (RFC 3412 §6, RFC 3414 §3.2 and §6, RFC 7860 §4).

gufo-snmp (0.13) signs what it asks, and does not look at the signature of what comes. So it is handed nothing but what
has been looked at here: its descriptor leads into this process, and a socket of our own leads to the card.
"""

from __future__ import annotations

import hmac
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from gufo.snmp import SnmpVersion, User

from ridethrough.core.model import Seconds
from ridethrough.drivers.snmp.usm import SIGNED, V3User
from ridethrough.drivers.snmp.wire import Deadlines, Wire
from ridethrough.ups.snmpv3 import Auth

T = TypeVar("T")
LONGEST = 65535  # bytes of a datagram
AUTH_FLAG = 1  # of msgFlags
REPORT = 0xA8  # the tag of a Report-PDU
# What a card may say unsigned: its counters usmStats and snmpMPDStats, which tell why it does not answer.
STATISTICS = (bytes((0x2B, 6, 1, 6, 3, 15, 1, 1)), bytes((0x2B, 6, 1, 6, 3, 11, 2, 1)))
DIGESTS: dict[Auth, tuple[str, int]] = {  # and how many bytes of it are sent
    "md5": ("md5", 12),
    "sha1": ("sha1", 12),
    "sha224": ("sha224", 16),
    "sha256": ("sha256", 24),
    "sha384": ("sha384", 32),
    "sha512": ("sha512", 48),
}
INTEGER, OCTETS, SEQUENCE, OID = 0x02, 0x04, 0x30, 0x06


@dataclass(frozen=True, slots=True)
class Message:
    """What of a message of version 3 can be read without a key."""

    number: int  # msgID
    flags: int
    engine_id: bytes
    user: bytes
    signature: slice  # where in the datagram msgAuthenticationParameters lie
    scoped: int  # where the ScopedPDU begins


def read(datagram: bytes) -> Message:
    """Raises ValueError for what is no message of version 3."""
    try:
        at, end = _part(datagram, 0, SEQUENCE)
        if end != len(datagram):
            raise ValueError("something follows it")
        version, at = _integer(datagram, at)
        if version != 3:
            raise ValueError("it is of another version")
        header, at = _part(datagram, at, SEQUENCE)
        number, header = _integer(datagram, header)
        _, header = _part(datagram, header, INTEGER)
        flags, _ = _part(datagram, header, OCTETS)
        security, scoped = _part(datagram, at, OCTETS)
        inner, _ = _part(datagram, security, SEQUENCE)
        start, inner = _part(datagram, inner, OCTETS)
        engine_id = datagram[start:inner]
        for _ in ("boots", "time"):
            _, inner = _part(datagram, inner, INTEGER)
        start, inner = _part(datagram, inner, OCTETS)
        user = datagram[start:inner]
        start, inner = _part(datagram, inner, OCTETS)
        return Message(number, datagram[flags], engine_id, user, slice(start, inner), scoped)
    except IndexError:
        raise ValueError("it is cut short") from None


def is_signed(datagram: bytes, message: Message, key: bytes, auth: Auth) -> bool:
    """Whether it bears the signature of this key, which belongs to its engine."""
    digest, length = DIGESTS[auth]
    signature = datagram[message.signature]
    if len(signature) != length:
        return False
    blank = datagram[: message.signature.start] + bytes(length) + datagram[message.signature.stop :]
    return hmac.compare_digest(hmac.digest(key, blank, digest)[:length], signature)


def is_report(datagram: bytes, message: Message) -> bool:
    """Whether it is a report of a card's counters, and of nothing else."""
    try:
        at, _ = _part(datagram, message.scoped, SEQUENCE)
        for _ in ("contextEngineID", "contextName"):
            _, at = _part(datagram, at, OCTETS)
        at, _ = _part(datagram, at, REPORT)
        for _ in ("request-id", "error-status", "error-index"):
            _, at = _part(datagram, at, INTEGER)
        at, end = _part(datagram, at, SEQUENCE)
        while at < end:
            pair, at = _part(datagram, at, SEQUENCE)
            start, stop = _part(datagram, pair, OID)
            if not datagram[start:stop].startswith(STATISTICS):
                return False
    except (IndexError, ValueError):
        return False
    return True


class SignedWire(Wire):
    """A wire to a card whose answers must be signed. What is not, or answers another request, is as silence."""

    def __init__(
        self, deadlines: Deadlines, timeout: Seconds, at: tuple[str, int], user: V3User, as_gufo: User
    ) -> None:
        """`as_gufo` is the same user. Raises OSError when no socket can be opened."""
        super().__init__(deadlines, timeout, addr=at[0], port=at[1], user=as_gufo, version=SnmpVersion.v3)
        assert user.auth is not None
        self._auth, self._password = user.auth, user.auth_password
        self._key: tuple[bytes, bytes] = b"", b""  # of an engine: its id, and the key
        self._number = -1  # msgID of the request that is in flight
        self._inside, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._outside = socket.socket(socket.AF_INET6 if ":" in at[0] else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            for each in (self._inside, theirs, self._outside):
                each.setblocking(False)
            self._outside.connect(at)
            os.dup2(theirs.fileno(), self._fd, inheritable=False)
        except OSError:
            self.close()
            raise
        finally:
            theirs.close()
        self._hears = self._outside.fileno()

    def close(self) -> None:
        super().close()
        self._inside.close()
        self._outside.close()

    async def _recv(self, receiver: Callable[[], T]) -> T:
        """The answer to what gufo-snmp has just written."""
        request = self._inside.recv(LONGEST)
        self._number = read(request).number
        self._outside.send(request)
        return await super()._recv(receiver)

    def _fetch(self) -> None:
        """Hand the next genuine answer over. Raises TimeoutError where nobody listens at the card."""
        try:
            while not self._is_genuine(datagram := self._outside.recv(LONGEST)):
                pass
        except ConnectionRefusedError:
            raise TimeoutError from None  # a closed port
        self._inside.send(datagram)

    def _is_genuine(self, datagram: bytes) -> bool:
        try:
            message = read(datagram)
        except ValueError:
            return False
        if message.number != self._number:
            return False
        if not message.flags & AUTH_FLAG:
            return is_report(datagram, message)
        if message.engine_id != self._key[0]:
            if message.engine_id != self.get_engine_id():
                return False
            self._key = message.engine_id, key_of(self._auth, self._password, message.engine_id)
        return is_signed(datagram, message, self._key[1], self._auth)


def key_of(auth: Auth, password: str, engine_id: bytes) -> bytes:
    """The key of a password for one engine (RFC 3414 §2.6)."""
    return SIGNED[auth].get_localized_key(_master_key(auth, password), engine_id)


@lru_cache(256)
def _master_key(auth: Auth, password: str) -> bytes:
    """Takes milliseconds; the cards of a site share their passwords."""
    return SIGNED[auth].get_master_key(password.encode())


def _part(data: bytes, at: int, tag: int) -> tuple[int, int]:
    """Where the content of one element begins and ends. Raises ValueError for another one, IndexError for none."""
    if data[at] != tag:
        raise ValueError("another element was expected")
    length, start = data[at + 1], at + 2
    if length & 0x80:
        count = length & 0x7F
        if not 0 < count <= 3:
            raise ValueError("a length that none needs")
        length, start = int.from_bytes(data[start : start + count], "big"), start + count
    if start + length > len(data):
        raise ValueError("it is cut short")
    return start, start + length


def _integer(data: bytes, at: int) -> tuple[int, int]:
    start, end = _part(data, at, INTEGER)
    return int.from_bytes(data[start:end], "big", signed=True), end
