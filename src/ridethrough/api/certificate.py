"""The certificate of the pages: what it says, and whether its files may be used."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ridethrough.fingerprints import fingerprint

SOON = 30 * 86400.0  # seconds before its end at which a certificate is replaced, or its owner warned


class CertificateRefused(Exception):  # noqa: N818 - a state of the files
    """The files cannot be used. The message names the file and the remedy."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """`own`: made by us and replaced by us. Moments are seconds since 1970."""

    path: Path
    key_path: Path
    own: bool
    subject: str
    names: tuple[str, ...]
    valid_since: float
    valid_until: float
    fingerprint: str
    pem: str

    def trouble(self, now: float) -> str:
        """What is wrong with its dates, and what to do; empty when nothing is."""
        if now < self.valid_since:
            return f"{self.path}: the certificate is not valid yet; see whether this machine's clock is right"
        if now >= self.valid_until:
            return f"{self.path}: the certificate is no longer valid; write a new one there"
        if self.valid_until - now < SOON and not self.own:
            days = int((self.valid_until - now) / 86400.0)
            return (
                f"{self.path}: the certificate ends in {days} {'day' if days == 1 else 'days'}; write a new one there"
            )
        return ""


def read(path: Path, key_path: Path, *, own: bool = False) -> Certificate:
    """The certificate in these PEM files. Raises CertificateRefused where they are not fit for use."""
    try:
        found = x509.load_pem_x509_certificates(_bytes(path))[0]
    except ValueError as error:
        raise CertificateRefused(f"{path}: holds no certificate in PEM form ({error}); convert it") from error
    if _of_key(key_path) != found.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo):
        raise CertificateRefused(
            f"{key_path}: this is not the key of the certificate in {path} (its own one must come first in the file); "
            "name the two that belong together"
        )
    return Certificate(
        path,
        key_path,
        own,
        found.subject.rfc4514_string(),
        _names(found),
        found.not_valid_before_utc.timestamp(),
        found.not_valid_after_utc.timestamp(),
        fingerprint(found.public_bytes(Encoding.DER)),
        found.public_bytes(Encoding.PEM).decode(),
    )


def _of_key(path: Path) -> bytes:
    """The public half of a private key."""
    data = _bytes(path)
    if stat.S_IMODE(path.stat().st_mode) & 0o007:
        raise CertificateRefused(f"{path}: everyone may read this key: chmod 600 it, or 640 for a group of its own")
    try:
        key = serialization.load_pem_private_key(data, None)
    except TypeError as error:
        raise CertificateRefused(f"{path}: the key is encrypted; write it there without a passphrase") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CertificateRefused(f"{path}: holds no private key in PEM form; convert it") from error
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        why = error.strerror or str(error)
        raise CertificateRefused(
            f"{path}: {why}; it must be there, and readable by the user that the manager runs as"
        ) from error


def _names(found: x509.Certificate) -> tuple[str, ...]:
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    of_dns = names.get_values_for_type(x509.DNSName)
    return (*of_dns, *(str(address) for address in names.get_values_for_type(x509.IPAddress)))
