"""The certificate of the network UPS, read from its files again and again: whoever makes it anew tells nobody."""

from __future__ import annotations

import asyncio
import logging
import ssl
from dataclasses import dataclass
from pathlib import Path

from ridethrough.core.model import Seconds

log = logging.getLogger(__name__)

WITHIN: Seconds = 5.0  # for the files' disk


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """The certificate that STARTTLS shows, and its key: PEM, perhaps both in one file."""

    certificate: Path
    key: Path


class Tls:
    """`context` is None until the files could be read once; what was read stays when they no longer can."""

    def __init__(self, files: TlsFiles) -> None:
        self.context: ssl.SSLContext | None = None
        self.trouble = ""
        self._files = files

    async def look(self) -> None:
        """Read the files, beside the loop: a disk may hang."""
        try:
            async with asyncio.timeout(WITHIN):
                self.context = await asyncio.to_thread(_loaded, self._files)
        except TimeoutError:
            self._say("its disk does not answer")
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            self._say(error.strerror or str(error) if isinstance(error, OSError) else str(error))
        else:
            self.trouble = ""

    async def run(self, every: Seconds) -> None:
        """Look again, until cancelled."""
        while True:
            await asyncio.sleep(every)
            await self.look()

    def _say(self, why: str) -> None:
        kept = "clients cannot use TLS" if self.context is None else "the one from before is still shown"
        trouble = f"the network UPS cannot read its certificate {self._files.certificate}: {why}; {kept}"
        if trouble != self.trouble:
            log.warning("%s", trouble)
        self.trouble = trouble


def _loaded(files: TlsFiles) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(files.certificate, files.key, password=_none)
    return context


def _none() -> str:
    """A key with a password is refused; without this, OpenSSL would ask on the terminal."""
    raise ValueError("its key has a password: write it without one")
