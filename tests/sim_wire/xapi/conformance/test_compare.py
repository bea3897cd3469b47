"""The comparison itself: what of two answers it tells apart."""

from __future__ import annotations

from typing import Any

import pytest

from .compare import differing

XCP1 = {"uuid": "1", "enabled": True}


@pytest.mark.parametrize(
    ("field", "theirs", "ours"),
    [
        ("", {"host xcp1": XCP1}, {"host xcp1": XCP1, "host xcp2": XCP1}),  # a record that only we have
        ("", {"host xcp1": XCP1, "host xcp2": XCP1}, {"host xcp1": XCP1}),
        ("", {}, {"host xcp1": XCP1}),
        ("", {"host xcp1": XCP1}, {}),
        ("", {"host xcp1": XCP1}, {"host xcp1": {**XCP1, "enabled": False}}),
        ("", {"host xcp1": XCP1}, {"host xcp1": {**XCP1, "address": ""}}),  # a field that only we have
        ("", ["host xcp1", "host xcp2"], ["host xcp1"]),
        ("", ["host xcp1"], []),
        ("", True, False),
        ("", "host xcp1", 7),
        ("status", "success", "failure"),
    ],
)
def test_a_difference_is_seen(field: str, theirs: Any, ours: Any) -> None:
    assert list(differing("key", field, theirs, ours))


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (["host xcp1", "host xcp2"], ["host xcp2", "host xcp1"]),
        ("20261123T04:21:01Z", "20261125T00:00:00Z"),
        ("a text", "another"),
        (1, 2),
    ],
)
def test_what_may_differ_does_not_count(theirs: Any, ours: Any) -> None:
    assert list(differing("key", "", theirs, ours)) == []
