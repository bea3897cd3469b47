"""How often Python looks for objects that are held by nothing but each other."""

from __future__ import annotations

import gc

YOUNG = 20_000  # more objects than before, until it looks; Python's own is 700
OLDER = 10


def collect_rarely() -> None:
    """For a process that keeps a million objects and replaces some tens of thousands of them each second.

    Every look moves what it finds alive to the old ones, and often enough that means a look at all: with 10,000 cards
    that is a standstill of a third of a second or more, every few seconds. Replacing makes no garbage of this kind, so
    hardly anything waits longer for it.
    """
    gc.set_threshold(YOUNG, OLDER, OLDER)
