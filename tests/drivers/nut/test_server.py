"""One upsd: what it says well, badly, late or not at all; TLS and logins."""

from __future__ import annotations

from pathlib import Path

import pytest

from ridethrough.core.observation import Source, UpsReading
from ridethrough.drivers.nut import NutConfig, ServerConfig
from ridethrough.drivers.nut.observer import read
from ridethrough.drivers.nut.server import Server, Silent, words_of
from ridethrough.ports import Refused, Unreachable
from ridethrough.sim.xapi_wire.certificates import Certificate, make
from ridethrough.ups.reader import Reader

from .fake import OL, FakeUpsd


def now() -> float:
    return 100.0


async def reading_of(upsd: FakeUpsd, name: str = "ups") -> UpsReading:
    config = upsd.config()
    server = Server(config)
    try:
        return await read(server, NutConfig("ups1", config, name), Reader(trusts_idle=True), now)
    finally:
        server.close()


async def test_a_ups_is_read() -> None:
    async with FakeUpsd({"ups": OL | {"ups.status": "OB LB DISCHRG", "ups.model": "Źródło 3000"}}) as upsd:
        reading = await reading_of(upsd)
    assert (reading.source, reading.low_battery, reading.runtime) == (Source.BATTERY, True, 1200)
    assert (reading.model, reading.at) == ("Źródło 3000", 100.0)


async def test_many_upses_over_one_connection() -> None:
    async with FakeUpsd({f"ups{n}": OL for n in range(50)}) as upsd:
        server = Server(upsd.config())
        for n in range(50):
            assert (await server.variables(f"ups{n}"))["ups.status"] == "OL"
        assert set(await server.upses()) == upsd.upses.keys()
        assert upsd.connections == 1
        server.close()


async def test_a_description_in_quotes() -> None:
    async with FakeUpsd({"ups": OL}) as upsd:
        server = Server(upsd.config())
        assert await server.upses() == {"ups": 'a "quoted" description'}
        server.close()


@pytest.mark.parametrize("code", ["DATA-STALE", "DRIVER-NOT-CONNECTED"])
async def test_a_ups_of_which_upsd_knows_nothing_is_silent_and_the_connection_good(code: str) -> None:
    async with FakeUpsd({"ups": OL, "other": OL}) as upsd:
        upsd.errors["ups"] = code
        server = Server(upsd.config())
        with pytest.raises(Silent, match=code):
            await server.variables("ups")
        assert await server.variables("other") == OL
        assert upsd.connections == 1
        server.close()


@pytest.mark.parametrize("status", ["", "WAIT", "ALARM", "RB CHRG", "SOMETHING-NEW"])
async def test_a_status_that_says_nothing_of_its_power_is_silence(status: str) -> None:
    async with FakeUpsd({"ups": OL | {"ups.status": status}}) as upsd:
        with pytest.raises(Silent, match="says nothing of its power"):
            await reading_of(upsd)


@pytest.mark.parametrize(
    ("status", "source", "low", "testing"),
    [
        ("OL", Source.UTILITY, False, False),
        ("OL CHRG SOMETHING-NEW", Source.UTILITY, False, False),
        ("OL LB", Source.UTILITY, True, False),
        ("ol bypass", Source.BYPASS, False, False),
        ("BYPASS", Source.BYPASS, False, False),
        ("OL BOOST", Source.BOOST, False, False),
        ("TRIM", Source.TRIM, False, False),
        ("OL CAL DISCHRG", Source.UTILITY, False, True),
        ("OB CAL", Source.BATTERY, False, True),
        ("OB", Source.BATTERY, False, False),
        ("FSD OB LB", Source.BATTERY, True, False),
        ("FSD", Source.BATTERY, True, False),
        ("FSD OL", Source.BATTERY, True, False),  # upsd's own: it is about to be switched off, whatever the input
        ("FSD OL BOOST", Source.BATTERY, True, False),
        ("ALARM OL FSD", Source.UTILITY, True, False),  # its driver's: some old ones say it all the time
    ],
)
async def test_the_words_of_a_status(status: str, source: Source, low: bool, testing: bool) -> None:
    async with FakeUpsd({"ups": {"ups.status": status}}) as upsd:
        reading = await reading_of(upsd)
    assert (reading.source, reading.low_battery, reading.testing) == (source, low, testing)


@pytest.mark.parametrize(
    ("status", "beside", "source"),
    [
        ("OL OB", {"input.voltage": "231.0"}, Source.UTILITY),
        ("OL OB", {"input.frequency": "50.0"}, Source.UTILITY),
        ("OL OB", {"input.voltage": "12.0"}, Source.BATTERY),
        ("OL OB", {"input.voltage": "160.0", "input.voltage.nominal": "230"}, Source.BATTERY),
        ("OL OB", {"input.voltage": "231", "input.transfer.low": "160", "input.transfer.high": "220"}, Source.BATTERY),
        ("OL OB", {}, Source.BATTERY),  # nothing speaks against an outage
        ("FSD OL", {"input.voltage": "231.0"}, Source.BATTERY),
        ("OL OFF", {"output.voltage": "0.0"}, Source.OFF),
        ("OL OFF", {"output.voltage": "229.0"}, Source.UTILITY),
        ("OFF", {"output.voltage": "229.0"}, Source.BYPASS),
        ("OFF OB", {"output.voltage": "0.0"}, Source.OFF),
    ],
)
async def test_a_status_that_contradicts_itself(status: str, beside: dict[str, str], source: Source) -> None:
    async with FakeUpsd({"ups": {"ups.status": status} | beside}) as upsd:
        assert (await reading_of(upsd)).source is source


LISTED = b'BEGIN LIST VAR ups\nVAR ups ups.status "OL"\nEND LIST VAR ups\n'


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(None, id="none"),
        pytest.param(b"", id="nothing"),
        pytest.param(LISTED[:40], id="cut off"),
        pytest.param(LISTED.replace(b"LIST VAR ups", b"LIST VAR other"), id="of another UPS"),
        pytest.param(LISTED.replace(b"VAR ups ups.status", b"VAR other ups.status"), id="a row of another UPS"),
        pytest.param(b"OK\n", id="OK"),
        pytest.param(b"\n", id="an empty line"),
        pytest.param(b"\0\xff\xfe\n", id="garbage"),
        pytest.param(b"A" * 100_000, id="a line without end"),
        pytest.param(b"BEGIN LIST VAR ups\n" + b'VAR ups a "b"\n' * 3000, id="a list without end"),
        pytest.param(b'BEGIN LIST VAR ups\nVAR ups ups.status "OL\n', id="a quote that is not closed"),
    ],
)
async def test_an_answer_that_is_none_is_silence_and_a_new_connection(answer: bytes | None) -> None:
    async with FakeUpsd({"ups": OL}) as upsd:
        server = Server(upsd.config())
        upsd.answer = lambda request: answer
        with pytest.raises(Unreachable):
            await server.variables("ups")
        upsd.answer = None
        assert await server.variables("ups") == OL
        assert upsd.connections == 2
        server.close()


async def test_a_late_answer_is_never_taken_for_the_next_one() -> None:
    async with FakeUpsd({"ups": OL, "other": OL | {"ups.status": "OB"}}) as upsd:
        server = Server(upsd.config())
        upsd.answer = lambda request: None
        with pytest.raises(Unreachable):
            await server.variables("ups")
        upsd.answer = None
        assert (await server.variables("other"))["ups.status"] == "OB"
        server.close()


async def test_upsd_that_is_not_there() -> None:
    upsd = FakeUpsd({})
    async with upsd:
        config = upsd.config()
    with pytest.raises(Unreachable, match="nothing listens there"):
        await Server(config).variables("ups")


async def test_an_unknown_ups_is_refused_with_a_remedy() -> None:
    async with FakeUpsd({"ups": OL}) as upsd:
        with pytest.raises(Refused, match="serves no UPS of this name"):
            await Server(upsd.config()).variables("other")


async def test_a_login_where_one_is_wanted() -> None:
    async with FakeUpsd({"ups": OL}) as upsd:
        upsd.login = ("monuser", "secret")
        with pytest.raises(Refused, match=r"upsd\.users"):
            await Server(upsd.config()).variables("ups")
        server = Server(upsd.config(username="monuser", password="secret"))
        assert await server.variables("ups") == OL
        server.close()


# --- TLS


@pytest.fixture(scope="module")
def shown() -> Certificate:
    return make("upsd", "127.0.0.1")


async def test_starttls_with_a_pinned_certificate(shown: Certificate) -> None:
    async with FakeUpsd({"ups": OL}, shown.context()) as upsd:
        upsd.login = ("monuser", "secret")
        server = Server(upsd.config(fingerprints=(shown.fingerprint,), username="monuser", password="secret"))
        assert await server.variables("ups") == OL
        assert upsd.asked[:2] == ["STARTTLS", "USERNAME monuser"]
        server.close()


async def test_starttls_with_an_authority(shown: Certificate, tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_bytes(shown.certificate)
    async with FakeUpsd({"ups": OL}, shown.context()) as upsd:
        server = Server(upsd.config(ca=str(ca)))
        assert await server.variables("ups") == OL
        server.close()


async def test_nothing_is_sent_to_a_upsd_with_another_certificate(shown: Certificate, tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_bytes(make("other", "127.0.0.1").certificate)
    async with FakeUpsd({"ups": OL}, shown.context()) as upsd:
        for trusted in ({"fingerprints": ("sha256:" + 64 * "0",)}, {"ca": str(ca)}):
            server = Server(upsd.config(**trusted, username="monuser", password="secret"))
            with pytest.raises((Refused, Unreachable)) as told:
                await server.variables("ups")
            assert "pinned" in str(told.value) or "TLS failed" in str(told.value)
        assert set(upsd.asked) == {"STARTTLS"}


async def test_an_authority_that_cannot_be_read_is_named(shown: Certificate, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    async with FakeUpsd({"ups": OL}, shown.context()) as upsd:
        for name in ("missing.pem", "empty.pem"):
            with pytest.raises(Refused, match=f"{name} cannot be used as its authority"):
                await Server(upsd.config(ca=str(tmp_path / name))).variables("ups")


async def test_a_upsd_without_tls_is_not_read_where_tls_is_wanted() -> None:
    async with FakeUpsd({"ups": OL}) as upsd:
        with pytest.raises(Refused, match="offers no TLS"):
            await Server(upsd.config(fingerprints=("sha256:" + 64 * "0",))).variables("ups")


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(ServerConfig("127.0.0.1", username="monuser", password="secret"))


def test_a_byte_that_is_no_utf_8_costs_its_sign_alone() -> None:
    assert words_of(b'VAR ups ups.mfr "Soci\xe9t\xe9"\n') == ["VAR", "ups", "ups.mfr", "Soci\ufffdt\ufffd"]
