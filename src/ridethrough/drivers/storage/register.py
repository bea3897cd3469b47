"""What the network UPS knows of one box: its settings, its connections, its signs of life."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ridethrough.core.model import Seconds

from .box import Box, Life, Tells
from .caller import End
from .conversation import Answer

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def address_of(text: str) -> Address:
    """An address as a socket names it: without a zone, and IPv4 as such. Raises ValueError."""
    found = ipaddress.ip_address(text.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return found if mapped is None else mapped


@dataclass(slots=True)
class Line:
    """One connection of a box."""

    address: str
    task: asyncio.Task[End] | None = None
    is_logged_in: bool = False


@dataclass(slots=True)
class Known:
    """One box. `life` is replaced with each thing that is heard. Raises ValueError for an address that is none."""

    box: Box
    life: Life = field(default_factory=Life)
    lines: list[Line] = field(default_factory=list)
    _networks: tuple[Network, ...] = ()

    def __post_init__(self) -> None:
        self._networks = tuple(ipaddress.ip_network(text, strict=False) for text in self.box.addresses)

    def width(self, address: Address) -> int | None:
        """How many bits of this address the box leaves open; None: it is not the box's."""
        found = (each.max_prefixlen - each.prefixlen for each in self._networks if address in each)
        return min(found, default=None)

    def clients(self) -> Sequence[str]:
        """The addresses of those that are logged in."""
        return [line.address for line in self.lines if line.is_logged_in]

    def came(self, line: Line) -> None:
        """A connection begins."""
        self.lines.append(line)
        self._count()

    def heard(self, line: Line, answer: Answer, is_logged_in: bool, at: Seconds) -> None:
        """A question was answered."""
        line.is_logged_in = is_logged_in
        self.life = replace(self.life, last_asked_at=at)
        if answer.told is Tells.SHUT_DOWN:
            self.life = replace(self.life, told_at=at)
        if is_logged_in and self.life.since is None:
            self.life = replace(self.life, since=at)
        self._count()

    def went(self, line: Line, by_itself: bool, at: Seconds) -> None:
        """A connection has ended; `by_itself`: the box ended it."""
        self.lines.remove(line)
        self._count()
        if line.is_logged_in and not self.life.logins:
            self.life = replace(self.life, since=None, logged_out_at=at if by_itself else self.life.logged_out_at)

    def replaced(self, box: Box) -> Known:
        """The same box with other settings: its connections have to begin anew."""
        return Known(box, replace(self.life, logins=0, connected=False, since=None))

    def _count(self) -> None:
        self.life = replace(self.life, logins=len(self.clients()), connected=bool(self.lines))
