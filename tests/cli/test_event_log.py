"""Where `ridethrough run` tells what happens."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from ridethrough.cli.event_log import JsonLines, Log, Printer, event_log
from ridethrough.core import events as e
from ridethrough.drivers.notify.journald import Journald
from ridethrough.drivers.notify.syslog import Syslog

from .live import ridethrough

LOST = e.UtilityLost(1.5, "ups1", 0.0, 0.0, None, None, None, None, 10.0, "")


def wall(at: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(at, dt.UTC)


def test_as_text() -> None:
    lines: list[str] = []
    Printer(wall, lines.append).tell(7, LOST, "ups1 is on battery")
    assert lines == ["1970-01-01 00:00:01  ups1 is on battery"]


@pytest.mark.parametrize("forged", ["\n1970-01-01 00:00:01  ", "\r\x1b[2K", "\x9b2K", "\u2028"])
def test_an_event_is_one_line_whatever_somebody_has_written(forged: str) -> None:
    lines: list[str] = []
    Printer(wall, lines.append).tell(7, LOST, f"pool1: a reason{forged}all is well")
    JsonLines(wall, lines.append).tell(7, LOST, f"pool1: a reason{forged}all is well")
    assert all(line.isprintable() for line in lines)
    assert lines[0].startswith("1970-01-01 00:00:01  pool1: a reason ")
    assert json.loads(lines[1])["message"].startswith("pool1: a reason ")


def test_as_json() -> None:
    lines: list[str] = []
    JsonLines(wall, lines.append).tell(7, LOST, "ups1 is on battery")
    assert json.loads(lines[0]) == {
        "time": "1970-01-01T00:00:01.500+00:00",
        "event": "UtilityLost",
        "position": 7,
        "class": "utility power",
        "severity": "warning",
        "subject": "ups1",
        "ups": "ups1",
        "message": "ups1 is on battery",
    }


@pytest.mark.parametrize(
    ("kind", "server", "made"),
    [
        (Log.TEXT, "", Printer),
        (Log.JSON, "", JsonLines),
        (Log.JOURNALD, "", Journald),
        (Log.SYSLOG, "", Syslog),
        (Log.SYSLOG, "/run/log", Syslog),
        (Log.SYSLOG, "127.0.0.1:5514", Syslog),
    ],
)
def test_what_is_chosen(kind: Log, server: str, made: type) -> None:
    assert isinstance(event_log(kind, server, wall, print), made)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--log", "syslog", "--syslog-server", "a b"], "is no server"),
        (["--syslog-server", "127.0.0.1"], "goes with --log syslog"),
        (["--log", "paper"], "'paper' is not one of"),
    ],
)
def test_a_wrong_choice_is_told(tmp_path: Path, options: list[str], says: str) -> None:
    (tmp_path / "site.toml").write_text('[site]\nname = "x"\n')
    where = ("--site", str(tmp_path / "site.toml"), "--state", str(tmp_path / "state"))
    result = ridethrough("run", *where, *options)
    assert result.exit_code == 2
    assert says in " ".join(result.output.split())
