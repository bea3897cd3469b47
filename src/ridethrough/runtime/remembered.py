"""The present as the files of a state directory tell it, for processes beside the controller."""

from __future__ import annotations

from pathlib import Path

from ridethrough.core.fold import fold_all
from ridethrough.core.memory import Memory
from ridethrough.core.site import Site
from ridethrough.core.situation import Situation

from .concern import concerning
from .journal_file import read_journal
from .seen_file import Seen


def situation(state_dir: Path, site: Site, seen: Seen) -> Situation:
    """What a round of the controller would look at: what it saw last, and all that its journal says of this site.

    Its `now` is the later of the two. Reads the whole journal. Raises JournalRefused, UnreadableEvent.
    """
    facts = concerning(site, read_journal(state_dir))
    now = max([seen.at, *(event.at for _, event in facts[-1:])])
    return Situation(now, seen.snapshot, fold_all(Memory(), facts), site)
