"""Where one host's toolstack listens."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, replace

NAME = re.compile(r"(?=.{1,253}$)(?:[A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?", re.ASCII)
PORTS = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Address:
    """A toolstack's scheme, host and port. Plain http only when the operator wrote `http://`."""

    host: str
    port: int = 443
    scheme: str = "https"

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read `10.0.0.1`, `10.0.0.1:8443`, `[::1]:443`, `::1`, `xcp1.example` or a URL. Raises ValueError in words."""
        scheme, found, rest = text.strip().partition("://")
        if not found:
            scheme, rest = "https", scheme
        if scheme not in PORTS:
            raise ValueError(f'"{text}": write an address, or https:// and an address')
        host, port = _split(rest.rstrip("/"))
        if not host or (port and not port.isdecimal()):
            raise ValueError(f'"{text}" is no address; write 192.0.2.1 or 192.0.2.1:443')
        return cls(host, int(port) if port else PORTS[scheme], scheme)

    def beside(self, host: str) -> Address | None:
        """The same port and scheme on another host: HOST_IS_SLAVE and host records name bare addresses.

        None when that is no address: it comes from the other side, and everything is asked at the same time.
        """
        bare = host.strip("[]")
        return replace(self, host=bare) if _is_host(bare) else None

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


def _is_host(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return NAME.fullmatch(text) is not None
    return True


def _split(rest: str) -> tuple[str, str]:
    if rest.startswith("["):
        host, _, port = rest[1:].partition("]")
        return host, port.lstrip(":")
    if rest.count(":") > 1:  # a bare IPv6 address
        return rest, ""
    host, _, port = rest.partition(":")
    return host, port
