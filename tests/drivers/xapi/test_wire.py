"""One call: dialects, certificates, and every way in which the other end misbehaves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal

import pytest
import pytest_asyncio

from ridethrough.drivers.xapi.address import Address
from ridethrough.drivers.xapi.pins import WrongCertificate
from ridethrough.drivers.xapi.records import HostMetrics
from ridethrough.drivers.xapi.wire import Broken, Gibberish, NotSent, Wire, XapiFailure
from ridethrough.ports import NotBegun, Unreachable

from .toolstack import No, Toolstack, certificate, half_open

LOGIN = ("root", "secret", "1.0", "test")


@pytest_asyncio.fixture
async def wire() -> AsyncIterator[Wire]:
    made = Wire()
    yield made
    await made.close()


@pytest_asyncio.fixture
async def host() -> AsyncIterator[Toolstack]:
    made = Toolstack()
    await made.start()
    yield made
    await made.stop()


async def login(wire: Wire, host: Toolstack) -> tuple[Address, str]:
    address = Address.parse(host.address)
    answer = await wire.call(address, "session.login_with_password", LOGIN, deadline=3)
    return address, answer.decode(str)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.0.0.1", Address("10.0.0.1", 443)),
        ("10.0.0.1:8443", Address("10.0.0.1", 8443)),
        ("xcp1.example", Address("xcp1.example", 443)),
        ("https://xcp1.example/", Address("xcp1.example", 443)),
        ("http://127.0.0.1:8080", Address("127.0.0.1", 8080, "http")),
        ("http://127.0.0.1", Address("127.0.0.1", 80, "http")),
        ("fd00::1", Address("fd00::1", 443)),
        ("[fd00::1]:8443", Address("fd00::1", 8443)),
    ],
)
def test_address_is_read(text: str, address: Address) -> None:
    assert Address.parse(text) == address


@pytest.mark.parametrize("text", ["", "ftp://10.0.0.1", "10.0.0.1:https", "https://"])
def test_bad_address_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"address"):
        Address.parse(text)


def test_redirect_keeps_the_port() -> None:
    assert Address.parse("127.0.0.2:8443").beside("127.0.0.1") == Address("127.0.0.1", 8443)
    other = Address.parse("[fd00::2]").beside("fd00::1")
    assert other is not None
    assert other.url == "https://[fd00::1]:443"


@pytest.mark.parametrize(
    "told", ["", "..", "a b", "x\x00", "host/../", "user@host", "a" * 64, "ü", "::\n", "1.2.3.4:80"]
)
def test_no_address_of_a_stranger_is_believed(told: str) -> None:
    assert Address.parse("127.0.0.2").beside(told) is None


@pytest.mark.parametrize("version", ["1.0", "2.0"])
async def test_json(wire: Wire, host: Toolstack, version: str) -> None:
    host.json_version = version
    host.answers["host_metrics.get_record"] = lambda *_: {"memory_total": 2**36, "live": True, "unknown": [1, {}]}
    address, session = await login(wire, host)
    answer = await wire.call(address, "host_metrics.get_record", (session, "ref"), deadline=3)
    assert answer.decode(HostMetrics) == HostMetrics(live=True, memory_total=2**36)
    host.answers["host.disable"] = lambda *_: _refuse("HOST_OFFLINE", "OpaqueRef:1")
    with pytest.raises(XapiFailure) as failure:
        await wire.call(address, "host.disable", (session, "ref"), deadline=3)
    assert (failure.value.code, failure.value.params) == ("HOST_OFFLINE", ("OpaqueRef:1",))


async def test_xml_where_json_is_not_spoken(wire: Wire, host: Toolstack) -> None:
    host.dialects = ("xml",)
    host.answers["host_metrics.get_record"] = lambda *_: {"memory_total": 2**36, "live": True}
    address, session = await login(wire, host)
    answer = await wire.call(address, "host_metrics.get_record", (session, "ref"), deadline=3)
    assert answer.decode(HostMetrics) == HostMetrics(live=True, memory_total=2**36)
    with pytest.raises(XapiFailure, match=r"MESSAGE_METHOD_UNKNOWN, host\.nothing"):
        await wire.call(address, "host.nothing", (session,), deadline=3)
    assert len(host.called("session.login_with_password")) == 1


async def test_a_command_whose_answer_is_lost_is_sent_once(wire: Wire, host: Toolstack) -> None:
    host.answers["host.shutdown"] = lambda *_: ""
    address, session = await login(wire, host)
    host.drops.add("host.shutdown")
    for kept in (False, True):
        with pytest.raises(Broken, match="broke the connection"):
            await wire.call(address, "host.shutdown", (session, "ref"), deadline=3, kept=kept)
    assert len(host.called("host.shutdown")) == 2


async def test_slow_answer_ends_at_the_deadline(wire: Wire, host: Toolstack) -> None:
    address, session = await login(wire, host)
    host.hangs.add("host.disable")
    with pytest.raises(Unreachable, match=r"did not answer host.disable"):
        await wire.call(address, "host.disable", (session, "ref"), deadline=0.2)


async def test_half_open_host(wire: Wire) -> None:
    async with half_open() as (name, port):
        for scheme in ("http", "https"):
            with pytest.raises(Unreachable):
                await wire.call(Address(name, port, scheme), "session.login_with_password", LOGIN, deadline=0.3)


async def test_no_connection_means_not_sent(wire: Wire, host: Toolstack) -> None:
    address = Address.parse(host.address)
    await host.stop()
    with pytest.raises(NotSent):
        await wire.call(address, "session.login_with_password", LOGIN, deadline=3)


async def test_a_page_in_html_is_no_answer(wire: Wire, host: Toolstack) -> None:
    address, session = await login(wire, host)
    for raw in ((500, "<html>internal server error</html>"), (200, "<html>hello</html>"), (503, "")):
        host.raw_answer = raw
        with pytest.raises(Gibberish):
            await wire.call(address, "host.disable", (session, "ref"), deadline=3)


@pytest.mark.parametrize("dialect", ["json", "xml"])
async def test_huge_answer(wire: Wire, host: Toolstack, dialect: str) -> None:
    host.dialects = (dialect,)
    vms = {f"OpaqueRef:{n}": {"uuid": str(n), "name_label": "vm", "filler": "x" * 2000} for n in range(800)}
    host.answers["VM.get_all_records"] = lambda *_: vms
    address, session = await login(wire, host)
    answer = await wire.call(address, "VM.get_all_records", (session,), deadline=10)
    assert answer.is_large
    assert len(answer.decode(dict[str, HostMetrics])) == 800


async def test_broken_letters_do_not_hide_a_record(wire: Wire, host: Toolstack) -> None:
    from ridethrough.drivers.xapi.records import Sr
    from ridethrough.drivers.xapi.wire import _json_answer

    answer = _json_answer(b'{"jsonrpc":"2.0","result":{"uuid":"1","name_label":"B\xfcro"},"id":1}')
    assert answer.decode(Sr).name_label == "B�ro"


async def test_pinned_certificate() -> None:
    context, seen = certificate()
    host = Toolstack()
    await host.start(tls=context)
    address = Address("127.0.0.1", host.port)
    pinned, unpinned = Wire([seen.upper().replace("SHA256:", "")]), Wire(["sha256:" + "00" * 32])
    asked: list[tuple[str, str]] = []

    def ask(shown_by: str, shown: str) -> bool:
        asked.append((shown_by, shown))
        return True

    trusting = Wire([], trust=ask)
    try:
        assert (await pinned.call(address, "session.login_with_password", LOGIN, deadline=3)).decode(str)
        with pytest.raises(WrongCertificate, match=seen):
            await unpinned.call(address, "session.login_with_password", LOGIN, deadline=3)
        assert (await trusting.call(address, "session.login_with_password", LOGIN, deadline=3)).decode(str)
        assert asked == [(str(address), seen)]
        assert len(host.calls) == 2  # nothing was sent over the unpinned connection
    finally:
        for wire in (pinned, unpinned, trusting):
            await wire.close()
        await host.stop()


@pytest.mark.parametrize("dialect", ["json", "xml"])
async def test_nothing_is_sent_that_became_old_while_the_connection_was_made(dialect: Literal["json", "xml"]) -> None:
    """The process is frozen in the TLS handshake: a look at the clock before it could not know."""
    host, frozen = Toolstack(dialects=(dialect,)), []

    def freeze(*_: str) -> bool:
        frozen.append(True)
        return True

    await host.start(tls=certificate()[0])
    address, wire = Address("127.0.0.1", host.port), Wire(trust=freeze)
    try:
        with pytest.raises(NotBegun):
            await wire.call(address, "session.login_with_password", LOGIN, deadline=3, is_old=lambda: bool(frozen))
        assert (frozen, host.calls) == ([True], [])
        await wire.call(address, "session.login_with_password", LOGIN, deadline=3, is_old=lambda: False)
        assert host.calls == [("session.login_with_password", LOGIN)]
    finally:
        await wire.close()
        await host.stop()


def _refuse(*words: str) -> None:
    raise No(*words)
