"""One card's conversation: one request in flight, our own deadline and retries, nothing believed that was not asked."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Literal

from gufo.snmp import SnmpAuthError, SnmpError, SnmpVersion

from ridethrough.core.model import Seconds, UpsId
from ridethrough.drivers.snmp.usm import V3User
from ridethrough.drivers.snmp.wire import Deadlines, Wire
from ridethrough.ports import Unreachable
from ridethrough.ups.meaning import Value

PORT = 161
RETRIES = 2
AT_ONCE = 10  # objects in one GET: embedded agents fail on more (facts/ups.md §3.5)
MANY_AT_ONCE = (
    24  # of a card that has shown that it takes so many: some 480 bytes, what every agent must be able to send
)
VERSIONS = {"1": SnmpVersion.v1, "2c": SnmpVersion.v2c, "3": SnmpVersion.v3}
FAILURES = (TimeoutError, OSError, SnmpError, ValueError, RuntimeError)  # of a request
PAUSE: Seconds = 0.2  # between attempts: a closed port answers at once, and so would three attempts


@dataclass(frozen=True, slots=True)
class CardConfig:
    """How to reach one card. `address` is "ip", "ip:port" or "[ipv6]:port"; no names: DNS dies in outages too.

    `user` is asked for by version 3, which knows no community. Raises ValueError, with the remedy, for an address or a
    version that is none.
    """

    ups: UpsId
    address: str
    version: Literal["1", "2c", "3"] = "2c"
    community: str = field(default="public", repr=False)
    user: V3User | None = None
    timeout: Seconds = 3.0  # per request
    write_community: str = field(default="", repr=False)  # for SET; version 3 sets with its user

    def __post_init__(self) -> None:
        split_address(self.address)
        if self.version not in VERSIONS:
            raise ValueError(f'SNMP version "{self.version}" is not known: write "1", "2c" or "3"')
        if (self.version == "3") != (self.user is not None):
            raise ValueError("SNMP version 3 needs a user, and no other version has one")


def split_address(address: str) -> tuple[str, int]:
    """The IP address and port of a card. Raises ValueError with the remedy."""
    host, port = address, ""
    if address.startswith("["):
        host, _, port = address[1:].partition("]")
        port = port.removeprefix(":")
    elif address.count(":") == 1:
        host, port = address.split(":")
    try:
        ip = str(ipaddress.ip_address(host))
        number = int(port) if port else PORT
    except ValueError:
        raise ValueError(f'"{address}" is no card address: write an IP address, or IP:port') from None
    if not 0 < number < 65536:
        raise ValueError(f'"{address}" is no card address: the port must be 1 to 65535')
    return ip, number


class Incomplete(Unreachable):
    """The card answers, but without what its family requires."""


class Session:
    """Asks one card. Every method raises Unreachable when no usable answer came; none may run beside another.

    gufo-snmp (0.13) neither retries nor bounds a flood of foreign packets, takes a forged packet for an error,
    and serves one request at a time: hence the lock, the deadline, and a new socket after each failed attempt
    (which also follows a changed address of our own, and leaves late answers behind). Whoever asks must `close`.
    """

    def __init__(self, config: CardConfig, deadlines: Deadlines | None = None) -> None:
        """`deadlines`: those of all cards that are watched together."""
        self._config = config
        self._deadlines = deadlines if deadlines is not None else Deadlines()
        self._host, self._port = split_address(config.address)
        self._user = config.user.as_gufo() if config.user is not None else None
        self._who = "community" if config.user is None else "user"
        self.version = config.version
        self.at_once = AT_ONCE  # objects in one GET
        self._open: Wire | None = None
        self._busy = asyncio.Lock()

    async def get(self, oids: Sequence[str], required: Collection[str] = ()) -> dict[str, Value]:
        """The values of these objects; one that the card does not have, or answers with NULL, is left out.

        An answer that lacks an object of `required` is no answer. gufo-snmp hides error-status: genErr, and v1's
        noSuchName for any object of the request, come as an empty answer.
        """
        if len(oids) <= self.at_once:
            return await self._get(oids, required)
        found: dict[str, Value] = {}
        for start in range(0, len(oids), self.at_once):
            found |= await self._get(oids[start : start + self.at_once], required)
        return found

    async def takes_many(self, oids: Sequence[str], known: Set[str]) -> dict[str, Value] | None:
        """The values of up to `MANY_AT_ONCE` objects, asked once and in one request; None when one of `known` is not
        among them, or no answer comes.
        """
        async with self._busy:
            try:
                answer = await (await self._ready()).get_all(oids)
            except FAILURES:
                self.close()
                return None
        return _asked(oids, answer) if known <= answer.keys() else None

    async def walk(self, column: str, most: int) -> dict[str, Value]:
        """Up to `most` objects below `column`, by GETNEXT: embedded agents are known to hang on GETBULK."""

        async def ask(session: Wire) -> dict[str, Value]:
            found: dict[str, Value] = {}
            following = session.getnext(column).__aiter__()
            while len(found) < most:
                try:
                    oid, value = await following.__anext__()
                except StopAsyncIteration:
                    break
                if oid in found or not oid.startswith(f"{column}."):
                    break  # an agent that answers in circles
                found[oid] = value
            return found

        async with self._busy:
            try:
                # As long as one silent request at most: rows that come one by one, each just in time, delay the poll.
                async with asyncio.timeout((1 + RETRIES) * self._config.timeout):
                    return await self._attempts(ask)
            except TimeoutError:
                self.close()
                raise Unreachable(f"{self._config.address}: its table takes too long") from None

    def close(self) -> None:
        """Close the socket. The next request opens a new one."""
        if self._open is not None:
            self._open.close()
        self._open = None

    async def _get(self, oids: Sequence[str], required: Collection[str]) -> dict[str, Value]:
        async def ask(wire: Wire) -> dict[str, Value]:
            answer = await wire.get_all(oids)
            if missing := [oid for oid in oids if oid not in answer and oid in required]:
                raise Incomplete(f"the answer lacks {', '.join(missing)}")
            return _asked(oids, answer)

        async with self._busy:
            return await self._attempts(ask)

    async def _attempts(self, ask: Callable[[Wire], Awaitable[dict[str, Value]]]) -> dict[str, Value]:
        why, kind = "", Unreachable
        for attempt in range(1 + RETRIES):
            if attempt:
                await asyncio.sleep(min(PAUSE, self._config.timeout))
            try:
                return await ask(await self._ready())
            except Incomplete as error:
                why, kind = str(error), Incomplete
            except TimeoutError:
                # A closed port ends here too, at once. A wrong community is silence as well.
                why = f"no answer: check its address, its {self._who} and whom it allows"
            except SnmpAuthError:
                why = "it does not know this user, or not with these passwords and protocols"
            except OSError as error:
                why = error.strerror or str(error)
            except (SnmpError, ValueError, RuntimeError) as error:
                why = f"unusable answer: {error}"
            self.close()
        raise kind(f"{self._config.address}: {why} ({1 + RETRIES} attempts, {self._config.timeout:g} s each)")

    async def _ready(self) -> Wire:
        """The socket; a new one has first learned the card's engine and its time, which it forgets with a restart."""
        if self._open is None:
            opened = Wire(
                self._deadlines,
                self._config.timeout,
                addr=self._host,
                port=self._port,
                community=self._config.community,
                user=self._user,
                version=VERSIONS[self._config.version],
            )
            self._open = opened
            if self._user is not None:
                await opened.refresh()
        return self._open


def _asked(oids: Sequence[str], answer: Mapping[str, Value]) -> dict[str, Value]:
    """What was asked for, of what came."""
    return {oid: answer[oid] for oid in oids if oid in answer}
