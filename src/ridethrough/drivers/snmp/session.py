"""One card's conversation: one request in flight, our own deadline and retries, nothing believed that was not asked."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from gufo.snmp import SnmpAuthError, SnmpError, SnmpVersion

from ridethrough.core.model import Seconds, UpsId
from ridethrough.drivers.snmp.signed import SignedWire
from ridethrough.drivers.snmp.usm import V3User
from ridethrough.drivers.snmp.wire import Deadlines, Wire
from ridethrough.ports import Unreachable
from ridethrough.ups.meaning import Value

PORT = 161
RETRIES = 2
AT_ONCE = 10  # objects in one GET: embedded agents fail on more (facts/ups.md §3.5)
MANY_AT_ONCE = 24  # of a card that has shown that it takes them: some 480 bytes, what every agent must be able to send
VERSIONS = {"1": SnmpVersion.v1, "2c": SnmpVersion.v2c, "3": SnmpVersion.v3}
FAILURES = (TimeoutError, OSError, SnmpError, ValueError, RuntimeError)  # of a request
Ask = Callable[[Wire], Awaitable[dict[str, Value]]]
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


class _TooMuch(Exception):  # noqa: N818 - no error: the card answers one object, and not several together
    pass


class Question:
    """Objects that are asked for together, again and again. An answer that lacks one of `required` is none.

    `known`: the card has told them all, so that an answer without any is none either.
    """

    __slots__ = ("_at_once", "_known", "_names", "_parts", "first", "oids", "required")

    def __init__(self, oids: Sequence[str], required: Collection[str] = (), known: bool = False) -> None:
        self.oids = list(oids)
        self._names = frozenset(oids)
        self.required = self._names.intersection(required)
        self._known = known and len(self.oids) > 1
        self.first: Question = self if len(self.oids) < 2 else Question(self.oids[:1])  # of its objects alone
        self._at_once = 0
        self._parts: list[Question] = []

    def parts(self, at_once: int) -> Sequence[Question]:
        """The same in requests of `at_once` objects at most."""
        if len(self.oids) <= at_once:
            return (self,)
        if at_once != self._at_once:
            starts = range(0, len(self.oids), at_once)
            self._parts = [Question(self.oids[i : i + at_once], self.required, self._known) for i in starts]
            self._at_once = at_once
        return self._parts

    async def put(self, wire: Wire) -> dict[str, Value]:
        """Ask in one request. Raises Incomplete, and whatever `wire` does. What was not asked for is left out."""
        answer = await wire.get_all(self.oids)
        if not self.required <= answer.keys():
            lacks = [oid for oid in self.oids if oid in self.required and oid not in answer]
            raise Incomplete(f"the answer lacks {', '.join(lacks)}")
        if self._known and not answer:
            raise Incomplete(f"the answer lacks {', '.join(self.oids)}")
        return answer if answer.keys() <= self._names else {oid: answer[oid] for oid in self.oids if oid in answer}


@lru_cache(1024)
def question(oids: tuple[str, ...], required: frozenset[str] = frozenset(), known: bool = False) -> Question:
    """One for all cards of which the same is asked: thousands of them have few families."""
    return Question(oids, required, known)


class Session:
    """Asks one card. Every method raises Unreachable when no usable answer came; none may run beside another.

    gufo-snmp (0.13) neither retries nor bounds a flood of foreign packets, takes a forged packet for an error,
    and serves one request at a time: hence the deadline, and a new socket after each failed attempt (which also
    follows a changed address of our own, and leaves late answers behind). Whoever asks must `close`.
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

    async def get(self, oids: Sequence[str], required: Collection[str] = ()) -> dict[str, Value]:
        """What `ask` says of these objects."""
        return await self.ask(Question(oids, required))

    async def ask(self, question: Question) -> dict[str, Value]:
        """The values of the objects; one that the card does not have, or answers with NULL, is left out.

        An answer that lacks a required object is no answer. gufo-snmp hides error-status: genErr, and v1's
        noSuchName for any object of the request, come as an empty answer.
        """
        if len(question.oids) <= self.at_once:
            return await self._whole(question)
        found: dict[str, Value] = {}
        for part in question.parts(self.at_once):
            found |= await self._whole(part)
        return found

    async def together(self, question: Question) -> dict[str, Value] | None:
        """The same in one request; None when the card does not answer so many objects, and is to be asked less."""
        if len(question.oids) > self.at_once:
            return None
        if len(question.oids) < 2:
            return await self._attempts(question.put)
        try:
            return await self._attempts(question.put, question.first.put)
        except _TooMuch:
            self.at_once = (len(question.oids) + 1) // 2
            return None

    async def _whole(self, question: Question) -> dict[str, Value]:
        """One part of a question; in halves where the card does not answer so many objects, from then on."""
        before = self.at_once
        if (answer := await self.together(question)) is not None:
            return answer
        found: dict[str, Value] = {}
        try:
            for part in question.parts(self.at_once):
                found |= await self._whole(part)
        except Unreachable:
            self.at_once = before  # not their number was the trouble
            raise
        return found

    async def ask_once(self, question: Question) -> dict[str, Value]:
        """The same in one request, however long, that is not repeated: nothing when no good answer comes."""
        try:
            return await question.put(await self._ready())
        except (*FAILURES, Incomplete):
            self.close()
            return {}

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

    async def _attempts(self, ask: Ask, probe: Ask | None = None) -> dict[str, Value]:
        """Ask, and ask again. With `probe`, the last attempt asks only that: is the card silent, or asked too much?

        Raises Unreachable; _TooMuch when the card answers `probe` and then again not this, for two losses in a row are
        not rare where there are losses, or when it answers without what it must.
        """
        why, kind, probed = "", Unreachable, False
        for attempt in range(1 + RETRIES):
            if attempt:
                await asyncio.sleep(min(PAUSE, self._config.timeout))
            try:
                if probe is not None and attempt == RETRIES:
                    await probe(await self._ready())
                    probed = True
                return await ask(await self._ready())
            except Incomplete as error:
                if probe is not None:
                    raise _TooMuch from None
                why, kind = str(error), Incomplete
            except TimeoutError:
                if probed:
                    self.close()
                    raise _TooMuch from None
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
            opened = self._open = self._new_wire()
            if self._user is not None:
                await opened.refresh()
        return self._open

    def _new_wire(self) -> Wire:
        config, user = self._config, self._user
        if config.user is not None and config.user.auth and user is not None:
            return SignedWire(self._deadlines, config.timeout, (self._host, self._port), config.user, user)
        version, community = VERSIONS[config.version], config.community
        at = {"addr": self._host, "port": self._port}
        return Wire(self._deadlines, config.timeout, **at, community=community, user=user, version=version)
