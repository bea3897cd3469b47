"""The part of the composition root that makes what watches and stops storage."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, assert_never

from ridethrough.config import Configuration
from ridethrough.config.settings import NetworkUpsSettings, StorageConnection
from ridethrough.core.model import Seconds, StorageId, Way
from ridethrough.core.site import Site
from ridethrough.core.situation import Situation
from ridethrough.core.storage import Word, word
from ridethrough.drivers.storage import Account, Box, Life, NetworkUps, Shown, Tells, TlsFiles
from ridethrough.drivers.storage.orders import ByAgent, ByNetworkUps, BySsh
from ridethrough.drivers.storage.serving import serves
from ridethrough.drivers.storage.ssh import SshConfig, SshStop
from ridethrough.drivers.storage.watch import PATIENCE, Storages, Watched
from ridethrough.ports import Actor, Clock, Observer, Refused, Unreachable

TELLS = {Word.ONLINE: Tells.ONLINE, Word.ON_BATTERY: Tells.ON_BATTERY, Word.SHUT_DOWN: Tells.SHUT_DOWN}


def boxes(configuration: Configuration) -> list[Box]:
    """The NAS boxes that ask us for the state of their UPS."""
    site = configuration.site
    asking = [c for c in configuration.storages.values() if site.storages[c.id].way is Way.NETWORK_UPS]
    return [_box(connection) for connection in asking]


def _box(connection: StorageConnection) -> Box:
    found = Box(connection.id, connection.asks_from)
    if connection.ups_name:
        found = replace(found, names=(connection.ups_name,))
    if connection.password is not None:
        found = replace(found, accounts=(Account(connection.username, connection.password.value),))
    return found


class UpsPort:
    """The port on which NAS boxes ask for the state of their UPS, as the settings want it: one, another, or none."""

    def __init__(self, shown: Callable[[StorageId], Shown | None], now: Callable[[], Seconds]) -> None:
        self._shown, self._now = shown, now
        self._settings: NetworkUpsSettings | None = None
        self._port: NetworkUps | None = None
        self._changed = asyncio.Event()

    @property
    def trouble(self) -> str:
        """What is wrong with the port, in words; "" when all is well."""
        return self._port.trouble if self._port is not None else ""

    def life(self, storage: StorageId) -> Life:
        """The signs of life of a NAS."""
        return self._port.life(storage) if self._port is not None else Life()

    def take(self, configuration: Configuration) -> None:
        """Go by these settings from now on; connections that they do not change stay."""
        wanted = configuration.network_ups
        if wanted == self._settings and self._port is not None:
            self._port.take(boxes(configuration))
            return
        self._settings, self._port = wanted, None
        if wanted is not None:
            tls = TlsFiles(Path(wanted.certificate), Path(wanted.key)) if wanted.certificate else None
            self._port = NetworkUps(wanted.listen, boxes(configuration), self._shown, self._now, tls)
        self._changed.set()

    async def run(self) -> None:
        """Serve until cancelled."""
        while True:
            self._changed.clear()
            tasks: set[asyncio.Task[Any]] = {asyncio.create_task(self._changed.wait())}
            if self._port is not None:
                tasks.add(asyncio.create_task(self._port.run(), name="the network UPS"))
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)


def shown(s: Situation, storage: StorageId) -> Shown | None:
    """What one of them is shown now; None: nobody knows the state of its UPS."""
    told = word(s, storage)
    return Shown(TELLS[told], _variables(s, storage)) if told is not None else None


def _variables(s: Situation, storage: StorageId) -> dict[str, str]:
    """Of the UPS with the least runtime, as far as it tells (NUT's docs/nut-names.txt)."""
    upses = [s.seen.upses.get(ups) for ups in s.site.storages[storage].powered_by]
    readings = [seen.reading for seen in upses if seen is not None and seen.reading is not None]
    if not readings:
        return {}
    reading = min(readings, key=lambda r: (r.runtime is None, r.runtime or 0.0))
    told = {
        "battery.charge": reading.charge,
        "battery.runtime": reading.runtime,
        "ups.load": reading.load,
        "input.voltage": reading.input_volts,
    }
    numbers = {name: f"{value:.0f}" for name, value in told.items() if value is not None}
    return numbers | ({"ups.model": reading.model} if reading.model else {})


def watching(configuration: Configuration, part: Site, clock: Clock, port: UpsPort | None = None) -> list[Observer]:
    """The observer of an island's storages, if it has some. Without a `port` nobody can tell whether they ask there."""
    found = [_watched(configuration.storages[id_], part, port) for id_ in sorted(part.storages)]
    return [Storages(found, clock.now)] if found else []


def _watched(connection: StorageConnection, part: Site, port: UpsPort | None) -> Watched:
    way = part.storages[connection.id].way
    asked_at = partial(_asked_at, port, connection.id) if port is not None and way is Way.NETWORK_UPS else None
    targets = tuple(str(service) for service in connection.serves)
    return Watched(connection.id, targets, asked_at, by_ssh=way is Way.SSH)


def _asked_at(port: UpsPort, storage: StorageId) -> Seconds | None:
    return port.life(storage).last_asked_at


def orders(configuration: Configuration, part: Site, clock: Clock, port: UpsPort) -> Mapping[str, Actor]:
    """What tells each storage of an island to go down, by what `core.actions.door` says."""
    found: dict[str, Actor] = {}
    for id_, built in sorted(part.storages.items()):
        connection = configuration.storages[id_]
        match built.way:
            case Way.NETWORK_UPS:
                found[f"storage {id_}"] = ByNetworkUps(id_, partial(_told_at, port, id_), clock)
            case Way.SSH:
                found[f"storage {id_}"] = BySsh(SshStop(ssh(connection)), clock)
            case Way.AGENT:
                found[f"storage {id_}"] = ByAgent()
            case Way.BY_ITSELF:
                pass  # nothing tells it anything
            case _:
                assert_never(built.way)
    return found


def _told_at(port: UpsPort, storage: StorageId) -> Seconds | None:
    return port.life(storage).told_at


def ssh(connection: StorageConnection) -> SshConfig:
    """How the driver reaches a storage's SSH server."""
    assert connection.ssh is not None
    return SshConfig(
        connection.ssh.host,
        connection.username,
        connection.host_key,
        connection.command,
        connection.ssh.port,
        connection.password.value if connection.password is not None else "",
        connection.key_file,
    )


CHECKED_WITHIN: Seconds = 15.0


async def survey(configuration: Configuration, storage: StorageId) -> dict[str, Any]:
    """Whether a storage serves; and where a command stops it, whether that could be run, which it is not."""
    connection, way = configuration.storages[storage], configuration.site.storages[storage].way
    services = [str(service) for service in connection.serves]
    found = await serves(tuple(services), PATIENCE)
    says, troubles = "", [] if found.serves else [f"does not serve: {found.trouble}"]
    if way is Way.SSH:
        try:
            says = await SshStop(ssh(connection)).check(CHECKED_WITHIN)
        except (Refused, Unreachable) as error:
            troubles.append(f"cannot be stopped over SSH: {error}")
    return {
        "id": storage,
        "address": connection.address,
        "way": str(way),
        "services": services,
        "serves": found.serves,
        "says": says,
        "troubles": troubles,
    }
