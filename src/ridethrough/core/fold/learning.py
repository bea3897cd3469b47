"""What is learned of how long things take."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from ridethrough.core import events as e
from ridethrough.core.actions import ForceStopVm, MoveVm, ShutDownHost, StartVm, StopVm
from ridethrough.core.learned import GIB, Kind, Took, key
from ridethrough.core.memory import STOOD_STILL, UNREACHABLE, Begun, Memory
from ridethrough.core.model import Seconds

INSTANT: Seconds = 1.0  # what ended sooner had nothing left to do
SMALLEST = GIB // 4  # a VM below that says little of a link


def begins(m: Memory, position: int, event: e.ActionStarted) -> Memory:
    """From now on its time counts."""
    match event.action:
        case MoveVm() as move:
            begun = Begun(event.at, event.size, settled_at=event.at)
            return _shared_anew(replace(m, begun={**m.begun, position: begun}), event.at, {position: move})
        case StopVm(suspend=True):
            return m  # a matter of its memory and its storage, not of its system
        case StopVm() | StartVm() | ShutDownHost():
            return replace(m, begun={**m.begun, position: Begun(event.at)})
        case ForceStopVm(vm=vm):  # a clean stop that still runs ends with it: not by itself
            stops = [p for p, a in m.pending.items() if isinstance(a, StopVm) and a.vm == vm and p in m.begun]
            return replace(m, begun={**m.begun, **{p: replace(m.begun[p], spoilt=True) for p in stops}})
        case _:
            return m


def ended(m: Memory, event: e.ActionFinished) -> Memory:
    """An action has ended: what it teaches. One that failed teaches at most that it takes so long at least."""
    begun = m.begun.get(event.started)
    if begun is None:
        return m
    if isinstance(event.action, MoveVm):
        m = _shared_anew(m, event.at, {event.started: event.action}, ends=True)
        begun = m.begun[event.started]
    m = replace(m, begun={k: v for k, v in m.begun.items() if k != event.started})
    broken_off = event.error is not None or begun.spoilt
    if event.error in (STOOD_STILL, UNREACHABLE) or event.refused:
        return m
    took = event.at - begun.at
    match event.action:
        case StopVm(vm=vm, pool=pool) if took >= INSTANT:
            keys = [key(Kind.STOP, vm), *([] if broken_off else [key(Kind.STOP, pool)])]
            return _taught(m, Took(took, broken_off), *keys)
        case StartVm(vm=vm, pool=pool) if took >= INSTANT and not broken_off:
            return _taught(m, Took(took), key(Kind.START, vm), key(Kind.START, pool))
        case MoveVm() as move if begun.size >= SMALLEST and took >= INSTANT:
            return _moved(m, move, Took(begun.share * GIB / begun.size, broken_off))
        case _:
            return m


def _moved(m: Memory, move: MoveVm, one: Took) -> Memory:
    own = key(Kind.MOVE, move.vm)
    if one.at_least:
        return _taught(m, one, own)
    links = key(Kind.MOVE_FROM, move.source), key(Kind.MOVE_TO, move.host), key(Kind.MOVE, move.pool)
    return _taught(m, one, own, *links)


def _shared_anew(m: Memory, at: Seconds, changed: dict[int, MoveVm], ends: bool = False) -> Memory:
    """A move begins or ends: those on its links have had their share until now, and have another from now on."""
    pending = {p: a for p, a in m.pending.items() if p in m.begun and isinstance(a, MoveVm)}
    moves = {**pending, **changed}
    after = {p: a for p, a in moves.items() if not (ends and p in changed)}
    sources, targets = {a.source for a in changed.values()}, {a.host for a in changed.values()}
    out, into = Counter(a.source for a in after.values()), Counter(a.host for a in after.values())
    found = dict(m.begun)
    for position, move in moves.items():
        if move.source not in sources and move.host not in targets:
            continue
        begun = found[position]
        share = begun.share + max(at - begun.settled_at, 0.0) / begun.beside
        beside = max(out[move.source], into[move.host], 1)
        found[position] = replace(begun, share=share, settled_at=at, beside=beside)
    return replace(m, begun=found)


def host_stopped(m: Memory, event: e.HostDown) -> Memory:
    """A host that we had told to has gone down."""
    if event.took < INSTANT:
        return m
    return _taught(m, Took(event.took), key(Kind.HOST_STOP, event.host), key(Kind.HOST_STOP))


def host_started(m: Memory, event: e.HostReturned) -> Memory:
    """A host has started whose supply's return was seen, or which we have switched on."""
    if event.took < INSTANT:
        return m
    return _taught(m, Took(event.took), key(Kind.BOOT, event.host), key(Kind.BOOT))


def _taught(m: Memory, one: Took, *keys: str) -> Memory:
    return replace(m, learned=m.learned.with_(one, *keys))
