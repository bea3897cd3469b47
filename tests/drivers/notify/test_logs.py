"""Events on the wire of systemd's journal and of syslog, with their fields."""

from __future__ import annotations

import datetime as dt
import re
import socket
import struct
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ridethrough.core import actions as a
from ridethrough.core import events as e
from ridethrough.core.events import Event
from ridethrough.drivers.notify.fields import fields_of
from ridethrough.drivers.notify.journald import Journald, entry
from ridethrough.drivers.notify.syslog import LONGEST, Syslog

MOVE = a.MoveVm("v1", "web1", "pool1", "h1", "h2", "", 60.0)
FAILED = e.ActionFinished(90.0, 7, MOVE, "VM_REQUIRES_SR", "no shared disk")
LOST = e.UtilityLost(1.0, "ups1", 0.0, 0.0, None, None, None, None, 10.0, "")


@dataclass
class Kept:
    """Keeps what no log took."""

    told: list[str] = field(default_factory=list)

    def tell(self, position: int, event: Event, sentence: str) -> None:
        self.told.append(sentence)


def wall(at: float) -> dt.datetime:
    return dt.datetime(2026, 11, 29, 10, 0, tzinfo=dt.timezone(dt.timedelta(hours=1))) + dt.timedelta(seconds=at)


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[socket.socket]:
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listening:
        listening.bind(str(tmp_path / "log"))
        listening.settimeout(10.0)
        yield listening


def fields(datagram: bytes) -> dict[str, str]:
    """A datagram of the journal's protocol, read as its description says."""
    found, rest = {}, datagram
    while rest:
        head, _, rest = rest.partition(b"\n")
        key, equals, value = head.partition(b"=")
        if not equals:
            (length,) = struct.unpack("<Q", rest[:8])
            value, rest = rest[8 : 8 + length], rest[8 + length + 1 :]
        found[key.decode()] = value.decode()
    return found


def test_what_an_event_concerns() -> None:
    assert fields_of(7, FAILED) == {
        "event": "ActionFinished",
        "position": "7",
        "class": "results",
        "severity": "warning",
        "subject": "web1",
        "action": "MoveVm",
        "error": "VM_REQUIRES_SR",
        "host": "h2",
        "pool": "pool1",
        "vm": "web1",
    }
    assert fields_of(1, LOST)["ups"] == "ups1"
    assert fields_of(1, e.Armed(1.0, "anna"))["by"] == "anna"
    assert fields_of(1, e.UpsKnown(1.0, "ups1")) == {"event": "UpsKnown", "position": "1", "ups": "ups1"}


def test_the_journal_gets_a_message_and_fields(log: socket.socket, tmp_path: Path, kept: Kept) -> None:
    Journald(kept, str(tmp_path / "log")).tell(7, FAILED, "   failed: move web1")
    assert fields(log.recv(65536)) == {
        "MESSAGE": "failed: move web1",
        "PRIORITY": "4",
        "SYSLOG_IDENTIFIER": "ridethrough",
        "RIDETHROUGH_EVENT": "ActionFinished",
        "RIDETHROUGH_POSITION": "7",
        "RIDETHROUGH_CLASS": "results",
        "RIDETHROUGH_SEVERITY": "warning",
        "RIDETHROUGH_SUBJECT": "web1",
        "RIDETHROUGH_ACTION": "MoveVm",
        "RIDETHROUGH_ERROR": "VM_REQUIRES_SR",
        "RIDETHROUGH_HOST": "h2",
        "RIDETHROUGH_POOL": "pool1",
        "RIDETHROUGH_VM": "web1",
    }
    assert kept.told == []


def test_a_value_with_a_line_end_goes_with_its_length() -> None:
    assert fields(entry({"A": "1", "B": "two\nlines", "C": "3"})) == {"A": "1", "B": "two\nlines", "C": "3"}


def test_a_name_makes_no_field_of_its_own(log: socket.socket, tmp_path: Path, kept: Kept) -> None:
    Journald(kept, str(tmp_path / "log")).tell(1, e.UtilityBack(1.0, "ups\nPRIORITY=0", 1.0), "x\nMESSAGE=y")
    found = fields(log.recv(65536))
    assert (found["PRIORITY"], found["MESSAGE"]) == ("4", "x MESSAGE=y")
    assert found["RIDETHROUGH_UPS"] == "ups PRIORITY=0"


def test_syslog_has_them_as_structured_data(log: socket.socket, tmp_path: Path, kept: Kept) -> None:
    Syslog(kept, wall, str(tmp_path / "log")).tell(7, FAILED, "failed: move web1")
    line = log.recv(65536).decode()
    found = re.fullmatch(
        r"<28>1 2026-11-29T10:01:30\.000\+01:00 \S+ ridethrough \d+ ActionFinished (\[.*\]) (.*)", line
    )
    assert found is not None
    assert found[1].startswith('[ridethrough@32473 position="7" class="results" severity="warning" subject="web1" ')
    assert found[2] == "\ufefffailed: move web1"


def test_what_structured_data_reserves_is_escaped(log: socket.socket, tmp_path: Path, kept: Kept) -> None:
    Syslog(kept, wall, str(tmp_path / "log")).tell(1, e.UpsKnown(1.0, 'a"]\\b'), "x")
    assert r'ups="a\"\]\\b"]' in log.recv(65536).decode()


def test_a_line_is_no_longer_than_every_server_takes(log: socket.socket, tmp_path: Path, kept: Kept) -> None:
    Syslog(kept, wall, str(tmp_path / "log")).tell(1, LOST, "ü" * 5000)
    line = log.recv(65536)
    assert LONGEST - 2 <= len(line) <= LONGEST
    assert line.decode().endswith("ü")


def test_syslog_over_udp(kept: Kept) -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(10.0)
        Syslog(kept, wall, ("127.0.0.1", listening.getsockname()[1])).tell(1, LOST, "ups1 is on battery")
        assert listening.recv(65536).decode().endswith("ups1 is on battery")


def test_what_a_log_does_not_take_is_told_elsewhere(tmp_path: Path, kept: Kept) -> None:
    Journald(kept, str(tmp_path / "nobody")).tell(1, LOST, "first")
    Syslog(kept, wall, str(tmp_path / "nobody")).tell(1, LOST, "second")
    assert kept.told == ["first", "second"]


def test_a_log_that_does_not_read_holds_nothing_up(log: socket.socket, tmp_path: Path, kept: Kept) -> None:
    journald = Journald(kept, str(tmp_path / "log"))
    for _ in range(10_000):
        journald.tell(1, LOST, "x" * 1000)
        if kept.told:
            break
    assert kept.told


def test_a_log_that_begins_anew_is_found(tmp_path: Path, kept: Kept) -> None:
    journald = Journald(kept, str(tmp_path / "log"))
    for expected in ("first", "second"):
        with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listening:
            listening.bind(str(tmp_path / "log"))
            listening.settimeout(10.0)
            journald.tell(1, LOST, expected)
            assert fields(listening.recv(65536))["MESSAGE"] == expected
        (tmp_path / "log").unlink()
    assert kept.told == []
