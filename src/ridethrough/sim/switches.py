"""Network switches: what they are, and what is cut off when they lose their power."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ridethrough.core.model import HostId, Seconds, StorageId, SwitchId, UpsId

from . import boot

if TYPE_CHECKING:
    from .world import World


@dataclass(slots=True, eq=False)
class SimSwitch:
    """A switch between the controller and what it connects; the hosts hear each other through it too.

    `works`: it forwards. It starts by itself when its supply comes.
    """

    id: SwitchId
    fed_by: tuple[UpsId, ...] = ()
    needs: int = 1
    feeder: str = ""  # of one that no UPS feeds: what it hangs on; empty: on something that never fails
    watts: float = 20.0
    boot_seconds: Seconds = 60.0
    hosts: frozenset[HostId] = frozenset()
    storages: frozenset[StorageId] = frozenset()
    upses: frozenset[UpsId] = frozenset()

    power: bool = True
    works: bool = True
    life: int = 0


def supply(world: World, switch: SimSwitch) -> None:
    """Enough feeds, or not any more."""
    on = sum(world.upses[feed].output for feed in switch.fed_by)
    supplied = on >= switch.needs if switch.fed_by else world.feeders.get(switch.feeder, True)
    if supplied == switch.power:
        return
    switch.power = supplied
    switch.life += 1
    if supplied:
        world.tell(f"{switch.id} has power again")
        world.agenda.after(switch.boot_seconds, partial(_works_again, world, switch, switch.life))
    else:
        world.tell(f"{switch.id} loses power: {_listed(switch)} cannot be reached through it")
        switch.works = False
        _rewire(world, switch)


def _listed(switch: SimSwitch) -> str:
    cards = [f"{ups}'s card" for ups in sorted(switch.upses)]
    return ", ".join([*sorted(switch.hosts), *sorted(switch.storages), *cards])


def _works_again(world: World, switch: SimSwitch, life: int) -> None:
    if switch.life == life and switch.power:
        world.tell(f"{switch.id} works again")
        switch.works = True
        _rewire(world, switch)


def is_cut_off(world: World, machine: HostId | StorageId | UpsId) -> bool:
    """Whether every switch that leads to a host, a storage or a UPS's card is off."""
    leads = [w for w in world.switches.values() if machine in w.hosts | w.storages | w.upses]
    return bool(leads) and not any(switch.works for switch in leads)


def _rewire(world: World, switch: SimSwitch) -> None:
    """Who is behind it is heard by nobody, or is heard again."""
    for ups in switch.upses:
        world.upses[ups].card.unwired = is_cut_off(world, ups)
    for storage in switch.storages:
        world.nases[storage].unwired = is_cut_off(world, storage)
    for host_id in sorted(switch.hosts):
        host, off = world.hosts[host_id], is_cut_off(world, host_id)
        if off == host.unwired:
            continue
        host.unwired = off
        if off:
            host.network = False
            boot.watch_heartbeat(world, host)
        elif host.power and not host.cut_off:
            host.network = True
            boot.heard_again(world, host)
