"""The OpenAPI document: what the framework makes of the routes, and what a request must show to get in."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from .access import CSRF_HEADER, SESSION_COOKIE, Needs, Role
from .routes import AT_ROOT, ROUTERS

PREFIX = "/api/v1"
READS = ("get", "head", "options")

SCHEMES = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API token: POST /api/v1/tokens makes one for who has logged in. It changes no accounts.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": SESSION_COOKIE,
        "description": "Who has logged in: POST /api/v1/session.",
    },
    "csrf": {
        "type": "apiKey",
        "in": "header",
        "name": CSRF_HEADER,
        "description": "With every write of a session: the value `csrf` of GET /api/v1/session.",
    },
}


class Application(FastAPI):
    """FastAPI with a document that says how to get in. An operation without `security` is for everybody.

    The names behind a scheme are the role that the operation needs (OpenAPI 3.1, Security Requirement Object).
    """

    def openapi(self) -> dict[str, Any]:
        """The document, made once."""
        if self.openapi_schema is None:
            found = super().openapi()
            found["components"]["securitySchemes"] = SCHEMES
            for prefix, routers in ((PREFIX, ROUTERS), ("", AT_ROOT)):
                for route in (one for router in routers for one in router.routes if isinstance(one, APIRoute)):
                    if (role := needed(route)) is not None:
                        for method in route.methods or ():
                            told = found["paths"][f"{prefix}{route.path_format}"][method.lower()]
                            told["security"] = _ways(role, method.lower() not in READS)
        return super().openapi()


def needed(route: APIRoute) -> Role | None:
    """The role that who asks must have; None: anybody may ask."""
    calls = [dependency.call for dependency in route.dependant.dependencies]
    return next((call.role for call in calls if isinstance(call, Needs)), None)


def _ways(role: Role, writes: bool) -> list[dict[str, list[str]]]:
    session = {"session": [str(role)]} | ({"csrf": []} if writes else {})
    return [{"token": [str(role)]}, session]
