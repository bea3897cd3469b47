"""The way by `xl`: what it asks of the hypervisor."""

from __future__ import annotations

from pathlib import Path

from ridethrough_agent.routes import Guest, XlRoute

from .machine import script

LIST = """Name                                        ID   Mem VCPUs      State   Time(s)
Domain-0                                     0  4096     4     r-----    1234.5
web                                          4  2048     2     -b----      99.0
my vm                                        7  2048     2     -b----      99.0
"""


def test_guests_are_asked_once_and_ended_at_last(tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    xl = script(tmp_path / "xl", f"echo \"$*\" >>'{asked}'\n[ \"$1\" = list ] && cat <<'END'\n{LIST}END\ntrue")
    route = XlRoute((str(xl),), 10.0)
    guests = route.guests()
    assert guests == {"4": Guest("4", "web"), "7": Guest("7", "my vm")}
    for guest in (guests["4"], guests["7"], guests["4"]):
        route.clean(guest)
    route.hard(guests["7"])
    assert asked.read_text().splitlines() == ["list", "shutdown -F 4", "shutdown -F 7", "destroy 7"]
