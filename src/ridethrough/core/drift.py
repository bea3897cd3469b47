"""What takes much longer than was reckoned, while it does."""

from __future__ import annotations

import math

from .actions import Action, MoveVm, StopVm
from .durations import move_time, stop_time
from .memory import Begun
from .model import HostId, Seconds, VmId
from .observation import HostSeen
from .situation import Situation, once
from .wording import duration

PATIENCE = 1.5
SLACK: Seconds = 10.0
SLOWER = "slower than reckoned"  # the key of the alert


def drifts(s: Situation, host: HostSeen) -> str:
    """The first thing under way on a host that takes much longer than was reckoned, in words; empty when none does.

    What was told stands until the host is no longer emptied: it is said once in an outage.
    """
    m, told = s.memory.host(host.id), s.memory.alerts.get((host.id, SLOWER))
    if told is not None and m.evacuation is not None:
        return told.text
    return _drifting(s).get(host.id, "")


@once
def _drifting(s: Situation) -> dict[HostId, str]:
    found: dict[HostId, str] = {}
    for position, action in sorted(s.memory.pending.items()):
        begun = s.memory.begun.get(position)
        text = _of(s, action, begun) if begun is not None else ""
        if text and isinstance(action, MoveVm | StopVm):
            found.setdefault(action.source if isinstance(action, MoveVm) else action.host, text)
    return found


def _of(s: Situation, action: Action, begun: Begun) -> str:
    passed = s.now - begun.at
    match action:
        case MoveVm(vm=vm, name=name, source=source) if vm in s.seen.vms:
            return _said(f"VMs leave {source}", f"{name} is on its way", passed, _moving(s, vm, begun))
        case StopVm(vm=vm, name=name, host=host) if vm in s.seen.vms:
            return _said(f"the VMs of {host} shut down", f"{name} was told", passed, stop_time(s, s.seen.vms[vm]))
        case _:
            return ""


def _moving(s: Situation, vm: VmId, begun: Begun) -> Seconds:
    """Of a move that shares its links: what it has had of them counts as if it had been alone."""
    share = begun.share + (s.now - begun.settled_at) / begun.beside
    return move_time(s, s.seen.vms[vm]) * max((s.now - begun.at) / share, 1.0) if share > 0.0 else math.inf


def _said(what: str, since: str, passed: Seconds, reckoned: Seconds) -> str:
    if passed <= PATIENCE * reckoned + SLACK:
        return ""
    return f"{what} slower than reckoned: {since} for {duration(passed)}, and {duration(reckoned)} were reckoned"
