"""Fingerprints of SSH host keys, as people paste them."""

from __future__ import annotations

import pytest

from ridethrough.fingerprints import ssh_host_key

KEY = "SHA256:ihfHETqdN8RRehrdAiGpSx7v2qfhDv3VKwKb+fv7rYs"
HEX = "8a17c7113a9d37c4517a1add0221a94b1eefdaa7e10efdd52b029bf9fbfbad8b"


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        f"  {KEY}= ",
        f"sha256:{HEX}",
        HEX.upper(),
        "SHA256:" + ":".join(HEX[n : n + 2] for n in range(0, 64, 2)),
    ],
)
def test_one_form(text: str) -> None:
    assert ssh_host_key(text) == KEY


@pytest.mark.parametrize(
    "text", ["", "SHA256:", KEY[:-1], KEY + "A", "MD5:16:27:ac:a5", f"256 {KEY}", KEY.replace("+", "-"), "x" * 10_000]
)
def test_no_fingerprint(text: str) -> None:
    with pytest.raises(ValueError, match="ssh-keyscan"):
        ssh_host_key(text)
