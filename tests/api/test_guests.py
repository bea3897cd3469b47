"""Each VM of an outage: what is done with it, how far that is, and what is still to come."""

from __future__ import annotations

from typing import Any

import pytest

from ridethrough.api.guests import ahead, guests

OPTIONS = {"maintenance": {"enabled": True, "after": 60.0}, "shutdown": {"enabled": True, "after": 120.0}}
OFF = {"maintenance": {"enabled": False, "after": 0.0}, "shutdown": {"enabled": False, "after": 0.0}}


def host(id: str = "h1", **changes: Any) -> dict[str, Any]:
    row = {"id": id, "supply": "on battery", "step": "", "options": OPTIONS, "row": {"crash": False}}
    return row | changes


def vm(id: str = "v1", **changes: Any) -> dict[str, Any]:
    row = {"id": id, "name": id, "host": "h1", "power": "running", "wish": "migrate", "immovable": "", "move_takes": 20}
    return row | changes


def part(id: str = "v1", **changes: Any) -> dict[str, Any]:
    told = {"id": id, "name": id, "home": "h1", "host": "h1", "moves": 0, "stopped_at": None, "forced": False}
    return told | {"started_at": None, "stays": ""} | changes


def doing(kind: str, vm: str = "v1", **changes: Any) -> dict[str, Any]:
    done = {"kind": kind, "vm": vm, "host": "h2", "at": 1000.0, "deadline": 75.0, "done_at": None, "told": False}
    return done | changes


def outage(*vms: dict[str, Any], done: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {"vms": list(vms), "done": list(done)}


def test_a_move_tells_its_way_its_begin_and_how_long_it_should_take() -> None:
    (moving,) = guests(outage(part(), done=(doing("MoveVm"),)), [vm()], [host(step="being emptied")])
    assert (moving["phase"], moving["host"], moving["to"]) == ("moving", "h1", "h2")
    assert (moving["begun_at"], moving["deadline_at"], moving["expected"]) == (1000.0, 1075.0, 20.0)


def test_moves_off_one_host_share_its_link() -> None:
    going = outage(part("v1"), part("v2"), done=(doing("MoveVm", "v1"), doing("MoveVm", "v2")))
    moving = guests(going, [vm("v1", move_takes=10), vm("v2", move_takes=30)], [host()])
    assert [(one["vm"], one["expected"]) for one in moving] == [("v1", 20.0), ("v2", 40.0)]
    elsewhere = outage(part("v1"), part("v2", host="h3"), done=going["done"])
    assert [one["expected"] for one in guests(elsewhere, [vm("v1"), vm("v2")], [host()])] == [20.0, 20.0]


@pytest.mark.parametrize(
    ("row", "at", "phase", "why"),
    [
        ({}, {}, "waiting", ""),
        ({"wish": "leave"}, {}, "stays", 'its wish is "leave"'),
        ({"immovable": "it has a local disk"}, {}, "stays", "it has a local disk"),
        ({"skipped": True}, {}, "skipped", "a person skipped it"),
        ({}, {"step": "guests stop"}, "stays", "too late"),
        ({}, {"options": OFF}, "stays", "h1 has neither option enabled"),
    ],
)
def test_a_vm_to_which_nothing_was_done_yet(row: dict[str, Any], at: dict[str, Any], phase: str, why: str) -> None:
    (found,) = guests(outage(), [vm(**row)], [host(**at)])
    assert (found["phase"], found["to"]) == (phase, None)
    assert why in found["why"]


@pytest.mark.parametrize(
    ("told", "row", "phase"),
    [
        ({"moves": 1, "host": "h2"}, {"host": "h2"}, "moved"),
        ({"stopped_at": 1005.0, "host": None}, {"host": None, "power": "halted"}, "stopped"),
        ({"stopped_at": 1005.0, "started_at": 1300.0}, {"host": "h2"}, "started"),
    ],
)
def test_what_came_of_it(told: dict[str, Any], row: dict[str, Any], phase: str) -> None:
    (found,) = guests(outage(part(**told)), [vm(**row)], [host()])
    assert found["phase"] == phase


def test_a_vm_whose_new_host_fails_too_waits_again() -> None:
    (found,) = guests(outage(part(moves=1, host="h2")), [vm(host="h2")], [host("h2")])
    assert (found["phase"], found["host"]) == ("waiting", "h2")


def test_where_nothing_fails_no_vm_is_concerned() -> None:
    assert guests(outage(), [vm()], [host(supply="full")]) == []


def test_what_is_still_to_come() -> None:
    hosts = [host("h1"), host("h2", step="down"), host("h3", supply="full"), host("h4", row={"crash": True})]
    hosts.append(host("h5", row={"crash": True, "spared": True}))
    going = outage(part("v2", moves=1, host="h3"), done=(doing("StopVm", "v3"),))
    vms = [vm("v1"), vm("v2", host="h3"), vm("v3"), vm("v4", wish="leave")]
    assert ahead(hosts, guests(going, vms, hosts)) == {
        "hosts_to_go_down": ["h1", "h5"],
        "hosts_to_crash": ["h4"],
        "vms_moved": 1,
        "vms_to_move": 1,
        "vms_to_stop": 2,
        "vms_to_crash": 0,
        "vms_stopped": 0,
    }


def test_a_pool_that_a_person_wants_off_goes_down_whole() -> None:
    hosts = [host("h1", pool="p", row={"crash": True}), host("h2", pool="p", supply="full"), host("h3", supply="full")]
    hosts.append(host("h4", pool="p", supply="full", step="down"))
    told = ahead(hosts, [], {"p"})
    assert (told["hosts_to_go_down"], told["hosts_to_crash"]) == (["h1", "h2"], [])


def test_in_dry_run_nothing_goes_down_in_time() -> None:
    hosts = [host("h1"), host("h2", supply="full")]
    told = outage(part(told="would move v1 from h1 to h2"))
    (listed,) = guests(told, [vm()], hosts, armed=False)
    assert (listed["phase"], listed["why"]) == ("dry", "would move v1 from h1 to h2")
    found = ahead(hosts, [listed], armed=False)
    assert (found["hosts_to_go_down"], found["hosts_to_crash"]) == ([], ["h1"])
    assert (found["vms_to_move"], found["vms_to_stop"], found["vms_to_crash"]) == (0, 0, 1)
    (fallen,) = guests(told | {"lost": [{"host": "h1", "vms": ["v1"]}]}, [vm()], hosts, armed=False)
    assert fallen["phase"] == "lost"


def test_a_coordinator_that_is_not_protected_crashes_like_any_host() -> None:
    bare: dict[str, Any] = {"options": OFF, "coordinator": True}
    for spared, phase, crash in ((True, "waiting", []), (False, "stays", ["h1"])):
        hosts = [host(**bare, row={"crash": True, "spared": spared})]
        listed = guests(outage(), [vm()], hosts)
        assert (listed[0]["phase"], ahead(hosts, listed)["hosts_to_crash"]) == (phase, crash)
