"""The Journal page's groups know every kind of event."""

from __future__ import annotations

import re
from typing import get_args

from ridethrough.core.events import Event
from ridethrough.web.assets import FOLDER


def test_every_kind_of_event_stands_in_a_group() -> None:
    text = (FOLDER / "js" / "journal" / "kinds.js").read_text(encoding="utf-8")
    table = text[text.index("export const GROUPS") : text.index("\n];")]
    assert {kind.__name__ for kind in get_args(Event)} == set(re.findall(r'"([A-Z]\w+)"', table)) - LABELS


LABELS = {"Power", "Hosts", "Actions", "People", "Alerts", "VMs", "Storage"}
