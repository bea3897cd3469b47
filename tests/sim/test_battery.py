"""Energy is neither made nor lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridethrough.sim.battery import Battery

watts = st.floats(1.0, 10_000.0)
seconds = st.floats(0.0, 100_000.0)
capacities = st.floats(1.0, 100_000.0)


@given(capacities, watts, seconds, seconds)
def test_two_stretches_are_one(capacity: float, load: float, first: float, second: float) -> None:
    full = Battery.full(capacity)
    in_two = full.after(first, load).after(second, load)
    assert in_two.stored_wh == pytest.approx(full.after(first + second, load).stored_wh, abs=1e-6 * capacity)


@given(capacities, watts)
def test_it_is_empty_exactly_when_it_says(capacity: float, load: float) -> None:
    full = Battery.full(capacity)
    lasts = full.falls_to(0.0, load)
    assert lasts is not None
    assert full.after(lasts, load).stored_wh == pytest.approx(0.0, abs=1e-6 * capacity)
    assert full.after(lasts * 0.99, load).stored_wh > 0


@given(capacities, st.floats(-10_000.0, 10_000.0), seconds)
def test_charge_stays_between_empty_and_full(capacity: float, load: float, time: float) -> None:
    assert 0.0 <= Battery(capacity, capacity / 2).after(time, load).charge <= 100.0


@given(capacities, st.floats(-10_000.0, 0.0))
def test_without_a_load_it_never_empties(capacity: float, load: float) -> None:
    assert Battery.full(capacity).falls_to(0.0, load) is None
    assert Battery(capacity, 0.0).falls_to(0.0, load) == 0.0
