"""Ranges of addresses, as people write them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

MOST = 65536  # addresses in one search
EXAMPLES = '"192.0.2.1-192.0.2.254", "192.0.2.0/24" or "192.0.2.7"'


def addresses(text: str) -> list[str]:
    """The addresses of a range, a network or a list of them with commas, each once, in order.

    A network is taken without its own address and its broadcast address. Raises ValueError with the remedy.
    """
    found: dict[str, None] = {}
    for part in text.split(","):
        for address in _part(part.strip()):
            found[address] = None
            if len(found) > MOST:
                raise ValueError(f'"{text[:60]}" has more than {MOST} addresses: search in parts')
    return list(found)


def _part(text: str) -> Iterator[str]:
    first, dash, last = text.partition("-")
    try:
        if "/" in text:
            network = ipaddress.ip_network(text, strict=False)
            return map(str, network.hosts())
        low = ipaddress.ip_address(first.strip())
        high = ipaddress.ip_address(last.strip()) if dash else low
    except ValueError:
        raise ValueError(f'"{text[:60]}" is no range of addresses: write {EXAMPLES}') from None
    if low.version != high.version or int(low) > int(high):
        raise ValueError(f'"{text[:60]}" does not go up from its first address: write {EXAMPLES}')
    kind = type(low)
    return (str(kind(number)) for number in range(int(low), int(high) + 1))
