"""What an answer looks like that is none: a sentence that tells the remedy."""

from __future__ import annotations

from typing import Any, TypeVar

from fastapi import HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field

from ridethrough.runtime.codec import readable

from .access import NotAdmitted
from .accounts import NotDone


class Problem(BaseModel):
    """Why not."""

    detail: str = Field(description="A sentence that tells the remedy.")


T = TypeVar("T")
Responses = dict[int | str, dict[str, Any]]

SAYS = {
    400: "What was sent is no text.",
    401: "Log in first; or the name, the password or the token is wrong.",
    403: "Not with this role, or without the session's CSRF token.",
    404: "There is none of that name.",
    409: "Refused; the answer tells why.",
    413: "More was sent than may be.",
    421: "Asked by a name that is none of this machine's; the answer tells how to make it one.",
    422: "What was given cannot be used; the answer tells what and why.",
    429: "Too many tries; the header Retry-After says in how many seconds to try again.",
    503: "Not now; the answer tells why.",
    504: "No answer came in time; the answer tells whether it may still come.",
}
COMMON = (400, 401, 403, 413, 421, 422, 503)  # of every route


def answers(*statuses: int) -> Responses:
    """For `responses=` of a route, or of all: what these statuses mean."""
    return {status: {"model": Problem, "description": SAYS[status]} for status in statuses}


def served(found: T | None, without: str) -> T:
    """A part of the application that only the real manager has. `without`: what there is none of here; answered 503."""
    if found is None:
        raise HTTPException(503, f"{without}: ask the manager that `ridethrough run` starts")
    return found


async def not_admitted(_request: Request, error: Exception) -> Response:
    """The answer to NotAdmitted."""
    assert isinstance(error, NotAdmitted)
    headers = {"retry-after": str(error.retry_after)} if error.retry_after is not None else {}
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"
    return JSONResponse({"detail": error.why}, error.status, headers)


async def not_done(_request: Request, error: Exception) -> Response:
    """The answer to NotDone."""
    assert isinstance(error, NotDone)
    return JSONResponse({"detail": readable(error.why)}, error.status)


async def not_understood(_request: Request, error: Exception) -> Response:
    """The answer to what has the wrong form. It repeats nothing of what was given: that may hold a password."""
    assert isinstance(error, RequestValidationError)
    words = [f"{_place(one['loc'])}: {one['msg']}" for one in error.errors()]
    return JSONResponse({"detail": readable("; ".join(words))}, 422)


def _place(location: tuple[str | int, ...]) -> str:
    """ "hosts.2.name" of ("body", "hosts", 2, "name")."""
    return ".".join(str(part)[:100] for part in location[1:]) or "body"
