"""Logging in and out, and the one-time link of the first start."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from ridethrough.api.access import SESSION_COOKIE, NotAdmitted, Onlooker, Person, Role, Viewer
from ridethrough.api.accounts import LONGEST_PASSWORD, SHORTEST_PASSWORD, NotDone, Opened, csrf_of
from ridethrough.api.accounts import Session as Kept
from ridethrough.api.context import Context, Ctx
from ridethrough.api.problems import answers
from ridethrough.api.why import Why, WhyAsked

router = APIRouter(tags=["session"])

Password = Annotated[SecretStr, Field(max_length=LONGEST_PASSWORD)]
# The shape is told here and checked by the accounts themselves, which answer in a sentence.
Chosen = Annotated[SecretStr, Field(max_length=LONGEST_PASSWORD, json_schema_extra={"minLength": SHORTEST_PASSWORD})]
Name = Annotated[str, Field(max_length=64)]


class Session(BaseModel):
    """Who asks. `csrf` goes into the header x-ridethrough-csrf of every write. A token has none, and no ends."""

    name: str
    role: Role
    token: str | None = Field(description="The name of the API token that spoke.")
    csrf: str | None
    idle_ends_at: float | None = Field(description="When the session ends unless something is asked before.")
    ends_at: float | None
    simulated: bool = Field(description="Whether this is a simulated site, whose plugs GET /demo has.")


class Login(BaseModel):
    """Name and password."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    password: Password


class Setup(BaseModel):
    """Whether the first administrator is still to be made: the link for that is printed where the manager starts."""

    needed: bool


class FirstLogin(BaseModel):
    """What stands behind the # of a one-time link, and the account's name and new password.

    `name` may be left out where the link is for a new password.
    """

    model_config = ConfigDict(extra="forbid")

    token: Annotated[SecretStr, Field(max_length=200)]
    name: Name = ""
    password: Chosen


class NewPassword(BaseModel):
    """One's own password, the old and the new."""

    model_config = ConfigDict(extra="forbid")

    old: Password
    new: Chosen
    why: Why = ""


class OpenSession(BaseModel):
    """A session in the list. `current`: the one that asks."""

    id: str
    name: str
    role: Role
    created_at: float
    seen_at: float
    idle_ends_at: float
    ends_at: float
    address: str
    agent: str
    current: bool


def from_here(request: Request) -> None:
    """Lets in what our own pages ask, or no page at all: a page from elsewhere must log nobody in."""
    site = request.headers.get("sec-fetch-site", "none")
    origin = request.headers.get("origin")
    host = request.headers.get("host", "")
    if site not in ("same-origin", "none") or (origin is not None and _place(origin) != host.lower()):
        raise NotAdmitted(403, "this was asked by a page from elsewhere: open the manager's own address")


FromHere = Depends(from_here)


@router.get("/session")
def session(request: Request, ctx: Ctx, person: Onlooker) -> Session:
    """Who am I? Does not keep the session alive."""
    value = request.cookies.get(SESSION_COOKIE, "")
    found = None if person.token else ctx.accounts.sessions.of(value)
    if found is not None:
        return _session(found, csrf_of(value), ctx)
    return Session(
        name=person.name,
        role=person.role,
        token=person.token or None,
        csrf=None,
        idle_ends_at=None,
        ends_at=None,
        simulated=ctx.plugs is not None,
    )


@router.post("/session", dependencies=[FromHere], responses=answers(429))
async def log_in(login: Login, request: Request, response: Response, ctx: Ctx) -> Session:
    """Log in. The session comes in a cookie, always a new one; one that the browser has ends."""
    opened = await ctx.accounts.turns.run(
        lambda: ctx.accounts.login(
            login.name,
            login.password.get_secret_value(),
            _address(request),
            request.headers.get("user-agent", ""),
            request.cookies.get(SESSION_COOKIE, ""),
        )
    )
    return _told(opened, request, response, ctx)


@router.delete("/session", status_code=204, responses=answers(409))
def log_out(request: Request, response: Response, ctx: Ctx, person: Viewer) -> None:
    """Log out."""
    no_token(person, "a token has no session: revoke it instead")
    ctx.accounts.sessions.log_out(request.cookies.get(SESSION_COOKIE, ""))
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict", secure=_is_secure(request))


@router.put("/session/password", responses=answers(409, 429))
async def change_password(change: NewPassword, request: Request, response: Response, ctx: Ctx, me: Viewer) -> Session:
    """Change one's own password. All one's sessions and tokens end; this one goes on with a new cookie."""
    no_token(me, "a token cannot change the password: log in")
    opened = await ctx.accounts.turns.run(
        lambda: ctx.accounts.change_own_password(
            me.name,
            change.old.get_secret_value(),
            change.new.get_secret_value(),
            _address(request),
            request.headers.get("user-agent", ""),
            change.why,
        )
    )
    return _told(opened, request, response, ctx)


@router.get("/setup")
def setup(ctx: Ctx) -> Setup:
    """Is the first administrator still to be made? Anyone may ask."""
    return Setup(needed=not ctx.accounts.is_set_up())


@router.post("/setup", dependencies=[FromHere], responses=answers(409, 429))
async def set_up(first: FirstLogin, request: Request, response: Response, ctx: Ctx) -> Session:
    """Make the first administrator with the one-time link, or set the new password that the link is for; and log in."""
    token = first.token.get_secret_value()
    await run_in_threadpool(ctx.accounts.links.account, token)  # before anything is hashed
    opened = await ctx.accounts.turns.run(
        lambda: ctx.accounts.set_up(
            token,
            first.name,
            first.password.get_secret_value(),
            _address(request),
            request.headers.get("user-agent", ""),
        )
    )
    return _told(opened, request, response, ctx)


@router.get("/sessions")
def sessions(request: Request, ctx: Ctx, person: Viewer) -> list[OpenSession]:
    """One's own sessions; all of them for an administrator."""
    mine = ctx.accounts.sessions.of(request.cookies.get(SESSION_COOKIE, ""))
    found = ctx.accounts.sessions.all(whose(person))
    return [OpenSession(**asdict(one), current=mine is not None and mine.id == one.id) for one in found]


@router.delete("/sessions/{id}", status_code=204, responses=answers(404, 409))
def end_session(id: str, ctx: Ctx, person: Viewer, why: WhyAsked = "") -> None:
    """Log a session out: one's own; any for an administrator. A token ends none."""
    no_token(person, "a token ends no sessions: log in")
    ctx.accounts.end_session(id, person.signed, whose(person), why)


def whose(person: Person) -> str | None:
    """Of whom someone sees and ends sessions and tokens; None: of all."""
    return None if person.role is Role.ADMINISTER else person.name


def no_token(person: Person, why: str) -> None:
    """For what only a person does. Raises NotDone where a token asks."""
    if person.token:
        raise NotDone(409, why)


def _told(opened: Opened, request: Request, response: Response, ctx: Context) -> Session:
    response.set_cookie(
        SESSION_COOKIE, opened.value, path="/", httponly=True, samesite="strict", secure=_is_secure(request)
    )
    return _session(opened.session, opened.csrf, ctx)


def _session(found: Kept, csrf: str, ctx: Context) -> Session:
    return Session(
        name=found.name,
        role=found.role,
        token=None,
        csrf=csrf,
        idle_ends_at=found.idle_ends_at,
        ends_at=found.ends_at,
        simulated=ctx.plugs is not None,
    )


def _is_secure(request: Request) -> bool:
    """A browser sends a secure cookie over TLS only; without TLS the manager listens on loopback only."""
    loopback = _address(request).startswith("127.") or _address(request) == "::1"
    return not (request.url.scheme == "http" and loopback)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _place(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""
