"""What the controller sees is kept for processes that imagine what would happen next."""

from __future__ import annotations

from pathlib import Path

import pytest

from ridethrough.core.learned import Kind, Learned, Took, key
from ridethrough.core.model import CardAction, CardTimers
from ridethrough.core.observation import HostSeen, PoolSeen, Power, Snapshot, Source, UpsReading, UpsSeen, VmSeen
from ridethrough.runtime.seen_file import FILE, Seen, SeenFile, read_seen

READING = UpsReading(3.5, Source.UTILITY, charge=98.0, timers=CardTimers(180.0, 120.0, CardAction.CLIENT_AND_UPS))


def snapshot(name: str = "web1") -> Snapshot:
    return Snapshot(
        {"ups1": UpsSeen(READING, None, "")},
        {"pool1": PoolSeen("pool1", "h1", 3.0, advice={"v": "h2"})},
        {"h1": HostSeen("h1", "pool1", storage=frozenset({"sr"}), toolstack_at=2.0)},
        {"v": VmSeen("v", name, "pool1", Power.RUNNING, "h1", tags=frozenset({"a", "b"}))},
    )


async def test_what_is_read_is_what_was_seen(tmp_path: Path) -> None:
    learned = Learned(held={"ups1": 0.6}).with_(Took(75.0, at_least=True), key(Kind.STOP, "v"))
    seen = Seen(4.0, snapshot(), learned)
    assert read_seen(tmp_path) is None
    await SeenFile(tmp_path, lambda: seen).keep()
    assert read_seen(tmp_path) == seen


async def test_a_name_that_is_no_text_costs_the_name_only(tmp_path: Path) -> None:
    await SeenFile(tmp_path, lambda: Seen(4.0, snapshot("bad \ud800"))).keep()
    found = read_seen(tmp_path)
    assert found is not None
    assert found.snapshot.vms["v"].name == "bad \\ud800"


async def test_a_disk_that_refuses_is_tried_again_and_nothing_new_is_not_written(tmp_path: Path) -> None:
    file = SeenFile(tmp_path / "missing", lambda: Seen(4.0, snapshot()))
    await file.keep()
    (tmp_path / "missing").mkdir()
    await file.keep()
    assert read_seen(tmp_path / "missing") is not None
    (tmp_path / "missing" / FILE).unlink()
    await file.keep()
    assert read_seen(tmp_path / "missing") is None


async def test_a_bug_in_looking_costs_one_look(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    looks: list[Seen] = []
    file = SeenFile(tmp_path, lambda: looks[0])
    await file.keep()
    looks.append(Seen(4.0, snapshot()))
    await file.keep()
    assert read_seen(tmp_path) == looks[0]
    assert [record.exc_info is not None for record in caplog.records] == [True]


def test_a_damaged_file_is_no_snapshot(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b'{"at": 1')
    assert read_seen(tmp_path) is None
