"""Read models of what stands between this controller and the rest: switches, and its own machine."""

from __future__ import annotations

from typing import Any

from ridethrough.core.ends import own_left
from ridethrough.core.model import CONTROLLER, Switch
from ridethrough.core.power import supply
from ridethrough.core.situation import Situation


def switches(s: Situation) -> list[dict[str, Any]]:
    """Each switch, what feeds it, how long that holds, and what it connects."""
    return [_switch(s, switch) for _, switch in sorted(s.site.switches.items())]


def _switch(s: Situation, switch: Switch) -> dict[str, Any]:
    return {
        "id": switch.id,
        "powered_by": list(switch.powered_by),
        "needs": switch.needs,
        "supply": str(supply(s, switch.id).state),
        "seconds_left": own_left(s, switch.id),
        "hosts": sorted({*switch.hosts, *(h.id for h in s.site.hosts.values() if h.pool in switch.pools)}),
        "nas": sorted(switch.storages),
        "cards": sorted(switch.upses),
    }


def own_machine(s: Situation) -> dict[str, Any] | None:
    """This controller's own machine, or the VM that it runs in; None where this part of the site knows of neither."""
    built, vm = s.site.controller, s.own_vm
    if not built.powered_by and vm is None:
        return None
    return {
        "powered_by": list(built.powered_by),
        "needs": built.needs,
        "supply": str(supply(s, CONTROLLER).state),
        "seconds_left": own_left(s, CONTROLLER),
        "switch": built.switch,
        "shutdown": built.shuts_down,
        "vm": vm.id if vm is not None else "",
        "host": s.carrier or "",
    }
