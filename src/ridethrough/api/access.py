"""Who may do what: three roles, and what a request must show to act in one of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Protocol

from fastapi import Depends, Request

SESSION_COOKIE = "ridethrough_session"
CSRF_HEADER = "x-ridethrough-csrf"


class Role(StrEnum):
    """What a person or a token may do; each role may do all that those before it may."""

    VIEW = "view"
    OPERATE = "operate"  # hold, release, maintenance mode, arm, disarm, drills, the red button
    ADMINISTER = "administer"  # settings, accounts, secrets

    def covers(self, wanted: Role) -> bool:
        """Whether who has this role may do what `wanted` may."""
        order = list(Role)
        return order.index(self) >= order.index(wanted)


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks. `token` names the API token that spoke for the person, `token_id` is its id; empty for a session."""

    name: str
    role: Role
    token: str = ""
    token_id: str = ""

    @property
    def signed(self) -> str:
        """The name for the journal: "anna", or "anna (token backup)"."""
        return f"{self.name} (token {self.token})" if self.token else self.name


class NotAdmitted(Exception):  # noqa: N818 - an answer, not a bug
    """The request may not pass. `status`: 401 log in first, 403 not with this role, 429 too many tries, 503 not now."""

    def __init__(self, status: int, why: str, retry_after: int | None = None) -> None:
        super().__init__(why)
        self.status, self.why, self.retry_after = status, why, retry_after


class Gate(Protocol):
    """Tells who asks."""

    def admit(self, session: str, csrf: str, bearer: str, address: str, writes: bool, counts: bool = True) -> Person:
        """Who shows this session cookie or this token; empty: none was shown. Called in each request; it must be quick.

        A session that `writes` must show its CSRF token too. It lives on for as long again where the request `counts`
        as use of it. Raises NotAdmitted.
        """


def person_of(request: Request, gate: Gate, counts: bool = True) -> Person:
    """Who makes this request; without `counts` it does not keep the session alive. Raises NotAdmitted."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    return gate.admit(
        request.cookies.get(SESSION_COOKIE, ""),
        request.headers.get(CSRF_HEADER, ""),
        bearer.strip() if scheme.lower() == "bearer" else "",
        request.client.host if request.client else "",
        request.method not in ("GET", "HEAD", "OPTIONS"),
        counts,
    )


@dataclass(frozen=True, slots=True)
class Needs:
    """A dependency that lets in only who has this role. Without `counts`: for what a page asks by itself."""

    role: Role
    counts: bool = True

    def __call__(self, request: Request) -> Person:
        """Raises NotAdmitted."""
        person = person_of(request, request.app.state.context.gate, self.counts)
        if not person.role.covers(self.role):
            raise NotAdmitted(403, f"this needs the role {self.role}; {person.signed} has {person.role}")
        return person


Viewer = Annotated[Person, Depends(Needs(Role.VIEW))]
Onlooker = Annotated[Person, Depends(Needs(Role.VIEW, counts=False))]  # a viewer, or only a page that stands open
Operator = Annotated[Person, Depends(Needs(Role.OPERATE))]
Administrator = Annotated[Person, Depends(Needs(Role.ADMINISTER))]
