"""Hearing answer after answer says what each of them says alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ridethrough.drivers.snmp.mibs import RFC1628
from ridethrough.ups.meaning import Field, Value
from ridethrough.ups.told import Hearing, Told

ROWS = RFC1628.rows[:12]
FAST = sorted({row.oid for row in ROWS})[:6]
SLOW = sorted({row.oid for row in ROWS})[6:]
VALUE = st.one_of(st.none(), st.booleans(), st.integers(-1, 5), st.sampled_from([1.0, 3.0, "3", b"3", "", "text"]))
BESIDES = st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from(["on_battery", "low", "testing"]), max_size=2)


@given(
    answers=st.lists(
        st.tuples(
            st.dictionaries(st.sampled_from(FAST), VALUE), st.dictionaries(st.sampled_from(SLOW), VALUE), BESIDES
        ),
        min_size=1,
        max_size=6,
    )
)
def test_each_answer_is_heard_as_if_it_were_the_first(
    answers: list[tuple[dict[str, Value], dict[str, Value], dict[str, Field]]],
) -> None:
    hearing = Hearing(ROWS)
    for values, slow, unsorted in answers:
        besides = dict(sorted(unsorted.items()))  # as the driver gives them
        alone = Told.of(ROWS, slow | values, besides).found
        heard = hearing.hear(values, slow, besides).found
        assert _plain(heard) == _plain(alone)


def _plain(found: object) -> object:
    """With the types of the values: True is not 1."""
    assert isinstance(found, dict)
    return {field: [(name, type(m), m) for name, m in said] for field, said in found.items()}


def test_the_same_answer_is_the_same_object() -> None:
    hearing = Hearing(ROWS)
    first = hearing.hear({FAST[0]: 3})
    assert hearing.hear({FAST[0]: 3}) is first
    assert hearing.hear({FAST[0]: 2}) is not first
