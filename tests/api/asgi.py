"""A request as a server hands it to an application (the ASGI specification, "HTTP Connection Scope")."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def scope_of(
    method: str, path: str, *, query: bytes = b"", headers: Iterable[tuple[bytes, bytes]] = ()
) -> dict[str, Any]:
    """The scope of a request over TLS to the API; `path` begins below /api/v1."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "scheme": "https",
        "server": ("testserver", 443),
        "client": ("192.0.2.7", 5000),
        "method": method,
        "path": f"/api/v1{path}",
        "query_string": query,
        "headers": list(headers),
    }
