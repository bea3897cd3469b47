"""The commands, and what their exit codes mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer

from . import (
    accounts,
    add,
    check,
    demo,
    discover,
    look,
    manager,
    people,
    plan,
    replay,
    run,
    serve,
    simulate,
    switch,
    traps,
    upses,
    watch,
    why,
)

app = typer.Typer(
    name="ridethrough",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain text: it can be wrapped, piped and copied
    help=(
        "Watches UPSs and protects XenServer and XCP-ng pools through a power failure.\n\n"
        "Exit codes: 0 done or all well; 1 it was refused, or something needs attention; "
        "2 wrong usage, or site.toml is wrong; 3 no controller runs on this state directory; "
        "4 the controller did not answer in time."
    ),
)

ASKED = "0 accepted; 1 refused, with the reason; 2 wrong usage; 3 no controller runs; 4 it did not answer in time."


def _command(group: typer.Typer, name: str, does: Callable[..., Any], codes: str) -> None:
    group.command(name, epilog=f"Exit codes: {codes}")(does)


_command(
    app,
    "run",
    run.run,
    "0 it was told to stop (SIGTERM, SIGINT); 1 the state directory or the journal cannot be used; 2 wrong usage, or "
    "site.toml is wrong.",
)
_command(
    app,
    "manager",
    manager.manager,
    "0 it was told to stop; 1 it cannot listen, or its files cannot be used; 2 wrong usage, or site.toml is wrong or "
    "has no section [manager].",
)
_command(
    app,
    "check",
    check.check,
    "0 everything answers and no danger was found; 1 something does not answer, or a danger was found; 2 wrong usage, "
    "or site.toml is wrong.",
)
_command(
    app,
    "plan",
    plan.plan,
    "0 no host would crash and no VM be lost; 1 one would, or no pool answers, or nothing was seen yet; 2 wrong usage, "
    "or site.toml is wrong.",
)
_command(
    app,
    "replay",
    replay.replay,
    "0 the decisions are the same, or what each round saw was not recorded; 1 they are others, the journal cannot be "
    "read, or it tells of no outage; 2 wrong usage, or the other site.toml is wrong.",
)
_command(
    app,
    "why",
    why.why,
    "0 told; 1 the journal cannot be read; 2 wrong usage, no such host or VM, or site.toml is wrong; 3 no controller "
    "has run here.",
)
_command(
    app,
    "status",
    look.status,
    "0 all is well; 1 there are alerts, or the status is old; 2 wrong usage; 3 no controller runs.",
)
_command(
    app,
    "journal",
    look.journal,
    "0 printed; 1 the journal cannot be read; 2 wrong usage; 3 no controller has run here.",
)
_command(app, "arm", people.arm, ASKED)
_command(app, "disarm", people.disarm, ASKED)
_command(app, "reload", people.reload, ASKED)
_command(app, "hold", people.hold, ASKED)
_command(app, "release", people.release, ASKED)
_command(app, "skip", people.skip, ASKED)
_command(app, "bring-back", people.bring_back, ASKED)

maintenance = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Let a host enter or exit maintenance mode by hand."
)
_command(maintenance, "enter", people.enter, ASKED)
_command(maintenance, "exit", people.leave, ASKED)
app.add_typer(maintenance, name="maintenance")

ups = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Look at UPSs, search for them, add one, switch one off.",
)
_command(
    ups,
    "show",
    upses.show,
    "0 it answers; 1 it does not, or is no UPS that can be read; 2 wrong usage, or site.toml is wrong.",
)
_command(
    ups,
    "watch",
    watch.watch,
    "0 it was told to stop; 2 wrong usage, or site.toml is wrong.",
)
_command(
    ups,
    "discover",
    discover.discover,
    "0 it searched; 1 an upsd did not answer, Ctrl-C ended it early, or site.toml could not be written; 2 wrong usage, "
    "or site.toml is wrong.",
)
_command(
    ups,
    "add",
    add.add,
    "0 it is written, started and answers; 1 it was refused or did not answer, and everything is as it was; 2 wrong "
    "usage, or site.toml is wrong.",
)
_command(
    ups,
    "test-trap",
    traps.prove,
    "0 a trap of this card came; 1 none came, or the card does not answer; 2 wrong usage, or site.toml is wrong.",
)
_command(
    ups,
    "off",
    switch.off,
    "0 it counts down, and that was read; 1 it was refused, or what the UPS does now is not known; 2 wrong usage, or "
    "site.toml is wrong; 3 no controller runs; 4 it did not answer in time.",
)
_command(
    ups,
    "cancel",
    switch.cancel,
    "0 it was cancelled, or counts down no longer; 1 it was refused, or what the UPS does now is not known; 2 wrong "
    "usage, or site.toml is wrong; 3 no controller runs; 4 it did not answer in time.",
)
app.add_typer(ups, name="ups")

of_accounts = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="The accounts of the web pages, for the person at the machine.",
)
_command(
    of_accounts,
    "list",
    accounts.accounts_list,
    "0 listed; 1 there are none here, or they cannot be read; 2 wrong usage.",
)
DONE = "0 done; 1 it was refused, with the reason; 2 wrong usage."
_command(of_accounts, "reset", accounts.reset, DONE)
_command(of_accounts, "remove", accounts.remove, DONE)
app.add_typer(of_accounts, name="accounts")

_command(app, "evacuate", people.evacuate, ASKED)
_command(app, "shutdown-pool", people.shutdown_pool, ASKED)
_command(
    app,
    "simulate",
    simulate.simulate,
    "0 it ended as it must; 1 it did not; 2 wrong usage, or no such scenario.",
)
_command(
    app,
    "demo",
    demo.demo,
    "0 the story ended as it must, or the prompt was left; 1 it did not; 2 wrong usage, or no such scenario.",
)

sim = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The simulated site, for any client.")
_command(
    sim,
    "serve",
    serve.serve,
    "0 it was told to stop (SIGTERM, SIGINT, quit); 1 it cannot listen; 2 wrong usage, or no such site.",
)
app.add_typer(sim, name="sim")


def main() -> None:
    """Entry point of the `ridethrough` command."""
    app()
