"""Fingerprints of certificates: SHA-256, as they are pinned in site.toml."""

from __future__ import annotations

import base64
import hashlib
import re


def fingerprint(der: bytes) -> str:
    """A certificate's SHA-256 as `sha256:` and 64 hexadecimal digits."""
    return "sha256:" + hashlib.sha256(der).hexdigest()


def normalised(text: str) -> str:
    """A fingerprint as people paste it (upper case, colons, with or without `sha256:`). Raises ValueError in words."""
    plain = text.strip().lower().replace("-", "").replace(":", "").removeprefix("sha256")
    if len(plain) != 64 or not set(plain) <= set("0123456789abcdef"):
        raise ValueError("is no SHA-256 fingerprint: write sha256: and 64 hexadecimal digits")
    return "sha256:" + plain


def ssh_host_key(text: str) -> str:
    """An SSH host key's fingerprint, as ssh-keygen -l prints it: `SHA256:` and 43 characters of base64.

    Hexadecimal digits, as certificates have them here, are taken too. Raises ValueError in words.
    """
    kind, _, rest = text.strip().partition(":")
    if kind == "SHA256" and re.fullmatch(r"[A-Za-z0-9+/]{43}=?", rest):
        return f"SHA256:{rest[:43]}"
    try:
        found = bytes.fromhex(normalised(text).removeprefix("sha256:"))
    except ValueError:
        raise ValueError(
            "is no fingerprint of an SSH host key: write SHA256: and 43 characters, as "
            "`ssh-keyscan ADDRESS | ssh-keygen -lf -` prints them"
        ) from None
    return "SHA256:" + base64.b64encode(found).decode().rstrip("=")
