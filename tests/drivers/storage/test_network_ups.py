"""The network UPS on a port of loopback: who is let in, what is kept of each box, and what nobody can do to it."""

from __future__ import annotations

import asyncio
import itertools
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ridethrough.api.own_certificate import own
from ridethrough.drivers.nut import ServerConfig
from ridethrough.drivers.nut.server import Server
from ridethrough.drivers.storage import Box, Life, NetworkUps, Shown, Tells, TlsFiles
from ridethrough.drivers.storage.caller import MOST_HELD, PACE, Pace
from ridethrough.drivers.storage.network_ups import MOST_OF_ADDRESS, MOST_OF_BOX
from ridethrough.fingerprints import fingerprint
from tests.drivers.program import free_port

NAS1, NAS2 = Box("nas1", ("127.0.0.21",)), Box("nas2", ("127.0.0.22",))
PATIENCE = 30.0


@dataclass(frozen=True)
class Listen:
    host: str = "127.0.0.1"
    port: int = field(default_factory=lambda: free_port(socket.SOCK_STREAM))


@dataclass
class Site:
    """A running network UPS. Its time goes on by one second with each look."""

    ups: NetworkUps
    listen: Listen
    told: dict[str, Shown | None]

    async def call(self, source: str = "127.0.0.21") -> Client:
        streams = await asyncio.open_connection("127.0.0.1", self.listen.port, local_addr=(source, 0))
        return Client(*streams)

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not is_so():  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    def life(self, box: str = "nas1") -> Life:
        return self.ups.life(box)


@dataclass
class Client:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, *lines: str) -> list[str]:
        answers = []
        for line in lines:
            self.writer.write(f"{line}\n".encode())
            answers.append(await self.answer())
        return answers

    async def answer(self) -> str:
        async with asyncio.timeout(PATIENCE):
            return (await self.reader.readline()).decode().rstrip()

    async def is_hung_up(self) -> bool:
        async with asyncio.timeout(PATIENCE):
            with suppress(OSError):
                await self.reader.read()
            return True

    async def log_in(self) -> None:
        assert await self.ask("USERNAME monuser", "PASSWORD secret", "LOGIN ups") == ["OK"] * 3

    def close(self) -> None:
        self.writer.close()


@asynccontextmanager
async def running(
    boxes: Sequence[Box] = (NAS1, NAS2), tls: TlsFiles | None = None, pace: Pace = PACE
) -> AsyncIterator[Site]:
    listen, ticks = Listen(), itertools.count()
    told: dict[str, Shown | None] = {box.id: Shown(Tells.ONLINE, {"battery.charge": "100"}) for box in boxes}
    ups = NetworkUps(listen, boxes, told.get, lambda: float(next(ticks)), tls, pace)
    task = asyncio.create_task(ups.run())
    site = Site(ups, listen, told)
    try:
        await site.until(lambda: _listens(listen))
        yield site
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    assert not _listens(listen)


def _listens(listen: Listen) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((listen.host, listen.port)) == 0


STATUS = "GET VAR ups ups.status"


async def test_each_box_is_told_its_own() -> None:
    async with running() as site:
        site.told["nas2"] = Shown(Tells.SHUT_DOWN)
        first, second = await site.call(), await site.call("127.0.0.22")
        assert await first.ask(STATUS) == ['VAR ups ups.status "OL"']
        assert await second.ask(STATUS) == ['VAR ups ups.status "FSD OB LB"']
        site.told["nas1"] = Shown(Tells.ON_BATTERY)
        assert await first.ask(STATUS) == ['VAR ups ups.status "OB DISCHRG"']
        site.told["nas1"] = None
        assert await first.ask(STATUS) == ["ERR DATA-STALE"]
        assert site.life("nas1").told_at is None
        assert site.life("nas2").told_at is not None
        first.close()
        second.close()


async def test_who_has_no_box_is_turned_away(caplog: pytest.LogCaptureFixture) -> None:
    async with running() as site:
        for _ in range(3):
            stranger = await site.call("127.0.0.99")
            assert await stranger.answer() == "ERR ACCESS-DENIED"
            assert await stranger.is_hung_up()
            stranger.close()
        assert caplog.text.count("turns 127.0.0.99 away") == 1
        assert site.life("nas1") == site.life("nas2") == site.life("no such box") == Life()


async def test_the_narrower_of_two_networks() -> None:
    wide = Box("everyone", ("127.0.0.0/24", "::1"))
    async with running((wide, NAS1)) as site:
        site.told["nas1"] = Shown(Tells.SHUT_DOWN)
        for source, status in (("127.0.0.21", "FSD OB LB"), ("127.0.0.99", "OL")):
            client = await site.call(source)
            assert await client.ask(STATUS) == [f'VAR ups ups.status "{status}"']
            client.close()


async def test_signs_of_life() -> None:
    async with running() as site:
        client = await site.call()
        await site.until(lambda: site.life().connected)
        assert site.life() == Life(connected=True)
        await client.log_in()
        since = site.life().since
        assert since is not None
        assert site.life() == Life(1, True, since, None, None, since)
        assert (await client.ask("GET NUMLOGINS qnapups")) == ["NUMLOGINS qnapups 1"]
        site.told["nas1"] = Shown(Tells.SHUT_DOWN)
        await client.ask(STATUS)
        life = site.life()
        assert life.last_asked_at is not None
        assert life.told_at == life.last_asked_at > since
        assert life.since == since
        assert await client.ask("LOGOUT") == ["OK Goodbye"]
        assert await client.is_hung_up()
        await site.until(lambda: not site.life().connected)
        left = site.life()
        assert left.logged_out_at is not None
        assert left.logged_out_at > life.told_at
        assert (left.logins, left.since) == (0, None)
        assert left.told_at == life.told_at
        client.close()


async def test_the_last_of_its_logins_counts() -> None:
    async with running() as site:
        first, second = await site.call(), await site.call()
        await first.log_in()
        await second.log_in()
        assert site.life().logins == 2
        first.close()
        await site.until(lambda: site.life().logins == 1)
        assert site.life().logged_out_at is None
        second.close()  # without LOGOUT
        await site.until(lambda: site.life().logins == 0)
        assert site.life().logged_out_at is not None


async def test_who_says_nothing_is_not_waited_for_and_has_not_logged_out() -> None:
    async with running(pace=Pace(silent_after=0.3)) as site:
        client = await site.call()
        await client.log_in()
        client.writer.write(b"GET VAR ")  # the beginning of a line is none
        assert await client.is_hung_up()
        await site.until(lambda: site.life().logins == 0)
        assert site.life().logged_out_at is None
        client.close()


async def test_an_address_that_holds_too_many(caplog: pytest.LogCaptureFixture) -> None:
    async with running() as site:
        clients = [await site.call() for _ in range(MOST_OF_ADDRESS)]
        for client in clients:
            assert await client.ask("NETVER") == ["1.3"]
        one_too_many = await site.call()
        assert await one_too_many.answer() == "ERR ACCESS-DENIED"
        assert "it holds too many connections" in caplog.text
        other = await site.call("127.0.0.22")
        assert await other.ask("NETVER") == ["1.3"]
        clients.pop().close()
        async with asyncio.timeout(PATIENCE):
            while await (again := await site.call()).ask("NETVER") != ["1.3"]:
                again.close()
        for client in (*clients, one_too_many, other, again):
            client.close()


async def test_a_network_that_holds_too_many() -> None:
    async with running((Box("many", ("127.0.0.0/24",)),)) as site:
        sources = [f"127.0.0.{30 + n // MOST_OF_ADDRESS}" for n in range(MOST_OF_BOX)]
        clients = [await site.call(source) for source in sources]
        for client in clients:
            assert await client.ask("NETVER") == ["1.3"]
        one_too_many = await site.call("127.0.0.99")
        assert await one_too_many.answer() == "ERR ACCESS-DENIED"
        for client in (*clients, one_too_many):
            client.close()


async def test_guessing(caplog: pytest.LogCaptureFixture) -> None:
    async with running() as site:
        client = await site.call()
        lines = ["USERNAME monuser", "PASSWORD guess", "LOGIN ups", "LOGIN ups", "LOGIN ups"]
        assert await client.ask(*lines) == ["OK", "OK", *["ERR ACCESS-DENIED"] * 3]
        assert await client.is_hung_up()
        assert caplog.text.count("is given a wrong name or password by 127.0.0.21, nas1") == 1
        assert "guess" not in caplog.text
        assert site.life().logins == 0
        client.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"A" * 600,
        b"\n" * (MOST_HELD + 1),
        b"GET VAR ups ups.status\n" * 1000,
        b"\xff\xfe\x00\n" + b"\0" * 600,
        b"STARTTLS\nLOGOUT\n" + b"\x16\x03\x01" * 200,
    ],
)
async def test_who_sends_too_much_is_hung_up_on(sent: bytes) -> None:
    async with running() as site:
        client = await site.call()
        client.writer.write(sent)
        assert await client.is_hung_up()
        client.close()
        other = await site.call()
        assert await other.ask(STATUS) == ['VAR ups ups.status "OL"']
        other.close()


CHUNKS = st.lists(
    st.binary(max_size=300) | st.sampled_from([b"GET VAR ups ups.status\n", b"LIST VAR ups\n", b"\n", b'"'])
)


def test_any_bytes_end_in_a_closed_connection(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever a client sends before it ends, or goes: it is hung up on, and the port serves on."""
    with asyncio.Runner() as runner:
        site = runner.run((port := running()).__aenter__())

        @settings(max_examples=60)
        @given(CHUNKS, st.booleans())
        def send(chunks: list[bytes], goes: bool) -> None:
            runner.run(_sent(site, chunks, goes))

        send()
        runner.run(port.__aexit__(None, None, None))
    assert "Traceback" not in caplog.text
    assert "exception" not in caplog.text


async def _sent(site: Site, chunks: list[bytes], goes: bool) -> None:
    client = await site.call()
    with suppress(OSError):
        for chunk in chunks:
            client.writer.write(chunk)
            await client.writer.drain()
        if not goes:
            client.writer.write_eof()
            assert await client.is_hung_up()
    client.writer.transport.abort()
    await site.until(lambda: not site.life().connected)


async def test_answers_that_nobody_takes_are_not_waited_for() -> None:
    async with running(pace=Pace(takes_within=0.3)) as site:
        site.told["nas1"] = Shown(Tells.ONLINE, {f"outlet.{n}.desc": "x" * 256 for n in range(200)})
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.bind(("127.0.0.21", 0))
            await asyncio.to_thread(client.connect, ("127.0.0.1", site.listen.port))
            await site.until(lambda: site.life().connected)
            client.sendall(b"LIST VAR ups\n" * 200)
            await site.until(lambda: not site.life().connected)
        assert site.life().last_asked_at is not None


async def test_a_port_that_is_taken_and_then_free() -> None:
    listen = Listen()
    ups = NetworkUps(listen, [NAS1], lambda _: Shown(Tells.ONLINE), lambda: 0.0, pace=Pace(tried_every=0.05))
    with socket.socket() as taken:
        taken.bind((listen.host, listen.port))
        taken.listen()
        task = asyncio.create_task(ups.run())
        site = Site(ups, listen, {})
        await site.until(lambda: bool(ups.trouble))
        assert ups.trouble == f"the network UPS cannot listen on 127.0.0.1:{listen.port}: Address already in use"
    await site.until(lambda: not ups.trouble)
    client = await site.call()
    assert await client.ask(STATUS) == ['VAR ups ups.status "OL"']
    client.close()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_new_settings() -> None:
    async with running() as site:
        kept, changed, gone = await site.call(), await site.call("127.0.0.22"), await site.call("127.0.0.21")
        await kept.log_in()
        await changed.log_in()
        gone.close()
        before = site.life("nas2")
        site.ups.take([NAS1, Box("nas2", ("127.0.0.22", "127.0.0.23"))])
        assert await changed.is_hung_up()
        assert await kept.ask("NETVER") == ["1.3"]
        assert site.life("nas1").logins == 1
        # What it was heard to do stays; it has not logged out by itself.
        assert site.life("nas2") == Life(0, False, before.last_asked_at)
        other = await site.call("127.0.0.23")
        await other.log_in()
        site.ups.take([])
        assert await kept.is_hung_up()
        assert await other.is_hung_up()
        assert site.life("nas1") == Life()
        for client in (kept, changed, other):
            client.close()


async def test_all_interfaces() -> None:
    everywhere = Listen("::", free_port(socket.SOCK_STREAM))
    ups = NetworkUps(everywhere, [NAS1], lambda _: Shown(Tells.ONLINE), lambda: 0.0)
    task = asyncio.create_task(ups.run())
    site = Site(ups, everywhere, {})
    await site.until(lambda: _listens(Listen("127.0.0.1", everywhere.port)))
    client = await site.call()
    assert await client.ask(STATUS) == ['VAR ups ups.status "OL"']
    client.close()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


class TestTls:
    async def test_our_own_client(self, tmp_path: Path) -> None:
        file = TlsFiles(tmp_path / "manager.pem", tmp_path / "manager.pem")
        certificate = own(tmp_path, "controller", [], ["127.0.0.1"], 1.8e9)
        async with running((Box("nas1", ("127.0.0.1",)),), file) as site:
            pinned = ServerConfig("127.0.0.1", site.listen.port, "monuser", "secret", (certificate.fingerprint,))
            server = Server(pinned)
            assert await server.variables("ups") == {"ups.status": "OL", "battery.charge": "100"}
            server.close()
            plain = await site.call("127.0.0.1")  # TLS is offered, not demanded: Synology and QNAP have none
            assert await plain.ask(STATUS) == ['VAR ups ups.status "OL"']
            plain.close()

    async def test_what_was_sent_before_is_not_asked_in_secret(self, tmp_path: Path) -> None:
        own(tmp_path, "controller", [], ["127.0.0.1"], 1.8e9)
        file = TlsFiles(tmp_path / "manager.pem", tmp_path / "manager.pem")
        async with running(tls=file) as site:
            client = await site.call()
            client.writer.write(b"STARTTLS\nGET VAR ups ups.status\n")
            assert await client.answer() == "OK STARTTLS"
            assert await client.is_hung_up()
            client.close()

    async def test_a_new_certificate_is_taken_up(self, tmp_path: Path) -> None:
        file = TlsFiles(tmp_path / "manager.pem", tmp_path / "manager.pem")
        async with running(tls=file, pace=Pace(certificate_every=0.05)) as site:
            assert "cannot read its certificate" in site.ups.trouble
            client = await site.call()
            assert await client.ask("STARTTLS") == ["ERR FEATURE-NOT-CONFIGURED"]
            client.close()
            certificate = own(tmp_path, "controller", [], ["127.0.0.1"], 1.8e9)
            await site.until(lambda: not site.ups.trouble)
            client = await site.call()
            assert await client.ask("STARTTLS") == ["OK STARTTLS"]
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            await client.writer.start_tls(context)
            shown = client.writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            assert fingerprint(shown) == certificate.fingerprint
            assert await client.ask(STATUS) == ['VAR ups ups.status "OL"']
            client.close()
