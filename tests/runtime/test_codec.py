"""Every event and every action survives the journal."""

from __future__ import annotations

import dataclasses
import json
import math
import typing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ridethrough.core import actions, events
from ridethrough.runtime.codec import UnreadableEvent, decode, encode


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a field's type, infinities and odd names among them."""
    if hint is float:
        return st.floats(allow_nan=False)
    if hint is str:
        return st.text()
    if hint == actions.Action:
        return st.one_of([instances(kind) for kind in typing.get_args(actions.Action)])
    if typing.get_origin(hint) is tuple and typing.get_args(hint)[-1] is ...:
        return st.lists(values(typing.get_args(hint)[0]), max_size=3).map(tuple)
    if typing.get_origin(hint) is tuple:
        return st.tuples(*[values(part) for part in typing.get_args(hint)])
    if typing.get_args(hint):
        return st.one_of([values(part) for part in typing.get_args(hint)])
    return st.none() if hint is type(None) else st.from_type(hint)


def instances(kind: type) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(kind)
    return st.builds(kind, **{field.name: values(hints[field.name]) for field in dataclasses.fields(kind)})


@pytest.mark.parametrize("kind", typing.get_args(events.Event), ids=lambda kind: kind.__name__)
def test_every_event_comes_back_as_it_was(kind: type) -> None:
    @settings(max_examples=30, deadline=None)
    @given(instances(kind))
    def check(event: Any) -> None:
        row = encode(event)
        assert json.loads(row)["v"] == 1
        assert json.loads(row)["type"] == kind.__name__
        assert decode(row, 1) == event

    check()


@pytest.mark.parametrize("kind", typing.get_args(actions.Action), ids=lambda kind: kind.__name__)
def test_every_action_comes_back_as_it_was(kind: type) -> None:
    @settings(max_examples=20, deadline=None)
    @given(instances(kind))
    def check(action: Any) -> None:
        event = events.ActionStarted(1.0, action)
        assert decode(encode(event), 1) == event

    check()


def test_a_number_that_json_does_not_know_is_kept() -> None:
    event = events.UtilityBack(math.nan, "a", math.inf)
    back = decode(encode(event), 1)
    assert isinstance(back, events.UtilityBack)
    assert math.isnan(back.at)
    assert back.lasted == math.inf


def test_a_name_with_half_a_character_is_spelled_out() -> None:
    event = events.VmUnplaced(1.0, "v", "mail\ud800", "h1", "no room")
    assert decode(encode(event), 1) == dataclasses.replace(event, name="mail\\ud800")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (b'{"v": 2, "type": "Armed", "at": 1, "by": "x"}', "position 7 has version 2"),
        (b'{"v": 1, "type": "Levitated", "at": 1}', 'position 7 holds an event of the unknown type "Levitated"'),
        (b'{"v": 1, "type": "Armed", "at": 1, "by": "x", "hat": 1}', 'unknown field "hat"'),
        (b'{"v": 1, "type": "ActionTold", "at": 1, "action": {"type": "Fly"}}', 'an action of the unknown type "Fly"'),
    ],
)
def test_a_row_from_a_newer_version_names_position_and_remedy(row: bytes, says: str) -> None:
    with pytest.raises(UnreadableEvent) as caught:
        decode(row, 7)
    assert says in str(caught.value)
    assert "install that version again" in str(caught.value)


@pytest.mark.parametrize(
    "row",
    [
        b"\xff",
        b"{",
        b"[]",
        b"{}",
        b'{"v": 0}',
        b'{"v": "1"}',
        b'{"v": 1}',
        b'{"v": 1, "type": "Armed", "at": 1}',
        b'{"v": 1, "type": "Armed", "at": "noon", "by": "x"}',
        b'{"v": 1, "type": "Armed", "at": null, "by": "x"}',
        b'{"v": 1, "type": "ActionTold", "at": 1, "action": null}',
    ],
)
def test_a_damaged_row_names_position_and_remedy(row: bytes) -> None:
    with pytest.raises(UnreadableEvent, match=r"position 7 .*backup"):
        decode(row, 7)


def test_an_old_row_is_upgraded_step_by_step() -> None:
    upgrades = {
        1: lambda row: {**row, "type": "Armed"},
        2: lambda row: {**row, "by": row["by"].upper()},
    }
    old = b'{"v": 1, "type": "SwitchedOn", "at": 3, "by": "eva"}'
    assert decode(old, 1, version=3, upgrades=upgrades) == events.Armed(3.0, "EVA")
