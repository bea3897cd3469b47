"""What utility power, batteries and cards do to each other and to the hosts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ridethrough.core.model import CardAction, Seconds

from . import boot, nas, own_machine, switches
from .cards import SelfTest, SimUps
from .machines import SimHost

if TYPE_CHECKING:
    from .world import World

BIOS_DELAY: Seconds = 3.0  # from supply to "power on with utility power"


def set_feeder(world: World, name: str, on: bool) -> None:
    """Utility power of a feeder fails or returns, for every UPS on it."""
    if world.feeders[name] == on:
        return
    world.feeders[name] = on
    world.tell(f"utility power {'returns' if on else 'fails'} on feeder {name}")
    for _, ups in sorted(world.upses.items()):
        if ups.feeder == name:
            ups.settle(world.now)
            ups.input_good = on
            (_input_returns if on else _input_fails)(world, ups)
    rebalance(world)


def settle(world: World) -> None:
    """Bring every battery up to now."""
    for ups in world.upses.values():
        ups.settle(world.now)


def rebalance(world: World) -> None:
    """Loads, batteries and hosts after any change of input, output or of what is switched on."""
    settle(world)
    for _, host in sorted(world.hosts.items()):
        _supply(world, host)
    for _, box in sorted(world.nases.items()):
        nas.supply(world, box)
    for _, switch in sorted(world.switches.items()):
        switches.supply(world, switch)
    if world.machine is not None:
        own_machine.supply(world, world.machine)
    guests = _guests_watts(world)
    for _, ups in sorted(world.upses.items()):
        ups.load_watts = _load(world, ups, guests)
        _watch_battery(world, ups)


def _load(world: World, ups: SimUps, guests: dict[str, float]) -> float:
    """A machine's watts are drawn evenly from those of its feeds that have an output."""
    if not ups.output:
        return 0.0
    load = ups.base_load_watts
    machines: list[SimHost | nas.SimNas | switches.SimSwitch | own_machine.SimMachine]
    machines = [*world.hosts.values(), *world.nases.values(), *world.switches.values()]
    machines += [world.machine] if world.machine is not None else []
    for machine in machines:
        if machine.power and ups.id in machine.fed_by:
            drawn = machine.watts + guests.get(machine.id, 0.0)
            load += drawn / sum(world.upses[feed].output for feed in machine.fed_by)
    return load


def _guests_watts(world: World) -> dict[str, float]:
    """What the guests on each host add to it."""
    found: dict[str, float] = {}
    for vm in world.vms.values():
        if vm.watts and vm.alive and vm.resident_on is not None:
            found[vm.resident_on] = found.get(vm.resident_on, 0.0) + vm.watts
    return found


def _supply(world: World, host: SimHost) -> None:
    """Enough feeds, or not any more: a running host without them crashes; with them again, its BIOS may start it."""
    on = sum(world.upses[feed].output for feed in host.fed_by)
    supplied = not host.unplugged and (not host.fed_by or on >= host.needs)
    if supplied == host.supplied:
        return
    host.supplied = supplied
    if not supplied and host.power:
        boot.crash(world, host, f"{host.id} loses power while it runs: crash")
    elif supplied and host.bios_power_on:
        world.agenda.after(BIOS_DELAY, partial(_bios_starts, world, host, host.life))


def _bios_starts(world: World, host: SimHost, life: int) -> None:
    if host.supplied and not host.power and host.life == life:
        boot.power_up(world, host, "starts by itself: its supply is back")


def _watch_battery(world: World, ups: SimUps) -> None:
    for appointment in (ups.empty_at, ups.low_at):
        if appointment:
            appointment.cancel()
    ups.empty_at = ups.low_at = None
    if not ups.on_battery:
        return
    if (empty := ups.battery.falls_to(0.0, ups.load_watts)) is not None:
        ups.empty_at = world.agenda.after(empty, partial(_battery_empty, world, ups))
    low = ups.battery.falls_to(ups.low_stored_wh, ups.load_watts)
    if low is not None and ups.load_watts > 0 and not ups.told_low:
        ups.low_at = world.agenda.after(low, partial(_battery_low, world, ups))


def _battery_low(world: World, ups: SimUps) -> None:
    ups.told_low = True
    world.tell(f"{ups.id}'s battery is low")
    if ups.card.testing:
        end_test(world, ups)
    elif ups.card.low_action is CardAction.CLIENT_AND_UPS and not ups.card.link_lost:
        _count_down(world, ups)


def _battery_empty(world: World, ups: SimUps) -> None:
    if ups.card.testing and ups.input_good:
        end_test(world, ups)
    else:
        cut_output(world, ups, f"{ups.id}'s battery is empty: its output is off")


def count_down(
    world: World, ups: SimUps, seconds: Seconds, stays_off: bool = False, told: bool = False, in_outage: bool = False
) -> None:
    """From now on a countdown runs that ends in a cut. `told`: it was commanded, and utility power does not end it.

    `in_outage`: only an output that is cut in an outage comes back by itself.
    """
    card = ups.card
    card.cut_at, card.has_counted, card.was_told = world.now + seconds, True, told
    card.countdown_ends = world.agenda.after(seconds, partial(_countdown_over, world, ups, stays_off, in_outage))


def _countdown_over(world: World, ups: SimUps, stays_off: bool, in_outage: bool) -> None:
    cut_output(world, ups, f"{ups.teller} cuts its output", stays_off or (in_outage and ups.input_good))


def cut_output(world: World, ups: SimUps, text: str, stays_off: bool = False) -> None:
    """The output goes off: hosts that this leaves without supply lose their power.

    It returns with utility power, but not when it was switched off to stay off, or must not restart by itself.
    """
    if not ups.output:
        return
    ups.settle(world.now)
    forget_countdown(ups)
    ups.output = False
    ups.stays_off = stays_off or not ups.auto_restart
    ups.on_battery_since = None
    world.tell(text)
    rebalance(world)
    if ups.input_good:
        _return_later(world, ups)


def switch_on(world: World, ups: SimUps, after: Seconds = 0.0) -> None:
    """The output comes on, no sooner than this and not without utility power."""
    ups.stays_off = False
    if ups.input_good and not ups.output:
        if ups.returns_at:
            ups.returns_at.cancel()
        ups.returns_at = world.agenda.after(after, partial(_output_returns, world, ups))


def _return_later(world: World, ups: SimUps) -> None:
    if not ups.stays_off:
        ups.returns_at = world.agenda.after(ups.return_delay, partial(_output_returns, world, ups))


def _output_returns(world: World, ups: SimUps) -> None:
    if ups.input_good and not ups.output:
        ups.settle(world.now)
        ups.output = True
        world.tell(f"{ups.id} switches its output on")
        rebalance(world)


def _input_fails(world: World, ups: SimUps) -> None:
    if ups.returns_at:
        ups.returns_at.cancel()
    if not ups.output:
        return
    if ups.card.testing:
        _forget_test(ups, SelfTest.ABORTED)
    ups.on_battery_since = world.now
    ups.told_low = False
    if not ups.card.link_lost:
        card_sees_outage(world, ups)


def card_sees_outage(world: World, ups: SimUps) -> None:
    """From now on the card's warning period runs, unless it is told to do nothing."""
    card = ups.card
    card.outage_since = world.now
    if card.action is CardAction.CLIENT_AND_UPS:
        card.warning_ends = world.agenda.after(card.warning_period, partial(_count_down, world, ups))


def _count_down(world: World, ups: SimUps) -> None:
    card = ups.card
    if card.cut_at is not None or not ups.output or (card.link_lost and card.outage_since is None):
        return
    world.tell(f"{ups.teller} counts down: output off in {card.shutdown_delay:.0f} s")
    count_down(world, ups, card.shutdown_delay)


def _input_returns(world: World, ups: SimUps) -> None:
    card = ups.card
    card.outage_since = None
    ups.on_battery_since = None
    if card.warning_ends:
        card.warning_ends.cancel()
    if card.cut_at is not None and card.cancels_on_return and not (card.link_lost or card.was_told):
        world.tell(f"{ups.id}'s card cancels its countdown")
        forget_countdown(ups)
    if not ups.output:
        _return_later(world, ups)


def forget_countdown(ups: SimUps) -> None:
    """No countdown runs, and none will begin by itself in this outage."""
    card = ups.card
    card.cut_at = None
    for appointment in (card.warning_ends, card.countdown_ends):
        if appointment:
            appointment.cancel()


def start_test(world: World, ups: SimUps, seconds: Seconds = 10.0) -> None:
    """A self-test: the battery carries the load though utility power is good. Refused while on battery."""
    if ups.on_battery or not ups.output or not ups.input_good:
        return
    ups.settle(world.now)
    ups.card.testing = True
    ups.told_low = False
    ups.on_battery_since = world.now
    world.tell(f"{ups.id} begins a self-test")
    ups.card.test_ends = world.agenda.after(seconds, partial(end_test, world, ups, SelfTest.PASSED))
    rebalance(world)


def end_test(world: World, ups: SimUps, how: SelfTest = SelfTest.ABORTED) -> None:
    """The self-test ends; nothing happens when none runs."""
    if ups.card.testing:
        ups.settle(world.now)
        _forget_test(ups, how)
        ups.on_battery_since = None if ups.input_good else world.now
        world.tell(f"{ups.id} ends its self-test")
        rebalance(world)


def _forget_test(ups: SimUps, how: SelfTest) -> None:
    ups.card.testing, ups.card.last_test = False, how
    if ups.card.test_ends:
        ups.card.test_ends.cancel()
