"""Composition root: the only module that makes concrete drivers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ridethrough import out_of_band, storages
from ridethrough.config import CardConnection, Configuration, Endpoint, NutConnection, UpsConnection, Upsd
from ridethrough.core.model import HostId, PoolId, StorageId, UpsId
from ridethrough.core.observation import Snapshot, UpsSeen
from ridethrough.core.site import Site
from ridethrough.drivers.nut import NutConfig, NutSwitch, ServerConfig, Upsds, served
from ridethrough.drivers.nut import ask as ask_nut
from ridethrough.drivers.nut import read_ups as read_nut
from ridethrough.drivers.snmp import (
    CardConfig,
    Cards,
    CardSwitch,
    Traps,
    Turns,
    V3User,
    order_test_trap,
    read_card,
    sweep,
)
from ridethrough.drivers.switching import Commanded
from ridethrough.drivers.xapi import Survey, XapiPool, survey
from ridethrough.drivers.xapi.pins import Trust
from ridethrough.ports import Actor, Clock, Observer
from ridethrough.runtime.clock import Stopwatch
from ridethrough.runtime.own_vm import own_vm
from ridethrough.ups.report import UpsReport
from ridethrough.ups.switching import Switch


def controller_name(configuration: Configuration) -> str:
    """This controller's name in a pool's claim: as site.toml says, else the machine's host name."""
    return configuration.controller.name or socket.gethostname()


def named_site(configuration: Configuration) -> Site:
    """The site with this controller's name in its policy, and with the VM that it runs in, where that can be told."""
    site = configuration.site
    machine = replace(site.controller, vm=site.controller.vm or own_vm())
    return replace(site, policy=replace(site.policy, controller=controller_name(configuration)), controller=machine)


def card(ups: CardConnection) -> CardConfig:
    """How the driver reaches a network card."""
    user = None
    if ups.user is not None:
        found, auth, privacy = ups.user, ups.user.auth_password, ups.user.privacy_password
        signed, kept = auth.value if auth else "", privacy.value if privacy else ""
        user = V3User(found.name, found.auth, signed, found.privacy, kept)
    may_set = ups.write_community.value if ups.write_community is not None else ""
    return CardConfig(ups.id, str(ups.at), ups.version, ups.community.value, user, write_community=may_set)


def behind_upsd(ups: NutConnection) -> NutConfig:
    """How the driver reaches a UPS behind an upsd."""
    password = ups.password.value if ups.password is not None else ""
    at = ups.at.server
    server = ServerConfig(at.host, at.port, ups.username, password, ups.fingerprints, ups.ca)
    return NutConfig(ups.id, server, ups.at.name)


def cards_of(configuration: Configuration, site: Site) -> list[CardConfig]:
    """The network cards of a site or island."""
    upses = (ups for ups in configuration.upses.values() if ups.id in site.upses)
    return [card(ups) for ups in upses if isinstance(ups, CardConnection)]


def watching(configuration: Configuration, site: Site, clock: Clock, turns: Turns | None = None) -> list[Observer]:
    """The observers of every UPS of a site or island: of its cards, and of those behind upsds. `turns` are those of all
    cards of this process, where islands share it.
    """
    upses = [ups for ups in configuration.upses.values() if ups.id in site.upses]
    cards = cards_of(configuration, site)
    others = [behind_upsd(ups) for ups in upses if isinstance(ups, NutConnection)]
    pace = site.policy.poll
    observers: list[Observer] = [Cards(cards, clock.now, pace=pace, turns=turns)] if cards else []
    return [*observers, Upsds(others, clock.now, pace=pace)] if others else observers


def pool(configuration: Configuration, pool_id: PoolId, clock: Clock, **options: Any) -> XapiPool:
    """The observer and actor of one pool."""
    found = configuration.pools[pool_id]
    names: Mapping[str, HostId] = {h: h for h, built in configuration.site.hosts.items() if built.pool == pool_id}
    return XapiPool(
        pool_id,
        found.addresses,
        found.username,
        found.password.value,
        found.fingerprints,
        names,
        clock,
        controller=controller_name(configuration),
        witnesses=[str(w) for w in found.witnesses],
        **options,
    )


async def look(configuration: Configuration, patience: float, trust: Trust | None = None) -> Snapshot:
    """The whole site as it is now, read once. Waits up to `patience` seconds for every card and pool to answer."""
    clock, site = Stopwatch(), named_site(configuration)
    observers: list[Observer] = [pool(configuration, p, clock, trust=trust) for p in sorted(site.pools)]
    observers += watching(configuration, site, clock)
    observers += storages.watching(configuration, site, clock)
    try:
        for observer in observers:
            await observer.start(lambda: None)
        while True:
            seen = Snapshot()
            for part in [observer.observe(urgent=False) for observer in observers]:
                seen = seen.joined(part)
            if _is_complete(site, seen) or clock.now() > patience:
                return seen
            await asyncio.sleep(0.1)
    finally:
        for observer in observers:
            await observer.stop()


def _is_complete(site: Site, seen: Snapshot) -> bool:
    cards_told = all((found := seen.upses.get(u)) and (found.reading or found.trouble) for u in site.upses)
    pools_told = all((told := seen.pools.get(p)) and told.answered_at is not None for p in site.pools)
    probed = all(h.toolstack_at is not None or not h.live for h in seen.hosts.values())
    asked = all((it := seen.storages.get(t)) and (it.serves_at is not None or it.trouble) for t in site.storages)
    return cards_told and pools_told and probed and asked


async def read_ups(ups: UpsConnection, clock: Clock) -> UpsReport:
    """What `ridethrough check` tells of a UPS: it is asked once."""
    if isinstance(ups, NutConnection):
        return await read_nut(behind_upsd(ups), clock.now)
    return await read_card(card(ups), clock.now)


def switch(ups: UpsConnection, clock: Clock) -> Switch:
    """What a person commands a UPS by, and the plan where the owner has it cut its output: nothing else does."""
    if isinstance(ups, NutConnection):
        return NutSwitch(behind_upsd(ups), clock.now)
    return CardSwitch(card(ups), clock.now)


def switches(configuration: Configuration, part: Site, clock: Clock) -> Mapping[str, Actor]:
    """What cuts the output of each UPS of an island, by what `core.actions.door` says."""
    return {f"ups {u}": Commanded(partial(switch, configuration.upses[u], clock), clock) for u in sorted(part.upses)}


async def follow(configuration: Configuration, ups: UpsId, clock: Clock) -> AsyncGenerator[UpsSeen, None]:
    """A UPS as it is polled: each answer, or each reason why none came, once. Ends when nobody asks for more."""
    site = replace(configuration.site, upses={ups: configuration.site.upses[ups]})
    (observer,) = watching(configuration, site, clock)
    await observer.start(lambda: None)
    try:
        last = UpsSeen()
        while True:
            seen = observer.observe(urgent=True).upses[ups]
            if (seen.answered_at, seen.trouble) != (last.answered_at, last.trouble):
                yield seen
            last = seen
            await asyncio.sleep(0.2)
    finally:
        await observer.stop()


async def send_test_trap(ups: CardConnection) -> str:
    """Let a card send a test trap; its family. Raises Refused where it cannot, Unreachable where it is silent."""
    return await order_test_trap(card(ups))


def trap_port(at: Endpoint, ups: CardConnection) -> Traps:
    """What the controller would hear from one card, without a controller."""
    return Traps((at.host, at.port), [card(ups)], lambda ups: None, lambda trap: None)


async def search(
    addresses: Sequence[str],
    ways: Sequence[CardConnection],
    clock: Clock,
    told: Callable[[int, int], None],
) -> list[tuple[CardConnection, UpsReport]]:
    """Every card that answers at these addresses, asked in each of these ways; `told` hears how many are done, and how
    many cards were found so far. Ends early when it is cancelled.
    """
    asked: dict[CardConfig, CardConnection] = {}

    def asked_at(address: str) -> list[CardConfig]:
        here = {card(way): way for way in (replace(way, at=replace(way.at, host=address)) for way in ways)}
        asked.update(here)
        return list(here)

    found = await sweep(addresses, asked_at, clock.now, told)
    return [(asked[f.config], f.report) for f in found]


async def search_upsd(at: Endpoint, clock: Clock) -> list[tuple[NutConnection, UpsReport]]:
    """Every UPS of an upsd. Raises Unreachable or Refused, in words, when it does not tell them."""
    names = await served(ServerConfig(at.host, at.port))
    upses = [NutConnection(name, Upsd(at, name)) for name in names]
    return [(ups, await read_ups(ups, clock)) for ups in upses]


async def ask_upsd(host: str, port: int, name: str) -> Mapping[str, str]:
    """Every variable of a UPS of an upsd. Raises Unreachable or Refused, in words."""
    return await ask_nut(ServerConfig(host, port), name)


async def survey_storage(configuration: Configuration, storage: StorageId) -> dict[str, Any]:
    """What `ridethrough check` tells of a NAS or SAN: whether it serves; and over SSH, whether it could be stopped."""
    return await storages.survey(configuration, storage)


async def survey_power_on(configuration: Configuration, host: HostId) -> dict[str, Any]:
    """What `ridethrough check` tells of a host that is switched on past its pool: whether that could be done."""
    return await out_of_band.survey(configuration, host)


async def survey_pool(configuration: Configuration, pool_id: PoolId, trust: Trust | None = None) -> Survey:
    """What `ridethrough check` tells of a pool: it logs in, looks, and changes nothing."""
    found = configuration.pools[pool_id]
    return await survey(
        found.addresses,
        found.username,
        found.password.value,
        found.fingerprints,
        Stopwatch(),
        controller=controller_name(configuration),
        trust=trust,
    )


__all__ = [
    "ask_upsd",
    "cards_of",
    "controller_name",
    "follow",
    "look",
    "named_site",
    "pool",
    "read_ups",
    "search",
    "search_upsd",
    "send_test_trap",
    "survey_pool",
    "survey_power_on",
    "survey_storage",
    "switch",
    "trap_port",
    "watching",
]
