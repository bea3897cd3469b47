"""Equipment that searches and looks find: a card, and a pool that shows a certificate for each of its hosts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ridethrough.api import Doors
from ridethrough.api.doors import Found, Trust
from ridethrough.config import CardConnection, Endpoint, PoolConnection
from ridethrough.core.observation import Source, UpsReading, UpsSeen
from ridethrough.ports import Unreachable
from ridethrough.ups.report import UpsReport

PIN, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64


@dataclass
class Equipment:
    """A card at 127.0.0.2, a pool whose coordinator and member show a certificate each."""

    hangs: bool = False
    asked: list[tuple[str, CardConnection]] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)

    async def search(
        self, addresses: Sequence[str], ways: Sequence[CardConnection], told: Callable[[int, int], None]
    ) -> Sequence[Found]:
        found: list[Found] = []
        for number, address in enumerate(addresses, start=1):
            self.asked += [(address, way) for way in ways]
            if address == "127.0.0.2":
                reading = UpsReading(1.0, Source.UTILITY, model="Pro 1500")
                report = UpsReport(UpsSeen(reading), "EPPC", vendor="Phoenixtec")
                found.append((replace(ways[0], at=Endpoint(address, 161)), report))
            told(number, len(found))
            if self.hangs and found:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    return found
        return found

    async def search_upsd(self, at: Endpoint) -> Sequence[Found]:
        raise Unreachable(f"{at} does not answer")

    async def survey(self, connection: PoolConnection, trust: Trust) -> dict[str, Any]:
        if not trust("127.0.0.9:443", PIN):
            return {"members": [], "troubles": ["127.0.0.9 shows a certificate that is not pinned"]}
        self.logins.append((connection.username, connection.password.value))
        trusted = trust("127.0.0.10:443", OTHER)
        troubles = [] if trusted else ["127.0.0.10 shows a certificate that is not pinned"]
        members = [member("h1", "127.0.0.9", PIN), member("h2", "127.0.0.10", OTHER if trusted else "")]
        fingerprints = [one["fingerprint"] for one in members if one["fingerprint"]]
        return POOL | {"members": members, "fingerprints": fingerprints, "troubles": troubles}

    def doors(self) -> Doors:
        return Doors(self.search, self.search_upsd, self.survey)


POOL: dict[str, Any] = {
    "id": "new",
    "name": "pool1",
    "guests": 5,
    "missing_rights": [],
    "ha_enabled": True,
    "wlb_enabled": False,
    "local_storage": ["Local storage"],
    "claim": "",
}


def member(name: str, address: str, fingerprint: str) -> dict[str, Any]:
    """A host of the pool, as a survey tells it."""
    return {
        "uuid": f"uuid-of-{name}",
        "name": name,
        "address": address,
        "is_coordinator": name == "h1",
        "enabled": True,
        "live": True,
        "version": "XCP-ng 8.3.0 (xapi 24.19.2)",
        "power_on_mode": "",
        "fingerprint": fingerprint,
        "trouble": "" if fingerprint else "its certificate is not pinned",
        "took": 0.1,
    }
