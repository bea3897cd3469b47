"""What is worth saying of switches and of the controller's own machine: what cannot be reached without them."""

from __future__ import annotations

import math
from collections.abc import Iterator

from .advice import Advice, Level
from .model import Controller, Host, Seconds, Storage, Switch, UpsId, VmId, earlier
from .observation import Snapshot
from .site import Site
from .timetable import timers
from .topology import switches_before
from .wording import duration, listed

SOONER: Seconds = 30.0  # a difference worth a word


def wiring(site: Site, seen: Snapshot, own_vm: VmId = "") -> Iterator[Advice]:
    """Switches first. `own_vm`: the VM that the controller runs in, if it is one of the site's."""
    for _, switch in sorted(site.switches.items()):
        yield from _on_no_ups(switch, site) if not switch.powered_by else _ends_sooner(switch, site, seen)
    yield from _controller(site, seen, own_vm)


def _on_no_ups(switch: Switch, site: Site) -> Iterator[Advice]:
    """The first second of an outage is its last (C18). What another switch leads to as well stays within reach."""
    hosts = [h.id for h in behind(switch, site) if _only_by_unfed(site, h.id, h.pool)]
    rest = [t for t in switch.storages if _only_by_unfed(site, t)]
    rest += [f"{ups}'s card" for ups in switch.upses if _only_by_unfed(site, ups)]
    if not hosts and not rest:
        return
    count = [f"{len(hosts)} host{'s' if len(hosts) > 1 else ''} ({listed(hosts)})"] if hosts else []
    yield Advice(
        Level.DANGER,
        f"switch.{switch.id}",
        f"is on no UPS: {listed([*count, *rest])} become{'s' if len([*hosts, *rest]) == 1 else ''} unreachable at t=0, "
        "when utility power fails, and nothing can be done there",
        "Hang it on a UPS, and name that in powered_by",
    )


def _only_by_unfed(site: Site, machine: str, pool: str = "") -> bool:
    return all(not switch.powered_by for switch in [*switches_before(site, machine, pool), *_to_card(site, machine)])


def _to_card(site: Site, ups: UpsId) -> list[Switch]:
    return [switch for switch in site.switches.values() if ups in switch.upses]


def _ends_sooner(switch: Switch, site: Site, seen: Snapshot) -> Iterator[Advice]:
    """Before its hosts' own UPSs do: then they must be down before it."""
    its = _ends(switch, site, seen)
    outlive = [h for h in behind(switch, site) if _outlives(h, its, site, seen) and _leads_alone(switch, h, site, seen)]
    if its is not None and outlive:
        yield Advice(
            Level.WARNING,
            f"switch.{switch.id}",
            f"stops {duration(its)} after a failure, sooner than {listed([h.id for h in outlive])} would have to: they "
            "are shut down before it",
            "Hang it on the UPS of its hosts, or on one that lasts longer",
        )


def _leads_alone(switch: Switch, host: Host, site: Site, seen: Snapshot) -> bool:
    """No other switch leads there for longer."""
    its = _ends(switch, site, seen)
    others = [_ends(w, site, seen) for w in switches_before(site, host.id, host.pool) if w.id != switch.id]
    return all(end is not None and its is not None and end <= its for end in others)


def _controller(site: Site, seen: Snapshot, own_vm: VmId) -> Iterator[Advice]:
    built = site.controller
    if not built.powered_by:
        if own_vm not in seen.vms and site.upses:
            yield Advice(
                Level.NOTE,
                "controller",
                "its own machine names no UPS: what it hangs on is not known, and in an outage it may end before its "
                "work is done",
                "Write powered_by in [controller]",
            )
        return
    its = _ends(built, site, seen)
    outlive = [h for _, h in sorted(site.hosts.items()) if h.powered_by and _outlives(h, its, site, seen)]
    if its is not None and outlive:
        yield Advice(
            Level.WARNING,
            "controller",
            f"its own machine stops {duration(its)} after a failure, sooner than {listed([h.id for h in outlive])} "
            "would have to: they are shut down before it",
            "Hang it on a UPS that lasts longer",
        )
    if not built.shuts_down:
        yield Advice(
            Level.NOTE,
            "controller",
            f"its own machine is not shut down when {' and '.join(built.powered_by)} end: it is cut while it runs",
            "Write shutdown = true in [controller]",
        )


def behind(switch: Switch, site: Site) -> list[Host]:
    """The hosts of site.toml that it leads to, in the order of their ids."""
    return [h for _, h in sorted(site.hosts.items()) if h.id in switch.hosts or h.pool in switch.pools]


def _outlives(host: Host, other: Seconds | None, site: Site, seen: Snapshot) -> bool:
    """Its own supply lasts longer, by what its cards tell; one on no UPS goes at once."""
    its = _ends(host, site, seen)
    return its is not None and other is not None and bool(host.powered_by) and its > other + SOONER


def _ends(machine: Host | Storage | Switch | Controller, site: Site, seen: Snapshot) -> Seconds | None:
    """Seconds from a failure of all its feeds until fewer than it needs are left; None where no card tells."""
    ends = [_of_ups(ups, site, seen) for ups in machine.powered_by]
    known = sorted((math.inf if end is None else end for end in ends), reverse=True)
    found = known[min(machine.needs, len(known)) - 1] if known else math.inf
    return None if math.isinf(found) else found


def _of_ups(ups: UpsId, site: Site, seen: Snapshot) -> Seconds | None:
    there = seen.upses.get(ups)
    runtime = there.reading.runtime if there and there.reading else None
    held = runtime * site.policy.trust if runtime is not None else None
    return earlier(held, timers(ups, site, seen).off_after)
