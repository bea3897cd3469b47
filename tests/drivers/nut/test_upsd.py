"""The driver against NUT's own upsd, with dummy-ups playing dumps of real UPSs and a sequence."""

from __future__ import annotations

import asyncio
import os
import re
import ssl
import subprocess
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest

from ridethrough.core.observation import Source, UpsSeen
from ridethrough.drivers.nut import NutConfig, Upsds, read_ups
from ridethrough.drivers.nut.server import Server
from ridethrough.ports import Refused, Unreachable
from tests.drivers.program import own_libraries

from .real import CERTUTIL, DUMMY_UPS, UPSD, RealUpsd

pytestmark = pytest.mark.skipif(
    UPSD is None or DUMMY_UPS is None, reason="NUT's upsd and dummy-ups are not here (Debian package nut-server)"
)

U, B = Source.UTILITY, Source.BATTERY
UTILITY = {
    "ups.status": "OL",
    "battery.charge": "100",
    "battery.runtime": "1800",
    "input.voltage": "231.0",
    "ups.mfr": "Maker",
    "ups.model": "3000",
}


def dump(path: Path, **changes: str) -> Path:
    """Written at once, and in a later second than before: dummy-ups reads a file again when that has changed."""
    before = path.stat().st_mtime if path.exists() else 0.0
    values = UTILITY | {name.replace("_", "."): value for name, value in changes.items()}
    new = path.with_suffix(".new")
    new.write_text("".join(f"{name}: {value}\n" for name, value in values.items()), encoding="utf-8")
    changed = max(new.stat().st_mtime, int(before) + 1.0)
    os.utime(new, (changed, changed))
    return new.replace(path)


def now() -> float:
    return asyncio.get_running_loop().time()


def says(source: Source, low: bool, seen: UpsSeen) -> bool:
    return seen.reading is not None and (seen.reading.source, seen.reading.low_battery) == (source, low)


async def until(observer: Upsds, ups: str, is_so: Callable[[UpsSeen], bool], patience: float = 15.0) -> UpsSeen:
    async with asyncio.timeout(patience):
        while not is_so(seen := observer.observe(urgent=False).upses[ups]):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return seen


async def test_dumps_and_a_restart_in_the_middle(tmp_path: Path) -> None:
    home = tmp_path / "nut"
    home.mkdir()
    files = {
        "good": dump(tmp_path / "good.dev"),
        "battery": dump(tmp_path / "battery.dev", ups_status="OB DISCHRG LB", input_voltage="0.0", battery_charge="12"),
    }
    async with RealUpsd(home, files) as upsd:
        server = Server(upsd.config())
        assert set(await server.upses()) == files.keys()
        server.close()
        upses = [NutConfig(f"ups-{name}", upsd.config(), name) for name in files]
        woken: list[None] = []
        observer = Upsds(upses, now, pace=0.3)
        await observer.start(lambda: woken.append(None))
        try:
            good = (await until(observer, "ups-good", lambda s: s.reading is not None)).reading
            assert good is not None
            assert (good.source, good.charge, good.runtime, good.model) == (Source.UTILITY, 100, 1800, "Maker 3000")
            bad = (await until(observer, "ups-battery", lambda s: s.reading is not None)).reading
            assert bad is not None
            assert (bad.source, bad.low_battery, bad.input_dead) == (Source.BATTERY, True, True)
            # upsd goes away, and comes back: nothing else has to be done.
            await upsd.stop_upsd()
            seen = await until(observer, "ups-good", lambda s: bool(s.trouble))
            assert seen.reading is not None  # the last good one stays, and grows old
            before = len(woken)
            await upsd.start_upsd()
            await until(observer, "ups-good", lambda s: not s.trouble)
            assert len(woken) > before
            # The driver of one UPS goes away: that one is silent, the other is not.
            await upsd.stop_driver("good")
            seen = await until(observer, "ups-good", lambda s: bool(s.trouble))
            assert "says nothing of this UPS now" in seen.trouble
            assert not observer.observe(urgent=False).upses["ups-battery"].trouble
        finally:
            await observer.stop()


async def test_a_sequence(tmp_path: Path) -> None:
    """On utility power, on battery, low, and back: each is seen, in this order."""
    home = tmp_path / "nut"
    home.mkdir()
    steps = ("OL CHRG", "OB DISCHRG", "OB LB DISCHRG")
    sequence = tmp_path / "outage.seq"
    lines = [f"{name}: {value}\n" for name, value in UTILITY.items() if name != "ups.status"]
    lines += [f"ups.status: {status}\nTIMER 2\n" for status in steps]
    sequence.write_text("".join(lines), encoding="utf-8")
    async with RealUpsd(home, {"ups": sequence}) as upsd:
        observer = Upsds([NutConfig("ups1", upsd.config(), "ups")], now, pace=0.2)
        await observer.start(lambda: None)
        try:
            for source, low in ((U, False), (B, False), (B, True), (U, False)):
                await until(observer, "ups1", partial(says, source, low))
        finally:
            await observer.stop()


async def test_the_recorded_sequence(recordings: Path, tmp_path: Path) -> None:
    """An MGE's outage as it was recorded, its minutes made seconds: 5, 5 and 1."""
    home = tmp_path / "nut"
    home.mkdir()
    recorded = (recordings / "nut" / "evolution500.seq").read_text(encoding="utf-8")
    assert re.findall(r"^TIMER (\d+)", recorded, re.MULTILINE) == ["300", "300", "60"]
    sequence = tmp_path / "evolution500.seq"
    sequence.write_text(re.sub(r"^TIMER (\d+)", lambda m: f"TIMER {int(m[1]) // 60}", recorded, flags=re.MULTILINE))
    async with RealUpsd(home, {"ups": sequence}) as upsd:
        observer = Upsds([NutConfig("ups1", upsd.config(), "ups")], now, pace=0.2)
        await observer.start(lambda: None)
        try:
            for source, low in ((U, False), (B, False), (B, True), (U, False)):
                seen = await until(observer, "ups1", partial(says, source, low))
            assert seen.reading is not None
            assert (seen.reading.charge, seen.reading.runtime) == (90.0, 3690.0)
            assert seen.reading.model == "MGE UPS SYSTEMS Pulsar Evolution 500"
        finally:
            await observer.stop()


async def test_the_recorded_dumps_through_upsd(recordings: Path, tmp_path: Path) -> None:
    """Some that are hard to read, served by upsd itself."""
    home = tmp_path / "nut"
    home.mkdir()
    names = {
        "hp": "HP__RT3000_G2__snmp-ups__2.6.5__01",  # OL OB
        "apc": "APC__Smart-UPS_1000__snmp-ups__2.7.4__01",  # OB
        "bypass": "Dynamix__UPS-650VA__megatec__2.2.1__01",  # OFF, and feeds its load
        "usb": "Eaton__5E1100iUSB__usbhid-ups__2.7.1__01",  # OL CHRG
        "usb-out": "APC__Smart-UPS_2200__usbhid-ups__2.7.4__01",  # OB
        "serial-out": "Digitus__DN-170076__nutdrv_qx__2.7.4__02",  # OB
    }
    found = {
        "hp": Source.UTILITY,
        "apc": Source.BATTERY,
        "bypass": Source.BYPASS,
        "usb": Source.UTILITY,
        "usb-out": Source.BATTERY,
        "serial-out": Source.BATTERY,
    }
    files = {ups: recordings / "nut" / f"{name}.dev" for ups, name in names.items()}
    async with RealUpsd(home, files) as upsd:
        observer = Upsds([NutConfig(ups, upsd.config(), ups) for ups in files], now, pace=0.3)
        await observer.start(lambda: None)
        try:
            for ups, source in found.items():
                seen = await until(observer, ups, lambda s: s.reading is not None)
                assert seen.reading is not None
                assert (seen.reading.source, seen.reading.countdown) == (source, None), ups
            usb = observer.observe(urgent=False).upses["usb"].reading
            assert usb is not None
            assert (usb.charge, usb.runtime, usb.model) == (100, 3160, "EATON 5E 1100i")
        finally:
            await observer.stop()


async def test_a_forced_shutdown(tmp_path: Path) -> None:
    """Ordered as a primary upsmon orders it, of a UPS on utility power: on battery and low, until upsd is restarted."""
    home = tmp_path / "nut"
    home.mkdir()
    files = {"ups": dump(tmp_path / "ups.dev")}
    async with RealUpsd(home, files, "[chief]\npassword = secret\nupsmon primary\n") as upsd:
        observer = Upsds([NutConfig("ups1", upsd.config(), "ups")], now, pace=0.2)
        await observer.start(lambda: None)
        try:
            await until(observer, "ups1", partial(says, U, False))
            reader, writer = await asyncio.open_connection("127.0.0.1", upsd.port)
            answers = []
            for line in ("USERNAME chief", "PASSWORD secret", "LOGIN ups", "PRIMARY ups", "FSD ups"):
                writer.write(f"{line}\n".encode())
                answers.append((await reader.readline()).decode().split()[0])
            writer.close()
            assert answers == ["OK"] * 5
            await until(observer, "ups1", partial(says, B, True))
            await upsd.stop_upsd()
            await upsd.start_upsd()
            await until(observer, "ups1", partial(says, U, False))
        finally:
            await observer.stop()


async def test_a_byte_that_is_no_utf_8(tmp_path: Path) -> None:
    """A name in Latin-1: NUT itself leaves these bytes out, and all else is read."""
    home = tmp_path / "nut"
    home.mkdir()
    file = dump(tmp_path / "ups.dev", ups_mfr="Soci\u00e9t\u00e9")
    file.write_bytes(file.read_text(encoding="utf-8").encode("latin-1"))
    async with RealUpsd(home, {"ups": file}) as upsd:
        report = await read_ups(NutConfig("ups1", upsd.config(), "ups"), now)
    assert report.seen.reading is not None, report.seen.trouble
    assert (report.seen.reading.source, report.seen.reading.charge) == (U, 100)
    assert report.vendor == "Socit"


async def test_a_upsd_without_a_certificate_is_not_read_where_tls_is_wanted(tmp_path: Path) -> None:
    home = tmp_path / "nut"
    home.mkdir()
    async with RealUpsd(home, {"ups": dump(tmp_path / "ups.dev")}) as upsd:
        server = Server(replace(upsd.config(), fingerprints=("sha256:" + 64 * "0",)))
        with pytest.raises(Refused, match="offers no TLS"):
            await server.variables("ups")
        server.close()


@pytest.mark.skipif(CERTUTIL is None, reason="certutil is not here (Debian package libnss3-tools)")
async def test_starttls_with_debians_upsd(tmp_path: Path) -> None:
    home = tmp_path / "nut"
    home.mkdir()
    certificate, authority = certified(home / "keys"), tmp_path / "ca.pem"
    authority.write_bytes(certificate)
    fingerprint = f"sha256:{sha256(ssl.PEM_cert_to_DER_cert(certificate.decode())).hexdigest()}"
    options = f'CERTPATH {home / "keys"}\nCERTIDENT "upsd" "{KEYS_PASSWORD}"\n'
    async with RealUpsd(home, {"ups": dump(tmp_path / "ups.dev")}, options=options) as upsd:
        for trusted in ({"fingerprints": (fingerprint,)}, {"ca": str(authority)}):
            server = Server(replace(upsd.config(), **trusted, username="monuser", password="secret"))
            assert (await server.variables("ups"))["ups.status"] == "OL"
            server.close()
        server = Server(replace(upsd.config(), fingerprints=("sha256:" + 64 * "0",)))
        with pytest.raises((Refused, Unreachable), match="pinned"):
            await server.variables("ups")
        server.close()


KEYS_PASSWORD = "a password for keys"


def certified(folder: Path) -> bytes:
    """Make a key and a certificate of "127.0.0.1" signed by itself, as upsd of Debian wants them: NSS's. Its PEM."""
    folder.mkdir()
    (folder / "password").write_text(KEYS_PASSWORD)
    (folder / "noise").write_bytes(bytes(range(64)))
    common = ("-d", f"sql:{folder}", "-f", str(folder / "password"))
    names = ("-s", "CN=127.0.0.1", "--extSAN", "ip:127.0.0.1")
    certutil("-N", *common)
    certutil("-S", *common, "-n", "upsd", *names, "-x", "-t", "CTu,Cu,Tu", "-z", str(folder / "noise"))
    return certutil("-L", *common, "-n", "upsd", "-a")


def certutil(*arguments: str) -> bytes:
    made = subprocess.run([str(CERTUTIL), *arguments], env=own_libraries(), capture_output=True, check=False)
    assert made.returncode == 0, made.stderr.decode()
    return made.stdout
