"""What an outage cost: everything that became of the VMs, the hosts and the storage, as one number.

| | |
|---|---|
| a VM crashed: its host lost its power or was switched off under it, or its disk went | 100 |
| a VM was stopped hard | 20 |
| a VM is down, however that came | minutes x weight of its tier |
| a host that ran before the outage is off at the end | 200 |
| storage went while a host ran VMs from it | 500 a host |
| a VM moved | 0.01 |

A VM that has not come back at the end counts as down until an hour after power has returned.

**A crash that a clean stop could have prevented** is one of a VM that can be stopped cleanly, and would have been off
before its end if its clean stop had begun as soon as the outage was confirmed: when the cards of so many feeds that the
rest no longer carries the machine had answered for `CONFIRMED` seconds without utility power. The machine is the VM's
host; of a VM that loses its disk, the storage. A VM that came to the host later could be stopped from then on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from ridethrough.core.model import HostId, Seconds, UpsId, VmId
from ridethrough.sim.fates import LOST, Fate, Turn

CRASHED, HARD_STOPPED, HOST_OFF, STORAGE_LOST, MOVED = 100.0, 20.0, 200.0, 500.0, 0.01
COMES_BY: Seconds = 3600.0  # after the return of power somebody starts what is still down
CONFIRMED: Seconds = 10.0  # two polls of a card, the second of them after a failure between two others, and a round
CALL: Seconds = 0.5  # from the decision to stop a VM to the guest that hears it

Periods = Sequence[tuple[Seconds, Seconds]]  # from and to, in order, none overlapping; the last may be endless


def weight(tier: int) -> float:
    """What a minute costs: 2 for tier 0, 1 for tier 5, 0.2 for tier 9."""
    return (10 - tier) / 5


class Why(StrEnum):
    """Why a VM crashed, judged by what anybody could have known and done."""

    PREVENTABLE = "a clean stop could have prevented it"
    NO_CLEAN_STOP = "it cannot be stopped cleanly"
    UNSEEN = "its cards told nobody of the outage"
    TOO_FAST = "its clean stop takes longer than there was power"


@dataclass(frozen=True, slots=True)
class Machine:
    """A host or a storage: which UPSs feed it, and how many of them it needs."""

    feeds: tuple[UpsId, ...]
    needs: int = 1


@dataclass(frozen=True, slots=True)
class Vm:
    """`clean_stop`: how long it takes to stop when it is asked; None when it cannot be asked."""

    tier: int
    clean_stop: Seconds | None
    host: HostId
    storage: frozenset[str] = frozenset()  # machines that hold its disks


@dataclass(frozen=True, slots=True)
class Truth:
    """What happened in one run; times in seconds of the world."""

    vms: Mapping[VmId, Vm]  # that ran before the outage
    machines: Mapping[str, Machine]
    without_power: Mapping[UpsId, Periods]  # utility power is off
    unheard: Mapping[UpsId, Periods]  # the card is silent
    turns: Sequence[Turn]
    hosts_off: int
    power_is_back: Seconds


@dataclass(frozen=True, slots=True)
class Score:
    """`why` has an entry for each crash; `minutes` are weighed by tier."""

    why: tuple[Why, ...] = ()
    hard_stopped: int = 0
    minutes: float = 0.0
    hosts_off: int = 0
    storage_lost: int = 0
    moved: int = 0
    crashed_vms: tuple[VmId, ...] = field(default=(), compare=False)

    @property
    def crashed(self) -> int:
        return len(self.why)

    @property
    def total(self) -> float:
        return (
            CRASHED * self.crashed
            + HARD_STOPPED * self.hard_stopped
            + self.minutes
            + HOST_OFF * self.hosts_off
            + STORAGE_LOST * self.storage_lost
            + MOVED * self.moved
        )


def score(truth: Truth) -> Score:
    """The score of a run."""
    turns = [turn for turn in truth.turns if turn.vm in truth.vms]
    lost = [(position, turn) for position, turn in enumerate(turns) if turn.fate in LOST]
    return Score(
        why=tuple(_why(truth, turn, _came(turns[:position], turn)) for position, turn in lost),
        hard_stopped=sum(turn.fate is Fate.STOPPED_HARD for turn in turns),
        minutes=sum(_minutes_down(truth, vm, [t for t in turns if t.vm == vm]) for vm in truth.vms),
        hosts_off=truth.hosts_off,
        storage_lost=len({(turn.at, turn.host) for turn in turns if turn.fate is Fate.LOSES_DISK}),
        moved=sum(turn.fate is Fate.MOVES for turn in turns),
        crashed_vms=tuple(turn.vm for _, turn in lost),
    )


def _minutes_down(truth: Truth, vm: VmId, turns: Sequence[Turn]) -> float:
    seconds, down_since = 0.0, None
    for turn in turns:
        if turn.fate is Fate.STARTS and down_since is not None:
            seconds += turn.at - down_since
            down_since = None
        elif turn.fate not in (Fate.STARTS, Fate.MOVES) and down_since is None:
            down_since = turn.at
    if down_since is not None:
        seconds += max(truth.power_is_back + COMES_BY - down_since, 0.0)
    return seconds / 60.0 * weight(truth.vms[vm].tier)


def _came(before: Sequence[Turn], lost: Turn) -> Seconds:
    """When the VM that is lost came to its host; long ago when it was there from the beginning."""
    there = [turn.at for turn in before if turn.vm == lost.vm and turn.fate in (Fate.STARTS, Fate.MOVES)]
    return there[-1] if there else -math.inf


def _why(truth: Truth, lost: Turn, came: Seconds) -> Why:
    vm = truth.vms[lost.vm]
    if vm.clean_stop is None:
        return Why.NO_CLEAN_STOP
    under = vm.storage if lost.fate is Fate.LOSES_DISK else {lost.host or vm.host}
    known = min((_confirmed(truth, truth.machines[machine], lost.at) for machine in under), default=math.inf)
    if math.isinf(known):
        return Why.UNSEEN
    return Why.PREVENTABLE if max(known, came) + CALL + vm.clean_stop <= lost.at else Why.TOO_FAST


def _confirmed(truth: Truth, machine: Machine, before: Seconds) -> Seconds:
    """When the outage that ended a machine was confirmed; infinite when it was not, before the end."""
    seen = sorted(_seen(truth, ups, before) for ups in machine.feeds)
    failed = len(machine.feeds) - machine.needs + 1
    return seen[failed - 1] if 0 < failed <= len(seen) else math.inf


def _seen(truth: Truth, ups: UpsId, before: Seconds) -> Seconds:
    """When the card had told for long enough that utility power is gone: of the last time that it was, until then."""
    off = [period for period in truth.without_power.get(ups, ()) if period[0] < before]
    if not off:
        return math.inf
    begin, end = off[-1]
    for silent_from, silent_to in truth.unheard.get(ups, ()):
        if silent_from < begin + CONFIRMED and silent_to > begin:
            begin = silent_to
    return begin + CONFIRMED if begin + CONFIRMED <= min(end, before) else math.inf
