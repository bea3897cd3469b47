"""A self-signed certificate for each host, as XenServer makes them, and its fingerprint."""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

VALID_FROM = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
VALID_UNTIL = datetime.datetime(2049, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A host's key and certificate (both PEM), and "sha256:..." of the certificate's DER bytes, in lower-case hex."""

    key: bytes
    certificate: bytes
    fingerprint: str

    def context(self) -> ssl.SSLContext:
        """A server's TLS context. The key passes through a file, since `ssl` reads no other; it is gone at once."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory(prefix="ridethrough-sim-") as folder:
            file = Path(folder) / "host.pem"
            file.touch(mode=0o600)
            file.write_bytes(self.key + self.certificate)
            context.load_cert_chain(file)
        return context


def make(name: str, address: str) -> Certificate:
    """A fresh certificate for the host `name` at `address`, both among its subject alternative names."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    names = x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address(address))])
    made = (
        x509.CertificateBuilder(subject_name=subject, issuer_name=subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(VALID_FROM)
        .not_valid_after(VALID_UNTIL)
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    digest = hashlib.sha256(made.public_bytes(serialization.Encoding.DER)).hexdigest()
    return Certificate(private, made.public_bytes(pem), f"sha256:{digest}")


def keep(folder: Path, name: str, address: str) -> Certificate:
    """The certificate kept in `folder` for this host, made at the first call, so that pins survive a restart."""
    file = folder / f"{name}.pem"
    if file.exists():
        return _read(file.read_bytes())
    made = make(name, address)
    folder.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_bytes(made.key + made.certificate)
    return made


def _read(both: bytes) -> Certificate:
    begin = both.index(b"-----BEGIN CERTIFICATE-----")
    der = x509.load_pem_x509_certificate(both[begin:]).public_bytes(serialization.Encoding.DER)
    return Certificate(both[:begin], both[begin:], f"sha256:{hashlib.sha256(der).hexdigest()}")
