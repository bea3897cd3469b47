"""Fingerprints of certificates: SHA-256, as they are pinned in site.toml."""

from __future__ import annotations

import hashlib


def fingerprint(der: bytes) -> str:
    """A certificate's SHA-256 as `sha256:` and 64 hexadecimal digits."""
    return "sha256:" + hashlib.sha256(der).hexdigest()


def normalised(text: str) -> str:
    """A fingerprint as people paste it (upper case, colons, with or without `sha256:`). Raises ValueError in words."""
    plain = text.strip().lower().replace("-", "").replace(":", "").removeprefix("sha256")
    if len(plain) != 64 or not set(plain) <= set("0123456789abcdef"):
        raise ValueError("is no SHA-256 fingerprint: write sha256: and 64 hexadecimal digits")
    return "sha256:" + plain
