"""Which moves may share a link."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from ridethrough.core.links import Flow, carry
from ridethrough.sim.agenda import Agenda
from ridethrough.sim.migration import Links

seconds = st.integers(1, 40).map(float)


@given(st.lists(st.tuples(seconds, seconds), min_size=1, max_size=5), st.booleans())
def test_moves_begin_beside_each_other_exactly_when_all_of_them_end_in_time(
    moves: list[tuple[float, float]], shares_the_source: bool
) -> None:
    """Against the links of the simulator, a link of one byte a second."""
    source, target = ("a", "t{}") if shares_the_source else ("s{}", "b")
    flows = [Flow(source.format(n), target.format(n), needs, within) for n, (needs, within) in enumerate(moves)]
    agenda = Agenda()
    names = {f.source for f in flows} | {f.target for f in flows}
    links = Links(agenda, dict.fromkeys(names, 1.0))
    ends: dict[int, float] = {}
    for n, each in enumerate(flows):
        sent = links.send(f"vm{n}", each.source, each.target, each.needs)
        sent.done.watch(lambda n=n: ends.update({n: agenda.now}))  # type: ignore[misc]
    agenda.advance(1000.0)
    in_time = all(ends[n] <= each.within + 1e-6 for n, each in enumerate(flows))
    assert carry(flows[:-1], flows[-1]) == (in_time or len(flows) == 1)


def test_moves_on_other_links_do_not_matter() -> None:
    assert carry([Flow("a", "x", 100.0, 100.0)], Flow("b", "y", 100.0, 100.0))


def test_without_an_end_of_the_power_as_many_as_there_are() -> None:
    assert carry([Flow("a", "x", 100.0, math.inf)] * 9, Flow("a", "y", 100.0, math.inf))
