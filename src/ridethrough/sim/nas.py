"""NAS and SAN boxes: what they are, and what happens to them and to the guests with disks on them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from ridethrough.core.model import RepositoryId, Seconds, StorageId, UpsId

from .agenda import Appointment, Steps
from .fates import Fate

if TYPE_CHECKING:
    from .world import World

STARTS_AFTER: Seconds = 3.0  # from supply to "power on with utility power"


@dataclass(slots=True, eq=False)
class SimNas:
    """A NAS or SAN. `power` and `serves` are two truths: while it starts or stops it answers and serves nothing."""

    id: StorageId
    fed_by: tuple[UpsId, ...] = ()
    needs: int = 1
    watts: float = 60.0
    repositories: frozenset[RepositoryId] = frozenset()
    address: str = ""
    stop_seconds: Seconds = 60.0  # from the order to power off; it stops to serve at once
    boot_seconds: Seconds = 90.0
    starts_itself: bool = True  # when its supply comes back
    wakes: bool = True  # when a packet asks it to
    goes_after: Seconds | None = None  # its own minutes, where it asks its card itself

    power: bool = True
    serves: bool = True
    supplied: bool = True
    refuses: bool = False  # a fault: it acknowledges an order to go down, and stays up
    hangs: bool = False  # a fault: it answers, and serves nothing
    mute: bool = False  # a fault: no order reaches it
    unwired: bool = False  # the switches that lead to it are off: nobody reaches it, its hosts included
    life: int = 0
    own_clock: Appointment | None = None


def supply(world: World, nas: SimNas) -> None:
    """Enough feeds, or not any more; and on battery its own minutes run, where it has some."""
    on = sum(world.upses[feed].output for feed in nas.fed_by)
    supplied = not nas.fed_by or on >= nas.needs
    _watch_card(world, nas)
    if supplied == nas.supplied:
        return
    nas.supplied = supplied
    if not supplied and nas.power:
        was_serving = nas.serves
        _off(world, nas, f"{nas.id} loses power while it {'serves' if was_serving else 'stops'}: crash")
        world.crashed.append(nas.id)
    elif supplied and nas.starts_itself:
        world.agenda.after(STARTS_AFTER, partial(_starts, world, nas, nas.life))


def stop(world: World, nas: SimNas) -> None:
    """It is ordered to go down, and does unless it refuses. Told already, it goes on."""
    if not nas.power or not nas.serves or nas.refuses:
        return
    world.tell(f"{nas.id} goes down")
    nas.life += 1
    _stop_serving(world, nas)
    world.agenda.after(nas.stop_seconds, partial(_stopped, world, nas, nas.life))


def wake(world: World, nas: SimNas) -> None:
    """A packet asks it to start: it hears that while it is off and has power."""
    if not nas.power and nas.supplied and nas.wakes:
        _boot(world, nas, "is woken over the network")


def switch_on(world: World, nas: SimNas) -> None:
    """Somebody presses its button."""
    if not nas.power and nas.supplied:
        _boot(world, nas, "is switched on")


def _watch_card(world: World, nas: SimNas) -> None:
    on_battery = any(world.upses[feed].on_battery for feed in nas.fed_by)
    if nas.goes_after is None or (on_battery and nas.own_clock):
        return
    if on_battery and nas.power:
        minutes = nas.goes_after / 60
        world.tell(f"{nas.id}: Power loss detected on UPS. System will be shut down after {minutes:g} minutes.")
        nas.own_clock = world.agenda.after(nas.goes_after, partial(stop, world, nas))
    elif not on_battery and nas.own_clock:
        nas.own_clock.cancel()
        nas.own_clock = None
        if nas.power and nas.serves:
            world.tell(f"{nas.id}: Power has returned to UPS. Canceling shutdown.")


def _stopped(world: World, nas: SimNas, life: int) -> None:
    if nas.life == life:
        _off(world, nas, f"{nas.id} is off")


def _off(world: World, nas: SimNas, text: str) -> None:
    world.tell(text)
    nas.life += 1
    _stop_serving(world, nas)
    nas.power = False
    world.rebalance()


def _stop_serving(world: World, nas: SimNas) -> None:
    """A guest whose disk is gone is lost: its file system is cut off in mid-write."""
    if not nas.serves:
        return
    nas.serves = False
    for vm in sorted(world.vms.values(), key=lambda v: (v.name, v.id)):
        if vm.alive and not nas.repositories.isdisjoint(vm.storage):
            vm.alive = False
            world.turn(vm, Fate.LOSES_DISK)
            world.tell(f"{vm.name} loses its disk on {nas.id}")


def _starts(world: World, nas: SimNas, life: int) -> None:
    if nas.life == life and nas.supplied and not nas.power:
        _boot(world, nas, "starts by itself: its supply is back")


def _boot(world: World, nas: SimNas, how: str) -> None:
    nas.life += 1
    nas.power = True
    world.tell(f"{nas.id} {how}")
    world.rebalance()
    world.agenda.run(_booting(world, nas, nas.life))


def _booting(world: World, nas: SimNas, life: int) -> Steps:
    yield nas.boot_seconds
    if nas.life == life:
        nas.serves = True
        world.tell(f"{nas.id} serves")
