"""What there is to know of a story and its world: for the score, and for who knows everything in advance."""

from __future__ import annotations

import math
from collections.abc import Mapping

from ridethrough.core.model import CardAction, Seconds, UpsId
from ridethrough.sim.battery import SECONDS_PER_HOUR
from ridethrough.sim.machines import Guest, SimHost, SimVm
from ridethrough.sim.nas import SimNas
from ridethrough.sim.scenario import Scenario
from ridethrough.sim.world import World

from . import bound, score

TIER = "ridethrough:tier="
USUAL_TIER = 5


def truth(scenario: Scenario, first: World, last: World) -> score.Truth:
    """`first` is the world before anything happened, `last` the same site at the end of a run."""
    boxes = {box.id: box for box in first.nases.values()}
    machines: list[SimHost | SimNas] = [*first.hosts.values(), *boxes.values()]
    off = without_power(scenario, first)
    return score.Truth(
        vms={vm.id: _vm(vm, boxes) for vm in first.vms.values() if vm.alive},
        machines={it.id: score.Machine(it.fed_by, it.needs) for it in machines},
        without_power=off,
        unheard=_periods(scenario, "silence card", "answer card", "ups", {ups: ups for ups in first.upses}),
        turns=last.turns,
        hosts_off=sum(not last.hosts[host.id].power for host in first.hosts.values() if host.power),
        power_is_back=_back(off),
    )


def outage(scenario: Scenario, world: World) -> bound.Outage:
    """For the bound."""
    off = without_power(scenario, world)
    barred = {h.arguments["vm"] for h in scenario.timeline if h.do == "refuse move"}
    begins = min((period[0] for periods in off.values() for period in periods), default=0.0)
    return bound.Outage(
        begins,
        _back(off),
        off,
        batteries={
            ups.id: bound.Battery(
                ups.battery.stored_wh * SECONDS_PER_HOUR,
                ups.charger_watts,
                ups.card.warning_period + ups.card.shutdown_delay
                if ups.card.action is CardAction.CLIENT_AND_UPS
                else None,
            )
            for ups in world.upses.values()
        },
        hosts={
            host.id: bound.Machine(host.fed_by, host.needs, host.watts, host.memory_total - host.dom0_memory)
            for host in world.hosts.values()
        },
        storages={box.id: bound.Machine(box.fed_by, box.needs, box.watts) for box in world.nases.values()},
        guests=[_guest(vm, world, vm.name in barred) for vm in world.vms.values() if vm.alive],
    )


def without_power(scenario: Scenario, world: World) -> Mapping[UpsId, score.Periods]:
    """From when to when each UPS has no utility power, in seconds of the world."""
    return _periods(scenario, "fail", "restore", "feeder", {ups.id: ups.feeder for ups in world.upses.values()})


def _periods(
    scenario: Scenario, begins: str, ends: str, subject: str, names: Mapping[UpsId, str]
) -> dict[UpsId, score.Periods]:
    found: dict[UpsId, score.Periods] = {}
    for ups, name in names.items():
        periods: list[tuple[Seconds, Seconds]] = []
        for happening in scenario.timeline:
            at = happening.at + scenario.lead_in
            if happening.arguments.get(subject) != name:
                continue
            if happening.do == begins:
                periods.append((at, math.inf))
            elif happening.do == ends and periods:
                periods[-1] = (periods[-1][0], at)
        found[ups] = periods
    return found


def _back(off: Mapping[UpsId, score.Periods]) -> Seconds:
    return max((period[1] for periods in off.values() for period in periods), default=0.0)


def tier(vm: SimVm) -> int:
    """As its tag says."""
    return next((int(tag.removeprefix(TIER)) for tag in vm.tags if tag.startswith(TIER)), USUAL_TIER)


def _can_stop(vm: SimVm) -> bool:
    return vm.guest in (Guest.ACKNOWLEDGES, Guest.SLOW)


def _boxes(vm: SimVm, boxes: Mapping[str, SimNas]) -> frozenset[str]:
    return frozenset(box.id for box in boxes.values() if not box.repositories.isdisjoint(vm.storage))


def _vm(vm: SimVm, boxes: Mapping[str, SimNas]) -> score.Vm:
    clean_stop = vm.stop_seconds if _can_stop(vm) else None
    return score.Vm(tier(vm), clean_stop, vm.resident_on or "", _boxes(vm, boxes))


def _guest(vm: SimVm, world: World, refused: bool) -> bound.Guest:
    local = any(not world.storages[store].shared for store in vm.storage)
    return bound.Guest(
        vm.resident_on or "",
        tier(vm),
        vm.memory,
        tied=local or vm.device is not None,
        can_move=not (refused or local or vm.device) and vm.has_tools,
        can_stop=_can_stop(vm),
        storage=_boxes(vm, dict(world.nases)),
    )
