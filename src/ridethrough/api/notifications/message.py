"""What is told: one message, or one for many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ridethrough.core.notice import Severity

LINES = 100  # in a message for many
TITLE = 120  # characters


@dataclass(frozen=True, slots=True)
class Message:
    """Something that waits to be told. `at`: seconds since 1970. `times`: it came so often while it waited.

    `doubtful`: it was being sent when the manager ended, so it may have been sent already.
    """

    id: int
    at: float
    about: str
    severity: Severity
    subject: str
    text: str
    times: int = 1
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """What is sent."""

    title: str
    text: str
    severity: Severity


def worst(messages: Sequence[Message]) -> Severity:
    """The worst severity among these."""
    order = list(Severity)
    return max((message.severity for message in messages), key=order.index)


def letter(site: str, message: Message, when: Callable[[float], str]) -> Letter:
    """One message by itself."""
    again = "It may have been sent already.\n" if message.doubtful else ""
    text = f"{message.text}\n\n{when(message.at)}, {message.about}, {message.severity}{_often(message)}\n{again}"
    return Letter(f"{site}: {message.text}"[:TITLE], text, message.severity)


def summary(site: str, messages: Sequence[Message], left_out: int, when: Callable[[float], str]) -> Letter:
    """One for many that waited: what is bad first, else in their order."""
    bad = worst(messages)
    counts = Counter(message.severity for message in messages)
    told = ", ".join(f"{counts[severity]} {severity}" for severity in reversed(Severity) if counts[severity])
    # The worst are never those that find no line.
    order = list(Severity)
    kept = sorted(messages, key=lambda m: (-order.index(m.severity), m.id))[:LINES]
    lines = [
        f"{when(m.at)}  {m.severity:<7}  {m.text}{_often(m)}{' (may have been sent already)' if m.doubtful else ''}"
        for m in sorted(kept, key=lambda m: m.id)
    ]
    if len(messages) > LINES:
        lines.append(f"and {len(messages) - LINES} more, none worse than these: the journal has them")
    if left_out:
        lines.append(f"{left_out} older ones found no room while they waited: the journal has them")
    title = f"{site}: {len(messages)} messages ({told})"
    return Letter(title[:TITLE], "\n".join(lines) + "\n", bad)


def _often(message: Message) -> str:
    return f" ({message.times} times)" if message.times > 1 else ""
