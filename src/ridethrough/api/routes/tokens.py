"""API tokens: `Authorization: Bearer ...` in place of a session."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from ridethrough.api.access import Role, Viewer
from ridethrough.api.context import Ctx
from ridethrough.api.problems import answers
from ridethrough.api.why import Why, WhyAsked

from .session import no_token, whose

router = APIRouter(tags=["tokens"])

DAY = 86400.0


class Token(BaseModel):
    """A token. `role` is the most that it may do, and never more than its owner may."""

    id: str
    name: str
    owner: str
    role: Role
    created_at: float
    expires_at: float
    used_at: float | None
    revoked_at: float | None


class NewToken(BaseModel):
    """A token to make. It is valid for `lifetime` seconds."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]
    role: Role = Role.VIEW
    lifetime: Annotated[float, Field(ge=60.0, le=3650 * DAY, allow_inf_nan=False)] = 90 * DAY
    why: Why = ""


class MadeToken(Token):
    """`value` is shown this once."""

    value: str


@router.get("/tokens")
def tokens(ctx: Ctx, person: Viewer) -> list[Token]:
    """One's own tokens; all of them for an administrator. Those that ended are listed for 30 days."""
    return [Token(**asdict(one)) for one in ctx.accounts.tokens.all(whose(person))]


@router.post("/tokens", status_code=201, responses=answers(409))
def make(new: NewToken, ctx: Ctx, person: Viewer) -> MadeToken:
    """Make a token for oneself. A token makes no tokens: it would never expire."""
    no_token(person, "a token makes no tokens: log in")
    made = ctx.accounts.tokens.make(person, new.name, new.role, new.lifetime, new.why)
    return MadeToken(**asdict(made.token), value=made.value)


@router.delete("/tokens/{id}", status_code=204, responses=answers(404, 409))
def revoke(id: str, ctx: Ctx, person: Viewer, why: WhyAsked = "") -> None:
    """Revoke a token: one's own; any for an administrator. A token revokes itself only."""
    if id != person.token_id:
        no_token(person, "a token revokes itself and no other: log in")
    ctx.accounts.tokens.revoke(id, person.signed, whose(person), why)
