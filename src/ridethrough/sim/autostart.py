"""dom0's boot script: starts the guests marked auto_poweron, before anybody has judged the battery."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ridethrough.core.observation import Power

from .agenda import Steps
from .machines import SimHost, SimVm
from .xapi import Xapi

if TYPE_CHECKING:
    from .world import World


def run(world: World, host: SimHost) -> None:
    """xapi-autostart-vms: one best-effort attempt for every marked guest of the pool, if the pool says so too.

    As the script has it: `xe vm-start other-config:auto_poweron=true power-state=halted --multiple`, its errors thrown
    away. xe chooses the guests once, then starts one after the other (cli_operations.ml; read from source).
    """
    if world.pools[host.pool].other_config.get("auto_poweron") != "true" or world.coordinator(host.pool) is None:
        return
    marked = [v for v in world.vms.values() if v.pool == host.pool and v.other_config.get("auto_poweron") == "true"]
    halted = [v for v in marked if v.power_state is Power.HALTED]
    world.agenda.run(_start(world, host, sorted(halted, key=lambda v: (v.name, v.id))))


def _start(world: World, host: SimHost, vms: Sequence[SimVm]) -> Steps:
    calls, life = Xapi(world, host.pool), host.life
    for vm in vms:
        if host.life != life or world.coordinator(host.pool) is None:
            return
        if vm.power_state is Power.HALTED:
            world.tell(f"{host.id}'s boot script starts {vm.name}")
        yield calls.vm_start(vm.ref).done
