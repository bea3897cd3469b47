"""A person brings a pool back now: utility power has returned, and nobody waits until it has settled."""

from __future__ import annotations

from . import events as e
from .model import HostId, PoolId, UpsId
from .observation import HostSeen, Source
from .power import is_counting, is_silent, says_utility, supply
from .situation import Situation
from .watch import back
from .wording import listed


def bring_back(s: Situation, request: e.Requested) -> list[e.Event]:
    """The answer: refused while a UPS of the hosts concerned gives no utility power that is proven in this round.

    What is under way goes on to its end, and a card that counts down is waited for: only time that would pass for
    safety's sake is cut short.
    """
    done = _refusal(s, request) or _done(s, request)
    return [*(back(s, u) for u in _settling(s, request.subject) if isinstance(done, e.RequestDone)), done]


def _refusal(s: Situation, request: e.Requested) -> e.RequestRefused | None:
    pool = request.subject
    if pool and pool not in s.site.pools:
        known = ", ".join(sorted(s.site.pools)) or "none"
        why = f'no pool is named "{pool}"; known pools are {known}'
    elif s.dry_run:
        why = "the site is in dry run: arm it first"
    elif wanted_off := [p for p in _pools(s, pool) if s.is_wanted_off(p)]:
        why = f"a person wants {listed(wanted_off)} off"
    elif not _concerned(s, pool):
        why = f"nothing{f' of {pool}' if pool else ''} waits to come back"
    else:
        why = "; ".join(why for u in _feeding(s, pool) if (why := _is_not_back(s, u)))
    return e.RequestRefused(s.now, request.ask, pool, why) if why else None


def _done(s: Situation, request: e.Requested) -> e.RequestDone:
    """Whose outage is on record is brought back without waiting for others; one without has nothing to undo."""
    recorded = tuple(p for p in _pools(s, request.subject) if s.memory.pool(p).record is not None)
    settling = _settling(s, request.subject)
    told = [f"{listed(settling)} need not settle any longer"] if settling else []
    told += [f"no host of {listed(recorded)} is waited for"] if recorded else []
    return e.RequestDone(s.now, request.ask, request.subject, "; ".join(told), recorded)


def _pools(s: Situation, subject: PoolId) -> list[PoolId]:
    return sorted({h.pool for h in _concerned(s, subject)})


def _concerned(s: Situation, subject: PoolId) -> list[HostSeen]:
    """The hosts that are without settled utility power, or to which something was done that is to be undone."""
    return [h for h in s.hosts if subject in ("", h.pool) and (_is_touched(s, h.id) or not supply(s, h.id).powered)]


def _is_touched(s: Situation, host: HostId) -> bool:
    m = s.memory.host(host)
    steps = (m.evacuation, m.shutdown, m.disabled_at, m.shut_down_at, m.down_at)
    return any(step is not None for step in steps) and not m.wanted


def _feeding(s: Situation, subject: PoolId) -> list[UpsId]:
    built = [s.site.hosts[h.id] for h in _concerned(s, subject) if h.id in s.site.hosts]
    return sorted({ups for host in built for ups in host.powered_by})


def _settling(s: Situation, subject: PoolId) -> list[UpsId]:
    return [u for u in _feeding(s, subject) if s.memory.ups(u).on_battery_since is not None]


def _is_not_back(s: Situation, ups: UpsId) -> str:
    """Why this UPS's utility power is not there for certain; empty when it is."""
    m, seen = s.memory.ups(ups), s.seen.upses.get(ups)
    reading = seen.reading if seen is not None else None
    if reading is None or is_silent(s, ups):
        return f"{ups} is silent: nobody knows whether it has utility power"
    if is_counting(s, ups):
        return f"{ups} counts down to cutting its output, or may be counting"
    if reading.source is Source.OFF:
        return f"{ups}'s output is off"
    begun = m.on_battery_since is not None and m.utility_since is None
    test = s.memory.alerts.get((ups, "test"))
    if begun or m.doubted is not None or not says_utility(reading, test.at if test else None, s.policy.test_expires):
        return f"{ups} is on battery"
    return ""
