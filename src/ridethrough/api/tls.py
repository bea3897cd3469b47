"""The TLS side of the pages' port: its certificate, replaced while the port stands open."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Sequence
from pathlib import Path

from fastapi.concurrency import run_in_threadpool

from .certificate import Certificate, CertificateRefused, read
from .own_certificate import addresses_of_machine, host_name, own

log = logging.getLogger(__name__)

EVERY = 3600.0  # seconds between two looks at the files


def looking(
    state_dir: Path, certificate: str, key: str, names: Sequence[str], now: Callable[[], float]
) -> Callable[[], Certificate]:
    """For `Tls`: the owner's files where site.toml names them; else our own certificate, with `names` in it."""
    if certificate:
        return lambda: read(Path(certificate), Path(key))
    return lambda: own(state_dir, host_name(), names, addresses_of_machine(), now())


class Tls:
    """`context` is for the server; TLS 1.2 and later. Whoever connects after a change sees the new certificate."""

    def __init__(
        self,
        look: Callable[[], Certificate],
        now: Callable[[], float],
        tell: Callable[[str], None],
        every: float = EVERY,
    ) -> None:
        """`look` reads the files, and makes our own anew where it ends soon; `tell` hears of each change.

        Raises CertificateRefused.
        """
        self._look, self._now, self._tell, self._every = look, now, tell, every
        self.certificate = look()
        self.trouble = ""
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_alpn_protocols(["http/1.1"])
        self._load(self.certificate)
        self._warn(self.certificate.trouble(now()))

    def look_again(self) -> None:
        """Take up what has changed in the files. Files that may not be used change nothing, and are told once."""
        try:
            found = self._look()
            if found.fingerprint != self.certificate.fingerprint:
                self._load(found)
                self.certificate = found
                self._tell(f"the pages have a new certificate, {found.fingerprint}")
        except CertificateRefused as error:
            self._warn(f"{error}. The certificate from before is still shown.")
        else:
            self._warn(found.trouble(self._now()))

    async def run(self) -> None:
        """Look again every hour, until cancelled."""
        while True:
            await asyncio.sleep(self._every)
            await run_in_threadpool(self.look_again)

    def _load(self, found: Certificate) -> None:
        try:
            self.context.load_cert_chain(found.path, found.key_path)
        except (ssl.SSLError, OSError) as error:
            raise CertificateRefused(f"{found.path}: {error}; write certificate and key anew") from error

    def _warn(self, trouble: str) -> None:
        if trouble and trouble != self.trouble:
            log.warning("%s", trouble)
        self.trouble = trouble
