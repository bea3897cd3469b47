"""The pages' certificate: our own, made and renewed by itself; the owner's, checked."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fastapi.testclient import TestClient

from ridethrough.api import create_app
from ridethrough.api.certificate import SOON, Certificate, CertificateRefused, read
from ridethrough.api.own_certificate import FILE, LASTS, addresses_of_machine, own
from ridethrough.api.tls import Tls, looking

from .accounts_client import Clock
from .fakes import context

NOW = dt.datetime.now(dt.UTC).timestamp()  # a TLS client looks at the machine's clock
DAY = 86400.0


def made(state: Path, extra: tuple[str, ...] = (), now: float = NOW) -> Certificate:
    return own(state, "controller1", extra, ["192.0.2.7"], now)


def write_pair(folder: Path, *, days: int = 90, since: float = NOW - DAY, passphrase: bytes = b"") -> tuple[Path, Path]:
    """A certificate and its key, as an owner brings them."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ups.example")])
    begins = dt.datetime.fromtimestamp(since, dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + dt.timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    encryption = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    folder.mkdir(exist_ok=True)
    paths = folder / "ups.crt", folder / "ups.key"
    paths[0].write_bytes(built.public_bytes(serialization.Encoding.PEM))
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    paths[1].write_bytes(pem)
    paths[1].chmod(0o600)
    return paths


def shown_to(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> tuple[bytes, str]:
    """The certificate and the TLS version that a client of this server sees. Raises ssl.SSLError."""
    ours, theirs = socket.socketpair()

    def answer() -> None:
        try:
            with server.wrap_socket(ours, server_side=True) as wrapped:
                wrapped.recv(1)
        except OSError:
            ours.close()

    answering = threading.Thread(target=answer)
    answering.start()
    try:
        with client.wrap_socket(theirs, server_hostname=name) as wrapped:
            return wrapped.getpeercert(binary_form=True) or b"", str(wrapped.version())
    finally:
        theirs.close()
        answering.join()


@pytest.mark.parametrize("name", ["controller1", "ups.example", "192.0.2.7", "127.0.0.1", "localhost", "2001:db8::7"])
def test_a_client_that_trusts_our_own_certificate_takes_it_for_each_name(tmp_path: Path, name: str) -> None:
    found = made(tmp_path, ("UPS.example.", "2001:db8::7"))
    client = ssl.create_default_context(cadata=found.pem)
    tls = Tls(lambda: found, lambda: NOW, print)
    der, version = shown_to(tls.context, client, name)
    assert ssl.DER_cert_to_PEM_cert(der) == found.pem
    assert version == "TLSv1.3"
    with pytest.raises(ssl.SSLCertVerificationError):
        shown_to(tls.context, client, "elsewhere.example")


def test_nothing_below_tls_1_2_is_spoken(tmp_path: Path) -> None:
    tls = Tls(lambda: made(tmp_path), lambda: NOW, print)
    assert tls.context.minimum_version is ssl.TLSVersion.TLSv1_2
    client = ssl.create_default_context(cadata=tls.certificate.pem)
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    assert shown_to(tls.context, client, "controller1")[1] == "TLSv1.2"


def test_the_key_is_its_owners_alone_and_stays(tmp_path: Path) -> None:
    first = made(tmp_path)
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    (tmp_path / FILE).chmod(0o644)
    assert made(tmp_path) == first
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert "PRIVATE" not in first.pem


def test_our_own_is_made_anew_a_month_before_it_ends_and_when_it_gets_a_name(tmp_path: Path) -> None:
    first = made(tmp_path)
    assert first.valid_until - first.valid_since == LASTS * DAY
    assert made(tmp_path, now=first.valid_until - SOON - 1) == first
    named = made(tmp_path, ("ups.example",))
    assert "ups.example" in named.names
    assert made(tmp_path, ("ups.example",)) == named
    renewed = made(tmp_path, ("ups.example",), named.valid_until - SOON)
    assert renewed.valid_until > named.valid_until + 700 * DAY
    assert len({first.fingerprint, named.fingerprint, renewed.fingerprint}) == 3


@pytest.mark.parametrize(
    "content", [b"", b"damaged", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_our_own_is_made_anew_when_it_is_damaged(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    assert made(tmp_path).own
    assert read(tmp_path / FILE, tmp_path / FILE).names == made(tmp_path).names


def test_names_that_are_none_are_left_out(tmp_path: Path) -> None:
    found = own(tmp_path, "host_with_underscore", ["", "*", "two words", "\u00fcps.example", "a" * 64], [], NOW)
    assert found.names == ("host_with_underscore", "localhost", "127.0.0.1", "::1")


def test_a_full_disk_is_told_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("not a directory")
    with pytest.raises(CertificateRefused, match=r"manager\.pem.*the state directory must be writable"):
        made(tmp_path / "state")


def test_the_addresses_of_this_machine_are_addresses() -> None:
    assert all(not one.startswith(("127.", "fe80:")) for one in addresses_of_machine())


def test_the_owners_certificate_is_taken_as_it_is(tmp_path: Path) -> None:
    found = read(*write_pair(tmp_path))
    assert (found.own, found.subject, found.trouble(NOW)) == (False, "CN=ups.example", "")


def _everyone_reads(certificate: Path, key: Path) -> None:
    key.chmod(0o644)


def _another_key(certificate: Path, key: Path) -> None:
    _, other = write_pair(key.parent / "other")
    other.replace(key)


def _encrypted(certificate: Path, key: Path) -> None:
    _, other = write_pair(key.parent / "other", passphrase=b"x" * 10)
    other.replace(key)


def _no_key(certificate: Path, key: Path) -> None:
    key.write_text("no key")


def _swapped(certificate: Path, key: Path) -> None:
    certificate.write_bytes(key.read_bytes())


def _gone(certificate: Path, key: Path) -> None:
    certificate.unlink()


@pytest.mark.parametrize(
    ("spoil", "file", "why"),
    [
        (_everyone_reads, "ups.key", "chmod 600"),
        (_another_key, "ups.key", "not the key of the certificate"),
        (_encrypted, "ups.key", "without a passphrase"),
        (_no_key, "ups.key", "no private key in PEM form"),
        (_swapped, "ups.crt", "no certificate in PEM form"),
        (_gone, "ups.crt", "it must be there, and readable"),
    ],
)
def test_files_that_may_not_be_used_are_told_with_the_remedy(
    tmp_path: Path, spoil: Callable[[Path, Path], None], file: str, why: str
) -> None:
    certificate, key = write_pair(tmp_path)
    spoil(certificate, key)
    with pytest.raises(CertificateRefused) as refused:
        read(certificate, key)
    assert str(tmp_path / file) in str(refused.value)
    assert why in str(refused.value)


def test_dates_are_told_and_do_not_take_the_pages_away(tmp_path: Path) -> None:
    found = read(*write_pair(tmp_path, days=90))
    assert "ends in 10 days" in found.trouble(found.valid_until - 10 * DAY)
    assert "no longer valid" in found.trouble(found.valid_until)
    assert "not valid yet" in found.trouble(found.valid_since - 1)
    assert replace(found, own=True).trouble(found.valid_until - 10 * DAY) == ""
    assert "no longer valid" in Tls(lambda: found, lambda: found.valid_until + 1, print).trouble


def test_a_certificate_that_its_owner_replaces_is_shown_without_a_restart(tmp_path: Path) -> None:
    certificate, key = write_pair(tmp_path)
    told: list[str] = []
    tls = Tls(looking(tmp_path, str(certificate), str(key), (), lambda: NOW), lambda: NOW, told.append)
    first = tls.certificate
    tls.look_again()
    assert (tls.certificate, told) == (first, [])
    key.write_text("half-written")
    tls.look_again()
    assert "The certificate from before is still shown" in tls.trouble
    write_pair(tmp_path)
    tls.look_again()
    assert (tls.trouble, told) == ("", [f"the pages have a new certificate, {tls.certificate.fingerprint}"])
    der, _ = shown_to(tls.context, ssl._create_unverified_context(), "ups.example")
    assert ssl.DER_cert_to_PEM_cert(der) == tls.certificate.pem != first.pem


def test_our_own_is_renewed_while_the_port_stands_open(tmp_path: Path) -> None:
    clock = Clock(NOW)
    told: list[str] = []
    tls = Tls(looking(tmp_path, "", "", ("ups.example",), clock), clock, told.append)
    assert "ups.example" in tls.certificate.names
    clock.later(LASTS * DAY - SOON)
    tls.look_again()
    assert told == [f"the pages have a new certificate, {tls.certificate.fingerprint}"]


def test_the_certificate_is_shown_to_whom_it_was_shown_already(tmp_path: Path) -> None:
    tls = Tls(lambda: made(tmp_path), lambda: NOW, print)
    with_tls = TestClient(create_app(replace(context(tmp_path), tls=tls)))
    shown = with_tls.get("/api/v1/certificate").json()
    assert (shown["fingerprint"], shown["own"], shown["trouble"]) == (tls.certificate.fingerprint, True, "")
    assert shown["fingerprint"].startswith("sha256:")
    assert "PRIVATE" not in str(shown)
    without = TestClient(create_app(context(tmp_path)))
    assert without.get("/api/v1/certificate").status_code == 404
