"""What a person must know now; told once, cleared when its cause is gone."""

from __future__ import annotations

from collections.abc import Iterator

from . import attachments, power_on
from . import events as e
from .advice import WEAK, weak_text
from .attachments import NOT_ATTACHED
from .custody import is_away
from .cut_output import NOT_CUT, not_cut
from .drift import SLOWER, drifts
from .ends import holds, promised
from .evacuation import is_held, is_protected
from .hand_over import in_between
from .high_availability import is_refused, not_restored
from .model import PoolId, Seconds, UpsId
from .observation import HostSeen, PoolSeen, Source
from .power import supply
from .recovery import NO_PLACE, batteries, is_steady, without_place
from .situation import Situation
from .storage import NOT_SERVING, is_quiet, is_serving, is_still_up
from .wording import duration

PROMISES = "promises too much"
RETURNS_WITHIN: Seconds = 60.0  # an output that was cut on utility power, where it returns at all

_KEYS = frozenset(
    {
        PROMISES,
        SLOWER,
        "weak battery",
        "claimed",
        "no coordinator",
        "wlb",
        "ha",
        "ha not restored",
        "no timers",
        "stays off",
        "still up",
        NOT_CUT,
        "output off",
        "missing",
        "held",
        "counts down",
        "degraded",
        e.OFF,
        e.RECHARGES,
        "overload",
        NO_PLACE,
        NOT_ATTACHED,
        NOT_SERVING,
        "not logged in",
    }
)


def news(s: Situation) -> list[e.Event]:
    """Alerts whose cause appeared or vanished in this round."""
    current = {(subject, key): text for subject, key, text in _causes(s)}
    told = {k for k in s.memory.alerts if k[1] in _KEYS}
    new: list[e.Event] = [
        e.Alerted(s.now, subject, key, current[subject, key]) for subject, key in sorted(set(current) - told)
    ]
    return new + [e.AlertCleared(s.now, subject, key) for subject, key in sorted(told - set(current))]


def _causes(s: Situation) -> Iterator[tuple[str, str, str]]:
    yield from _of_upses(s)
    yield from _of_pools(s)
    for host in s.hosts:
        yield from _of_host(s, host)
    yield from _of_storages(s)


def _of_upses(s: Situation) -> Iterator[tuple[str, str, str]]:
    for ups in sorted(s.site.upses):
        m, seen = s.memory.ups(ups), s.seen.upses.get(ups)
        if m.cut_at is not None and m.on_battery_since is None:
            yield ups, "counts down", f"{ups} counts down to cutting its output although utility power is there"
        if seen and seen.reading and (seen.reading.load or 0.0) > 100.0:
            yield ups, "overload", f"{ups} carries {seen.reading.load:.0f} % of its rating: it may switch off"
        yield from _of_battery(s, ups)
        if (trouble := not_cut(s, ups)) and m.on_battery_since is not None:
            text = f"{ups} does not cut its output ({trouble}): what is on it may not start by itself afterwards"
            yield ups, NOT_CUT, text
        off_for = s.now - m.output_off_at if m.output_off_at is not None else 0.0
        if off_for >= RETURNS_WITHIN and seen and seen.reading and seen.reading.source is Source.OFF:
            text = f"{ups} has cut its output although utility power was back, and keeps it off: switch it on by hand"
            yield ups, "output off", text
        quiet = m.on_battery_since is None
        if quiet and seen and seen.reading and seen.reading.source in (Source.BYPASS, Source.OFF):
            text = f"{ups} says {seen.reading.source}: what it feeds has no battery behind it"
            yield ups, e.OFF if seen.reading.source is Source.OFF else "degraded", text

    yield from ((ups, e.RECHARGES, text) for ups, text in batteries(s).items())


def _of_battery(s: Situation, ups: UpsId) -> Iterator[tuple[str, str, str]]:
    """Its card promises a time that its battery does not hold, by what it shows now or showed in an outage before.

    What is told in an outage stands until its end: then it is known what it holds.
    """
    held, before = s.memory.learned.held.get(ups, 1.0), s.memory.alerts.get((ups, PROMISES))
    if held <= WEAK:
        yield ups, "weak battery", weak_text(ups, held)
    m = s.memory.ups(ups)
    if m.on_battery_since is None or held <= WEAK:
        return
    told, left = promised(s, ups), holds(s, ups)
    if before is not None:
        yield ups, PROMISES, before.text
    elif (
        m.utility_since is None and told is not None and left is not None and left < WEAK * told and told - left >= 60.0
    ):
        most = f"by the way it empties its battery holds no more than {duration(left)}"
        yield ups, PROMISES, f"{ups} promises {duration(told)}, and {most}"


def _of_pools(s: Situation) -> Iterator[tuple[str, str, str]]:
    for pool_id in sorted(s.seen.pools):
        pool = s.seen.pools[pool_id]
        failing = any(supply(s, h.id).failing for h in s.members(pool_id))
        working = any(s.memory.host(h.id).evacuation is not None for h in s.members(pool_id))
        if (failing or working) and pool.claim and pool.claim != s.policy.controller:
            yield pool_id, "claimed", f"controller {pool.claim} is in charge of {pool_id}: this one does not act"
        if failing and not s.is_trusted(pool_id) and not _went_down_by_us(s, pool_id) and not in_between(s, pool_id):
            yield pool_id, "no coordinator", f"no coordinator of {pool_id} answers: nothing can be moved or stopped now"
        if working and pool.wlb_enabled and pool.wlb_trouble:
            yield (
                pool_id,
                "wlb",
                f"{pool_id} uses WLB, which gave no advice ({pool.wlb_trouble}): VMs are placed without it",
            )
        if nowhere := ", ".join(v.name for v in without_place(s, pool_id)):
            text = f"{nowhere} cannot start again: no host of {pool_id} that is up has the room, CPUs and storage"
            yield pool_id, NO_PLACE, text
        yield from _of_ha(s, pool)


def _of_ha(s: Situation, pool: PoolSeen) -> Iterator[tuple[str, str, str]]:
    """HA that is on while we cannot act on it, and HA that we have switched off or lowered and cannot put back."""
    failing = any(supply(s, h.id).failing for h in s.members(pool.id))
    refused = is_refused(s, pool.id)
    if failing and pool.ha_enabled and (s.dry_run or refused):
        why = f" and cannot be switched off or lowered ({refused})" if refused and not s.dry_run else ""
        yield pool.id, "ha", f"HA is on in {pool.id}{why}: it may fence hosts or restart VMs; switch it off"
    m = s.memory.pool(pool.id)
    over = is_steady(s, pool.id) if m.record is not None and not s.dry_run else not failing
    if m.ha is not None and over and s.is_trusted(pool.id):
        why = not_restored(s, pool.id) or ("dry run" if s.dry_run else "")
        what = "is off" if m.ha.suspended else f"tolerates no host failure, not {m.ha.failures},"
        if why:
            text = f"HA of {pool.id} {what} since the outage and is not as it was ({why}): look at it"
            yield pool.id, "ha not restored", text


def _went_down_by_us(s: Situation, pool: PoolId) -> bool:
    coordinator = s.memory.pool(pool).coordinator
    return coordinator is not None and s.memory.host(coordinator).shut_down_at is not None


def _of_host(s: Situation, host: HostSeen) -> Iterator[tuple[str, str, str]]:
    policy, failing, m = s.host_policy(host.id), supply(s, host.id).failing, s.memory.host(host.id)
    if failing and not policy.maintenance.enabled and not policy.shutdown.enabled and not is_protected(s, host):
        yield host.id, "no timers", f"{host.id} is on battery and has both options off: it and its VMs will crash"
    if failing and is_held(s, host):
        ends = "that ends, or its last safe start comes" if m.held_until is not None else "its last safe start"
        yield host.id, "held", f"{host.id} is on battery and held by a person: nothing is done before {ends}"
    if text := drifts(s, host):
        yield host.id, SLOWER, text
    if m.shut_down_at is not None and m.shutdown_last_asked != m.shut_down_at and m.down_at is None:
        yield host.id, "still up", f"{host.id} was asked to shut down and is still up: it is asked again; look at it"
    if reason := power_on.trouble(s, host):
        tried = s.memory.host(host.id).switched_on_by
        yield host.id, "stays off", f"{host.id} stays off{':' if tried else ' and'} {reason}: switch it on by hand"
    if repositories := attachments.trouble(s, host):
        yield host.id, NOT_ATTACHED, f"{host.id} cannot attach {repositories}: look at the storage"
    if is_away(s, host):
        yield host.id, "missing", f"{host.id} has not come back: look at it"


def _of_storages(s: Situation) -> Iterator[tuple[str, str, str]]:
    for storage in sorted(s.site.storages):
        seen = s.seen.storages.get(storage)
        if is_quiet(s, storage):
            trouble = f" ({seen.trouble})" if seen is not None and seen.trouble else ""
            yield storage, NOT_SERVING, f"{storage} has power and does not serve{trouble}: look at it"
        if is_still_up(s, storage):
            heard = s.memory.storage(storage).told_last is not None
            what = "was told to go down and serves on" if heard else "must go down and cannot be told"
            yield storage, "still up", f"{storage} {what}: it is told again; look at it"
        if seen is not None and seen.logged_in is False and is_serving(s, storage):
            text = f"{storage} does not ask us for the state of its UPS: it would not hear that it must go down"
            yield storage, "not logged in", text
