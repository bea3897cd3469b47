"""Whatever a toolstack answers, the driver says Unreachable or Refused, or passes a record over: nothing else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ridethrough.core import actions as a
from ridethrough.core import events as e
from ridethrough.core.decide import decide
from ridethrough.core.fold import fold_all
from ridethrough.core.memory import Memory
from ridethrough.core.model import Host, Pool, Seconds, Ups
from ridethrough.core.observation import Snapshot, Source, UpsReading, UpsSeen
from ridethrough.core.policy import HostPolicy, Policy, Timer
from ridethrough.core.site import Site
from ridethrough.drivers.xapi import XapiPool
from ridethrough.drivers.xapi.act import Hands
from ridethrough.drivers.xapi.address import Address
from ridethrough.drivers.xapi.picture import Evidence, picture
from ridethrough.drivers.xapi.pool_acts import CLAIM_EXPIRES, _age
from ridethrough.drivers.xapi.session import Account, PoolSession
from ridethrough.drivers.xapi.store import Records, batch
from ridethrough.drivers.xapi.wire import (
    UNREADABLE,
    Gibberish,
    IsOld,
    Value,
    Wire,
    XapiFailure,
    _json_answer,
    _xml_answer,
)
from ridethrough.ports import Refused, Unreachable
from tests.runtime.fakes import HandClock, virtually

from .hostile import Endless, Hostile, Reply, drips, hostile, page, says
from .toolstack import Toolstack, WallClock, until

LOGIN = ("root", "secret", "1.0", "test")
DEEP = 100_000


def ok(result: bytes) -> bytes:
    return b'{"jsonrpc":"2.0","result":' + result + b',"id":1}'


def error(shape: bytes) -> bytes:
    return b'{"jsonrpc":"2.0","error":' + shape + b',"id":1}'


def xml(inside: bytes) -> bytes:
    head = b"<?xml version='1.0'?><methodResponse><params><param><value>"
    return head + inside + b"</value></param></params></methodResponse>"


def struct(**members: str) -> bytes:
    body = "".join(f"<member><name>{name}</name><value>{value}</value></member>" for name, value in members.items())
    return xml(f"<struct>{body}</struct>".encode())


BOMB = b"""<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">
<!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;&d;&d;"><!ENTITY f "&e;&e;&e;&e;&e;&e;&e;&e;&e;&e;">
<!ENTITY g "&f;&f;&f;&f;&f;&f;&f;&f;&f;&f;"><!ENTITY h "&g;&g;&g;&g;&g;&g;&g;&g;&g;&g;">]>
<methodResponse><params><param><value>&h;</value></param></params></methodResponse>"""

JSON = {
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "a number": b"7",
    "neither result nor error": b"{}",
    "only an id": b'{"id":1}',
    "to another call": b'{"jsonrpc":"2.0","result":"OpaqueRef:x","id":2}',
    "cut off": b'{"jsonrpc":"2.0","result":"Opa',
    "deep": ok(b"[" * DEEP + b"]" * DEEP),
    "deep and cut off": b'{"result":' + b'{"a":' * DEEP,
    "an error that is deep": error(b"[" * DEEP + b"]" * DEEP),
    "wrong type": ok(b"{}"),
    "null result": ok(b"null"),
    "NaN": ok(b"NaN"),
    "a huge number": ok(b"1e999"),
    "a long number": ok(b"9" * 5000),
    "broken letters in a key": b'{"\xff":1}',
    "UTF-16": ok(b'"x"').decode().encode("utf-16"),
    "an error without anything": error(b"{}"),
    "an empty error": error(b"[]"),
    "a number as error": error(b"5"),
    "an error of nulls": error(b'{"message":null,"data":null}'),
    "an error of tables": error(b'{"message":{"a":1},"data":[[1],{"b":2}]}'),
    "an error's list": error(b'["X",["nested"],null]'),
    "a long error": error(json.dumps({"message": "X" * 10**6, "data": ["y" * 10**5] * 50}).encode()),
}
XML = {
    "nothing": b"",
    "html": b"<html><body>hello</body></html>",
    "no struct": xml(b"<string>x</string>"),
    "no value": struct(Status="Success"),
    "no status": struct(Value="x"),
    "a strange status": struct(Status="<int>7</int>", Value="x"),
    "a bare error": struct(Status="Failure", ErrorDescription="BROKEN"),
    "an empty error": struct(Status="Failure", ErrorDescription="<array><data></data></array>"),
    "no error": struct(Status="Failure"),
    "wrong type": struct(Status="Success", Value="<array><data></data></array>"),
    "a number that is none": struct(Status="Success", Value="<int>x</int>"),
    "base64 that is none": struct(Status="Success", Value="<base64>!</base64>"),
    "a boolean that is none": struct(Status="Success", Value="<boolean>maybe</boolean>"),
    "an unknown encoding": b"<?xml version='1.0' encoding='klingon'?><methodResponse/>",
    "a fault": b"<methodResponse><fault><value><string>x</string></value></fault></methodResponse>",
    "closed twice": xml(b"</struct></array>"),
    "deep": struct(Status="Success", Value="<array><data><value>" * 5000 + "</value></data></array>" * 5000),
    "entities": BOMB,
    "cut off": struct(Status="Success", Value="x")[:-40],
}


@pytest.mark.parametrize("body", JSON.values(), ids=JSON.keys())
def test_json(body: bytes) -> None:
    expect_no(lambda: _json_answer(body).decode(str))


@pytest.mark.parametrize("body", XML.values(), ids=XML.keys())
def test_xml(body: bytes) -> None:
    expect_no(lambda: _xml_answer(body).decode(str))


def expect_no(read: Callable[[], object]) -> None:
    with pytest.raises((XapiFailure, Gibberish, *UNREADABLE)) as caught:
        read()
    assert len(str(caught.value)) < 25_000


HTTP = {
    "html": page(b"<html>busy</html>"),
    "an error page": page(b"<html>no</html>", b"HTTP/1.1 500 no\r\n"),
    "elsewhere": page(b"", b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"),
    "another protocol": page(b"", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n"),
    "no content": b"HTTP/1.1 204 No Content\r\n\r\n",
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "no head": b"\r\n\r\n\r\n",
    "a strange version": b"HTTP/9.9 200 OK\r\n\r\n",
    "a strange status": b"HTTP/1.1 99999 OK\r\n\r\n",
    "cut off": page(ok(b'"OpaqueRef:x"'), length=10_000),
    "cut off in the head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "two lengths": page(b"{}", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n"),
    "a negative length": page(b"{}", length=-1),
    "no chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "chunks that stop": b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"res',
    "packed": page(b"\x1f\x8b\x08\x00" + b"x" * 99, b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"),
    "another type": page(b"\x89PNG", b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"),
}


@pytest.mark.parametrize("answer", HTTP.values(), ids=HTTP.keys())
async def test_http(answer: bytes) -> None:
    await expect_unreachable(says(answer), 5.0)


async def expect_unreachable(reply: Reply, deadline: float) -> None:
    wire = Wire()
    try:
        async with hostile(reply) as address:
            with pytest.raises(Unreachable):
                (await wire.call(address, "session.login_with_password", LOGIN, deadline=deadline)).decode(str)
    finally:
        await wire.close()


async def test_tls_that_is_none() -> None:
    wire = Wire()
    async with hostile(says(page(b"{}"))) as address:
        with pytest.raises(Unreachable):
            await wire.call(replace(address, scheme="https"), "session.login_with_password", LOGIN, deadline=3.0)
    await wire.close()


SLOW = {
    "a head that drips": drips(page(ok(b'"x"'))),
    "a body that drips": drips(page(b" " * 10_000)),
    "a promise for ever": Endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a head without end": Endless(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n" * 1000),
    "a line without end": Endless(b"HTTP/1.1 200 OK\r\nX-A: ", b"b" * 8000),
}


@pytest.mark.parametrize("reply", SLOW.values(), ids=SLOW.keys())
async def test_slow_and_endless_answers_end_at_the_deadline(reply: Reply) -> None:
    began = asyncio.get_running_loop().time()
    await expect_unreachable(reply, 0.4)
    assert asyncio.get_running_loop().time() - began < 20.0  # a busy machine; without deadlines it were never
    if isinstance(reply, Endless):
        assert reply.sent < 200 * 2**20


@pytest.mark.parametrize("head", [b"Content-Length: 900000000000\r\n\r\n", b"\r\n"], ids=["announced", "streamed"])
async def test_a_huge_answer_is_not_read_to_its_end(head: bytes) -> None:
    endless = Endless(b"HTTP/1.1 200 OK\r\n" + head, b"[" * 2**20)
    await expect_unreachable(endless, 30.0)
    assert endless.sent < 64 * 2**20  # two tries, JSON and XML, of 16 MiB each and what the sockets hold


# --- records -----------------------------------------------------------------------------------------------------

POOL = {"uuid": "p", "name_label": "pool", "master": "H2", "other_config": {"ridethrough:claim": "me"}}
HOST = {
    "uuid": "u1", "name_label": "h1", "hostname": "h1", "address": "127.0.0.1", "enabled": False, "metrics": "M1",
    "memory_overhead": 1000, "other_config": {"agent_start_time": "1000.0"}, "current_operations": {},
    "software_version": {"xapi_build": "24.19.2"}, "power_on_mode": "wake-on-lan",
}  # fmt: skip
VM = {
    "uuid": "v1", "name_label": "web", "power_state": "Running", "is_control_domain": False, "is_a_template": False,
    "is_a_snapshot": False, "resident_on": "H1", "scheduled_to_be_resident_on": "OpaqueRef:NULL",
    "memory_overhead": 1000, "memory_dynamic_min": 2**30, "memory_static_max": 2**30, "guest_metrics": "G1",
    "domain_type": "hvm", "allowed_operations": ["pool_migrate"], "current_operations": {}, "blocked_operations": {},
    "platform": {"nomigrate": "false"}, "VBDs": ["B1"], "VGPUs": [], "VUSBs": [], "attached_PCIs": [], "tags": ["t"],
}  # fmt: skip
RECORDS: list[tuple[str, str, dict[str, Any]]] = [
    ("pool", "P", POOL),
    ("host", "H1", HOST),
    ("host", "H2", {**HOST, "uuid": "u2", "name_label": "h2", "hostname": "h2", "enabled": True, "metrics": "M2"}),
    ("host_metrics", "M1", {"uuid": "m1", "live": True, "memory_total": 2**36}),
    ("host_metrics", "M2", {"uuid": "m2", "live": True, "memory_total": 2**36}),
    ("VM", "V1", VM),
    ("VM_guest_metrics", "G1", {"uuid": "g", "PV_drivers_version": {"major": "9"}, "PV_drivers_detected": True}),
    ("VBD", "B1", {"uuid": "b", "VDI": "D1", "empty": False, "currently_attached": True}),
    ("VDI", "D1", {"uuid": "d", "SR": "S1"}),
    ("SR", "S1", {"uuid": "s", "name_label": "nfs", "shared": True}),
    ("PBD", "L1", {"uuid": "l", "host": "H1", "SR": "S1", "currently_attached": True}),
    ("PBD", "L2", {"uuid": "l2", "host": "H2", "SR": "S1", "currently_attached": True}),
]
HALTED = {"power_state": "Halted", "resident_on": "OpaqueRef:NULL"}
ODD: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
    | st.sampled_from(
        ["", "OpaqueRef:NULL", "H1", "H2", "V1", "u1", "nan", "1e999", "-inf", "9" * 5000, "Paused", "\n"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def told(cls: str, ref: str, snapshot: dict[str, Any]) -> dict[str, Any]:
    """A record as an event."""
    return {"class": cls, "ref": ref, "operation": "add", "snapshot": snapshot, "id": "1", "timestamp": "0"}


@st.composite
def odd_records(draw: st.DrawFn) -> list[dict[str, Any]]:
    """The pool's records as events, some fields of them replaced or missing, some events strange.

    VM V1 runs on H1, or is halted.
    """
    events = []
    halted = draw(st.booleans())
    for cls, ref, record in RECORDS:
        changed = record | (HALTED if halted and ref == "V1" else {})
        for name in draw(st.lists(st.sampled_from(sorted(record)), max_size=2)):
            if draw(st.booleans()):
                changed[name] = draw(ODD)
            else:
                changed.pop(name, None)
        events.append(told(cls, ref, changed))
    for _ in range(draw(st.integers(0, 2))):
        victim = draw(st.sampled_from(events))
        victim[draw(st.sampled_from(sorted(victim)))] = draw(ODD)
    return events


def site() -> Site:
    timers = HostPolicy(Timer(True, 60.0), Timer(True, 120.0))
    return Site(
        "odd",
        {"ups1": Ups("ups1")},
        {"pool": Pool("pool")},
        {"h1": Host("h1", "pool", ("ups1",))},
        Policy(hosts={"h1": timers}, controller="me"),
    )


@settings(max_examples=80, deadline=None)
@given(odd_records(), st.booleans())
def test_odd_records_are_passed_over_and_decided_on_without_a_failure(
    events: list[dict[str, Any]], plain: bool
) -> None:
    frame = {"token": "1", "events": events, "valid_ref_counts": {"host": 2}}
    answer = Value(plain=frame) if plain else Value(raw=msgspec.Raw(json.dumps(frame).encode()))
    records = Records()
    try:
        records.apply(batch(answer).changes)
    except Gibberish:
        return
    seen = shown(records)
    assert all(0 <= vm.memory < 2**62 and "\n" not in vm.name for vm in seen.vms.values())
    if "h1" in shut_down(seen):
        assert not seen.guests("h1")
        assert not seen.hosts["h1"].enabled


@pytest.mark.parametrize(("v1", "shuts_down"), [(HALTED, ["h1"]), ({}, [])])
def test_an_empty_host_whose_time_has_come_is_shut_down_and_another_is_not(
    v1: dict[str, str], shuts_down: list[str]
) -> None:
    """So the odd records above are decided on where something is due."""
    events = [told(cls, ref, record | (v1 if ref == "V1" else {})) for cls, ref, record in RECORDS]
    records = Records()
    records.apply(batch(Value(plain={"token": "1", "events": events})).changes)
    assert shut_down(shown(records)) == shuts_down


def shut_down(seen: Snapshot) -> list[str]:
    """The hosts that are shut down in this round: h1 has been disabled, and its time has come."""
    disable = a.DisableHost("h1", "pool", "why")
    past: list[e.Event] = [
        e.Armed(0.0, "x"),
        e.UpsKnown(1.0, "ups1"),
        e.UtilityLost(800.0, "ups1", 800.0, 798.0, None, None, 600.0, 90.0, 10.0, "two polls"),
        e.PoolRecorded(860.0, "pool", "h2", (("h1", 1000.0), ("h2", 1000.0)), (), (("v1", "h1"),), False),
        e.EvacuationBegun(860.0, "h1", "on battery", False),
        e.ActionStarted(860.0, disable, agent_started=1000.0),
        e.ActionFinished(861.0, 6, disable),
        e.ShutdownBegun(920.0, "h1", "on battery", False),
    ]
    memory = fold_all(Memory(), enumerate(past, 1))
    begun = [x.action for x in decide(1000.0, seen, memory, site()).events if isinstance(x, e.ActionStarted)]
    return [action.host for action in begun if isinstance(action, a.ShutDownHost)]


def shown(records: Records) -> Snapshot:
    drawn = picture("pool", records, {"h1": "h1"})
    evidence = {host.uuid: Evidence(999.0, 999.0) for host in records.hosts.values()}
    pool = replace(drawn.pool, coordinator=drawn.coordinator, answered_at=999.0, coordinator_since=0.0)
    card = UpsSeen(UpsReading(999.0, Source.BATTERY, runtime=600.0), UpsReading(997.0, Source.BATTERY))
    return Snapshot({"ups1": card}).joined(drawn.at(pool, evidence))


def test_a_record_that_cannot_be_read_is_told() -> None:
    records = Records()
    for record, told in (({"uuid": 7}, "1 records cannot be read"), (VM, "")):
        event = {"class": "VM", "ref": "V1", "operation": "add", "snapshot": record}
        records.apply(batch(Value(plain={"token": "1", "events": [event]})).changes)
        assert picture("pool", records, {}).pool.trouble.startswith(told)
        assert records.trouble.startswith(told)
        assert bool(records.trouble) == bool(told)


@pytest.mark.parametrize(
    ("written", "now", "held"),
    [
        ("20261123T03:41:17Z", "20261123T09:00:00Z", True),
        ("20261123T03:41:17Z", "20261125T03:41:17Z", False),  # two days old: its controller is gone
        ("20361123T03:41:17Z", "20261123T03:41:17Z", True),  # the pool's clock was set back by ten years
        ("99999999T99:99:99Z", "20261123T03:41:17Z", True),
        ("20261123T03:41:17Z", "never", True),
        ("nanT1Z", "20261123T03:41:17Z", True),
    ],
)
def test_a_claim_with_an_odd_time_holds_us_off(written: str, now: str, held: bool) -> None:
    assert (_age(f"other {written}", now) <= CLAIM_EXPIRES) == held


# --- actions -----------------------------------------------------------------------------------------------------


class OddWire(Wire):
    """Answers every call with the next of `answers`, after a tenth of a second."""

    def __init__(self, answers: list[object]) -> None:
        super().__init__()
        self._answers = answers

    async def call(
        self,
        address: Address,
        method: str,
        params: tuple[object, ...],
        *,
        deadline: Seconds,
        kept: bool = False,
        is_old: IsOld | None = None,
    ) -> Value:
        await asyncio.sleep(0.1)
        if method.startswith("session."):
            return Value(plain="OpaqueRef:session")
        self._answers.append(answer := self._answers.pop(0))
        if isinstance(answer, Exception):
            raise answer
        return Value(plain=answer)


ACTIONS: list[a.Action] = [
    a.ClaimPool("pool", "me", "why"),
    a.ReleasePool("pool", "me", "why"),
    a.SuspendAutoPoweron("pool", "why"),
    a.RestoreAutoPoweron("pool", "why"),
    a.DesignateCoordinator("h2", "pool", "why", 10.0),
    a.LowerHa("pool", 1, "why"),
    a.SuspendHa("pool", 1, ("sr",), (), "why", 10.0),
    a.RestoreHa("pool", True, 1, ("sr",), (("timeout", "60"),), "why", 10.0),
    a.DisableHost("h1", "pool", "why", 10.0),
    a.EnableHost("h1", "pool", "why", 10.0),
    a.ShutDownHost("h1", "pool", "why", 10.0),
    a.PowerOnHost("h1", "pool", "why", 10.0),
    a.AttachRepository("h1", "pool", "sr", "nas", "why", 10.0),
    a.MoveVm("v1", "web", "pool", "h1", "h2", "why", 10.0),
    a.CancelMove("v1", "web", "pool", "h1", "why"),
    a.StopVm("v1", "web", "pool", "h1", "why", 10.0),
    a.ForceStopVm("v1", "web", "pool", "h1", "why", 10.0),
    a.StartVm("v1", "web", "pool", "h1", "why", 10.0),
]
FAILURES = ["SESSION_INVALID", "HOST_IS_SLAVE", "HANDLE_INVALID", "HOST_IS_LIVE", "VM_BAD_POWER_STATE", "NONSENSE", ""]
ANSWERS = (
    ODD
    | st.sampled_from([HOST, VM, {"status": "success"}, {"status": 7}, ["V1"], {"T": "pool_migrate"}])
    | st.builds(XapiFailure, st.sampled_from(FAILURES), st.text(max_size=5))
    | st.builds(Unreachable, st.just("gone"))
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ACTIONS), st.lists(ANSWERS, min_size=1, max_size=6))
def test_every_action_ends_refused_unreachable_or_done(action: a.Action, answers: list[object]) -> None:
    async def story() -> None:
        session = PoolSession(OddWire(answers), [Address("127.0.0.1")], Account("root", "x"), HandClock())
        refs = {"h1": "H1", "h2": "H2"}
        hands = Hands(session, refs.get, lambda: (), str, HandClock())
        try:
            await hands.perform(action)
        except (Refused, Unreachable):
            return
        finally:
            await hands.close()
            await session.close()

    virtually(story)


# --- a whole pool ------------------------------------------------------------------------------------------------


async def test_a_hostile_pool_is_silent_and_its_neighbour_unaffected() -> None:
    neighbour, clock = Toolstack(), WallClock()
    await neighbour.start()
    await neighbour.put("pool", "P", uuid="p", master="OpaqueRef:host-1")
    await neighbour.put("host", "OpaqueRef:host-1", uuid="u", name_label="good", address="127.0.0.1")
    server = Hostile(says(HTTP["html"]))
    address = await server.start("127.0.3.1")
    text = f"http://{address.host}:{address.port}"
    bad = XapiPool("bad", [text], "root", "secret", [], {}, clock)
    good = XapiPool("good", [neighbour.address], "root", "secret", [], {}, clock)
    try:
        for one in (bad, good):
            await one.start(lambda: None)
        slave = page(error(b'{"message":"HOST_IS_SLAVE","data":["x\\u0000/../ @"]}'))
        replies: list[Reply] = [says(JSON_PAGE), drips(page(b"{}")), says(slave), says(page(ok(b"[" * DEEP)))]
        for reply in replies:
            server.reply, asked = reply, server.requests
            before = good.observe(urgent=True).pools["good"].answered_at
            await until(lambda asked=asked: server.requests > asked, 20.0)  # type: ignore[misc]
            async with asyncio.timeout(20.0):
                while True:
                    seen = good.observe(urgent=True).pools["good"]
                    if seen.coordinator and seen.answered_at != before:
                        break
                    await asyncio.sleep(0.05)
            lost = bad.observe(urgent=True).pools["bad"]
            assert (lost.coordinator, lost.answered_at) == (None, None)
            assert "Ridethrough itself" not in lost.trouble
    finally:
        await bad.stop()
        await good.stop()
        await server.stop()
        await neighbour.stop()


JSON_PAGE = page(JSON["wrong type"])
