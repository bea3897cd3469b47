"""The controller: one journal, a loop for each island, and new settings while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ridethrough import out_of_band, storages
from ridethrough.assemble import cards_of, named_site, pool, switches, watching
from ridethrough.config import ConfigError, Configuration, Endpoint
from ridethrough.config.changes import Wiring
from ridethrough.core.events import Ask, Event, Requested, RequestRefused, SettingsTaken, TrapHeard
from ridethrough.core.learned import NOTHING_LEARNED
from ridethrough.core.model import CONTROLLER, Seconds, StorageId, UpsId
from ridethrough.core.narrative import tell
from ridethrough.core.observation import Snapshot
from ridethrough.core.site import Site
from ridethrough.core.situation import Situation
from ridethrough.core.topology import islands
from ridethrough.drivers.notify.fields import one_line
from ridethrough.drivers.own_machine import OwnMachine, power_off
from ridethrough.drivers.snmp import Cards, Heard, Trap, Traps, Turns
from ridethrough.drivers.storage import Shown
from ridethrough.ports import Notifier, Observer
from ridethrough.runtime.addressees import OF_ALL, any_of, concerns, one_of
from ridethrough.runtime.clock import STILL, SYSTEM, SiteClock, Sources
from ridethrough.runtime.crew import Crew
from ridethrough.runtime.garbage import collect_rarely
from ridethrough.runtime.inbox import OBEYED_WITHIN, Mailbox, Posted
from ridethrough.runtime.journal import PATIENCE, DiskJournal
from ridethrough.runtime.journal_file import latest_time
from ridethrough.runtime.loop import ANSWER_WITHIN, Answer, Loop
from ridethrough.runtime.rounds import Rounds
from ridethrough.runtime.seen_file import Seen, SeenFile
from ridethrough.runtime.status import StatusFile
from ridethrough.runtime.steadily import steadily
from ridethrough.runtime.telling import tell_all
from ridethrough.views import island_view, site_view

READ_WITHIN: Seconds = 10.0  # new settings; what has not begun by then is not done when its person has gone


@dataclass(frozen=True, slots=True)
class Island:
    """A part of the site with its loop."""

    site: Site
    loop: Loop
    observers: Sequence[Observer]

    def poll_soon(self, ups: UpsId) -> None:
        """Ask this UPS's card now; one of another island is none."""
        for observer in self.observers:
            if isinstance(observer, Cards):
                observer.poll_soon(ups)


class Controller:
    """The daemon: one journal, and a loop for each island."""

    def __init__(
        self,
        configuration: Configuration,
        state_dir: Path,
        notifiers: Sequence[Notifier] = (),
        sources: Sources = SYSTEM,
        speed: float = 1.0,
        reload: Callable[[], Configuration] | None = None,
        pages: Callable[[Configuration], None] | None = None,
    ) -> None:
        """Opens the journal; blocks. Raises StateDirInUse, JournalRefused or OSError, each with a remedy.

        `speed` is that of the event loop, for demos: disk and people are waited for, and a standstill told, in seconds
        of the wall. `reload` reads site.toml again, in a thread, when somebody asks for it; raises ConfigError or
        OSError. `pages` is told when the settings of the pages are others.
        """
        self.configuration = configuration
        self._reload, self._pages, self._speed = reload, pages, speed
        self._notifiers = tuple(notifiers)
        self._going_down = asyncio.Event()
        self.journal = DiskJournal(state_dir, patience=PATIENCE * speed)
        self.clock = SiteClock(state_dir, latest_time(state_dir), sources=sources, still=STILL * speed)
        self._turns = Turns()
        self._ups_port = storages.UpsPort(self._shown, self.clock.now)
        self._ups_port.take(configuration)
        self._rounds = Rounds(state_dir)
        parts = islands(self.site)
        self._crew = Crew([self._island(configuration, part, self.clock.alive_until) for part in parts])
        self._status = StatusFile(state_dir, self.clock, self.view)
        self._seen = SeenFile(state_dir, self.seen)
        self.traps = self._listener(configuration)
        self._listening: asyncio.Task[None] | None = None
        self._taking = asyncio.Lock()

    @property
    def site(self) -> Site:
        """The whole site, as its settings are now."""
        return named_site(self.configuration)

    @property
    def islands(self) -> Sequence[Island]:
        """Its parts, each with a loop."""
        return self._crew.parts

    @property
    def goes_down(self) -> bool:
        """Its own machine is to be shut down, now that it has ended."""
        return self._going_down.is_set()

    async def shut_machine_down(self) -> str:
        """To be called when `run` has ended: the journal is closed. Why it does not go down; else that ends us."""
        if why := await power_off(self.configuration.controller.shutdown_command):
            return f"the controller's own machine is not shut down: {why}"
        within = self.site.controller.stop_time
        await asyncio.sleep(within)
        return f"the controller's own machine is still up {within:.0f} s after its shutdown"

    def _listener(self, configuration: Configuration) -> Traps | None:
        if configuration.traps is None:
            return None

        def poll(ups: UpsId) -> None:
            for island in self.islands:
                island.poll_soon(ups)

        def tell(trap: Trap) -> None:
            heard = TrapHeard(self.clock.now(), trap.ups, trap.oid, trap.says, trap.untold)
            for island in self.islands:
                if trap.ups in island.site.upses:
                    island.loop.note(heard)

        at = configuration.traps
        return Traps((at.host, at.port), cards_of(configuration, configuration.site), poll, tell)

    def _island(
        self, configuration: Configuration, part: Site, alive_until: Seconds | None, anew: bool = False
    ) -> Island:
        name = ", ".join(part.pools) or ", ".join(part.upses)
        pools = {p: pool(configuration, p, self.clock) for p in part.pools}
        observers: list[Observer] = [*pools.values(), *watching(configuration, part, self.clock, self._turns)]
        observers += storages.watching(configuration, part, self.clock, self._ups_port)
        observers += out_of_band.watching(configuration, part, self.clock)
        loop = Loop(
            site=part,
            observers=observers,
            actors={
                CONTROLLER: OwnMachine(self.clock, self._going_down.set),
                **pools,
                **storages.orders(configuration, part, self.clock, self._ups_port),
                **out_of_band.switches(configuration, part, self.clock),
                **switches(configuration, part, self.clock),
            },
            journal=self.journal,
            clock=self.clock,
            notifiers=self._notifiers,
            decide=self._rounds.recorder(name),
            name=name,
            alive_until=alive_until,
            part=", ".join((*part.upses, *part.pools)) if anew else "",
            answer_within=ANSWER_WITHIN * self._speed,
        )
        return Island(part, loop, observers)

    async def run(self) -> None:
        """Watch and protect until cancelled, or until its own machine is to be shut down (`goes_down`); then everything
        is closed in order, the journal last.
        """
        collect_rarely()
        mailbox = Mailbox(self.journal)
        beside: dict[str, Callable[[], Awaitable[None]]] = {
            "the mailbox": lambda: mailbox.serve(self._obey, patience=OBEYED_WITHIN * self._speed),
            "the status file": self._status.run,
            "the file of what is seen": self._seen.run,
            "the clock's file": self.clock.keep_marked,
            "the network UPS": self._ups_port.run,
        }
        side = [asyncio.create_task(steadily(name, work)) for name, work in beside.items()]
        self._listen()
        loops = asyncio.create_task(self._crew.run())  # of a site that holds nothing yet, it waits until it does
        down = asyncio.create_task(self._going_down.wait())
        try:
            await asyncio.wait({loops, down}, return_when=asyncio.FIRST_COMPLETED)
            if loops.done():
                loops.result()
        finally:
            side += [self._listening] if self._listening is not None else []
            for task in (*side, loops, down):
                task.cancel()
            await asyncio.gather(*side, loops, down, return_exceptions=True)
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._status.keep(), 2.0)
            await asyncio.to_thread(self._rounds.stop)
            await self.journal.close()

    async def _obey(self, posted: Posted) -> Answer:
        """Hand a request to the islands that it concerns, and answer for all of them."""
        if posted.ask is Ask.TAKE_SETTINGS:
            return await self._take_settings(posted)
        by, says = one_line(posted.by), one_line(posted.says)
        requested = Requested(self.clock.now(), posted.ask, posted.subject, by, says, posted.seconds)
        if posted.ask is Ask.NOTE:  # to be written down is all that it asks
            await self._tell(requested)
            return Answer(True, tell(requested))
        if not self.islands:
            return await self._refuse(requested, f"{self.site.name} has no UPS and no pool yet")
        every = self.islands
        for island in every:  # an island that still reads the journal would take it for an earlier controller's
            await island.loop.opened.wait()
        concerned = [i for i in every if concerns(posted.ask, posted.subject, i.site, i.loop.status)] or every[:1]
        if posted.ask is Ask.SKIP_VM and len(concerned) > 1:
            return await self._refuse(
                requested, f"VMs of several pools are named {posted.subject}: give the uuid of one"
            )
        given = await asyncio.gather(*(island.loop.request(requested) for island in concerned))
        return any_of(given) if posted.ask in OF_ALL else one_of(given)

    async def _refuse(self, requested: Requested, why: str) -> Answer:
        """Write down why no island is asked at all."""
        refused = RequestRefused(requested.at, requested.ask, requested.subject, why)
        await self._tell(requested, refused)
        return Answer(False, tell(refused))

    async def _tell(self, *events: Event) -> None:
        """Write down what concerns no island alone, and tell it as an island's rounds tell theirs."""
        for position, event in zip(await self.journal.append(events), events, strict=True):
            tell_all(self._notifiers, position, event)

    async def _take_settings(self, posted: Posted) -> Answer:
        """Let new settings hold, without a stop where that is possible. `subject`: the version of the file, if any."""
        if self._reload is None:
            return Answer(False, "this controller was not started from a file")
        try:
            new = await asyncio.wait_for(asyncio.to_thread(self._reload), READ_WITHIN * self._speed)
        except TimeoutError:
            return Answer(False, f"the settings stay as they were: not read within {READ_WITHIN:.0f} s")
        except (ConfigError, OSError) as error:
            return Answer(False, f"the settings stay as they were: {error}")
        if posted.subject and posted.subject != new.version:
            return Answer(False, "the settings stay as they were: the file was changed meanwhile")
        # What has begun is done, whoever still waits for the answer.
        return await asyncio.shield(asyncio.create_task(self._go_by(new, posted)))

    async def _go_by(self, new: Configuration, posted: Posted) -> Answer:
        async with self._taking:
            if (new, new.version) == (self.configuration, self.configuration.version):
                return Answer(True, "nothing has changed")
            pages = self.configuration.manager
            if why := await self._exchange(
                new, SettingsTaken(self.clock.now(), one_line(posted.by), one_line(posted.says))
            ):
                return Answer(False, f"the settings stay as they were: {why}")
            if pages == new.manager:
                return Answer(True, "the new settings hold")
            if self._pages is not None:
                self._pages(new)
            return Answer(True, "the new settings hold; the pages are served anew with theirs ([manager])")

    async def _exchange(self, new: Configuration, taken: SettingsTaken) -> str:
        """New values for the loops whose wiring is the same, new loops for the others. Why not, else empty."""
        old = self.configuration
        runs = [(island, Wiring.of(old, island.site)) for island in self.islands]

        def part(site: Site) -> Island:
            wiring = Wiring.of(new, site)
            known = next((island for island, found in runs if found == wiring), None)
            if known is not None:
                return replace(known, site=site)
            return self._island(new, site, self.clock.now(), anew=True)

        def rebuild(island: Island) -> Island:
            return self._island(old, island.site, self.clock.now(), anew=True)

        why = await self._crew.exchange(
            [part(site) for site in islands(named_site(new))], lambda: self._tell(taken), rebuild
        )
        if not why:
            self.configuration = new
            self._ups_port.take(new)
            if (old.traps, cards_of(old, old.site)) != (new.traps, cards_of(new, new.site)):
                await self._listen_anew()
        return why

    def _listen(self) -> None:
        if self.traps is not None:
            self._listening = asyncio.create_task(self.traps.run())

    async def _listen_anew(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait({self._listening})
            self._listening = None
        self.traps = self._listener(self.configuration)
        self._listen()

    def _shown(self, storage: StorageId) -> Shown | None:
        """What a NAS box that asks for the state of its UPS is told."""
        for island in self.islands:
            status = island.loop.status
            if storage in island.site.storages and status is not None:
                return storages.shown(Situation(status.at, status.seen, status.memory, island.site), storage)
        return None

    def seen(self) -> Seen:
        """The whole site as the latest round of each island saw it."""
        whole, at, learned = Snapshot(), 0.0, NOTHING_LEARNED
        for status in [island.loop.status for island in self.islands]:
            if status is not None:
                whole, at = whole.joined(status.seen), max(at, status.at)
                learned = learned.joined(status.memory.learned)
        return Seen(at, whole, learned)

    def view(self) -> dict[str, Any]:
        """What people see of the whole site now."""
        parts = []
        for island in self.islands:
            status = island.loop.status
            if status is not None:
                part = island_view(status.at, status.seen, status.memory, island.site, status.verdict)
                parts.append({**part, "journal_trouble": status.journal_trouble})
        view = site_view(self.site.name, self.site.policy.controller, parts)
        if not self.islands:
            view["verdict"] = "nothing to watch yet: site.toml names no UPS and no pool"
        for row in view["upses"]:
            ups = self.configuration.upses.get(row["id"])
            row["address"] = str(ups.at) if ups is not None else ""
        view["network_ups_trouble"] = self._ups_port.trouble
        view["settings_version"] = self.configuration.version
        _add_traps(view, self.traps, asyncio.get_running_loop().time())
        return view


def _add_traps(view: dict[str, Any], traps: Traps | None, now: Seconds) -> None:
    """What was heard from each UPS's card; `now` is the event loop's."""
    view["traps_listen"] = str(Endpoint(*traps.listen)) if traps else None
    view["traps_trouble"] = traps.trouble if traps else ""
    for row in view["upses"]:
        heard = (traps.heard.get(row["id"]) if traps else None) or Heard()
        row["traps"], row["last_trap"], row["trap_unread"] = heard.traps, heard.last, heard.unread
        row["last_trap_ago"] = now - heard.at if heard.traps else None
