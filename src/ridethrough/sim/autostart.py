"""dom0's boot script: starts the guests marked auto_poweron, before anybody has judged the battery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ridethrough.core.observation import Power

from .machines import SimHost
from .xapi import Xapi

if TYPE_CHECKING:
    from .world import World


def run(world: World, host: SimHost) -> None:
    """xapi-autostart-vms: one best-effort attempt for every marked guest of the pool, if the pool says so too."""
    if world.pools[host.pool].other_config.get("auto_poweron") != "true" or world.coordinator(host.pool) is None:
        return  # xe asks the coordinator, and the script throws its errors away
    calls = Xapi(world, host.pool)
    for vm in sorted(world.vms.values(), key=lambda v: (v.name, v.id)):
        marked = vm.pool == host.pool and vm.other_config.get("auto_poweron") == "true"
        if marked and vm.power_state is Power.HALTED and not vm.busy:
            world.tell(f"{host.id}'s boot script starts {vm.name}")
            calls.vm_start(vm.ref)
