"""A scenario in virtual time."""

from __future__ import annotations

from typing import Annotated

import typer

from ridethrough.sim.reading import ScenarioError
from ridethrough.sim.scenario import load, play

from .common import FAILED, USAGE, AsJson, fail, print_json
from .stories import scenario_file


def simulate(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="A story from scenarios/, by name or path.")],
    as_json: AsJson = False,
) -> None:
    """Play a scenario in virtual time and print its narrative. Exit code 1 when it does not end as it must."""
    try:
        story = load(scenario_file(scenario))
    except (ScenarioError, FileNotFoundError) as error:
        fail(str(error), USAGE)
    run = play(story)
    if as_json:
        print_json({"scenario": story.name, "narrative": run.narrative.splitlines(), "failures": list(run.failures)})
    else:
        typer.echo(story.story + "\n")
        typer.echo(run.narrative, nl=False)
        for text in run.failures:
            typer.echo(f"NOT AS IT MUST BE: {text}")
    if run.failures:
        raise typer.Exit(FAILED)
