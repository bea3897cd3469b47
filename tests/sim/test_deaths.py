"""The deaths themselves: that the controller does die where it should, and that a bent ending is found."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import pytest

from ridethrough.core.actions import DisableHost
from ridethrough.core.decide import Decision, decide
from ridethrough.core.events import ActionStarted
from ridethrough.core.memory import Memory
from ridethrough.core.model import Seconds
from ridethrough.core.observation import Snapshot
from ridethrough.core.site import Site
from ridethrough.sim.crash_exception import CrashException

from .deaths import Death, Place, everywhere, judge, unneeded
from .forked import sweep


@pytest.fixture(scope="module")
def forker() -> Iterator[Executor]:
    """A process without threads, which may be forked."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        yield pool


def forgetful(now: Seconds, seen: Snapshot, memory: Memory, site: Site) -> Decision:
    """A controller that does nothing more once it was started in an outage."""
    if memory.started_at > 0:
        return Decision((), "", None)
    return decide(now, seen, memory, site)


def rash(now: Seconds, seen: Snapshot, memory: Memory, site: Site) -> Decision:
    """A controller that disables a host with good power once it was started in an outage."""
    found = decide(now, seen, memory, site)
    if memory.started_at == 0 or not seen.hosts or not seen.hosts["xenserver2"].enabled:
        return found
    return replace(found, events=(*found.events, ActionStarted(now, DisableHost("xenserver2", "pool1", "who knows"))))


def after_the_first_disable(place: Place) -> tuple[Seconds, ...]:
    return (1.0,) if place.entry == "ActionStarted" and place.number < 12 else ()


def in_the_outage(place: Place) -> tuple[Seconds, ...]:
    return (1.0, 30.0) if not place.entry and 60 < place.at < 64 else ()


def test_a_death_at_a_tick_bends_nothing(forker: Executor, root: Path) -> None:
    found = forker.submit(sweep, root / "scenarios" / "case_one.toml", in_the_outage, told=True).result()
    assert len(found.deaths) > 10
    assert [death.differs for death in found.deaths] == [{}] * len(found.deaths)
    assert all("Ridethrough 0" in death.story.split("fails on feeder a")[1] for death in found.deaths)


def test_a_controller_that_forgets_is_found(forker: Executor, root: Path) -> None:
    found = forker.submit(
        sweep, root / "scenarios" / "case_one.toml", after_the_first_disable, decide=forgetful
    ).result()
    assert found.deaths
    for death in found.deaths:
        assert death.differs["crashed"] == ["hosts that crashed: ['xenserver1'] instead of []"]
        assert "lost" in death.differs


def test_a_broken_rule_is_found(forker: Executor, root: Path) -> None:
    path = root / "scenarios" / "case_two.toml"
    found = forker.submit(sweep, path, after_the_first_disable, decide=rash).result()
    assert found.deaths
    for death in found.deaths:
        assert death.differs["never"][0].startswith("never_1_touches_a_host_without_cause: DisableHost on xenserver2")


RESIDENCE = CrashException(frozenset({"residence"}), "", between=(0, 20), away=frozenset({30}))
FALLEN = CrashException(frozenset({"crashed", "h1"}), "", after=frozenset({"HostDown"}))


@pytest.mark.parametrize(
    ("death", "wrong", "needed"),
    [
        (Death(Place(5, 9), 30, {}), 0, set()),
        (Death(Place(5, 9), 30, {"residence": ["a", "b"]}), 0, {0}),
        (Death(Place(25, 9), 30, {"residence": ["a", "b"]}), 2, set()),
        (Death(Place(5, 9), 1, {"residence": ["a"]}), 1, set()),
        (Death(Place(5, 9), 30, {"residence": ["a"], "h1": ["it is off"]}), 1, {0}),
        (Death(Place(5, 9, "HostDown"), 30, {"residence": ["a"], "h1": ["it is off"]}), 0, {0, 1}),
        (Death(Place(5, 9), 30, {"moves": ["moves of a: 2"]}), 1, set()),
    ],
)
def test_only_what_is_excused_may_differ(death: Death, wrong: int, needed: set[int]) -> None:
    found = judge((RESIDENCE, FALLEN), [death])
    assert len(found.wrong) == wrong
    assert {number for number, _, _, _ in found.needed} == needed


WIDE = CrashException(frozenset({"residence", "lost"}), "why", between=(0, 100), away=frozenset({1, 30}))


@pytest.mark.parametrize(
    ("deaths", "words"),
    [
        ([], ["crash_exception[0] (why) was never needed"]),
        (
            [Death(Place(50, 9), 30, {"residence": ["a"]})],
            [
                "crash_exception[0] (why) never excused lost",
                "crash_exception[0] (why) was never needed for 1 s away",
                "crash_exception[0] (why) speaks of 0 to 100 s and was needed from 50.0 to 50.0 s",
            ],
        ),
        ([Death(Place(5, 9), 30, {"residence": ["a"]}), Death(Place(90, 9), 1, {"lost": ["a"]})], []),
    ],
)
def test_what_is_excused_without_need_is_told(deaths: list[Death], words: list[str]) -> None:
    assert list(unneeded((WIDE,), judge((WIDE,), deaths).needed)) == words


def test_every_place_is_in_one_part() -> None:
    places = [Place(0, n, entry) for n in range(1, 50) for entry in ("", "HostDown")]
    taken = [place for part in range(7) for place in places if everywhere(part, 7)(place)]
    assert sorted(taken, key=str) == sorted(places, key=str)
