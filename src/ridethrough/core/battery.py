"""What a battery still holds, by how it has emptied so far: a promise that its discharge contradicts is not believed.

Energy is counted in seconds of the UPS's full rating, so that a load that changes changes no promise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .model import Percent, Seconds

SAG: Seconds = 30.0  # so long a battery that has just taken its load shows more of a fall than there is
SAG_CHARGE: Percent = 3.0  # and the charge may fall by this much then
ROUNDING: Percent = 1.0  # cards tell whole per cents
LEAST_FALL: Percent = 2.0  # beyond both; less says nothing
LEAST_TIME: Seconds = 60.0
MINUTE: Seconds = 60.0  # cards tell whole minutes
JUMP_CHARGE: Percent = 5.0  # more than this, and a per cent for each second, is a card that reckons anew
JUMP_RUNTIME = 0.25
ENOUGH: Percent = 15.0  # a battery that has fallen by this much has shown what it holds


@dataclass(frozen=True, slots=True)
class Told:
    """What a card said at one moment."""

    at: Seconds
    runtime: Seconds | None
    charge: Percent | None
    load: Percent | None

    @property
    def weight(self) -> float:
        """Its load as a share of the rating; 1 where it tells none."""
        return _weight(self.load)


def _weight(load: Percent | None) -> float:
    return max(load, 1.0) / 100.0 if load is not None else 1.0


@dataclass(frozen=True, slots=True)
class Discharge:
    """A battery in an outage: what its card said when it began, at first when it had settled, and last.

    `spent`: what it has given until `last`; `spent_before`: until `settled`.
    """

    start: Told
    last: Told
    spent: Seconds = 0.0
    settled: Told | None = None
    spent_before: Seconds = 0.0

    def given(self, now: Told, load_until: Percent | None = None) -> Seconds:
        """What it has given until now, since the start. `load_until`: the load just before, where it has changed."""
        until = _weight(load_until) if load_until is not None else now.weight
        return self.spent + max(now.at - self.last.at, 0.0) * (self.last.weight + until) / 2


def begun(told: Told) -> Discharge:
    """An outage begins."""
    return Discharge(told, told)


def kept(discharge: Discharge, told: Told, load_until: Percent | None = None, anew: bool = False) -> Discharge:
    """One more answer worth keeping. `anew`: the card has reckoned anew, and what it said before is no measure."""
    spent = discharge.given(told, load_until)
    if anew:
        return begun(told)
    if discharge.settled is None and told.at - discharge.start.at >= SAG:
        return Discharge(discharge.start, told, spent, told, spent)
    return Discharge(discharge.start, told, spent, discharge.settled, discharge.spent_before)


def jumps(before: Told, after: Told) -> bool:
    """Whether a card has reckoned anew between two answers: no battery empties so fast, or fills in an outage."""
    passed = max(after.at - before.at, 0.0)
    if before.charge is not None and after.charge is not None:
        fall = before.charge - after.charge
        if fall <= -2 * ROUNDING or fall > JUMP_CHARGE + passed:
            return True
    if before.runtime is None or after.runtime is None:
        return False
    slack = max(JUMP_RUNTIME * before.runtime * before.weight, MINUTE * after.weight)
    change = before.runtime * before.weight - after.runtime * after.weight
    return change < -slack or change > slack + 4 * passed * after.weight


def remaining(discharge: Discharge, now: Told, held: float = 1.0) -> Seconds | None:
    """What it holds at the load of `now`: its card's word, or less by what it has shown. None: nothing is known.

    `held`: the share of its promises that it has held in outages before.
    """
    ends = [] if now.runtime is None else [now.runtime]
    ends += _by_charge(discharge, now)
    ends += _by_runtime(discharge, now)
    if held < 1.0 and discharge.start.runtime is not None:
        promised = discharge.start.runtime * discharge.start.weight * held
        ends.append((promised - discharge.given(now)) / now.weight)
    return max(min(ends), 0.0) if ends else None


def _by_charge(discharge: Discharge, now: Told) -> Iterator[Seconds]:
    """At the pace at which its charge has fallen, since the beginning and since it had settled."""
    if now.charge is None:
        return
    bases = [(discharge.start, SAG_CHARGE, 0.0)]
    if discharge.settled is not None:
        bases.append((discharge.settled, 0.0, discharge.spent_before))
    for base, sag, spent_before in bases:
        if base.charge is None or now.at - base.at < LEAST_TIME:
            continue
        fall = base.charge - now.charge - ROUNDING - sag
        if fall >= LEAST_FALL:
            yield (now.charge + ROUNDING) * (discharge.given(now) - spent_before) / fall / now.weight


def _by_runtime(discharge: Discharge, now: Told) -> Iterator[Seconds]:
    """Where the runtime that is told falls faster than time passes."""
    base = discharge.settled
    if base is None or base.runtime is None or now.runtime is None or now.at - base.at < LEAST_TIME:
        return
    given = discharge.given(now) - discharge.spent_before
    fall = base.runtime * base.weight - (now.runtime + MINUTE) * now.weight
    if fall > given > 0.0:
        yield now.runtime * given / fall


def share_held(discharge: Discharge, now: Told) -> float | None:
    """The share of its first promise that it will have held, once it has fallen far enough; None until then."""
    start, left = discharge.start, remaining(discharge, now)
    if start.runtime is None or start.charge is None or now.charge is None or left is None:
        return None
    promised = start.runtime * start.weight
    if start.charge - now.charge < ENOUGH or promised <= 0.0 or now.at - start.at < LEAST_TIME:
        return None
    return min(round((discharge.given(now) + left * now.weight) / promised, 2), 1.0)
