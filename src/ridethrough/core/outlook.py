"""What an outage would do to one host, step by step, and what would mend it: for whoever sets its options."""

from __future__ import annotations

from dataclasses import dataclass

from .advice import Advice, Outcome, of_host, outcome
from .learned import NOTHING_LEARNED, Learned
from .model import HostId, Seconds, UpsId
from .observation import Snapshot
from .policy import HostPolicy, Timer
from .site import Site
from .timetable import MAINTENANCE, SHUTDOWN, shortest, step, timers
from .timetable import steps as steps_of

_WORDS = {MAINTENANCE: "its VMs begin to move away", SHUTDOWN: "what still runs on it stops, then the host"}
USUAL: Seconds = 120.0  # shutdown.after where nothing speaks against it


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happens `at` so many seconds on battery, done by `until` where that can be said.

    `what`: "maintenance", "shutdown", "warning" (the card's warning period is over) or "cut" (its output is off).
    """

    what: str
    at: Seconds
    text: str
    until: Seconds | None = None
    ups: UpsId = ""


@dataclass(frozen=True, slots=True)
class Outlook:
    """A host in an outage of all its UPSs. `remedy` is the shutdown that keeps it from crashing, where it would."""

    host: HostId
    outcome: Outcome
    steps: tuple[Step, ...]
    advice: tuple[Advice, ...]
    remedy: Timer | None
    coordinator: bool
    explanation: str = ""  # of a coordinator


def outlook(host: HostId, site: Site, seen: Snapshot, learned: Learned = NOTHING_LEARNED) -> Outlook:
    """That of a host of site.toml."""
    options = site.policy.of(host)
    pool = seen.pools.get(site.hosts[host].pool)
    leads = pool is not None and pool.coordinator == host
    row = outcome(options)
    steps = [*_ours(host, site, seen, learned), *_cards(host, site, seen)]
    return Outlook(
        host,
        row,
        tuple(sorted(steps, key=lambda one: (one.at, one.what, one.ups))),
        tuple(of_host(site.hosts[host], site, seen, learned)),
        _remedy(host, options, site, seen, learned) if row.crash else None,
        leads,
        _of_coordinator(options, site.policy.protect_coordinator) if leads else "",
    )


def _ours(host: HostId, site: Site, seen: Snapshot, learned: Learned) -> list[Step]:
    return [Step(own.option, own.begins, _WORDS[own.option], own.ends) for own in steps_of(host, site, seen, learned)]


def _cards(host: HostId, site: Site, seen: Snapshot) -> list[Step]:
    found = []
    for ups in site.hosts[host].powered_by:
        card = timers(ups, site, seen)
        if card.warning_period is not None:
            found.append(Step("warning", card.warning_period, f"the warning period of {ups}'s card is over", ups=ups))
        if card.off_after is not None:
            found.append(Step("cut", card.off_after, f"{ups}'s card cuts its output", ups=ups))
    return found


def _remedy(host: HostId, options: HostPolicy, site: Site, seen: Snapshot, learned: Learned) -> Timer:
    """A shutdown late enough for the moves, and early enough for the card."""
    card = shortest(site.hosts[host], site, seen)
    after = max(USUAL, options.maintenance.after + 60.0) if options.maintenance.enabled else USUAL
    latest = step(host, SHUTDOWN, Timer(), site, seen, learned).latest(card[2]) if card else after
    return Timer(True, min(after, float(latest or 0)))


def _of_coordinator(options: HostPolicy, protected: bool) -> str:
    if options.maintenance.enabled or options.shutdown.enabled:
        return (
            "It is the pool's coordinator. The manual sets no options for it, since nothing can be moved without it. "
            "Those that are set here hold, but it goes down last, after every member."
        )
    if protected:
        return (
            "It is the pool's coordinator: leave both options off. It stays up to move the members' VMs. When its own "
            "UPS can carry it no longer, its VMs move or stop and it is shut down: last, and before that UPS stops."
        )
    return (
        "It is the pool's coordinator, and protect_coordinator is off: it crashes when its UPS stops. "
        "Take protect_coordinator out of [site]."
    )
