"""What people ask of a running controller."""

from __future__ import annotations

from typing import Annotated

import typer

from ridethrough.core.events import Ask
from ridethrough.runtime.mailbox import NoAnswer, NoController, post

from .common import DEFAULT_STATE, FAILED, NO_ANSWER, NO_CONTROLLER, AsJson, StateDir, fail, person, print_json

HostName = Annotated[str, typer.Argument(metavar="HOST", help="The host's key in site.toml, or its name label.")]
Confirmed = Annotated[str, typer.Option("--yes", metavar="NAME", help="The same name again, instead of typing it.")]


def arm(state: StateDir = DEFAULT_STATE, as_json: AsJson = False) -> None:
    """Let Ridethrough act. Before that it only says what it would do."""
    _ask(Ask.ARM, "", state, as_json)


def disarm(state: StateDir = DEFAULT_STATE, as_json: AsJson = False) -> None:
    """Dry run: from now on it only says what it would do."""
    _ask(Ask.DISARM, "", state, as_json)


def hold(host: HostName, state: StateDir = DEFAULT_STATE, as_json: AsJson = False) -> None:
    """Keep Ridethrough's hands off a host, until its last safe start."""
    _ask(Ask.HOLD, host, state, as_json)


def release(host: HostName, state: StateDir = DEFAULT_STATE, as_json: AsJson = False) -> None:
    """End a hold, or let Ridethrough act again on a host that a person had enabled."""
    _ask(Ask.RELEASE, host, state, as_json)


def enter(host: HostName, state: StateDir = DEFAULT_STATE, as_json: AsJson = False) -> None:
    """Let a host enter maintenance mode: disable it and move its VMs to powered hosts."""
    _ask(Ask.ENTER_MAINTENANCE, host, state, as_json)


def leave(host: HostName, state: StateDir = DEFAULT_STATE, as_json: AsJson = False) -> None:
    """Let a host exit maintenance mode; its VMs stay where they are ("Skip")."""
    _ask(Ask.EXIT_MAINTENANCE, host, state, as_json)


def evacuate(host: HostName, yes: Confirmed = "", state: StateDir = DEFAULT_STATE, as_json: AsJson = False) -> None:
    """Empty a host now, as in an outage. Asks for the host's name once more."""
    _confirm(host, yes)
    _ask(Ask.EVACUATE, host, state, as_json)


def shutdown_pool(
    pool: Annotated[str, typer.Argument(metavar="NAME", help="The pool's key in site.toml.")],
    yes: Confirmed = "",
    state: StateDir = DEFAULT_STATE,
    as_json: AsJson = False,
) -> None:
    """The red button: stop every VM of a pool cleanly, then its members, then its coordinator."""
    _confirm(pool, yes)
    _ask(Ask.SHUT_DOWN_POOL, pool, state, as_json)


def _confirm(name: str, given: str) -> None:
    typed = given or typer.prompt(f'Type "{name}" to confirm')
    if typed != name:
        fail(f'"{typed}" is not "{name}": nothing was done')


def _ask(ask: Ask, subject: str, state: StateDir, as_json: bool) -> None:
    try:
        answer = post(state, ask, subject, person())
    except NoController as error:
        fail(str(error), NO_CONTROLLER)
    except NoAnswer as error:
        fail(str(error), NO_ANSWER)
    except PermissionError as error:
        fail(f"{state}: {error.strerror}: run this as the user who runs the controller", FAILED)
    if as_json:
        print_json({"accepted": answer.accepted, "answer": answer.text})
    else:
        typer.echo(answer.text, err=not answer.accepted)
    if not answer.accepted:
        raise typer.Exit(FAILED)
