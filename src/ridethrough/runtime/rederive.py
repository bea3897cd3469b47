"""Every decision of an outage derived again from what was recorded, held against what the journal says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from ridethrough.core import events as e
from ridethrough.core.decide import Decision, decide
from ridethrough.core.fold import fold
from ridethrough.core.memory import Memory
from ridethrough.core.model import Seconds
from ridethrough.core.narrative import tell
from ridethrough.core.observation import Snapshot
from ridethrough.core.site import Site

from .concern import concerning
from .past import PROVISIONAL
from .rounds import Round

Written: TypeAlias = tuple[int, e.Event]
Decide: TypeAlias = Callable[[Seconds, Snapshot, Memory, Site], Decision]

# What no round decides: it comes from outside, or from the loop itself.
FACTS = (
    e.ActionFinished,
    e.Requested,
    e.RequestRefused,
    e.TrapHeard,
    e.SettingsTaken,
    e.ControllerStarted,
    e.ControllerResumed,
    e.RoundFailed,
    e.JournalCutBack,
)


@dataclass(slots=True)
class Rederived:
    """How many rounds there were, how many events and actions they decide, and what is other than in the journal."""

    rounds: int = 0
    events: int = 0
    actions: int = 0
    differences: list[str] = field(default_factory=list)
    unwritten: int = 0  # rounds while the journal's disk failed: what they remembered had no place in it yet
    verdicts: list[tuple[Seconds, str]] = field(default_factory=list)  # each time it changes

    @property
    def identical(self) -> bool:
        """All that was decided is decided again, and nothing else."""
        return not self.differences


def rederive(recorded: Sequence[Round], journal: Sequence[Written], decide: Decide = decide) -> Rederived:
    """Decide every recorded round of one file again, by what the journal held at that moment.

    The decision's events must stand behind it in the journal, in the same order and with the same moments.
    """
    found = Rederived()
    if not recorded:
        return found
    facts = concerning(recorded[0].site, journal)
    known = [number for number, one in enumerate(recorded) if one.position < PROVISIONAL]
    written = [recorded[number] for number in known]
    found.unwritten = len(recorded) - len(written)
    memory, at = Memory(), 0
    for number, one in enumerate(written):
        is_last = number + 1 == len(written)
        while at < len(facts) and facts[at][0] <= one.position:
            memory = fold(memory, *facts[at])
            at += 1
        behind = facts[at:] if is_last else _until(facts, at, written[number + 1].position)
        gap = is_last or known[number + 1] != known[number] + 1
        _compare(found, one, decide(one.now, one.seen, memory, one.site), behind, gap)
    return found


def _until(facts: Sequence[Written], at: int, position: int) -> Sequence[Written]:
    end = at
    while end < len(facts) and facts[end][0] <= position:
        end += 1
    return facts[at:end]


def _compare(found: Rederived, one: Round, decision: Decision, behind: Sequence[Written], gap: bool) -> None:
    found.rounds += 1
    found.events += len(decision.events)
    found.actions += sum(isinstance(event, e.ActionStarted) for event in decision.events)
    if not found.verdicts or found.verdicts[-1][1] != decision.verdict:
        found.verdicts.append((one.now, decision.verdict))
    written = [event for _, event in behind]
    for event in decision.events:
        if event in written:
            written = _without_up_to(written, event, found, one)
        else:
            found.differences.append(f"at {one.now:.1f}: decided again, and not in the journal: {tell(event).strip()}")
    if not gap:
        found.differences += [_left(one, event) for event in written if not isinstance(event, FACTS)]


def _without_up_to(written: list[e.Event], event: e.Event, found: Rederived, one: Round) -> list[e.Event]:
    """What stands behind the event. What stands before it, and was decided, was decided by this round no more."""
    where = written.index(event)
    found.differences += [_left(one, other) for other in written[:where] if not isinstance(other, FACTS)]
    return written[where + 1 :]


def _left(one: Round, event: e.Event) -> str:
    return f"at {one.now:.1f}: in the journal, and not decided again: {tell(event).strip()}"
