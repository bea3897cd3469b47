"""The commands, and what their exit codes mean."""

from __future__ import annotations

import typer

from . import check, demo, look, people, plan, run, serve, simulate

app = typer.Typer(
    name="ridethrough",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help=(
        "Watches UPSs and protects XenServer and XCP-ng pools through a power failure.\n\n"
        "Exit codes: 0 done or all well; 1 it was refused, or something needs attention; "
        "2 wrong usage, or site.toml is wrong; 3 no controller runs on this state directory; "
        "4 the controller did not answer in time."
    ),
)
app.command("run")(run.run)
app.command("demo")(demo.demo)
app.command("simulate")(simulate.simulate)
app.command("plan")(plan.plan)
app.command("check")(check.check)
app.command("status")(look.status)
app.command("journal")(look.journal)
app.command("arm")(people.arm)
app.command("disarm")(people.disarm)
app.command("hold")(people.hold)
app.command("release")(people.release)
app.command("evacuate")(people.evacuate)
app.command("shutdown-pool")(people.shutdown_pool)

maintenance = typer.Typer(no_args_is_help=True, help="Let a host enter or exit maintenance mode by hand.")
maintenance.command("enter")(people.enter)
maintenance.command("exit")(people.leave)
app.add_typer(maintenance, name="maintenance")

sim = typer.Typer(no_args_is_help=True, help="The simulated site.")
sim.command("serve")(serve.serve)
app.add_typer(sim, name="sim")


@app.callback()
def _root() -> None:
    """Watches UPSs and protects XenServer and XCP-ng pools through a power failure."""


def main() -> None:
    """Entry point of the `ridethrough` command."""
    app()
