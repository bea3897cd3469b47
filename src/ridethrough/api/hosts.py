"""By which names this machine is asked. A page from elsewhere can point a name of its own at our address (DNS
rebinding): its browser then takes us for that page's own server, and only the name in the request tells.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fastapi.responses import JSONResponse
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

NOT_HERE = 421  # RFC 9110, 15.5.20


def _none() -> Sequence[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Hosts:
    """What this machine is known as: every address, localhost, `machine`, `names` of site.toml, those of a certificate.

    `machine`: what it calls itself. With `tls` its first label is enough, under whatever domain people have it: what a
    browser is sent to by such a name of somebody else's shows a certificate that is not for it.
    """

    machine: str = ""
    names: Sequence[str] = ()
    of_certificate: Callable[[], Sequence[str]] = _none
    tls: bool = False

    def know(self, asked: str) -> bool:
        """Whether this is us: a Host header, with or without a port."""
        name = _name(asked)
        if _is_address(name) or name == "localhost" or name.endswith(".localhost"):
            return True
        known = [one.lower().rstrip(".") for one in (self.machine, *self.names, *self.of_certificate()) if one]
        first, _, domain = name.partition(".")
        if name in known or f"*.{domain}" in known:
            return True
        return first == self.machine.lower().partition(".")[0] != "" and (self.tls or not domain)


@dataclass(frozen=True, slots=True)
class Known:
    """Stands before an application, and lets in what is asked of this machine by a name of its own."""

    app: ASGIApp
    hosts: Hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As an ASGI application."""
        asked = Headers(scope=scope).getlist("host") if scope["type"] == "http" else []
        strange = next((one for one in asked if not self.hosts.know(one)), None)
        if strange is None:
            await self.app(scope, receive, send)
            return
        name = _name(strange)[:100]
        detail = (
            f'this manager does not know itself as "{name}". If the name is yours, write names = ["{name}"] under '
            "[manager] in site.toml; until then open the manager by its address, or by the name of its machine."
        )
        await JSONResponse({"detail": detail}, NOT_HERE)(scope, receive, send)


def _name(asked: str) -> str:
    """Without the port."""
    host = asked.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].rstrip(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True
