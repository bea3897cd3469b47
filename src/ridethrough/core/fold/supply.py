"""What UPSs showed."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TypeAlias

from ridethrough.core import events as e
from ridethrough.core.battery import Told, begun, kept
from ridethrough.core.memory import Memory, UpsMemory
from ridethrough.core.model import Percent, Seconds

from .change import change_ups

SAME_LOAD: Seconds = 7200.0  # after an outage its hosts and VMs may take so long to be all up again

Promise: TypeAlias = tuple[Seconds | None, Percent | None]  # runtime and charge


def utility_lost(m: Memory, event: e.UtilityLost) -> Memory:
    full = _full(m.ups(event.ups), event)
    return change_ups(
        unhurried(m),
        event.ups,
        known=True,
        doubted=None,
        on_battery_since=event.since,
        last_utility=event.last_utility,
        counts_at=event.counts_at,
        off_at=event.off_at,
        utility_since=None,
        settle=event.settle,
        low_since=None,
        cut_at=None,
        cut_asked_at=None,
        cut_due=None,
        cut_tries=0,
        output_off_at=None,
        was_cut=False,
        told_at=event.at,
        runtime=event.runtime,
        charge=event.charge,
        full_runtime=full[0],
        full_charge=full[1],
        recharged_at=None,
        discharge=begun(Told(event.at, event.runtime, event.charge, event.load)),
    )


def _full(known: UpsMemory, event: e.UtilityLost) -> Promise:
    """What everything on it drains, from what it told when it began. Soon after another outage not everything may be up
    again: then the lesser of both promises.
    """
    before, now = (known.full_runtime, known.full_charge), (event.runtime, event.charge)
    recent = known.back_at is not None and event.since - known.back_at < SAME_LOAD
    return before if recent and _each_percent(before) < _each_percent(now) else now


def _each_percent(told: Promise) -> float:
    """Seconds for each percent of charge; infinite where that is not told."""
    runtime, charge = told
    return runtime / charge if runtime is not None and charge else math.inf


def utility_lost_again(m: Memory, event: e.UtilityLostAgain) -> Memory:
    """An output that was cut is on again: it may be cut once more."""
    known = m.ups(event.ups)
    asked = (None, None, 0) if known.was_cut else (known.cut_asked_at, known.cut_due, known.cut_tries)
    return change_ups(
        unhurried(m),
        event.ups,
        cut_asked_at=asked[0],
        cut_due=asked[1],
        cut_tries=asked[2],
        on_battery_since=event.since,
        last_utility=event.last_utility,
        counts_at=event.counts_at,
        off_at=event.off_at,
        settle=event.settle,
        utility_since=None,
        discharge=begun(Told(event.at, event.runtime, event.charge, event.load)),  # it was charged meanwhile
    )


def runtime_told(m: Memory, event: e.RuntimeTold) -> Memory:
    m = change_ups(m, event.ups, told_at=event.at, runtime=event.runtime, charge=event.charge)
    discharge = m.ups(event.ups).discharge
    if discharge is None:
        return m
    told = Told(event.at, event.runtime, event.charge, event.load)
    return change_ups(m, event.ups, discharge=kept(discharge, told, event.load_before, event.anew))


def utility_back(m: Memory, event: e.UtilityBack) -> Memory:
    m = change_ups(
        m,
        event.ups,
        on_battery_since=None,
        returned_at=m.ups(event.ups).utility_since,
        utility_since=None,
        counts_at=None,
        off_at=None,
        cut_at=None,
        cut_asked_at=None,
        cut_due=None,
        low_since=None,
        discharge=None,
        back_at=event.at,
        lasted=event.lasted,
    )
    over = all(u.on_battery_since is None for u in m.upses.values())
    return replace(m, told=frozenset()) if over else m


def unhurried(m: Memory) -> Memory:
    """Power has failed again: what a person wanted back at once was the last return."""
    if not any(pool.hurried for pool in m.pools.values()):
        return m
    return replace(m, pools={k: replace(v, hurried=False) for k, v in m.pools.items()})
