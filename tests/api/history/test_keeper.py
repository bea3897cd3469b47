"""What is kept in the file, for how long, and what becomes of a bad file."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from ridethrough.api.history import History, Span
from ridethrough.api.history.spans import Range, Reading
from ridethrough.api.history.store import COARSE_KEPT, FILE, FINE_KEPT, MOST_FINE, Store

NOON = 1_700_000_400.0  # a multiple of ten minutes
DAY = 86400.0


class Cards:
    """Rows as Live shows them, and a clock, both in the test's hands."""

    def __init__(self, state: Path) -> None:
        self.now = NOON
        self.table: dict[str, dict[str, Any]] = {}
        self.history = History(state, lambda: self.table, lambda: self.now)

    def tell(self, at: float, charge: float | None = 100.0, ups: str = "ups1", **row: Any) -> None:
        self.now = max(self.now, at)
        self.table[ups] = {"answered_at": at, "charge": charge, "condition": "good", **row}
        self.history.take()

    def charges(self, span: Span = Span.HOUR) -> list[float | None]:
        found = self.history.chart("ups1", span)[2]
        return [round(p.ranges[0].mean, 1) if p.ranges[0] else None for p in found]


@pytest.fixture
def cards(tmp_path: Path) -> Cards:
    return Cards(tmp_path)


def rows(state: Path, table: str) -> int:
    with sqlite3.connect(state / FILE) as db:
        return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_readings_come_back_as_a_chart(cards: Cards, tmp_path: Path) -> None:
    for second in range(0, 60, 5):
        cards.tell(NOON + second, charge=100.0 - second, load=20.0, runtime=1200.0, input_volts=231.4)
    cards.history.write()
    start, end, points = cards.history.chart("ups1", Span.HOUR)
    assert (end - start, [p.at for p in points][:2]) == (3600.0, [NOON, NOON + 30])
    assert points[0].ranges == (
        Range(75.0, 87.5, 100.0),
        Range(20.0, 20.0, 20.0),
        Range(1200.0, 1200.0, 1200.0),
        Range(231.4, 231.4, 231.4),
    )
    assert cards.history.chart("ups2", Span.HOUR)[2] == []


def test_a_reading_that_tells_nothing_new_is_kept_each_half_minute(cards: Cards, tmp_path: Path) -> None:
    for second in range(0, 300, 5):
        cards.tell(NOON + second)
    cards.tell(NOON + 300, charge=99.0)
    cards.history.write()
    assert rows(tmp_path, "fine") == 13  # each 25 s, and the one that differs
    assert len(cards.charges()) == 11  # no gap between them


def test_the_same_reading_seen_again_is_one(cards: Cards, tmp_path: Path) -> None:
    for jitter in (0.0, 0.1, -0.1):
        cards.tell(NOON + jitter, charge=50.0 + jitter)
    cards.history.write()
    assert rows(tmp_path, "fine") == 1


def test_a_silent_card_leaves_a_gap(cards: Cards) -> None:
    cards.tell(NOON)
    cards.tell(NOON + 900, charge=60.0)
    cards.history.write()
    assert cards.charges() == [100.0, 100.0, 100.0, 60.0]


def test_ten_minutes_are_summed_up_and_outlast_the_readings(cards: Cards, tmp_path: Path) -> None:
    for second in range(0, 1200, 20):
        cards.tell(NOON + second, charge=90.0 if second < 600 else 80.0 - second % 40)
    cards.now = NOON + 1200 + 130
    cards.history.write()
    assert rows(tmp_path, "coarse") == 2
    cards.now += 8 * DAY
    cards.history.write()
    assert (rows(tmp_path, "fine"), rows(tmp_path, "coarse")) == (0, 3)  # the last reading counts on for a minute
    first, *_ = cards.history.chart("ups1", Span.QUARTER)[2]
    charge = first.ranges[0]
    assert charge is not None
    assert (charge.min, charge.max) == (60.0, 90.0)
    assert charge.mean == pytest.approx(79.5, abs=1.0)


def test_a_week_tells_what_is_not_summed_up_yet(cards: Cards) -> None:
    cards.tell(NOON, charge=42.0)
    cards.history.write()
    assert cards.charges(Span.WEEK) == [42.0]


def test_summing_up_goes_on_after_a_restart(cards: Cards, tmp_path: Path) -> None:
    for second in range(0, 700, 20):
        cards.tell(NOON + second, charge=90.0)
    cards.history.write()
    cards.history.close()
    later = Cards(tmp_path)
    later.now = NOON + 3 * 3600
    later.history.write()
    assert rows(tmp_path, "coarse") == 2


def test_what_is_old_is_deleted(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add([("ups1", Reading(NOON + age, "good", (1.0, 2.0, 3.0, 4.0))) for age in (0.0, 3600.0, 7200.0)])
    store.prune(NOON + FINE_KEPT + 3000.0)
    assert rows(tmp_path, "fine") == 2
    store.sum_up(NOON + FINE_KEPT + 3000.0)
    store.prune(NOON + COARSE_KEPT + DAY)
    assert [rows(tmp_path, table) for table in ("fine", "coarse", "upses")] == [0, 0, 0]


def test_readings_of_one_ups_are_bounded(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add([("ups1", Reading(NOON + n, "good", (1.0, 2.0, 3.0, 4.0))) for n in range(MOST_FINE + 500)])
    store.add([("ups2", Reading(NOON, "good", (1.0, 2.0, 3.0, 4.0)))])
    store.prune(NOON + MOST_FINE + 500)
    assert rows(tmp_path, "fine") == MOST_FINE + 1


def test_a_file_that_is_too_large_loses_its_oldest(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add([(f"ups{n % 9}", Reading(NOON + 5.0 * n, "good", (1.0, 2.0, 3.0, 4.0))) for n in range(15_000)])
    before = store.size()
    store.prune(NOON + 75_000.0, largest=before // 2)
    assert 0 < store.size() <= before // 2
    with sqlite3.connect(tmp_path / FILE) as db:
        assert db.execute("SELECT max(at) FROM fine").fetchone()[0] == (NOON + 5.0 * 14_999) * 10


def test_readings_from_a_clock_that_was_wrong_are_deleted(cards: Cards, tmp_path: Path) -> None:
    cards.tell(NOON + 400 * DAY)
    cards.history.write()
    cards.now = NOON
    cards.tell(NOON, charge=60.0)
    cards.history.write()
    assert (cards.charges(), rows(tmp_path, "fine")) == ([60.0], 1)


@pytest.mark.parametrize("content", [b"this is no database, and long enough to be taken for one" * 40, b"SQLite f"])
def test_a_damaged_file_is_put_aside_and_begun_anew(
    cards: Cards, tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE).write_bytes(content)
    assert cards.charges() == []
    cards.tell(NOON)
    for _ in range(3):
        cards.history.write()
    assert cards.charges() == [100.0]
    assert (tmp_path / f"{FILE}.damaged").read_bytes() == content
    assert [r.message.split(" (")[0] for r in caplog.records] == [f"{tmp_path / FILE} is damaged"]


def test_a_file_that_is_damaged_later_is_put_aside_too(cards: Cards, tmp_path: Path) -> None:
    cards.tell(NOON)
    cards.history.write()
    cards.history.close()
    good = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(good[:4096] + b"\xff" * (len(good) - 4096))
    later = Cards(tmp_path)
    later.tell(NOON + 60, charge=70.0)
    for _ in range(3):
        later.history.write()
    assert later.charges() == [70.0]
    assert (tmp_path / f"{FILE}.damaged").exists()


def test_a_file_of_a_newer_version_is_put_aside(cards: Cards, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE) as db:
        db.execute("PRAGMA user_version = 9")
    cards.tell(NOON)
    cards.history.write()
    assert cards.charges() == [100.0]


def test_a_disk_that_fails_is_logged_once_and_loses_nothing_that_fits(
    cards: Cards, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE).mkdir()
    for second in (0, 5, 10):
        cards.tell(NOON + second, charge=90.0 - second)
        cards.history.write()
    assert len(caplog.records) == 1
    (tmp_path / FILE).rmdir()
    cards.history.write()
    assert rows(tmp_path, "fine") == 3


def test_an_end_in_the_middle_of_a_write_damages_nothing(cards: Cards, tmp_path: Path) -> None:
    ended = threading.Event()

    def write() -> None:
        for second in range(100):
            cards.tell(NOON + second, charge=second % 100)
            cards.history.write()
        ended.set()

    writing = threading.Thread(target=write)
    writing.start()
    while not ended.wait(0.002):
        cards.history.close()
    writing.join()
    cards.history.write()
    assert not (tmp_path / f"{FILE}.damaged").exists()
    assert rows(tmp_path, "fine") == 100
