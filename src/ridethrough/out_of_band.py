"""The part of the composition root that makes what switches hosts on past their pools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from ridethrough.config import Configuration
from ridethrough.config.settings import PowerOn
from ridethrough.core.model import HostId, PowerWay, Seconds
from ridethrough.core.site import Site
from ridethrough.drivers.power_on import Bmc, Bmcs, Ipmi, Redfish, SwitchOn, Wake, WakeUp
from ridethrough.ports import Actor, Clock, Observer, Refused, Unreachable

CHECKED_WITHIN: Seconds = 30.0


def ways(configuration: Configuration, host: HostId) -> dict[PowerWay, Bmc | Wake]:
    """What switches a host on, by way, in its owner's order; without its pool's own way."""
    connection = configuration.power_on.get(host)
    found: dict[PowerWay, Bmc | Wake] = {}
    for way in configuration.site.hosts[host].power_on:
        if connection is not None and (made := _made(connection, way)) is not None:
            found[way] = made
    return found


def _made(connection: PowerOn, way: PowerWay) -> Bmc | Wake | None:
    match way:
        case PowerWay.XAPI:
            return None
        case PowerWay.WAKE_ON_LAN:
            assert connection.broadcast is not None
            return Wake(connection.mac, connection.broadcast.host, connection.broadcast.port)
        case PowerWay.IPMI:
            assert connection.bmc is not None
            at, bmc = connection.bmc.at, connection.bmc
            return Ipmi(at.host, at.port, bmc.username, bmc.password.value)
        case PowerWay.REDFISH:
            assert connection.bmc is not None
            at, bmc = connection.bmc.at, connection.bmc
            host = f"[{at.host}]" if ":" in at.host else at.host
            url = f"https://{host}:{at.port}" if at.port else f"https://{host}"
            pins = tuple(pin.removeprefix("sha256:") for pin in bmc.fingerprints)
            return Redfish(url, bmc.username, bmc.password.value, pins)
        case _:
            assert_never(way)


def _bmc(found: Mapping[PowerWay, Bmc | Wake]) -> Bmc | None:
    """The first that can be asked."""
    return next((way for way in found.values() if not isinstance(way, Wake)), None)


def watching(configuration: Configuration, part: Site, clock: Clock) -> list[Observer]:
    """The observer of an island's BMCs, if it has some."""
    bmcs = {host: bmc for host in sorted(part.hosts) if (bmc := _bmc(ways(configuration, host))) is not None}
    return [Bmcs(bmcs, clock.now)] if bmcs else []


def switches(configuration: Configuration, part: Site, clock: Clock) -> Mapping[str, Actor]:
    """What switches each host of an island on, and wakes its storages, by what `core.actions.door` says."""
    found = {host: ways(configuration, host) for host in sorted(part.hosts)}
    hosts = {f"power on {host}": SwitchOn(each, clock) for host, each in found.items() if each}
    boxes = (configuration.storages[storage] for storage in sorted(part.storages))
    return hosts | {
        f"power on {box.id}": WakeUp(Wake(box.mac, box.broadcast.host, box.broadcast.port), clock)
        for box in boxes
        if box.broadcast is not None
    }


async def survey(configuration: Configuration, host: HostId) -> dict[str, Any]:
    """Whether a host could be switched on: each BMC is asked for its power by the way that would switch it on, with the
    same user. Nothing is sent that wakes anything.
    """
    says, troubles = [], []
    for way, made in ways(configuration, host).items():
        if isinstance(made, Wake):
            says.append(f"{way}: nothing can be asked")
            continue
        try:
            on = await made.is_on(CHECKED_WITHIN)
        except (Refused, Unreachable) as error:
            troubles.append(f"cannot be switched on by {way}: {error}")
        else:
            says.append(f"{way}: its power is {'on' if on else 'off'}")
            troubles += [] if on else [f"{way} says that its power is off"]
    named = [str(way) for way in configuration.site.hosts[host].power_on]
    return {"id": host, "ways": named, "says": "; ".join(says), "troubles": troubles}
