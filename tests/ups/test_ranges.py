"""Ranges of addresses."""

from __future__ import annotations

import pytest

from ridethrough.ups.ranges import addresses


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("192.0.2.7", ["192.0.2.7"]),
        ("192.0.2.7-192.0.2.9", ["192.0.2.7", "192.0.2.8", "192.0.2.9"]),
        ("192.0.2.7 - 192.0.2.8, 192.0.2.1", ["192.0.2.7", "192.0.2.8", "192.0.2.1"]),
        ("192.0.2.0/30", ["192.0.2.1", "192.0.2.2"]),
        ("192.0.2.5/30", ["192.0.2.5", "192.0.2.6"]),  # an address of the network will do
        ("192.0.2.7,192.0.2.7", ["192.0.2.7"]),
        ("2001:db8::fe-2001:db8::ff", ["2001:db8::fe", "2001:db8::ff"]),
    ],
)
def test_ranges(text: str, found: list[str]) -> None:
    assert addresses(text) == found


def test_a_manuals_range() -> None:
    assert len(addresses("192.0.2.1-192.0.2.254")) == 254
    assert len(addresses("192.0.2.0/24")) == 254


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("card.example", "is no range of addresses"),
        ("", "is no range of addresses"),
        ("192.0.2.9-192.0.2.7", "does not go up"),
        ("192.0.2.9-2001:db8::1", "does not go up"),
        ("10.0.0.0/8", "more than 65536 addresses"),
        ("::-ffff::", "more than 65536 addresses"),
    ],
)
def test_what_is_no_range(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        addresses(text)
