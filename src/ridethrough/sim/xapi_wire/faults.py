"""Faults of the wire: an answer lost after execution, a request lost before it, a slow toolstack."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ridethrough.core.model import HostId, Seconds


@dataclass(slots=True)
class Fault:
    """Applies to the next `times` calls of `method` ("*": any), at `host` ("": any)."""

    kind: Literal["lose answer", "drop request"]
    method: str
    host: HostId = ""
    times: int = 1


@dataclass(slots=True)
class WireFaults:
    """What is wrong with the wire now; change it while the server runs."""

    pending: list[Fault] = field(default_factory=list)
    delay: dict[HostId, Seconds] = field(default_factory=dict)  # world seconds before each call is looked at

    def lose_answer(self, method: str, times: int = 1, host: HostId = "") -> None:
        """Execute the call, then close the connection without an answer."""
        self.pending.append(Fault("lose answer", method, host, times))

    def drop_request(self, method: str, times: int = 1, host: HostId = "") -> None:
        """Close the connection before the call is executed."""
        self.pending.append(Fault("drop request", method, host, times))

    def take(self, kind: str, method: str, host: HostId) -> bool:
        """Is there such a fault for this call? It is used up by asking."""
        for fault in self.pending:
            if fault.kind == kind and fault.method in ("*", method) and fault.host in ("", host):
                fault.times -= 1
                if fault.times <= 0:
                    self.pending.remove(fault)
                return True
        return False
