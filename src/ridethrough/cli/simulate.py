"""A scenario in virtual time."""

from __future__ import annotations

from typing import Annotated

import typer

from ridethrough.sim.reading import ScenarioError
from ridethrough.sim.scenario import Scenario, load, play

from .common import FAILED, USAGE, AsJson, fail, print_json
from .stories import scenario_file, scenario_files
from .text import narrative, say, table


def simulate(
    scenario: Annotated[
        str,
        typer.Argument(metavar="SCENARIO", help="A story from scenarios/, by name or path. Without it: a list."),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Play a scenario in virtual time, and tell what happens.

    Lines of "site" are what truly happens there, lines of "ridethrough" what the controller writes in its journal.
    """
    try:
        if not scenario:
            _list(as_json)
            return
        story = load(scenario_file(scenario))
    except (ScenarioError, FileNotFoundError) as error:
        fail(str(error), USAGE)
    _play(story, as_json)


def _list(as_json: bool) -> None:
    stories = {path.stem: first_sentence(load(path).story) for path in scenario_files()}
    if as_json:
        print_json({"scenarios": stories})
    else:
        table(("Scenario", "Its story begins"), stories.items())


def first_sentence(story: str) -> str:
    """What a story begins with, in one line."""
    text = " ".join(story.split())
    return text[: text.index(". ") + 1] if ". " in text else text


def _play(story: Scenario, as_json: bool) -> None:
    run = play(story)
    if as_json:
        print_json({"scenario": story.name, "narrative": run.narrative.splitlines(), "failures": list(run.failures)})
    else:
        say(" ".join(story.story.split()))
        typer.echo()
        narrative(run.narrative.splitlines())
        for text in run.failures:
            say(text, "NOT AS IT MUST BE: ", danger=True)
    if run.failures:
        raise typer.Exit(FAILED)
