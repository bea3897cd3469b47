"""Why a host or a VM is as it is now, and what would change that, in a sentence or two.

Pure: from the same four values as a decision, so that what is told is what will be done. Only what holds in this very
round is claimed: nothing is said to be on battery when it is not.
"""

from __future__ import annotations

from dataclasses import dataclass

from ridethrough.core.situation import Situation
from ridethrough.core.skips import named

from .host import of_host
from .vm import of_vm


@dataclass(frozen=True, slots=True)
class Why:
    """`now`: how it is and why. `then`: what comes next, or would change it; empty where nothing would."""

    kind: str  # "host" or "vm"
    id: str
    name: str
    now: str
    then: str

    @property
    def text(self) -> str:
        return f"{self.now} {self.then}".strip()


def why(s: Situation, name: str) -> list[Why]:
    """The host of this id or name label, or the VM of this uuid, or all VMs of this name; nothing: there is none."""
    hosts = [h for h in s.hosts if name in (h.id, h.uuid)] or [h for h in s.hosts if name == h.name]
    found = [Why("host", host.id, host.name or host.id, *of_host(s, host)) for host in hosts]
    return found or [Why("vm", vm.id, vm.name, *of_vm(s, vm)) for vm in named(s, name)]


__all__ = ["Why", "why"]
