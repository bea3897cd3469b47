"""Text on a terminal."""

from __future__ import annotations

import pytest

from ridethrough.cli.text import count, no_agent, outage, table, wrapped


def test_a_number_stays_with_its_unit_and_words_stay_whole() -> None:
    assert wrapped("it is 60 s", 8) == ["it is", "60 s"]
    assert wrapped("sha256:0123456789", 5) == ["sha256:0123456789"]
    assert wrapped("", 10) == []


def test_nothing_in_a_name_or_in_a_persons_words_reaches_the_terminal_as_a_command() -> None:
    assert wrapped("a reason\x1b[2K\r12:00 all\x9b is\n well", 80) == ["a reason [2K 12:00 all  is  well"]


@pytest.mark.parametrize(
    ("columns", "lines"),
    [
        (80, ["Host  Step", "h1    being emptied now", "h2    -"]),
        (20, ["Host  Step", "h1    being emptied", "      now", "h2    -"]),
        (10, ["Host  Step", "h1    being", "      emptied", "      now", "h2    -"]),
    ],
)
def test_wide_cells_wrap(
    columns: int, lines: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    table(("Host", "Never", "Step"), [("h1", "", "being emptied now"), ("h2", "", "-")])
    assert capsys.readouterr().out.splitlines() == lines


def test_words() -> None:
    assert [count(n, "VM") for n in (0, 1, 2)] == ["0 VMs", "1 VM", "2 VMs"]
    assert outage({"vms": "crash", "host": "crash"}) == "its VMs crash, the host crashes"


def test_hosts_without_a_python_for_the_agent_are_told_who_protects_them() -> None:
    hosts = [{"name": "old1", "takes_agent": False}, {"name": "new", "takes_agent": True}]
    assert no_agent(hosts[1:]) == ""
    assert no_agent(hosts).startswith(
        "ridethrough-agent is not for old1: dom0 of 8.2 and older has no usable Python 3;"
    )
    assert no_agent(hosts).endswith("protects such a host, the coordinator too, over the API")
