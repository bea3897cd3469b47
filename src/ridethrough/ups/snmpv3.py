"""How a card's SNMPv3 user may sign and keep secret, by the names that site.toml gives the ways."""

from __future__ import annotations

from typing import Literal, TypeAlias

Auth: TypeAlias = Literal["md5", "sha1", "sha224", "sha256", "sha384", "sha512"]
Privacy: TypeAlias = Literal["des", "aes128", "aes192", "aes256", "aes192-cisco", "aes256-cisco"]
SHORTEST_PASSWORD = 8  # characters: RFC 3414, 11.2
