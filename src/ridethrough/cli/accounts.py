"""`ridethrough accounts`: for the person at the machine, who needs no account."""

from __future__ import annotations

import contextlib
import datetime as dt
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ridethrough.core.events import Ask
from ridethrough.runtime.mailbox import Answer, post

from .common import DEFAULT_STATE, AsJson, StateDir, fail, not_allowed, person, print_json
from .people import Confirmed, confirm
from .text import say, table

if TYPE_CHECKING:
    from ridethrough.api.accounts import Accounts

Name = Annotated[str, typer.Argument(metavar="NAME", help="The account's name.")]


def accounts_list(state: StateDir = DEFAULT_STATE, as_json: AsJson = False) -> None:
    """Show who may log in, with what role, and when they last did."""
    with _accounts(state) as accounts:
        sessions, tokens = accounts.sessions.all(), accounts.tokens.usable()
        rows = [
            {
                "name": one.name,
                "role": str(one.role),
                "created_at": one.created_at,
                "login_at": one.login_at,
                "sessions": sum(session.name == one.name for session in sessions),
                "tokens": sum(token.owner == one.name for token in tokens),
            }
            for one in accounts.all()
        ]
    if as_json:
        print_json({"accounts": rows})
    elif not rows:
        say("There is no account yet. The manager prints a link for the first one when it starts.")
    else:
        table(
            ("Name", "Role", "Made", "Last login", "Sessions", "API tokens"),
            [
                (
                    str(row["name"]),
                    str(row["role"]),
                    _day(row["created_at"]),
                    _day(row["login_at"]),
                    str(row["sessions"]),
                    str(row["tokens"]),
                )
                for row in rows
            ],
        )


def reset(
    name: Name,
    password: Annotated[
        bool,
        typer.Option("--password", help="Set a password now: it is asked for, or read from standard input."),
    ] = False,
    state: StateDir = DEFAULT_STATE,
) -> None:
    """Let somebody in again who has lost the password.

    Prints a link with which they give themselves a new one, once, within a day. A new password ends the account's
    sessions and API tokens.
    """
    with _accounts(state) as accounts:
        if password:
            accounts.set_password(name, _typed(), person(), "with `ridethrough accounts reset`")
            say(f"{name} has a new password. Its sessions and API tokens have ended.")
        else:
            link = accounts.links.link(accounts.reset_token(name, person()))
            say(f"Here {name} sets a new password, once, within a day: {link}")
        _hand_on(accounts, state)


def remove(name: Name, yes: Confirmed = "", state: StateDir = DEFAULT_STATE) -> None:
    """Remove an account with its sessions and API tokens. Asks for its name once more."""
    with _accounts(state) as accounts:
        accounts.get(name)
        confirm(name, yes)
        accounts.remove(name, person(), "with `ridethrough accounts remove`")
        say(f"{name} is removed, with its sessions and API tokens.")
        _hand_on(accounts, state)


@contextlib.contextmanager
def _accounts(state: Path) -> Iterator[Accounts]:
    """The accounts of a state directory. Ends the command where there are none, and where something is refused."""
    from ridethrough.api.accounts import FILE, Accounts, AccountsRefused, NotDone  # FastAPI takes a while to import

    try:
        if not (state / FILE).exists():
            fail(
                f"{state}: nobody has made accounts here. The manager prints a link for the first one when it starts; "
                "or name its state directory with --state."
            )
        accounts = Accounts(state)
    except PermissionError:
        not_allowed(state)
    except AccountsRefused as error:
        fail(str(error))
    try:
        yield accounts
    except NotDone as error:
        fail(error.why)
    finally:
        accounts.close()


def _hand_on(accounts: Accounts, state: Path) -> None:
    """To the controller's journal; where none runs, the manager does it as soon as one does."""

    def hand(ask: Ask, subject: str, by: str, says: str) -> Answer:
        return post(state, ask, subject, by, timeout=5.0, says=says)

    accounts.audit.hand_on(hand)


def _typed() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("New password", hide_input=True, confirmation_prompt=True, err=True))
    return sys.stdin.readline().rstrip("\r\n")


def _day(at: object) -> str:
    if not isinstance(at, float):
        return "never"
    return dt.datetime.fromtimestamp(at, dt.UTC).astimezone().strftime("%Y-%m-%d %H:%M")
