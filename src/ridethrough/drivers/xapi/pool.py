"""One XenServer or XCP-ng pool: the driver's face to the loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import replace
from typing import Any

from ridethrough.core.actions import Action
from ridethrough.core.model import HostId, PoolId
from ridethrough.core.observation import PoolSeen, Snapshot
from ridethrough.ports import Clock

from .act import Hands
from .address import Address
from .advice import Advisor
from .observe import Watch
from .picture import Memo, Picture, picture
from .pins import Trust
from .probe import Host, Prober
from .session import Account, PoolSession
from .wire import Wire

AGAIN = 1.0  # seconds until a watcher that failed by a bug of ours looks again


class XapiPool:
    """Observer and Actor of one pool (ports.Observer, ports.Actor).

    `addresses`: any members; one is enough while it answers. `fingerprints`: the pinned certificates of the members,
    `sha256:...`. `host_names`: what a host may be called (uuid, address, name label) -> its key in site.toml.
    `witnesses`: addresses behind the hosts' switch, `192.0.2.9:80`. `controller`: this controller's name.
    """

    def __init__(
        self,
        pool_id: PoolId,
        addresses: Iterable[str],
        username: str,
        password: str,
        fingerprints: Iterable[str],
        host_names: Mapping[str, HostId],
        clock: Clock,
        *,
        controller: str = "controller",
        witnesses: Iterable[str] = (),
        trust: Trust | None = None,
    ) -> None:
        self.id = pool_id
        self._clock = clock
        self._names = dict(host_names)
        account = Account(username, password, f"ridethrough/{controller}")
        self.wire = Wire(fingerprints, trust)
        self._session = PoolSession(self.wire, [Address.parse(a) for a in addresses], account, clock)
        self._watch = Watch(self._session, clock)
        self._prober = Prober(
            self.wire,
            account,
            clock,
            tuple(Address.parse(witness) for witness in witnesses),
            self._to_probe,
            lambda: self._session.held,
        )
        self._advisor = Advisor(self._session, clock, lambda: self._watch.records if self._watch.connected else None)
        self._hands = Hands(
            self._session, self._host_ref, self._build, lambda ref: self._watch.records.name(ref), clock
        )
        self._picture = Picture(PoolSeen(pool_id))
        self._memo = Memo()
        self._drawn = -1
        self._told: object = None
        self._tasks: list[asyncio.Task[None]] = []
        self._wake: Callable[[], None] = _nobody

    async def start(self, wake: Callable[[], None]) -> None:
        """Begin to watch and to probe."""
        self._wake = wake
        watchers = (
            (lambda: self._watch.run(self._on_records), self._watch.failed),
            (lambda: self._prober.run(self._on_probes), self._watch.failed),
            (lambda: self._advisor.run(wake), self._advisor.failed),  # WLB's trouble is nobody else's
        )
        self._tasks = [asyncio.create_task(self._kept_up(*watcher), name=f"pool {self.id}") for watcher in watchers]

    async def stop(self) -> None:
        """End watching, log out, close every connection. Never raises."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._hands.close()
        await self._session.close()
        await self.wire.close()

    def observe(self, urgent: bool) -> Snapshot:
        """What is known now; nothing is asked for."""
        self._watch.urgent = urgent
        self._prober.be_urgent(urgent)
        self._advisor.be_urgent(urgent)
        drawn = self._draw()
        pool = replace(
            drawn.pool,
            coordinator=drawn.coordinator if self._watch.connected else None,
            answered_at=self._watch.answered_at,
            coordinator_since=self._watch.coordinator_since,
            witness_at=self._prober.witness_at,
            advice=self._advisor.advice({host.uuid: key for key, host in drawn.hosts.items()}),
            wlb_trouble=self._advisor.trouble,
            trouble=drawn.pool.trouble if self._watch.connected else self._watch.trouble or "not asked yet",
        )
        return drawn.at(pool, self._prober.evidence)

    async def perform(self, action: Action) -> None:
        """Carry out an action on this pool."""
        await self._hands.perform(action)

    async def _kept_up(self, watcher: Callable[[], Coroutine[Any, Any, None]], failed: Callable[[str], None]) -> None:
        """Run a watcher for ever. A bug of ours is told, and the watcher looks again: its silence must not last."""
        while True:
            try:
                await watcher()
            except Exception as error:
                asyncio.get_running_loop().call_exception_handler(
                    {"message": f"a watcher of pool {self.id} failed", "exception": error}
                )
                failed(f"Ridethrough itself failed while it watched this pool: {error!r}")
                self._wake()
                await self._clock.sleep(AGAIN)

    def _draw(self) -> Picture:
        records = self._watch.records
        if records.revision != self._drawn:
            self._picture = picture(self.id, records, self._names, self._memo)
            self._drawn = records.revision
        return self._picture

    def _on_records(self) -> None:
        drawn = self._draw()
        told = (drawn.matters, drawn.coordinator, self._watch.connected)
        if told != self._told:
            if len(self._to_probe()) != len(self._prober.evidence):
                self._prober.hurry()
            self._told = told
            self._wake()

    def _on_probes(self) -> None:
        self._follow_a_new_coordinator()
        self._wake()

    def _follow_a_new_coordinator(self) -> None:
        """Another host gave us a session, members name it, and none names the one that we hold: it has moved.

        A returning old coordinator speaks as one for half a second too, but no member names it (facts: lab, 11).
        """
        told, held = self._prober.told, self._session.held
        if held is None or held.address in told.pointed_at:
            return
        for address in sorted(told.coordinators & told.pointed_at, key=str):
            if address != held.address:
                self._session.follow(address)

    def _to_probe(self) -> list[Host]:
        held = self._session.held
        near = held.address if held else next(iter(self._session.addresses), None)
        if near is None:
            return []
        found = [(host.uuid, near.beside(host.address)) for host in self._watch.records.hosts.values() if host.uuid]
        return [Host(uuid, address) for uuid, address in found if address is not None]

    def _host_ref(self, host: HostId) -> str | None:
        return self._draw().ref_of(host)

    def _build(self) -> tuple[int, ...]:
        coordinator = self._watch.records.coordinator
        return coordinator[1].build if coordinator else ()


def _nobody() -> None:
    """No loop listens yet."""
