"""Accounts, for administrators."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from ridethrough.api.access import Administrator, Person, Role
from ridethrough.api.accounts import NAME, NotDone
from ridethrough.api.context import Ctx
from ridethrough.api.problems import answers
from ridethrough.api.why import Why, WhyAsked

from .session import Chosen, no_token

router = APIRouter(tags=["accounts"])

NewName = Annotated[str, Field(max_length=64, json_schema_extra={"pattern": f"^{NAME}$"})]


class Account(BaseModel):
    """Who may log in. `login_at` is null before the first login."""

    name: str
    role: Role
    created_at: float
    login_at: float | None


class NewAccount(BaseModel):
    """An account to make. The password has 10 characters or more, and is not the name."""

    model_config = ConfigDict(extra="forbid")

    name: NewName
    role: Role
    password: Chosen
    why: Why = ""


class NewRole(BaseModel):
    """Another role."""

    model_config = ConfigDict(extra="forbid")

    role: Role
    why: Why = ""


class GivenPassword(BaseModel):
    """A new password for somebody."""

    model_config = ConfigDict(extra="forbid")

    password: Chosen
    why: Why = ""


@router.get("/accounts")
def accounts(ctx: Ctx, _: Administrator) -> list[Account]:
    """Every account, by name."""
    return [Account(**asdict(one)) for one in ctx.accounts.all()]


@router.post("/accounts", status_code=201, responses=answers(409, 429))
async def make(new: NewAccount, ctx: Ctx, me: Administrator) -> Account:
    """Make an account. A token makes none."""
    _no_token(me)
    password = new.password.get_secret_value()
    made = await ctx.accounts.turns.run(lambda: ctx.accounts.add(new.name, new.role, password, me.signed, new.why))
    return Account(**asdict(made))


@router.patch("/accounts/{name}", responses=answers(404, 409))
def change(name: str, new: NewRole, ctx: Ctx, me: Administrator) -> Account:
    """Give an account another role. It holds from its next request on. The last administrator keeps theirs.

    A token does not.
    """
    _no_token(me)
    return Account(**asdict(ctx.accounts.set_role(name, new.role, me.signed, new.why)))


@router.delete("/accounts/{name}", status_code=204, responses=answers(404, 409))
def remove(name: str, ctx: Ctx, me: Administrator, why: WhyAsked = "") -> None:
    """Remove an account with its sessions and tokens. The last administrator stays. A token removes none."""
    _no_token(me)
    ctx.accounts.remove(name, me.signed, why)


@router.post("/accounts/{name}/password", status_code=204, responses=answers(404, 409, 429))
async def give_password(name: str, new: GivenPassword, ctx: Ctx, me: Administrator) -> None:
    """Give somebody else's account a new password. Its sessions and tokens end. A token gives none."""
    _no_token(me)
    if name.lower() == me.name.lower():
        raise NotDone(409, "one's own password takes the old one: change it with PUT /api/v1/session/password")
    password = new.password.get_secret_value()
    await ctx.accounts.turns.run(lambda: ctx.accounts.set_password(name, password, me.signed, new.why))


def _no_token(me: Person) -> None:
    """An account that a token made, or a password that it chose, would outlive the token."""
    no_token(me, "a token changes no accounts: log in")
