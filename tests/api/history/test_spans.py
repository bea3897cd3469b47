"""What a chart makes of readings."""

from __future__ import annotations

import pytest

from ridethrough.api.history.spans import HOLDS, Point, Range, Reading, Span, coarser, points

NOTHING = (None, None, None, None)


def reading(at: float, charge: float | None = None, condition: str = "good") -> Reading:
    return Reading(at, condition, (charge, None, None, None))


def charge(point: Point) -> Range | None:
    return point.ranges[0]


def test_a_mean_is_weighted_by_how_long_each_value_held() -> None:
    (only,) = points([reading(0, 100.0), reading(50, 40.0)], 0, 60, 60)
    assert (charge(only), only.seconds) == (Range(40.0, 90.0, 100.0), 60.0)


def test_a_reading_counts_on_into_the_next_step_and_no_longer_than_it_holds() -> None:
    found = points([reading(10, 80.0)], 0, 300, 30)
    assert [point.at for point in found] == [0, 30, 60]
    assert sum(point.seconds for point in found) == HOLDS


def test_a_reading_from_before_the_chart_counts_from_its_beginning() -> None:
    (only,) = points([reading(90, 70.0)], 100, 130, 30)
    assert (only.at, only.seconds) == (100, 30)


def test_there_is_no_point_where_the_card_was_silent() -> None:
    found = points([reading(0, 80.0), reading(600, 79.0)], 0, 700, 100)
    assert [point.at for point in found] == [0, 600]


def test_what_is_not_told_is_no_zero() -> None:
    (only,) = points([reading(0), reading(10, 50.0)], 0, 30, 30)
    assert (charge(only), only.ranges[1:]) == (Range(50.0, 50.0, 50.0), NOTHING[1:])


def test_the_worst_condition_of_a_step_is_told() -> None:
    found = points([reading(0), reading(5, condition="on battery"), reading(10), reading(31)], 0, 60, 30)
    assert [point.condition for point in found] == ["on battery", "good"]


def test_longer_steps_keep_the_extremes_and_weigh_the_means() -> None:
    fine = [
        Point(0, 600, "good", (Range(90, 95, 100), None, None, None)),
        Point(600, 200, "on battery", (Range(10, 15, 20), None, None, None)),
        Point(1800, 600, "good", NOTHING),
    ]
    first, second = coarser(fine, 0, 1800)
    assert (first.seconds, first.condition, charge(first)) == (800, "on battery", Range(10, 75, 100))
    assert (second.at, charge(second)) == (1800, None)


@pytest.mark.parametrize("span", Span)
def test_a_chart_has_a_few_hundred_points_at_most(span: Span) -> None:
    assert span.seconds % span.step == 0
    assert 100 <= span.seconds / span.step <= 400
