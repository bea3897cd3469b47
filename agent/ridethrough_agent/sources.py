"""What every source has in common."""

from typing import Callable, NamedTuple

from .model import Reading


class SourceError(Exception):
    """No answer that can be used; the text says what to do."""


class Asker(NamedTuple):
    """`ask(at)` gives a reading within seconds, or raises SourceError. `close` lets go of what it holds."""

    ask: Callable[[float], Reading]
    close: Callable[[], None]
