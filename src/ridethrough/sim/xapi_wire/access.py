"""What was asked of the simulated pools, and what became of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ridethrough.core.model import HostId, Seconds

SECRET = {"session.login_with_password": 1, "session.slave_local_login_with_password": 1}  # which parameter


@dataclass(slots=True)
class Access:
    """One call. `outcome`: "running", "ok", "no answer" or the error's code; `arguments` without the session."""

    at: Seconds
    host: HostId
    address: str
    method: str
    arguments: tuple[object, ...]
    outcome: str = "running"
    took: Seconds = 0.0


class AccessLog:
    """The latest calls, in the order in which they arrived."""

    def __init__(self, most: int = 100_000) -> None:
        self._calls: deque[Access] = deque(maxlen=most)

    def __iter__(self) -> Iterator[Access]:
        return iter(self.calls)

    @property
    def calls(self) -> list[Access]:
        """All of them."""
        return list(self._calls)

    def note(self, at: Seconds, host: HostId, address: str, method: str, params: Sequence[object]) -> Access:
        """A call arrived. Its outcome is filled in when it ends."""
        short = method.removeprefix("Async.")
        if short in SECRET:
            kept = tuple("***" if n == SECRET[short] else p for n, p in enumerate(params))
        else:
            kept = tuple(params[1:])
        access = Access(at, host, address, method, kept)
        self._calls.append(access)
        return access

    def of(self, method: str = "", host: HostId = "") -> list[Access]:
        """Calls of one method ("" is any; with and without Async), at one host ("" is any)."""
        wanted = (c for c in self._calls if host in ("", c.host))
        return [c for c in wanted if method in ("", c.method, c.method.removeprefix("Async."))]
