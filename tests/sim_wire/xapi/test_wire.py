"""Envelopes and error shapes, byte for byte where the laboratory pool's are known (recordings 01, 09, 19)."""

from __future__ import annotations

import json
import xmlrpc.client
from typing import Any

import pytest

from ridethrough.sim.machines import Profile

from .site import PASSWORD, Caller, recording, served, small_world, vm


async def xml(caller: Caller, method: str, *params: Any, path: str = "/RPC2") -> Any:
    """A call over XML-RPC: the struct with its Status."""
    body = xmlrpc.client.dumps(params, method, allow_none=True).encode()
    status, kind, answer = await caller.post("h1", body, path)
    assert (status, kind) == (200, "text/xml")
    (result,), _ = xmlrpc.client.loads(answer)
    return result


async def test_json_rpc_1_and_2() -> None:
    async with served() as caller:
        session, host = await caller.login(), caller.server.world.hosts["h2"].ref
        two = json.dumps({"jsonrpc": "2.0", "method": "host.shutdown", "params": [session, host], "id": 4})
        one = json.dumps({"method": "host.shutdown", "params": [session, host], "id": 8})
        good = json.dumps({"method": "host.get_enabled", "params": [session, host], "id": 7})
        error = b'{"jsonrpc":"2.0","error":{"code":1,"message":"HOST_NOT_DISABLED","data":[]},"id":4}'
        assert (await caller.post("h1", two.encode()))[2] == error
        assert (await caller.post("h1", one.encode()))[2] == b'{"result":null,"error":["HOST_NOT_DISABLED"],"id":8}'
        assert (await caller.post("h1", good.encode()))[2] == b'{"result":true,"error":null,"id":7}'


async def test_what_is_no_request_is_http_500() -> None:
    async with served() as caller:
        for path, body in (("/jsonrpc", b"not json"), ("/", b'{"jsonrpc":"2.0"}')):
            status, kind, answer = await caller.post("h1", body, path)
            assert status == 500
            assert kind.startswith("text/html")
            assert b"HTTP 500 internal server error" in answer
        assert (await caller.post("h1", b"", "/nowhere"))[0] == 404


@pytest.mark.parametrize("path", ["/", "/RPC2", "/xmlrpc"])
async def test_xml_rpc_on_each_of_its_paths(path: str) -> None:
    async with served() as caller:
        good = await xml(caller, "session.login_with_password", "root", PASSWORD, path=path)
        assert good["Status"] == "Success"
        bad = await xml(caller, "host.get_record", good["Value"], "OpaqueRef:nope", path=path)
        assert bad == {"Status": "Failure", "ErrorDescription": ["HANDLE_INVALID", "host", "OpaqueRef:nope"]}


async def test_xml_rpc_writes_values_as_xapi_does() -> None:
    async with served() as caller:
        session, world = await caller.login(), caller.server.world
        body = xmlrpc.client.dumps((session, world.hosts["h1"].metrics_ref), "host_metrics.get_record").encode()
        _, _, answer = await caller.post("h1", body, "/RPC2")
        assert answer.startswith(b'<?xml version="1.0"?><methodResponse><params><param><value><struct><member>')
        assert b"<name>memory_total</name><value>68719476736</value>" in answer
        assert b"<name>live</name><value><boolean>1</boolean></value>" in answer
        assert b"<name>last_updated</name><value><dateTime.iso8601>2026" in answer
        assert b"<string>" not in answer


async def test_numbers_may_come_as_text_on_xml_rpc_and_null_as_a_session_is_an_internal_error() -> None:
    async with served() as caller:
        session = await caller.login()
        for timeout in ("0.0", 0, 0.0):
            assert (await xml(caller, "event.from", session, ["host"], "", timeout))["Status"] == "Success"
        missing = await xml(caller, "host.get_all", None)
        assert missing["ErrorDescription"] == ["INTERNAL_ERROR", "Failure(\"Expected string, got 'N'\")"]


async def test_refusals_are_those_of_the_laboratory() -> None:
    """Each call of recording 01 that failed, with our references in place of theirs."""
    async with served(speed=50.0) as caller:
        session, host = await caller.login(), caller.server.world.hosts["h2"].ref
        await caller.call("h1", "host.add_to_other_config", session, host, "ups", "a")
        checked = 0
        for entry in recording("01-login-and-records"):
            failed, method = entry.get("failure"), entry.get("method", "")
            if failed is None or method == "host.get_all":  # the latter: a session of nil, told above
                continue
            where = "h1" if entry["url"].endswith(".11") else "h2"
            ours = {entry["args"][0] if "add_to" in method else "": host}
            args = [ours.get(a, a) for a in entry["args"]]
            head = () if method.startswith("session.login") else (session,)
            expected = [ours.get(e, e) for e in failed]
            if expected[0] == "HOST_IS_SLAVE":
                expected[1] = caller.server.endpoints["h1"][0]
            assert await caller.refusal(where, method, *head, *args) == expected
            checked += 1
        assert checked == 9


async def test_session_first_then_name_then_parameters() -> None:
    async with served() as caller:
        session = await caller.login()
        h = caller.server.world.hosts["h1"].ref
        assert await caller.refusal("h1", "host.nosuch", "x") == ["SESSION_INVALID", "x"]
        assert await caller.refusal("h1", "host.get_all_records", "") == ["SESSION_INVALID", ""]
        assert await caller.refusal("h1", "host.nosuch", session) == ["MESSAGE_METHOD_UNKNOWN", "host.nosuch"]
        assert await caller.refusal("h1", "Async.host.get_all", session) == [
            "MESSAGE_METHOD_UNKNOWN",
            "Async.host.get_all",
        ]
        mismatch = ["MESSAGE_PARAMETER_COUNT_MISMATCH", "host.disable", "1", "2"]
        assert await caller.refusal("h1", "host.disable", session, h, False) == mismatch
        assert await caller.refusal("h1", "VMPP.get_all_records", session) == ["MESSAGE_REMOVED"]
        assert await caller.refusal("h1", "VDI.create", session, {}) == ["NOT_IMPLEMENTED", "VDI.create"]
        assert await caller.call("h1", "VLAN.get_all_records", session) == {}
        assert await caller.call("h1", "event_get_current_id", session) == 0
        assert "VM.pool_migrate" in await caller.call("h1", "system.listMethods")


@pytest.mark.parametrize(
    ("build", "disable", "evacuate"), [("1.249.32", 1, 1), ("1.303.0", 1, 2), ("24.19.2", 1, 3), ("26.1.4", 2, 3)]
)
async def test_releases_differ_in_their_parameters(build: str, disable: int, evacuate: int) -> None:
    world = small_world()
    world.pools["p"].profile = Profile(build=build)
    async with served(world) as caller:
        session, host = await caller.login(), world.hosts["h3"].ref
        too_many: list[object] = [host, *["x"] * 5]
        for name, most in (("host.disable", disable), ("host.evacuate", evacuate)):
            refused = await caller.refusal("h1", name, session, *too_many)
            mismatch = ["MESSAGE_PARAMETER_COUNT_MISMATCH", name, str(most), "6"]
            assert (refused == mismatch) is (most == 1)  # what follows optional ones is passed over (lab 02)
        software = await caller.call("h1", "host.get_software_version", session, host)
        assert software["xapi_build"] == build


async def test_maps() -> None:
    async with served() as caller:
        session, web = await caller.login(), vm(caller.server.world, "web").ref
        await caller.call("h1", "VM.add_to_other_config", session, web, "a", "1")
        again = await caller.refusal("h1", "VM.add_to_other_config", session, web, "a", "2")
        assert again == ["MAP_DUPLICATE_KEY", "VM", "other_config", web, "a"]
        await caller.call("h1", "VM.remove_from_other_config", session, web, "a")
        await caller.call("h1", "VM.remove_from_other_config", session, web, "a")
        assert await caller.call("h1", "VM.get_other_config", session, web) == {}
        await caller.call("h1", "VM.set_other_config", session, web, {"b": "2"})
        assert vm(caller.server.world, "web").other_config == {"b": "2"}
        await caller.call("h1", "VM.set_name_description", session, web, "a description")
        assert (await caller.call("h1", "VM.get_record", session, web))["name_description"] == "a description"


RECORDED = [
    ("01-login-and-records", ["pool", "host", "host_metrics", "VM", "VM_metrics", "VM_guest_metrics", "PIF"]),
]


@pytest.mark.parametrize(("name", "classes"), RECORDED)
async def test_records_have_the_fields_and_kinds_of_the_laboratorys(name: str, classes: list[str]) -> None:
    """Recorded over XML-RPC, so ours are asked for in the same way."""
    answers = {e["method"]: e["result"] for e in recording(name) if "result" in e and "method" in e}
    async with served() as caller:
        session = await caller.login()
        for xapi_class in classes:
            theirs = next(iter(answers[f"{xapi_class}.get_all_records"].values()))
            result = (await xml(caller, f"{xapi_class}.get_all_records", session))["Value"]
            ours = next(iter(result.values()))
            assert set(ours) == set(theirs), xapi_class
            for field, value in theirs.items():
                mine = ours[field]
                kind = str if isinstance(mine, xmlrpc.client.DateTime) else type(mine)  # the recording holds text
                assert kind is type(value), f"{xapi_class}.{field}: {mine!r}, not {value!r}"


async def test_a_tasks_record_has_the_fields_and_kinds_of_the_laboratorys() -> None:
    entries = recording("02-disable-evacuate-enable")
    theirs = next(e["result"] for e in entries if e.get("method") == "task.get_record")
    async with served() as caller:
        session = await caller.login()
        task = await caller.call("h1", "Async.host.evacuate", session, caller.server.world.hosts["h2"].ref)
        ours = (await xml(caller, "task.get_record", session, task))["Value"]
        assert set(ours) == set(theirs)
        same = ("name_label", "status", "progress", "type", "result", "error_info", "subtask_of", "backtrace")
        assert {f: ours[f] for f in same} == {f: theirs[f] for f in same}
        assert ours["finished"] == "19700101T00:00:00Z"
