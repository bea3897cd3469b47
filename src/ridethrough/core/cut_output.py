"""The output of a UPS on battery is cut, to come back with utility power: what it feeds then starts by itself.

It is the last that is done on the way down: after everything on that UPS is proven down, and never on utility power.
"""

from __future__ import annotations

from collections.abc import Iterator

from . import events as e
from .actions import CutOutput, KeepOutput, ShutDownHost, StopStorage, target
from .ends import hard_left, runtime
from .model import Host, Seconds, UpsId
from .observation import Source, UpsReading
from .power import counts_by_its_timers, is_silent, supply
from .proof import is_surely_down, silent_since
from .situation import Situation
from .start import start

CUT_AFTER: Seconds = 30.0  # from the command to the cut: time to read it back, and to take it back
NOT_CUT = "not cut"  # the alert about a UPS that does not obey
PROVEN = "everything on it is down"
AT_RESERVE = "its reserve is reached, and what is on it was told to go down and is silent"


def cut(s: Situation) -> list[e.Event]:
    """UPSs whose output is to be cut now."""
    found: list[e.Event] = []
    for ups in sorted(s.site.upses):
        if not s.site.upses[ups].cut_output or s.memory.ups(ups).cut_asked_at is not None:
            continue
        if _is_on_battery(s, ups) and not _counts(s, ups) and not why_not(s, ups):
            found += start(s, CutOutput(ups, CUT_AFTER, PROVEN if not next(_unproven(s, ups), "") else AT_RESERVE))
    return found


def keep(s: Situation) -> list[e.Event]:
    """UPSs that were told to cut their output and have utility power again before the cut.

    An output that is cut on utility power may stay off for ever: the countdown is taken back.
    """
    found: list[e.Event] = []
    for ups in sorted(s.site.upses):
        m, reading = s.memory.ups(ups), _reading(s, ups)
        if m.cut_asked_at is None or m.cut_due is None or m.utility_since is None:
            continue
        is_on = reading is not None and reading.source is not Source.OFF
        if is_on and s.now < (m.cut_at if m.cut_at is not None else m.cut_due):
            found += start(s, KeepOutput(ups, "utility power is back before the cut"))
    return found


def not_cut(s: Situation, ups: UpsId) -> str:
    """How it has refused to cut its output in this outage, or that it cannot be told; empty when it has not."""
    failure = s.memory.failures.get(f"CutOutput ups {ups}")
    given_up = s.memory.ups(ups).cut_asked_at is not None and f"ups {ups}" not in map(target, s.memory.pending.values())
    return failure.error if failure is not None and given_up and s.memory.ups(ups).cut_at is None else ""


def why_not(s: Situation, ups: UpsId) -> str:
    """What its output is still needed for, or why it must not come back by itself; empty when it may be cut."""
    hosts = _hosts(s, ups)
    if others := sorted(h.id for h in hosts if s.memory.pool(h.pool).off_by_person or s.is_wanted_off(h.pool)):
        return f"a person wants {others[0]} off, which would start with it"
    claims = {s.seen.pools[h.pool].claim for h in hosts if h.pool in s.seen.pools}
    if claims - {"", s.policy.controller}:
        return "another controller is in charge"
    if needed := _is_needed_by_us(s, ups):
        return needed
    if not _is_our_doing(s, ups, hosts):
        return "nothing on it was shut down"
    if _is_at_reserve(s, ups):
        return next(_working(s, ups), "")
    if unproven := next(_unproven(s, ups), ""):
        return unproven
    elsewhere = (m for m in (*s.site.hosts, *s.site.storages) if supply(s, m).failing and not _is_gone(s, m))
    machine = next(elsewhere, "")  # a switch on this UPS that nobody has named may be what it is reached by
    return f"{machine} has no power either and is not down yet" if machine else ""


def _is_needed_by_us(s: Situation, ups: UpsId) -> str:
    """Why this controller could do no more without it; empty when it could. Its own machine is never cut under it."""
    own = s.site.controller
    if ups in own.powered_by:
        return "the controller's own machine hangs on it"
    for _, switch in sorted(s.site.switches.items()):
        if ups not in switch.powered_by:
            continue
        if switch.id == own.switch:
            return f"{switch.id}, which leads to everything, hangs on it"
        behind = [h.id for _, h in sorted(s.site.hosts.items()) if h.id in switch.hosts or h.pool in switch.pools]
        up = [machine for machine in (*behind, *switch.storages) if not _is_gone(s, machine)]
        if goal := next(iter([*up, *(f"{card}'s card" for card in switch.upses if card != ups)]), ""):
            return f"{switch.id}, which leads to {goal}, hangs on it"
    return ""


def _hosts(s: Situation, ups: UpsId) -> list[Host]:
    return [host for _, host in sorted(s.site.hosts.items()) if ups in host.powered_by]


def _fed(s: Situation, ups: UpsId) -> list[str]:
    """The machines on it that must be down before it is cut: hosts first, then storage."""
    storages = sorted(t.id for t in s.site.storages.values() if ups in t.powered_by)
    return [*(host.id for host in _hosts(s, ups)), *storages]


def _unproven(s: Situation, ups: UpsId) -> Iterator[str]:
    """What is on it and not proven down, in words."""
    return (f"{machine} is not proven down" for machine in _fed(s, ups) if not _is_gone(s, machine))


def _working(s: Situation, ups: UpsId) -> Iterator[str]:
    """What is on it and may still work: it was not told to go down, or is heard."""
    return (f"{machine} may still work" for machine in _fed(s, ups) if not (_is_gone(s, machine) or _obeys(s, machine)))


def _is_gone(s: Situation, machine: str) -> bool:
    """Proven down; in dry run, told to go."""
    if s.dry_run:
        hosts = (a.host for a in s.memory.told if isinstance(a, ShutDownHost))
        return machine in (*hosts, *(a.storage for a in s.memory.told if isinstance(a, StopStorage)))
    if machine in s.site.storages:
        m = s.memory.storage(machine)
        return m.down_at is not None and (m.woken_at is None or m.woken_at < m.down_at)  # else it may be starting
    return is_surely_down(s, machine)


def _obeys(s: Situation, machine: str) -> bool:
    """It was told to go down and nothing is heard of it, which proves nothing where no witness answers."""
    host, m = s.seen.hosts.get(machine), s.memory.host(machine)
    if host is None or m.shut_down_at is None:
        return False
    return s.now - silent_since(s, host) >= s.policy.down_silence


def _is_our_doing(s: Situation, ups: UpsId, hosts: list[Host]) -> bool:
    """We have told something on it to go down."""
    if s.dry_run:
        return any(_is_gone(s, machine) for machine in _fed(s, ups))
    stores = (t for t in s.site.storages.values() if ups in t.powered_by)
    told = (s.memory.host(h.id).shut_down_at for h in hosts), (s.memory.storage(t.id).told_at for t in stores)
    return any(at is not None for times in told for at in times)


def _is_at_reserve(s: Situation, ups: UpsId) -> bool:
    held = runtime(s, ups)
    left = hard_left(s, ups)
    return min(left, held if held is not None else left) <= s.policy.reserve


def _is_on_battery(s: Situation, ups: UpsId) -> bool:
    """By this round's reading, in an outage: what it would do on utility power is not known."""
    m, reading = s.memory.ups(ups), _reading(s, ups)
    in_outage = m.on_battery_since is not None and m.utility_since is None
    return reading is not None and in_outage and reading.source is Source.BATTERY and not reading.testing


def _counts(s: Situation, ups: UpsId) -> bool:
    """It cuts its output by itself, or may be about to."""
    reading = _reading(s, ups)
    shown = s.memory.ups(ups).cut_at is not None or (reading is not None and reading.countdown is not None)
    return shown or counts_by_its_timers(s, ups)


def _reading(s: Situation, ups: UpsId) -> UpsReading | None:
    seen = s.seen.upses.get(ups)
    return seen.reading if seen is not None and not is_silent(s, ups) else None
