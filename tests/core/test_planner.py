"""The planner alone: nothing is overfilled, what is worth most is saved, and what it cannot count on comes last."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ridethrough.core.planner import Guest, Plan, Problem, Target, packed

from .build import GIB

BOTH = ("a", "b")


def guest(name: str, gib: float, weight: int = 1, targets: tuple[str, ...] = BOTH, **more: object) -> Guest:
    return Guest(name, "source", int(gib * GIB), targets, weight, **more)  # type: ignore[arg-type]


def target(name: str, gib: float, **more: object) -> Target:
    return Target(name, int(gib * GIB), **more)  # type: ignore[arg-type]


def plan(guests: list[Guest], *targets: Target, **windows: float) -> Plan:
    return packed(Problem(tuple(guests), targets, windows))


def test_one_is_moved_aside_for_another_that_has_no_other_place() -> None:
    """Both fit only if the one that could go anywhere does not take the place of the one that cannot."""
    guests = [guest("free", 8), guest("tied", 7, targets=("a",))]
    assert plan(guests, target("a", 8), target("b", 8)).places == {"free": "b", "tied": "a"}


def test_guests_that_fill_two_hosts_to_the_last_byte_are_packed() -> None:
    guests = [guest(f"g{n}", gib) for n, gib in enumerate((6, 5, 5, 4, 3, 1))]
    assert len(plan(guests, target("a", 12), target("b", 12)).places) == 6


def test_what_is_worth_more_takes_the_place() -> None:
    guests = [guest("big", 10, 4), guest("one", 5, 3), guest("two", 5, 3)]
    assert set(plan(guests, target("a", 10)).places) == {"one", "two"}
    dear = [guest("big", 10, 8), *guests[1:]]
    assert set(plan(dear, target("a", 10)).places) == {"big"}


def test_the_preferred_host_of_the_same_supply_is_taken() -> None:
    assert plan([guest("g", 1, preferred="a")], target("a", 4), target("b", 40)).places == {"g": "a"}
    worse = target("a", 4, rank=1)
    assert plan([guest("g", 1, preferred="a")], worse, target("b", 40)).places == {"g": "b"}


def test_members_of_a_group_are_kept_apart_while_there_is_a_choice() -> None:
    """Nobody is given up for it."""
    guests = [guest(name, 1, groups=frozenset({"web"})) for name in ("web1", "web2")]
    places = plan(guests, target("a", 40), target("b", 4)).places
    assert set(places.values()) == {"a", "b"}
    met = target("a", 40, groups={"web": 1})
    assert plan(guests[:1], met, target("b", 4)).places == {"web1": "b"}
    assert len(plan(guests, target("a", 40)).places) == 2


def test_vcpus_are_spread_over_the_cpus_where_nothing_else_tells_hosts_apart() -> None:
    """Of a few waits nobody knows: then room counts. The owner's host and the links count for more than CPUs."""
    few, many = target("a", 64, cpus=4), target("b", 32, cpus=16)
    assert plan([guest("g", 2, vcpus=4)], few, many).places == {"g": "a"}
    assert plan([guest("g", 2, vcpus=5)], few, many).places == {"g": "b"}
    assert plan([guest("g", 2, vcpus=4)], target("a", 64, cpus=4, vcpus=1), many).places == {"g": "b"}
    assert plan([guest("g", 2, vcpus=5, preferred="a")], few, many).places == {"g": "a"}
    assert plan([guest("g", 2, vcpus=5)], few, target("b", 32, cpus=16, busy=1.0)).places == {"g": "a"}
    together = plan([guest(f"g{n}", 2, vcpus=8) for n in range(3)], few, many).places
    assert together == {"g0": "b", "g1": "b", "g2": "a"}  # by then one would wait for each CPU on either


def test_moves_are_spread_over_the_links() -> None:
    guests = [guest(f"g{n}", 2, seconds=20.0) for n in range(4)]
    places = plan(guests, target("a", 64), target("b", 32)).places
    assert sorted(places.values()) == ["a", "a", "b", "b"]


def test_what_there_is_no_time_for_comes_last_and_takes_nothing_away() -> None:
    """Forty seconds carry the two that are worth more together; the third may still have luck."""
    guests = [
        guest("slow", 8, 5, seconds=40.0),
        guest("one", 4, 4, seconds=20.0),
        guest("two", 4, 4, seconds=20.0),
    ]
    found = plan(guests, target("a", 16), source=40.0)
    assert set(found.places) == {"slow", "one", "two"}
    assert found.late == {"slow"}
    short = plan(guests, target("a", 8), source=40.0)
    assert set(short.places) == {"one", "two"}


sizes = st.lists(st.tuples(st.integers(1, 16), st.integers(1, 9), st.sampled_from([BOTH, ("a",), ("b",)])), max_size=10)


@given(sizes=sizes, free=st.tuples(st.integers(0, 48), st.integers(0, 48)), window=st.integers(1, 200))
def test_memory_and_time_are_kept_to_and_few_guests_are_placed_as_well_as_can_be(
    sizes: list[tuple[int, int, tuple[str, ...]]], free: tuple[int, int], window: int
) -> None:
    """Property, against every possible choice of what stays off."""
    guests = [guest(f"g{n}", gib, w, t, seconds=10.0 * gib) for n, (gib, w, t) in enumerate(sizes)]
    found = plan(guests, target("a", free[0]), target("b", free[1]), source=float(window))
    for name, room in zip(BOTH, free, strict=True):
        assert sum(g.memory for g in guests if found.places.get(g.id) == name) <= room * GIB
    timely = [g for g in guests if g.id in found.places and g.id not in found.late]
    assert sum(g.seconds for g in timely) <= window
    assert sum(g.weight for g in timely) >= _most(guests, dict(zip(BOTH, free, strict=True)), float(window))


def _most(guests: list[Guest], free: dict[str, int], window: float) -> int:
    if not guests:
        return 0
    first, *rest = guests
    best = _most(rest, free, window)
    for name in first.targets:
        room = free[name] - first.memory // GIB
        if room >= 0 and first.seconds <= window:
            best = max(best, first.weight + _most(rest, {**free, name: room}, window - first.seconds))
    return best


@given(
    sizes=sizes,
    vcpus=st.lists(st.integers(0, 8), min_size=10, max_size=10),
    free=st.tuples(st.integers(0, 48), st.integers(0, 48)),
    cpus=st.tuples(st.integers(0, 8), st.integers(0, 8)),
    window=st.one_of(st.none(), st.integers(1, 800)),
)
def test_nobody_is_lost_by_spreading_vcpus(
    sizes: list[tuple[int, int, tuple[str, ...]]],
    vcpus: list[int],
    free: tuple[int, int],
    cpus: tuple[int, int],
    window: int | None,
) -> None:
    """Property: with vCPUs and without, the same guests are saved, and the same ones are late."""
    guests = [guest(f"g{n}", gib, w, t, seconds=10.0 * gib) for n, (gib, w, t) in enumerate(sizes)]
    with_vcpus = [replace(g, vcpus=count) for g, count in zip(guests, vcpus, strict=False)]
    windows = {} if window is None else {"source": float(window)}
    bare = [target(name, gib) for name, gib in zip(BOTH, free, strict=True)]
    with_cpus = [replace(t, cpus=count) for t, count in zip(bare, cpus, strict=True)]
    before, after = plan(guests, *bare, **windows), plan(with_vcpus, *with_cpus, **windows)
    assert (set(after.places), after.late) == (set(before.places), before.late)
