"""A controller that runs is told to read site.toml again."""

from __future__ import annotations

import urllib.request
from typing import Any

from ridethrough.cli.wire import free_tcp_port
from ridethrough.config.edit import Operation, Remove, Set, edited

from .live import Live, as_json


def told(live: Live) -> list[str]:
    return [line.split("  ", 2)[-1] for line in live.ask("journal", columns=200).stdout.splitlines()]


def starts(live: Live) -> int:
    return sum(line.endswith((" starts", " is watched anew")) for line in told(live))


def write(live: Live, *operations: Operation) -> None:
    live.site.write_text(edited(live.site.read_text(encoding="utf-8"), operations), encoding="utf-8")


def setting(name: str, value: object) -> Operation:
    return Set(("site", name), value)


def version(status: dict[str, Any]) -> str:
    found: str = status["settings_version"]
    return found


def test_what_is_the_same_is_said_to_be(protected: Live) -> None:
    result = protected.ask("reload")
    assert (result.exit_code, result.stdout) == (0, "nothing has changed.\n")
    assert not any("new settings" in line for line in told(protected))


def test_new_values_hold_without_a_stop(protected: Live) -> None:
    before, known = starts(protected), version(protected.until(lambda status: True))
    write(protected, setting("reserve", 45))
    assert protected.ask("reload").stdout == "the new settings hold.\n"
    protected.until(lambda status: version(status) != known)
    assert starts(protected) == before
    assert any("new settings by " in line for line in told(protected))


def test_the_pages_begin_move_and_end_with_their_settings(protected: Live) -> None:
    write(protected, Set(("manager", "listen"), "127.0.0.1:0"), Set(("manager", "http"), True))
    assert protected.ask("reload").exit_code == 1  # port 0 is none
    first, second = free_tcp_port(), free_tcp_port()
    for port in (first, second):
        write(protected, Set(("manager", "listen"), f"127.0.0.1:{port}"))
        said = "the new settings hold; the pages are served anew with theirs ([manager])."
        assert protected.ask("reload").stdout.replace("\n", " ").strip() == said
        protected.until_world(lambda port=port: is_served(port))  # type: ignore[misc]
    assert not is_served(first)
    write(protected, Remove(("manager",)))
    assert protected.ask("reload").exit_code == 0
    protected.until_world(lambda: not is_served(second))


def is_served(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/login", timeout=5.0) as answer:
            return b"Ridethrough" in answer.read()
    except OSError:
        return False


def test_a_wrong_file_changes_nothing(protected: Live) -> None:
    good = protected.site.read_text(encoding="utf-8")
    write(protected, setting("reserve", "soon"))
    result = protected.ask("reload")
    assert result.exit_code == 1
    assert 'the settings stay as they were: site.toml: site.reserve "soon" is no duration' in result.stderr
    protected.site.write_text(good, encoding="utf-8")
    assert protected.ask("reload").stdout == "nothing has changed.\n"


def test_a_ups_is_taken_out_and_put_in_while_it_runs(protected: Live) -> None:
    good = protected.site.read_text(encoding="utf-8")
    before = starts(protected)
    write(protected, Set(("ups", "spare"), {"source": "snmp://127.0.0.99"}))
    assert protected.ask("reload").exit_code == 0
    status = protected.until(lambda status: len(status["upses"]) == 3)
    assert [row["address"] for row in status["upses"] if row["id"] == "spare"] == ["127.0.0.99:161"]
    assert starts(protected) == before + 1  # the others went on
    assert any(line.endswith("spare is watched anew") for line in told(protected))
    protected.site.write_text(good, encoding="utf-8")
    assert protected.ask("reload").exit_code == 0
    protected.until(lambda status: len(status["upses"]) == 2)


def test_in_an_outage_values_are_taken_and_connections_are_not(protected: Live) -> None:
    good = protected.site.read_text(encoding="utf-8")
    protected.set_feeder("a", False)
    protected.until(lambda status: any(row["on_battery_since"] is not None for row in status["upses"]))
    write(protected, setting("reserve", 50))
    assert protected.ask("reload").exit_code == 0
    write(protected, setting("poll", 4))
    refused = as_json(protected.ask("reload", "--json"))
    assert refused["accepted"] is False
    assert "ups1 is on battery: ask again when utility power is back" in refused["answer"]
    protected.set_feeder("a", True)
    protected.until(lambda status: all(row["on_battery_since"] is None for row in status["upses"]))
    protected.site.write_text(good, encoding="utf-8")


def test_the_whole_site_is_watched_anew(protected: Live) -> None:
    before = starts(protected)
    write(protected, setting("poll", 4))
    result = protected.ask("reload")
    assert result.exit_code == 0, result.stderr
    assert starts(protected) > before
    protected.until(lambda status: all(row["connected"] for row in status["hosts"]) and len(status["hosts"]) == 2)
    assert "Traceback" not in protected.daemon.log_text()
