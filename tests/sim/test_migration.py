"""Migrations share links exactly, whatever begins and ends meanwhile."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ridethrough.sim.agenda import Agenda
from ridethrough.sim.migration import Links, Migration

SPEEDS = {"h1": 100.0, "h2": 100.0, "h3": 50.0}
hosts = st.sampled_from(sorted(SPEEDS))
courses = st.lists(
    st.tuples(st.floats(0.0, 50.0), hosts, hosts, st.floats(1.0, 5000.0)).filter(lambda m: m[1] != m[2]),
    min_size=1,
    max_size=8,
)


def test_two_from_one_host_share_its_link() -> None:
    agenda, links = _links()
    first, second = links.send("a", "h1", "h2", 1000.0), links.send("b", "h1", "h2", 500.0)
    assert [_arrival(agenda, second), _arrival(agenda, first)] == [10.0, 15.0]


def test_one_that_begins_later_takes_half_from_then_on() -> None:
    agenda, links = _links()
    first = links.send("a", "h1", "h2", 1000.0)
    agenda.advance(5.0)
    second = links.send("b", "h1", "h2", 1000.0)
    assert [_arrival(agenda, first), _arrival(agenda, second)] == [15.0, 20.0]


def test_each_way_counts_by_itself() -> None:
    agenda, links = _links()
    there, back = links.send("a", "h1", "h2", 1000.0), links.send("b", "h2", "h1", 1000.0)
    assert [_arrival(agenda, there), _arrival(agenda, back)] == [10.0, 10.0]


def test_one_that_is_dropped_gives_its_share_back() -> None:
    agenda, links = _links()
    first, second = links.send("a", "h1", "h2", 1000.0), links.send("b", "h1", "h2", 1000.0)
    agenda.advance(10.0)
    links.drop(second, "BECAUSE")
    assert second.error == ("BECAUSE",)
    assert _arrival(agenda, first) == 15.0


def test_a_stalled_one_never_arrives_and_takes_nothing() -> None:
    agenda, links = _links()
    stalled, other = links.send("a", "h1", "h2", 1.0, stalled=True), links.send("b", "h1", "h2", 1000.0)
    assert _arrival(agenda, other) == 10.0
    agenda.advance(1e6)
    assert not stalled.done.fired


@settings(max_examples=60)
@given(courses)
def test_every_byte_arrives_and_no_link_is_oversubscribed(course: list[tuple[float, str, str, float]]) -> None:
    agenda, links = _links()
    arrived: dict[str, float] = {}

    def begin(name: str, source: str, target: str, size: float) -> None:
        migration = links.send(name, source, target, size)
        migration.done.watch(lambda: arrived.update({name: agenda.now}))
        _check_shares(links)

    for position, (at, source, target, size) in enumerate(course):
        agenda.at(at, lambda p=position, s=source, t=target, z=size: begin(str(p), s, t, z))  # type: ignore[misc]
    while (when := agenda.next()) is not None:
        agenda.advance(when)
        _check_shares(links)
    assert len(arrived) == len(course)
    for position, (at, source, target, size) in enumerate(course):
        fastest = size / min(SPEEDS[source], SPEEDS[target])
        assert arrived[str(position)] - at >= fastest - 1e-6
    for host, speed in SPEEDS.items():
        sent = sum(size for _, source, _, size in course if source == host)
        began = [at for at, source, _, _ in course if source == host]
        ended = [arrived[str(p)] for p, m in enumerate(course) if m[1] == host]
        if began:
            assert sent <= speed * (max(ended) - min(began)) * (1 + 1e-9) + 1e-6


def _check_shares(links: Links) -> None:
    out: Counter[str] = Counter()
    into: Counter[str] = Counter()
    for m in links.moving:
        out[m.source] += m.rate  # type: ignore[assignment]
        into[m.target] += m.rate  # type: ignore[assignment]
    for host, speed in SPEEDS.items():
        assert out[host] <= speed * (1 + 1e-9)
        assert into[host] <= speed * (1 + 1e-9)


def _links() -> tuple[Agenda, Links]:
    agenda = Agenda()
    return agenda, Links(agenda, SPEEDS)


def _arrival(agenda: Agenda, migration: Migration) -> float:
    while not migration.done.fired:
        when = agenda.next()
        assert when is not None
        agenda.advance(when)
    return float(pytest.approx(agenda.now).expected)
