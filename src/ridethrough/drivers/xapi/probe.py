"""Our own look at every host: does its toolstack answer, does its network?

xapi calls a host that lost its power alive for ten minutes; this is the evidence instead. Each probe has its own
connection. The coordinator is asked with our session, members with a login, which a member answers with HOST_IS_SLAVE
before it looks at the password: this works with a dead coordinator too, when every other call would hang.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from ridethrough.core.model import Seconds
from ridethrough.ports import Clock, Unreachable, is_from_before_a_standstill

from .address import Address
from .picture import Evidence
from .session import REFUSED, Account, Held
from .wire import Gibberish, Wire, XapiFailure

DEADLINE = 2.0  # seconds
CALM, URGENT = 5.0, 2.0  # seconds between rounds


@dataclass(frozen=True, slots=True)
class Host:
    """A host to probe: its uuid and its address."""

    uuid: str
    address: Address


@dataclass(slots=True)
class Told:
    """What the last round of probes told about who is the coordinator."""

    coordinators: set[Address] = field(default_factory=set)  # gave us a session
    pointed_at: set[Address] = field(default_factory=set)  # named by a member


class Prober:
    """Probes hosts and witnesses, every 5 s, every 2 s when urgent, and at once when urgency begins."""

    def __init__(
        self,
        wire: Wire,
        account: Account,
        clock: Clock,
        witnesses: tuple[Address, ...],
        hosts: Callable[[], list[Host]],
        held: Callable[[], Held | None],
    ) -> None:
        self.evidence: dict[str, Evidence] = {}  # by uuid
        self.witness_at: Seconds | None = None
        self.told = Told()
        self._wire = wire
        self._account = account
        self._clock = clock
        self._witnesses = witnesses
        self._hosts = hosts
        self._held = held
        self._urgent = False
        self._hurry = asyncio.Event()
        self._answered: dict[str, tuple[bool, bool]] = {}
        self._login_refused = False

    def be_urgent(self, urgent: bool) -> None:
        """Set the pace; the first urgent call probes at once."""
        if urgent and not self._urgent:
            self._hurry.set()
        self._urgent = urgent

    def hurry(self) -> None:
        """Probe at once: the list of hosts has changed."""
        self._hurry.set()

    async def run(self, changed: Callable[[], None]) -> None:
        """Probe for ever. `changed` is called when a host or a witness begins or ceases to answer."""
        while True:
            self._hurry.clear()
            began = self._clock.now()
            if await self.round():
                changed()
            await self._pause(began + (URGENT if self._urgent else CALM) - self._clock.now())

    async def round(self) -> bool:
        """Probe everything once, all at the same time; whether an answer began or ceased."""
        began, hosts = self._clock.now(), self._hosts()
        self.told = told = Told()
        answers = await asyncio.gather(*(self._probe(host, told) for host in hosts))
        witnesses = await asyncio.gather(*(answers_tcp(address) for address in self._witnesses))
        if is_from_before_a_standstill(self._clock, began):
            return False  # the answers waited for us as long as that: they prove nothing about now
        now = self._clock.now()
        evidence: dict[str, Evidence] = {}
        for host, (toolstack, network) in zip(hosts, answers, strict=True):
            before = self.evidence.get(host.uuid, Evidence())
            since = now if before.answers_since is None else before.answers_since
            evidence[host.uuid] = Evidence(
                now if toolstack else before.toolstack_at,
                now if toolstack or network else before.network_at,
                since if toolstack else None,
            )
        self.evidence = evidence
        if any(witnesses):
            self.witness_at = now
        answered = {host.uuid: answer for host, answer in zip(hosts, answers, strict=True)}
        answered["witnesses"] = (any(witnesses), any(witnesses))
        is_news, self._answered = answered != self._answered, answered
        return is_news

    async def _probe(self, host: Host, told: Told) -> tuple[bool, bool]:
        toolstack, network = await asyncio.gather(self._toolstack(host.address, told), answers_tcp(host.address))
        return toolstack, network

    async def _toolstack(self, address: Address, told: Told) -> bool:
        """Any answer of a toolstack counts, HOST_IS_SLAVE and HOST_STILL_BOOTING included."""
        held = self._held()
        is_coordinator = held is not None and held.address == address
        try:
            if is_coordinator and held is not None:
                await self._wire.call(address, "session.get_this_host", (held.ref, held.ref), deadline=DEADLINE)
                told.coordinators.add(address)
            elif self._login_refused:
                # Not again: each wrong password is logged on the host and takes it seconds.
                await self._wire.call(address, "session.get_this_host", ("", ""), deadline=DEADLINE)
            else:
                await self._log_in_and_out(address, told)
        except XapiFailure as failure:
            if failure.code == "HOST_IS_SLAVE" and failure.params:
                pointed = address.beside(failure.params[0])
                told.pointed_at |= {pointed} if pointed is not None else set()
            self._login_refused = self._login_refused or failure.code in REFUSED
        except Gibberish:
            return True  # stunnel alone closes the connection; a page of any kind comes from xapi itself
        except Unreachable:
            return False
        return True

    async def _log_in_and_out(self, address: Address, told: Told) -> None:
        account = self._account
        params = (account.username, account.password, "1.0", account.originator)
        answer = await self._wire.call(address, "session.login_with_password", params, deadline=DEADLINE)
        session = answer.decode(str)
        told.coordinators.add(address)
        await self._wire.call(address, "session.logout", (session,), deadline=DEADLINE)

    async def _pause(self, seconds: Seconds) -> None:
        waits = {
            asyncio.create_task(self._clock.sleep(max(0.0, seconds))),
            asyncio.create_task(self._hurry.wait()),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
            await asyncio.gather(*waits, return_exceptions=True)


async def answers_tcp(address: Address) -> bool:
    """Whether the network of a host answers: a connection accepted, or refused by the host itself."""
    try:
        async with asyncio.timeout(DEADLINE):
            _, writer = await asyncio.open_connection(address.host, address.port)
    except ConnectionRefusedError:
        return True
    except (OSError, TimeoutError, UnicodeError):  # UnicodeError: a name that no DNS can hold
        return False
    writer.transport.abort()  # RST: nothing to wait for, nothing left in TIME_WAIT on a host probed every two seconds
    with suppress(OSError):
        await writer.wait_closed()
    return True
