"""What a trap or an inform is to us, however it was sent."""

from __future__ import annotations

from dataclasses import dataclass


class NoNotification(Exception):  # noqa: N818
    """These bytes are no trap and no inform. Says why in words of ours: nothing of the bytes is repeated."""

    is_amiss = True  # worth telling a person who wonders why nothing is heard


class Discovery(NoNotification):
    """No notification yet: whoever wants to send an inform of version 3 asked who we are, and was told."""

    is_amiss = False


@dataclass(frozen=True, slots=True)
class Notification:
    """A trap or an inform. `values` are those of its variables, as text."""

    trap: str  # its OID; v1's as RFC 3584 §3.1 makes it
    values: tuple[str, ...]
    agent: str = ""  # the address that it names as its card's; NAT makes it differ from the sender's
    answer: bytes = b""  # what an inform waits for
