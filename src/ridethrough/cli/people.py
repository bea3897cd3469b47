"""What people ask of a running controller."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ridethrough.config import quantities
from ridethrough.core.events import Ask
from ridethrough.runtime.mailbox import Answer, NoAnswer, NoController, post

from .common import (
    DEFAULT_STATE,
    FAILED,
    NO_ANSWER,
    NO_CONTROLLER,
    USAGE,
    AsJson,
    StateDir,
    fail,
    not_allowed,
    person,
    print_json,
)
from .text import say

HostName = Annotated[
    str,
    typer.Argument(metavar="HOST", help="The host's key in site.toml; its name label where site.toml names it not."),
]
HostOrPool = Annotated[
    str,
    typer.Argument(metavar="HOST", help="The host's key in site.toml, or its name label; or a pool's key."),
]
All = Annotated[bool, typer.Option("--all", help="Instead of HOST: every host of the site.")]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason, for the journal.")]
EVERYTHING = "all"  # what is typed to confirm, where no pool is named

Confirmed = Annotated[str, typer.Option("--yes", metavar="NAME", help="The same name again, instead of typing it.")]

FOLLOW = "Watch it with `ridethrough journal --follow`."


def arm(state: StateDir = DEFAULT_STATE, as_json: AsJson = False) -> None:
    """Let Ridethrough act. Before that it only says what it would do."""
    _ask(Ask.ARM, "", state, as_json, "From now on Ridethrough acts.")


def disarm(state: StateDir = DEFAULT_STATE, as_json: AsJson = False) -> None:
    """Dry run: only say what would be done."""
    _ask(Ask.DISARM, "", state, as_json, "Dry run: from now on Ridethrough only says what it would do.")


def reload(state: StateDir = DEFAULT_STATE, as_json: AsJson = False) -> None:
    """Let the controller read site.toml again.

    New timers, thresholds, options and wishes hold from its next round on. Where a UPS, a pool, a host or how to reach
    one has changed, it is watched anew: only while no action is under way and no outage is open. A wrong file changes
    nothing.
    """
    _ask(Ask.TAKE_SETTINGS, "", state, as_json, "")


def hold(
    host: HostOrPool = "",
    everything: All = False,
    lasts: Annotated[
        str,
        typer.Option("--for", metavar="TIME", help='How long, "5m", or seconds; else until it is released.'),
    ] = "",
    why: Why = "",
    state: StateDir = DEFAULT_STATE,
    as_json: AsJson = False,
) -> None:
    """Keep Ridethrough's hands off a host. The hold is over at the host's last safe start, whatever time was given.

    Of a pool, and with --all, those hosts are held that are in an outage now. The answer says when each hold ends.
    """
    named = _one_or_all(host, everything)
    ends = f"It ends with `ridethrough release {named or '--all'}`, or at the last safe start."
    _ask(Ask.HOLD, named, state, as_json, ends, why, _time(lasts))


def release(
    host: HostOrPool = "", everything: All = False, state: StateDir = DEFAULT_STATE, as_json: AsJson = False
) -> None:
    """End a hold. Also for a host that was left alone because a person enabled it."""
    named = _one_or_all(host, everything)
    _ask(Ask.RELEASE, named, state, as_json, f"Ridethrough protects {named or 'every host'} again.")


def skip(
    vm: Annotated[str, typer.Argument(metavar="VM", help="The VM's name, or its uuid where several have that name.")],
    why: Why = "",
    state: StateDir = DEFAULT_STATE,
    as_json: AsJson = False,
) -> None:
    """Leave a VM where it is in this outage. It is stopped cleanly when its host must go down.

    A move that is under way is not cancelled. When the outage is over the VM is treated like the others again.
    """
    _ask(Ask.SKIP_VM, vm, state, as_json, FOLLOW, why)


def bring_back(
    pool: Annotated[str, typer.Argument(metavar="POOL", help="The pool's key in site.toml; else every pool.")] = "",
    yes: Confirmed = "",
    why: Why = "",
    state: StateDir = DEFAULT_STATE,
    as_json: AsJson = False,
) -> None:
    """Bring a pool back now, although power has not settled.

    Utility power has returned, and only has to hold for some time, or other hosts are waited for. Refused while a UPS
    of its hosts is on battery, silent, or counts down to cutting its output. Asks for the pool's name once more;
    without a pool, for "all".
    """
    confirm(pool or EVERYTHING, yes)
    _ask(Ask.BRING_BACK, pool, state, as_json, FOLLOW, why)


def enter(host: HostName, state: StateDir = DEFAULT_STATE, as_json: AsJson = False) -> None:
    """Let a host enter maintenance mode. It is disabled, and its VMs move to powered hosts."""
    _ask(Ask.ENTER_MAINTENANCE, host, state, as_json, FOLLOW)


def leave(host: HostName, state: StateDir = DEFAULT_STATE, as_json: AsJson = False) -> None:
    """Let a host exit maintenance mode. Its VMs stay where they are ("Skip")."""
    _ask(Ask.EXIT_MAINTENANCE, host, state, as_json, FOLLOW)


def evacuate(host: HostName, yes: Confirmed = "", state: StateDir = DEFAULT_STATE, as_json: AsJson = False) -> None:
    """Empty a host now, as in an outage. Asks for the host's name once more."""
    confirm(host, yes)
    _ask(Ask.EVACUATE, host, state, as_json, FOLLOW)


def shutdown_pool(
    pool: Annotated[str, typer.Argument(metavar="POOL", help="The pool's key in site.toml.")],
    yes: Confirmed = "",
    state: StateDir = DEFAULT_STATE,
    as_json: AsJson = False,
) -> None:
    """The red button: shut a whole pool down, in order.

    Every VM stops cleanly, then the members go down, then the coordinator. Asks for the pool's name once more.
    """
    confirm(pool, yes)
    _ask(Ask.SHUT_DOWN_POOL, pool, state, as_json, FOLLOW)


def confirm(name: str, given: str) -> None:
    """Ends the command where the name of what is to be acted on was not typed once more."""
    typed = given or typer.prompt(f'Type "{name}" to confirm', err=True)
    if typed != name:
        fail(f'"{typed}" is not "{name}": nothing was done')


def requested(ask: Ask, subject: str, state: Path, says: str = "") -> None:
    """Have the controller write a person's act down, and agree. Ends the command where it does not."""
    answer = _post(ask, subject, state, says)
    if not answer.accepted:
        fail(answer.text)


def written_down(ask: Ask, subject: str, state: Path, says: str = "") -> None:
    """Have the controller write a person's act down, which happens all the same where none can. Warns then.

    Ends the command where a controller runs and refuses an act that has not been done yet.
    """
    try:
        answer = post(state, ask, subject, person(), timeout=5.0, says=says)
    except (NoController, NoAnswer, PermissionError) as error:
        say(f"nobody writes this down: {error}", err=True)
        return
    if not answer.accepted and ask is Ask.WRITE_DOWN:
        say(f"nobody writes this down: {answer.text}", err=True)
    elif not answer.accepted:
        fail(answer.text)


def _one_or_all(name: str, everything: bool) -> str:
    """The name; empty for all. Ends the command where neither was said, or both."""
    if everything == bool(name):
        fail("name a host or a pool, or say --all", USAGE)
    return name


def _time(text: str) -> float | None:
    """A duration as a person writes it. Ends the command where it is none."""
    if not text:
        return None
    try:
        found = quantities.seconds(float(text) if text.isdecimal() else text)
    except ValueError as error:
        fail(f"--for: {error}", USAGE)
    return found if found > 0.0 else fail("--for must be more than 0 s", USAGE)


def _ask(
    ask: Ask, subject: str, state: StateDir, as_json: bool, next_: str, says: str = "", seconds: float | None = None
) -> None:
    """Hand the request over. `next_` is said after a yes."""
    answer = _post(ask, subject, state, says, seconds)
    if as_json:
        print_json({"accepted": answer.accepted, "answer": answer.text})
    elif answer.accepted:
        say(f"{answer.text}. {next_}".rstrip())
    else:
        say(answer.text, err=True)
    if not answer.accepted:
        raise typer.Exit(FAILED)


def _post(ask: Ask, subject: str, state: Path, says: str = "", seconds: float | None = None) -> Answer:
    try:
        return post(state, ask, subject, person(), says=says, seconds=seconds)
    except NoController as error:
        fail(str(error), NO_CONTROLLER)
    except NoAnswer as error:
        fail(str(error), NO_ANSWER)
    except PermissionError:
        not_allowed(state)
