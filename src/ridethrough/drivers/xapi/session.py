"""One session with a pool's coordinator, wherever it is now.

Only the coordinator gives sessions; a member answers HOST_IS_SLAVE with the coordinator's address, before it looks at
the password. A session outlives a broken connection, and dies with the coordinator's toolstack: so SESSION_INVALID
after a loss means a restart or another coordinator, whose records are wrong for a while (facts: lab, 10, 11, 13).
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from ridethrough.core.model import Seconds
from ridethrough.ports import Clock, Refused, Unreachable

from .address import Address
from .errors import sentence
from .wire import IsOld, NotSent, Wire, XapiFailure

log = logging.getLogger(__name__)
T = TypeVar("T")

LOGIN = 10.0  # seconds: a wrong password is answered after up to 5
CHECK = 3.0  # seconds for the question whether a session is still good
MOST_POINTED = 64  # coordinators that hosts may name in one search: each is asked
SECOND_OPINION = 0.3  # seconds in which other hosts may say that the first coordinator to answer is not the one
REFUSED_AT_FIRST, REFUSED_AT_MOST = 60.0, 600.0  # seconds until a refused password is tried again
MOVED = {"SESSION_INVALID", "HOST_IS_SLAVE"}  # the call was not executed; another session is needed
REFUSED = {"SESSION_AUTHENTICATION_FAILED", "SESSION_AUTHORIZATION_FAILED"}


@dataclass(frozen=True, slots=True)
class Account:
    """Who logs in. The originator keeps our sessions apart from everybody else's in xapi's limits."""

    username: str
    password: str = field(repr=False)
    originator: str = "ridethrough"


@dataclass(frozen=True, slots=True)
class Held:
    """A session: where, and its reference."""

    address: Address
    ref: str = field(repr=False)


@dataclass(slots=True)
class _Search:
    """One search for the coordinator: who was asked, and what they said."""

    asked: set[Address] = field(default_factory=set)
    found: list[Held] = field(default_factory=list)
    pointed_at: Counter[Address] = field(default_factory=Counter)
    troubles: list[str] = field(default_factory=list)
    refusal: str = ""


class PoolSession:
    """Finds the coordinator, logs in, follows it, and carries calls to it."""

    def __init__(self, wire: Wire, addresses: Iterable[Address], account: Account, clock: Clock) -> None:
        self.wire = wire
        self.trouble = ""  # why there is no session, for people
        self.renewed_at: Seconds | None = None  # when a session was replaced because the coordinator restarted or moved
        self.established_at: Seconds | None = None
        self._configured = tuple(addresses)
        self._learned: tuple[Address, ...] = ()
        self._account = account
        self._clock = clock
        self._held: Held | None = None
        self._doubted = False
        self._last: Address | None = None
        self._hint: Address | None = None
        self._blocked_until: Seconds | None = None
        self._refusals = 0
        self._connecting: asyncio.Task[Held] | None = None

    @property
    def held(self) -> Held | None:
        """The session in use; None while there is none, or while it is in doubt."""
        return None if self._doubted else self._held

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Every address a coordinator may be found at, the likeliest first."""
        first = [a for a in (self._hint, self._last) if a is not None]
        return tuple(dict.fromkeys([*first, *self._configured, *self._learned]))

    def learn(self, hosts: Iterable[str]) -> None:
        """Remember the members' addresses, as the host records tell them."""
        if self._last is not None:
            found = [self._last.beside(host) for host in hosts]
            self._learned = tuple(address for address in found if address is not None)

    def doubt(self) -> None:
        """A call failed on the way: look whether the session still stands before using it again."""
        self._doubted = True

    def follow(self, address: Address) -> None:
        """Another host speaks as coordinator, and members agree: go there."""
        self._held, self._hint, self._doubted = None, address, False

    async def connect(self) -> Held:
        """The session, found or renewed if need be. Raises Unreachable, or Refused while the password is refused."""
        if self._held is not None and not self._doubted:
            return self._held
        if self._connecting is None or self._connecting.done():
            self._connecting = asyncio.create_task(self._connect())
        # A caller that runs out of time must not tear down the search that others wait for.
        return await asyncio.shield(self._connecting)

    async def call(
        self,
        want: type[T],
        method: str,
        *params: object,
        deadline: Seconds,
        kept: bool = False,
        is_old: IsOld | None = None,
    ) -> T:
        """Call `method` on the coordinator and read its answer as `want`.

        Sent again only when the first copy was surely not executed: no connection came about, or the host said that
        our session is not its own. `is_old` is asked right before each copy. Raises XapiFailure, Unreachable, Refused
        (password), and NotBegun when it is old.
        """
        try:
            async with asyncio.timeout(deadline):
                while True:
                    held = await self._patiently()
                    try:
                        value = await self.wire.call(
                            held.address, method, (held.ref, *params), deadline=deadline, kept=kept, is_old=is_old
                        )
                        return value.decode(want)
                    except XapiFailure as failure:
                        if not self._moved(held, failure):
                            raise
                    except NotSent:
                        self.doubt()
        except TimeoutError:
            raise Unreachable(self.trouble or f"no answer to {method} within {deadline:.0f} s") from None

    async def close(self) -> None:
        """Log out, if the coordinator answers within two seconds."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)
        held, self._held = self._held, None
        if held is not None:
            await self._log_out(held)

    async def _patiently(self) -> Held:
        while True:
            try:
                return await self.connect()
            except Unreachable:
                await asyncio.sleep(0.5)

    async def _connect(self) -> Held:
        self._refuse_if_blocked()
        held = await self._still_good()
        if held is None:
            held = await self._find()
        self._doubted = False
        self.trouble = ""
        return held

    def _refuse_if_blocked(self) -> None:
        if self._blocked_until is not None and self._clock.now() < self._blocked_until:
            raise Refused("SESSION_AUTHENTICATION_FAILED", self.trouble)

    async def _still_good(self) -> Held | None:
        """The session we hold, if the coordinator still knows it."""
        held = self._held
        if held is None:
            return None
        try:
            await self.wire.call(held.address, "session.get_this_host", (held.ref, held.ref), deadline=CHECK)
        except XapiFailure as failure:
            if not self._moved(held, failure):
                return None
        except Unreachable as error:
            self.trouble = str(error)
        else:
            return held
        return None

    def _moved(self, held: Held, failure: XapiFailure) -> bool:
        """Whether the failure says that the session is of no use any more; then it is let go."""
        if failure.code not in MOVED:
            return False
        if self._held == held:
            self._held = None
            self.renewed_at = self._clock.now()
        if failure.code == "HOST_IS_SLAVE" and failure.params:
            self._hint = held.address.beside(failure.params[0])
        return True

    async def _find(self) -> Held:
        """Ask every known address at once; the first coordinator wins, unless members name another one."""
        search = _Search()
        asked = {asyncio.create_task(self._ask(address, search)) for address in self.addresses}
        try:
            patience: Seconds | None = None
            while asked:
                done, asked = await asyncio.wait(asked, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
                if search.found and patience is not None and not done:
                    break
                for pointed in set(search.pointed_at) - search.asked:
                    asked.add(asyncio.create_task(self._ask(pointed, search)))
                if search.found:
                    patience = SECOND_OPINION
        finally:
            for task in asked:
                task.cancel()
            await asyncio.gather(*asked, return_exceptions=True)
        return await self._chosen(search)

    async def _ask(self, address: Address, search: _Search) -> None:
        search.asked.add(address)
        account = self._account
        params = (account.username, account.password, "1.0", account.originator)
        try:
            answer = await self.wire.call(address, "session.login_with_password", params, deadline=LOGIN)
            search.found.append(Held(address, answer.decode(str)))
        except XapiFailure as failure:
            if failure.code == "HOST_IS_SLAVE" and failure.params:
                pointed = address.beside(failure.params[0])
                if pointed is not None and (pointed in search.pointed_at or len(search.pointed_at) < MOST_POINTED):
                    search.pointed_at[pointed] += 1
                    return
            search.troubles.append(f"{address}: {sentence(failure)}")
            if failure.code in REFUSED:
                search.refusal = f"{address} refuses the user {account.username}: {sentence(failure)}"
        except Unreachable as error:
            search.troubles.append(str(error))

    async def _chosen(self, search: _Search) -> Held:
        if not search.found:
            raise self._not_found(search)
        held = max(search.found, key=lambda h: search.pointed_at[h.address])
        for other in search.found:
            if other != held:
                await self._log_out(other)
        if self._last is not None and self._last != held.address:
            self.renewed_at = self._clock.now()
        self.established_at = self._clock.now()
        self._held, self._last, self._hint = held, held.address, None
        self._blocked_until, self._refusals = None, 0
        log.info("session with the coordinator at %s", held.address)
        return held

    def _not_found(self, search: _Search) -> Refused | Unreachable:
        self._hint = None
        if search.refusal:
            wait = min(REFUSED_AT_FIRST * 2**self._refusals, REFUSED_AT_MOST)
            self._refusals += 1
            self._blocked_until = self._clock.now() + wait
            self.trouble = f"{search.refusal}; tried again in {wait:.0f} s"
            return Refused("SESSION_AUTHENTICATION_FAILED", self.trouble)
        pointed = ", ".join(sorted(str(address) for address in search.pointed_at))
        named = [f"members name {pointed} as coordinator"] if pointed else []
        self.trouble = "no coordinator answers: " + "; ".join([*named, *sorted(search.troubles)])
        return Unreachable(self.trouble)

    async def _log_out(self, held: Held) -> None:
        try:
            await self.wire.call(held.address, "session.logout", (held.ref,), deadline=2.0)
        except (XapiFailure, Unreachable) as error:
            log.debug("logout at %s: %s", held.address, error)
