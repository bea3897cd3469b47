"""The controller's own machine: what it hangs on, and how it goes down and comes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from ridethrough.core.model import CONTROLLER, Seconds, UpsId, VmId

from .fates import Fate

if TYPE_CHECKING:
    from .world import World

STARTS_AFTER: Seconds = 3.0  # from supply to "power on with utility power"


@dataclass(slots=True, eq=False)
class SimMachine:
    """`runs`: its system is up, and the controller on it may live. `on_death` is called when it loses its power while
    it runs, `on_boot` when it runs again.
    """

    fed_by: tuple[UpsId, ...] = ()
    needs: int = 1
    watts: float = 30.0
    stop_seconds: Seconds = 20.0  # from the order to power off; the controller has ended before it
    boot_seconds: Seconds = 60.0
    starts_itself: bool = True  # when its supply comes back

    vm: VmId = ""  # the guest that it is; empty: it hangs on UPSs of its own

    power: bool = True
    runs: bool = True
    supplied: bool = True
    life: int = 0
    on_death: Callable[[], None] = field(default=lambda: None, repr=False)
    on_boot: Callable[[], None] = field(default=lambda: None, repr=False)

    @property
    def id(self) -> str:
        return CONTROLLER


def supply(world: World, machine: SimMachine) -> None:
    """Enough feeds, or not any more."""
    if machine.vm:
        return
    on = sum(world.upses[feed].output for feed in machine.fed_by)
    supplied = not machine.fed_by or on >= machine.needs
    if supplied == machine.supplied:
        return
    machine.supplied = supplied
    if not supplied and machine.power:
        crashes = machine.runs
        what = "while it runs: crash" if crashes else "before it is off"
        world.tell(f"the controller's machine loses power {what}")
        if crashes:
            world.crashed.append(CONTROLLER)
        _off(machine)
        machine.on_death()
    elif supplied and machine.starts_itself:
        world.agenda.after(STARTS_AFTER, partial(_starts, world, machine, machine.life, "starts by itself"))


def stop(world: World, machine: SimMachine) -> None:
    """It is ordered to shut down. The controller on it has ended in order."""
    if not machine.runs:
        return
    world.tell("the controller's machine shuts down")
    machine.life += 1
    machine.runs = False
    world.agenda.after(machine.stop_seconds, partial(_stopped, world, machine, machine.life))


def turns(world: World, machine: SimMachine, fate: Fate) -> None:
    """The guest that it is begins or ends to run, whoever did it. A move is no turn in the controller's life."""
    if fate is Fate.MOVES:
        return
    if fate is Fate.STARTS:
        machine.life += 1
        machine.power = True
        world.agenda.after(machine.boot_seconds, partial(_runs, world, machine, machine.life))
    elif machine.power:
        world.tell("the controller ends with its VM")
        _off(machine)
        machine.on_death()


def switch_on(world: World) -> None:
    """Somebody presses its button."""
    if world.machine is not None:
        _starts(world, world.machine, world.machine.life, "is switched on")


def _stopped(world: World, machine: SimMachine, life: int) -> None:
    if machine.life == life:
        world.tell("the controller's machine is off")
        _off(machine)
        world.rebalance()


def _off(machine: SimMachine) -> None:
    machine.life += 1
    machine.power = machine.runs = False


def _starts(world: World, machine: SimMachine, life: int, how: str) -> None:
    if machine.life != life or not machine.supplied or machine.power:
        return
    machine.life += 1
    machine.power = True
    world.tell(f"the controller's machine {how}")
    world.rebalance()
    world.agenda.after(machine.boot_seconds, partial(_runs, world, machine, machine.life))


def _runs(world: World, machine: SimMachine, life: int) -> None:
    if machine.life == life:
        machine.runs = True
        world.tell("the controller's machine has booted")
        machine.on_boot()
