"""What outlives the agent: over its restart, not over the machine's; and without a disk that takes anything."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from ridethrough_agent import config
from ridethrough_agent.agent import Agent, Hands
from ridethrough_agent.model import ACTING, BATTERY, Memory, Reading, Source
from ridethrough_agent.state import State

from .machine import Machine

MEMORY = Memory(
    sources=(
        ("card", Source(good=True, since=100.0, confirmed=True, last=Reading(130.0, BATTERY, runtime=600.0))),
        ("usb", Source(good=True)),
    ),
    phase=ACTING,
    since=120.0,
    cause="utility power has been gone for 5 minutes",
)


def state(folder: Path, boot: str = "one") -> tuple[State, list[str]]:
    said: list[str] = []
    return State(str(folder), boot, said.append), said


def test_a_restarted_agent_goes_on_where_it_was(tmp_path: Path) -> None:
    state(tmp_path / "s")[0].keep(MEMORY)
    assert state(tmp_path / "s")[0].load() == MEMORY


def test_after_a_boot_nothing_is_known(tmp_path: Path) -> None:
    """Its clock begins anew, and the machine was off: an old outage must not shut it down again."""
    state(tmp_path)[0].keep(MEMORY)
    assert state(tmp_path, "two")[0].load() == Memory()
    nobody, _ = state(tmp_path, "")
    nobody.keep(MEMORY)
    assert nobody.load() == Memory()


def test_a_disk_that_takes_nothing_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    it, said = state(tmp_path / "file" / "below")
    it.keep(MEMORY)
    it.keep(MEMORY._replace(since=121.0))
    assert len(said) == 1
    assert said[0].endswith("the agent goes on without")
    assert not it.is_armed()


def test_what_cannot_be_read_is_nothing(tmp_path: Path) -> None:
    it, _ = state(tmp_path)
    for text in ("", "[]", '{"boot": "one"}', '{"boot": "one", "sources": {"a": {}}, "phase": 1}', "\x00"):
        (tmp_path / "state.json").write_text(text)
        assert it.load() == Memory()


def test_it_is_written_when_something_has_changed_only(tmp_path: Path) -> None:
    it, _ = state(tmp_path)
    it.keep(MEMORY)
    (tmp_path / "state.json").unlink()
    it.keep(MEMORY._replace(round_at=5.0, lease_until=9.0))
    assert not (tmp_path / "state.json").exists()
    it.keep(MEMORY._replace(phase="idle"))
    assert (tmp_path / "state.json").exists()


def agent(folder: Path, armed: str) -> tuple[Agent, list[str]]:
    """An agent that was started anew after it had begun to stop its machine."""
    did: list[str] = []
    settings = config.read(str(Machine(folder / "m", agent={"armed": armed}, ups_a={"upsd": "ups@127.0.0.1:1"}).ini))
    kept = State(str(folder), "one", did.append)
    kept.keep(MEMORY)
    hands = Hands(did.append, did.append, lambda left: did.append("stop"), lambda: None, lambda: datetime.now(UTC))
    return Agent(settings, kept, hands), did


def test_an_agent_that_is_started_anew_past_the_point_of_no_return_goes_through(tmp_path: Path) -> None:
    it, did = agent(tmp_path, "yes")
    for at in (200.0, 201.0):
        it.round(at, {}, None)
    assert did.count("stop") == 1


def test_one_that_was_disarmed_meanwhile_does_nothing(tmp_path: Path) -> None:
    it, did = agent(tmp_path, "no")
    it.round(200.0, {}, None)
    assert "stop" not in did
    assert it.memory.phase != ACTING
