"""A real pool's answers (xapi 24.19.2) become hosts, guests and sentences."""

from __future__ import annotations

import json
import xmlrpc.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ridethrough.core.observation import Power
from ridethrough.drivers.xapi.errors import CODES
from ridethrough.drivers.xapi.observe import parsed
from ridethrough.drivers.xapi.picture import picture
from ridethrough.drivers.xapi.records import Host, Task
from ridethrough.drivers.xapi.store import Batch, Records, batch
from ridethrough.drivers.xapi.wire import Value, XapiFailure, _json_answer, _xml_answer


def entries(recordings: Path, pattern: str) -> Iterator[dict[str, Any]]:
    for path in sorted((recordings / "xapi").glob(pattern)):
        told = json.loads(path.read_text())
        if isinstance(told, list):  # the others hold what foreign clients sent, cut short
            yield from (entry for entry in told if isinstance(entry, dict))


def answers(recordings: Path, pattern: str, method: str) -> Iterator[Any]:
    for entry in entries(recordings, pattern):
        if entry.get("method") == method and "result" in entry:
            yield entry["result"]


def over_json(result: Any) -> Batch:
    return batch(_json_answer(json.dumps({"jsonrpc": "2.0", "result": result, "id": 1}).encode()))


def over_xml(result: Any) -> Batch:
    answer = {"Status": "Success", "Value": result}
    return batch(_xml_answer(xmlrpc.client.dumps((answer,), methodresponse=True).encode()))


@pytest.mark.parametrize("read", [over_json, over_xml])
def test_event_batches(recordings: Path, read: Any) -> None:
    batches = [read(result) for result in answers(recordings, "09-*", "event.from")]
    assert len(batches) > 10
    assert sum(len(one.changes) for one in batches) > 20
    everything = next(one for one in batches if {"host", "vm", "pool"} <= {c.cls for c in one.changes})
    records = Records()
    records.apply(everything.changes)
    assert records.missing(everything.counts) == []
    drawn = picture("lab", records, {})
    assert sorted(drawn.hosts) == ["xcp1", "xcp2", "xcp3"]
    assert drawn.coordinator == "xcp1"
    assert all(host.enabled and host.live and host.agent_started for host in drawn.hosts.values())
    assert drawn.hosts["xcp2"].power_on_mode == "wake-on-lan"


def records_of(recordings: Path, pattern: str) -> Records:
    """The records of one recording's get_all_records calls."""
    records = Records()
    for cls, method in (
        ("pool", "pool.get_all_records"),
        ("host", "host.get_all_records"),
        ("host_metrics", "host_metrics.get_all_records"),
        ("vm", "VM.get_all_records"),
    ):
        for result in answers(recordings, pattern, method):
            events = [{"class": cls, "operation": "add", "ref": ref, "snapshot": r} for ref, r in result.items()]
            records.apply(over_json({"token": "", "events": events, "valid_ref_counts": {}}).changes)
    return records


def test_first_contact(recordings: Path) -> None:
    drawn = picture("lab", records_of(recordings, "01-*"), {"10.231.7.12": "h2"})
    assert sorted(drawn.hosts) == ["h2", "xcp1", "xcp3"]
    assert drawn.coordinator == "xcp1"
    assert drawn.hosts["h2"].memory_total == 64 * 2**30
    guests = [vm for vm in drawn.vms.values() if vm.power is Power.RUNNING]
    assert {vm.name for vm in guests} <= {"app1", "db1", "web1", "web2"}
    assert all(vm.immovable == "" for vm in guests)


def test_free_memory_agrees_with_xapi_to_the_byte(recordings: Path) -> None:
    """compute_free_memory of a host with one guest, asked for before the first migration of recording 14."""
    records = records_of(recordings, "1[45]-*")
    told = {int(result) for result in answers(recordings, "14-*", "host.compute_free_memory")}
    vms = next(iter(answers(recordings, "14-*", "VM.get_all_records")))
    hosts = {vm["resident_on"] for vm in vms.values() if vm["power_state"] == "Running"}
    for ref in hosts:
        metrics = f"metrics of {ref}"
        records.hosts[ref] = Host(uuid=ref, name_label=ref, metrics=metrics, memory_overhead=536870912)
        change = {"class": "host_metrics", "operation": "add", "ref": metrics, "snapshot": {"memory_total": 2**36}}
        records.apply(over_json({"token": "", "events": [change], "valid_ref_counts": {}}).changes)
    events = [{"class": "vm", "operation": "mod", "ref": ref, "snapshot": vm} for ref, vm in vms.items()]
    records.apply(over_json({"token": "", "events": events, "valid_ref_counts": {}}).changes)
    free = {host.memory_free for host in picture("lab", records, {}).hosts.values()}
    assert told & free


def test_maintenance_mode_and_disabled_hosts(recordings: Path) -> None:
    hosts = [Value(plain=r).decode(Host) for r in answers(recordings, "14-*", "host.get_record")]
    assert any("MAINTENANCE_MODE" in host.other_config and not host.enabled for host in hosts)
    assert all(host.build == (24, 19, 2) for host in hosts)
    assert len({host.agent_started for host in hosts}) > 1  # the toolstack started again with the host


def test_tasks(recordings: Path) -> None:
    polls = [entry["task"] for entry in entries(recordings, "1[458]-*") if isinstance(entry.get("task"), dict)]
    assert polls
    tasks = [Value(plain=poll).decode(Task) for poll in polls]
    assert {"pending", "success"} <= {task.status for task in tasks}


def test_every_recorded_refusal_is_known(recordings: Path) -> None:
    codes = {entry["failure"][0] for entry in entries(recordings, "*") if entry.get("failure")}
    assert len(codes) > 15
    ours_never = {code for code in codes if code.startswith(("EVENT_", "SESSION_NOT", "EVENTS_"))}
    assert codes - ours_never - set(CODES) == set()


def test_json_refusals_as_they_came(recordings: Path) -> None:
    seen: set[str] = set()
    for entry in entries(recordings, "09-*"):
        if "jsonrpc" not in entry or entry["status"] != 200 or "error" not in entry["response"]:
            continue
        try:
            _json_answer(json.dumps(json.loads(entry["response"]) | {"id": 1}).encode())
        except XapiFailure as failure:
            seen.add(failure.code)
    assert {"HOST_NOT_DISABLED", "SESSION_INVALID", "MESSAGE_PARAMETER_COUNT_MISMATCH"} <= seen


def test_servertime(recordings: Path) -> None:
    times = list(answers(recordings, "*", "host.get_servertime"))
    assert times
    assert all(parsed(text).year == 2026 for text in times)
