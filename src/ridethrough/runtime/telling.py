"""A fact of the journal, told to everyone who is to hear of it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from ridethrough.core.events import Event
from ridethrough.core.narrative import tell
from ridethrough.ports import Notifier

log = logging.getLogger(__name__)


def tell_all(notifiers: Sequence[Notifier], position: int, event: Event) -> None:
    """Tell each of them. One that fails takes nothing from the others, nor from what goes on. Raises nothing."""
    try:
        sentence = tell(event)
    except Exception:
        log.exception("there is no sentence for %r", event)
        sentence = repr(event)
    for notifier in notifiers:
        try:
            notifier.tell(position, event, sentence)
        except Exception:
            log.exception("%s failed", type(notifier).__name__)
