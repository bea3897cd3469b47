"""A certificate of our own, for who has none: made at the first start, and anew before it ends."""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import ipaddress
import os
import re
import socket
import struct
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .certificate import SOON, Certificate, CertificateRefused, read

FILE = "manager.pem"  # key and certificate in one file, so that it is replaced whole
LASTS = 825  # days: what browsers grant a certificate that a person has trusted
_DNS = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?", re.ASCII)
_SIOCGIFADDR = 0x8915  # linux/sockios.h


def own(state_dir: Path, host: str, extra: Iterable[str], addresses: Iterable[str], now: float) -> Certificate:
    """The certificate in the state directory; a new one where there is none, where it ends soon, or where it lacks the
    host's name or one of the `extra` names. Raises CertificateRefused when it cannot be written.
    """
    path = state_dir / FILE
    wanted = list(dict.fromkeys(name for name in (host, *extra) if _general(name) is not None))
    with contextlib.suppress(CertificateRefused, OSError):
        path.chmod(0o600)
        kept = read(path, path, own=True)
        named = {str(one.value) for name in wanted if (one := _general(name)) is not None}
        if kept.valid_since <= now < kept.valid_until - SOON and named <= set(kept.names):
            return kept
    try:
        _write(path, _made([*wanted, "localhost", *addresses, "127.0.0.1", "::1"], now))
    except OSError as error:
        raise CertificateRefused(
            f"{path}: {error.strerror or error}; the state directory must be writable, and have space"
        ) from error
    return read(path, path, own=True)


def host_name() -> str:
    """What this machine calls itself."""
    return socket.gethostname()


def addresses_of_machine() -> list[str]:
    """The addresses of its network interfaces; none of loopback, and none that is valid on one link only."""
    found: list[ipaddress.IPv4Address | ipaddress.IPv6Address] = [*_ipv4(), *_ipv6()]
    kept = [one for one in found if not (one.is_loopback or one.is_link_local)]
    return [str(one) for one in sorted(kept, key=lambda one: (one.version, one.packed))]


def _made(names: Iterable[str], now: float) -> bytes:
    """A key and its certificate, PEM."""
    general = [one for name in dict.fromkeys(names) if (one := _general(name)) is not None]
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, str(general[0].value)[:64])])
    since = dt.datetime.fromtimestamp(now, dt.UTC).replace(microsecond=0) - dt.timedelta(hours=1)  # clocks differ
    usage = {name: name == "digital_signature" for name in _USAGES}
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(since + dt.timedelta(days=LASTS))
        .add_extension(x509.SubjectAlternativeName(general), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    return pem + built.public_bytes(serialization.Encoding.PEM)


_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def _general(name: str) -> x509.DNSName | x509.IPAddress | None:
    """A name or an address as it stands in a certificate; None when it is neither."""
    with contextlib.suppress(ValueError):
        return x509.IPAddress(ipaddress.ip_address(name))
    return x509.DNSName(name.lower().rstrip(".")) if _DNS.fullmatch(name) and len(name) <= 253 else None


def _write(path: Path, pem: bytes) -> None:
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(handle)
    fresh.replace(path)


def _ipv4() -> Iterable[ipaddress.IPv4Address]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        for _, name in socket.if_nameindex():
            with contextlib.suppress(OSError):  # an interface without an address
                answer = fcntl.ioctl(asked.fileno(), _SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
                yield ipaddress.IPv4Address(answer[20:24])


def _ipv6() -> Iterable[ipaddress.IPv6Address]:
    try:
        rows = Path("/proc/net/if_inet6").read_text(encoding="ascii").splitlines()
    except OSError:
        return
    for row in rows:
        yield ipaddress.IPv6Address(bytes.fromhex(row.split()[0]))
