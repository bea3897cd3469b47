"""The agent's rules: each story's log, and what holds in all of them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ridethrough_agent.model import BATTERY, UNKNOWN, UTILITY, Rules

from .pythons import PYTHONS
from .stories import DOWN, GOOD, OUT, STORIES, WORD, logged, play


@pytest.mark.parametrize("name", STORIES)
def test_story(name: str) -> None:
    arguments, log = STORIES[name]
    assert logged(play(**arguments)) == log


@pytest.mark.parametrize("python", PYTHONS)
def test_every_python_tells_the_stories_alike(python: str) -> None:
    story = Path(__file__).with_name("stories.py")
    told = subprocess.run([python, str(story)], capture_output=True, text=True, timeout=300, check=True).stdout
    assert json.loads(told) == {name: play(**arguments) for name, (arguments, _) in STORIES.items()}


@pytest.mark.parametrize("interval", [10, 30])
def test_warnings_are_repeated_at_the_interval(interval: int) -> None:
    """4.2: on the consoles, topic, source and text, until the system goes down."""
    lines = play([(0, "ups1", GOOD), (11, "ups1", OUT)], rules=Rules(after=100.0, warning_interval=float(interval)))
    warned = [line for line in lines if "wall: Event Warning" in line]
    assert [line.partition(" ")[2] for line in warned] == [
        "wall: Event Warning: ups1: Utility power is not available"
    ] * len(warned)
    assert [int(line.split()[0]) for line in warned] == list(range(17, 115, interval))
    assert "wall: Event Shutdown" in lines[-1]


def test_the_controllers_warnings_are_repeated_too() -> None:
    warns = dict(WORD, warnings=(("172.18.139.102", "Utility power is not available"),))
    lines = play([(20, "controller", warns), (55, "controller", WORD)], feeds=(), until=100)
    shown = [line for line in lines if "wall:" in line]
    assert [int(line.split()[0]) for line in shown] == [20, 30, 40, 50]
    assert shown[0].endswith("Event Warning: 172.18.139.102: Utility power is not available")


powers = st.sampled_from([UTILITY, BATTERY, UNKNOWN])
amounts = st.one_of(st.none(), st.floats(1.0, 3000.0))
answers = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {"power": powers, "low": st.booleans(), "testing": st.booleans(), "runtime": amounts, "countdown": amounts}
    ),
)
orders = st.one_of(st.none(), st.just(WORD), st.just(dict(WORD, handled=False)))
moments = st.integers(0, 500)
timelines = st.lists(st.tuples(moments, st.sampled_from(["ups1", "ups2"]), answers), max_size=8)
words = st.lists(st.tuples(moments, st.just("controller"), orders), max_size=4)


def acted_at(lines: list[str]) -> int | None:
    return next((int(line.split()[0]) for line in lines if DOWN in line), None)


def _feeds(timeline: list[Any]) -> dict[str, Any]:
    return {"timeline": timeline, "feeds": ("ups1", "ups2"), "until": 600}


@settings(max_examples=20)
@given(timelines, words, st.sampled_from([1, 2]))
def test_it_never_acts_without_an_own_word_of_it(timeline: list[Any], told: list[Any], needs: int) -> None:
    """Silence, unknown states, tests and the controller's silence are no outage."""
    calm = [
        (at, who, None if says is None else dict(says, power=UTILITY, countdown=None))
        if says and says["power"] == BATTERY
        else (at, who, None if says is None else dict(says, countdown=None))
        for at, who, says in timeline
    ]
    assert acted_at(play(calm + told, rules=Rules(needs=needs), feeds=("ups1", "ups2"), until=600)) is None


@settings(max_examples=20)
@given(timelines, words)
def test_a_lease_never_makes_it_act_earlier(timeline: list[Any], told: list[Any]) -> None:
    alone, leased = acted_at(play(**_feeds(timeline))), acted_at(play(**_feeds(timeline + told)))
    assert leased is None or (alone is not None and leased >= alone)
