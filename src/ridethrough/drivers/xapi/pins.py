"""Which TLS certificates a pool may show: pinned by fingerprint, never by a chain of authorities.

Every host has its own self-signed certificate (facts: XenAPI 1.4), so a pool has a set of fingerprints.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import aiohttp

from ridethrough.fingerprints import fingerprint, normalised
from ridethrough.ports import Unreachable

Trust = Callable[[str, str], bool]  # (address, fingerprint) -> accept it? Only `ridethrough check --trust` hands one in


class WrongCertificate(Unreachable):
    """A host showed a certificate that is not pinned. Nothing was sent to it."""

    def __init__(self, address: str, seen: str) -> None:
        super().__init__(
            f"{address} shows a certificate that is not pinned: {seen}. If it is the right host, "
            "run `ridethrough check --trust` and add this fingerprint to the pool in site.toml"
        )
        self.address = address
        self.seen = seen


class Pins(aiohttp.Fingerprint):
    """The set of accepted fingerprints; checked by aiohttp after the handshake, before anything is sent."""

    def __init__(self, fingerprints: Iterable[str], trust: Trust | None = None) -> None:
        super().__init__(bytes(32))
        self.accepted = {normalised(text) for text in fingerprints}
        self.seen: dict[str, str] = {}  # by address of the peer: the fingerprint it showed last
        self._trust = trust

    def check(self, transport: asyncio.Transport) -> None:
        """Raise aiohttp's ServerFingerprintMismatch unless the peer's certificate is pinned or `trust` accepts it."""
        tls = transport.get_extra_info("ssl_object")
        if tls is None:
            return
        shown = fingerprint(tls.getpeercert(binary_form=True))
        host, port, *_ = transport.get_extra_info("peername")
        self.seen[f"{host}:{port}"] = shown
        if shown in self.accepted:
            return
        if self._trust is not None and self._trust(f"{host}:{port}", shown):
            self.accepted.add(shown)
            return
        raise aiohttp.ServerFingerprintMismatch(self.fingerprint, bytes.fromhex(shown[7:]), host, port)
