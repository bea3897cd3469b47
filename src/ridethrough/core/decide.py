"""decide(now, seen, memory, site) -> Decision: the whole behaviour, one rule after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import (
    alerts,
    attachments,
    closing,
    custody,
    cut_output,
    evacuation,
    hand_over,
    high_availability,
    holds,
    owed,
    own_machine,
    power_on,
    proof,
    recovery,
    requests,
    shedding,
    shutdown,
    skips,
    storage,
    watch,
)
from . import events as e
from .actions import target
from .memory import Memory
from .model import Seconds
from .observation import Snapshot
from .site import Site
from .situation import Situation
from .verdict import next_moment, verdict

Rule = Callable[[Situation], list[e.Event]]

RULES: tuple[Rule, ...] = (
    requests.answer,  # what people ask for
    watch.news,  # what the cards say: outages, silence, countdowns
    proof.news,  # who is proven down, who came back
    storage.news,  # what is down of NAS and SAN, and what serves again
    holds.end,  # holds whose time is over
    evacuation.begin,  # who must be emptied; whose hold ends
    hand_over.begin,  # whose coordinator hands over first
    shutdown.begin,  # who must go down, who is spared
    storage.begin,  # which NAS or SAN must go down, which is spared
    custody.take,  # the pool recorded and claimed before the first action
    high_availability.make_way,  # what HA would refuse or fight
    hand_over.go_on,  # another coordinator, before anything else is begun
    evacuation.disable,  # no VM may arrive where power is failing
    evacuation.move,  # VM by VM to powered hosts
    shutdown.stop_guests,  # what found no place
    shedding.stop_guests,  # tiers that the owner gives up for the runtime of the rest
    storage.stop_guests,  # what has its disk on one that must
    shutdown.shut_down,  # empty hosts, members first
    storage.shut_down,  # after everything that uses it
    cut_output.cut,  # after everything that hangs on it
    cut_output.keep,  # when utility power comes back before the cut
    own_machine.shut_down,  # after everything that needs it
    recovery.enable,  # out of maintenance mode, "Skip"
    power_on.wake,  # storage first: hosts wait for it
    power_on.power_on,  # what did not start by itself
    attachments.attach,  # the storage that hosts had attached
    recovery.run_again,  # what runs without our doing
    recovery.whereabouts,  # where it runs
    recovery.left_off,  # what a person has shut down
    recovery.start_guests,  # what we stopped
    owed.started,  # what was given up, and runs
    closing.close,  # nothing left to undo
    skips.end,  # what a person skipped may be moved again
    alerts.news,  # what a person must know
)

# In dry run these are intents of actions that will not be done: they are not written down.
_STEPS = (
    e.EvacuationBegun,
    e.ShutdownBegun,
    e.ShutdownDropped,
    e.HostEmptied,
    e.HoldOverridden,
    e.VmUnplaced,
    e.PoolRecorded,
    e.PoolRestored,
    e.StorageStopBegun,
    e.StorageStopDropped,
    e.HandOverBegun,
    e.HandOverEnded,
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be journalled, in order; each ActionStarted among the events is then carried out."""

    events: tuple[e.Event, ...]
    verdict: str  # "evacuating xenserver1: ups1 on battery for 75 s"
    wake_at: Seconds | None  # the next moment at which time alone could change the answer


def decide(now: Seconds, seen: Snapshot, memory: Memory, site: Site) -> Decision:
    """One round. Pure: the same four values always give the same decision."""
    situation = Situation(now, seen, memory, site)
    events: list[e.Event] = []
    for rule in RULES:
        new = _once_a_target(rule(situation))
        if not new:
            continue
        # In dry run no action begins, so none may stand in the way of the next.
        situation = situation.after([n for n in new if not (situation.dry_run and isinstance(n, e.ActionStarted))])
        events += new
    told = _only_told(events, memory) if situation.dry_run else tuple(events)
    return Decision(told, verdict(situation), next_moment(situation))


def _once_a_target(events: list[e.Event]) -> list[e.Event]:
    """Two hosts may want the same of their pool in one round: it is done once."""
    if not events:
        return events
    targets: set[str] = set()
    found: list[e.Event] = []
    for event in events:
        if isinstance(event, e.ActionStarted):
            if target(event.action) in targets:
                continue
            targets.add(target(event.action))
        found.append(event)
    return found


def _only_told(events: list[e.Event], memory: Memory) -> tuple[e.Event, ...]:
    """Dry run: what would be done is told once; it is never done and never counts as done."""
    told = {_essence(action) for action in memory.told}
    found: list[e.Event] = []
    for event in events:
        if isinstance(event, e.ActionStarted):
            if _essence(event.action) not in told:
                told.add(_essence(event.action))
                found.append(e.ActionTold(event.at, event.action))
        elif not isinstance(event, _STEPS):
            found.append(event)
    return tuple(found)


def _essence(action: object) -> tuple[str, str, str]:
    """An action without its reason, target and deadline, which change from round to round."""
    subject = next(
        (found for key in ("vm", "source", "host", "storage", "ups") if (found := getattr(action, key, ""))), ""
    )
    return type(action).__name__, subject, getattr(action, "pool", "")
