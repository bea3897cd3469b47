"""Read models of what stands between this controller and the rest: switches, and its own machine."""

from __future__ import annotations

from typing import Any

from ridethrough.core.ends import own_left
from ridethrough.core.model import CONTROLLER, Seconds, Switch
from ridethrough.core.own_machine import last_moment
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
        **_fed(s, switch.id),
        "hosts": sorted({*switch.hosts, *(h.id for h in s.site.hosts.values() if h.pool in switch.pools)}),
        "nas": sorted(switch.storages),
        "cards": sorted(switch.upses),
    }


def own_machine(s: Situation) -> dict[str, Any] | None:
    """This controller's own machine, or the VM that it runs in; None where this part of the site knows of neither."""
    built, vm = s.site.controller, s.own_vm
    if not built.powered_by and vm is None:
        return None
    fed = _fed(s, CONTROLLER)
    until: Seconds | None = fed["power_until"]
    return {
        "powered_by": list(built.powered_by),
        "needs": built.needs,
        **fed,
        "switch": built.switch,
        "shutdown": built.shuts_down,
        "shuts_down_at": max(until - last_moment(s), s.now) if built.shuts_down and until is not None else None,
        "vm": vm.id if vm is not None else "",
        "host": s.carrier or "",
    }


def _fed(s: Situation, machine: str) -> dict[str, Any]:
    """Its supply, since when it is on battery, and how long that holds."""
    state = supply(s, machine)
    seconds = own_left(s, machine) if state.failing else None
    return {
        "supply": str(state.state),
        "on_battery_for": s.now - state.since if state.since is not None else None,
        "on_battery_since": state.since,
        "seconds_left": seconds,
        "power_until": s.now + seconds if seconds is not None else None,
    }
