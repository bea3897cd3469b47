"""Doors to real equipment that the API opens when a person asks. Handed in by whoever composes the application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from ridethrough.config import CardConnection, Endpoint, PoolConnection, UpsConnection
from ridethrough.ups.report import UpsReport

Found: TypeAlias = tuple[UpsConnection, UpsReport]
Trust: TypeAlias = Callable[[str, str], bool]


class Search(Protocol):
    """Asks addresses for network cards."""

    async def __call__(
        self, addresses: Sequence[str], ways: Sequence[CardConnection], told: Callable[[int, int], None]
    ) -> Sequence[Found]:
        """Every card that answers; `told` hears how many were asked and found. Ends early when it is cancelled."""


@dataclass(frozen=True, slots=True)
class Doors:
    """`survey` logs in to a pool, looks, changes nothing and never raises for a pool in trouble; its plain values are
    those of a pool in `ridethrough check --json`. `search_upsd` raises Unreachable or Refused, in words.
    """

    search: Search
    search_upsd: Callable[[Endpoint], Awaitable[Sequence[Found]]]
    survey: Callable[[PoolConnection, Trust], Awaitable[dict[str, Any]]]
