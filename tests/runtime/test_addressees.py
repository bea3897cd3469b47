"""A request reaches the islands that it is for, and the person hears of all of them."""

from __future__ import annotations

import pytest

from ridethrough.core import events as e
from ridethrough.core.events import Ask
from ridethrough.runtime.addressees import any_of, concerns, one_of
from ridethrough.runtime.loop import Status
from ridethrough.runtime.mailbox import Answer
from tests.core.build import lost, remember, site, snapshot, vm_seen

SITE = site(2)
SEEN = snapshot(10.0, SITE, (vm_seen("web1", "h1"),))


def status(*events: e.Event) -> Status:
    return Status(10.0, SEEN, remember(*events), "")


@pytest.mark.parametrize(
    ("ask", "subject", "is_for"),
    [
        (Ask.ARM, "", True),
        (Ask.HOLD, "h1", True),
        (Ask.HOLD, "pool1", True),
        (Ask.HOLD, "h9", False),
        (Ask.HOLD, "", False),
        (Ask.SKIP_VM, "web1", True),
        (Ask.SKIP_VM, "web2", False),
        (Ask.SWITCH_OFF_UPS, "ups1", True),
        (Ask.SWITCH_OFF_UPS, "h1", False),
    ],
)
def test_who_is_asked_in_peace(ask: Ask, subject: str, is_for: bool) -> None:
    assert concerns(ask, subject, SITE, status()) is is_for


def test_everything_is_what_is_in_an_outage_or_held() -> None:
    held = (e.Requested(1.0, Ask.HOLD, "h1", "anna"), e.RequestDone(1.0, Ask.HOLD, "h1"))
    for ask in (Ask.HOLD, Ask.BRING_BACK):
        assert concerns(ask, "", SITE, status(lost("ups1", 5.0)))
        assert not concerns(ask, "", SITE, status(*held))
    assert concerns(Ask.RELEASE, "", SITE, status(*held))
    assert not concerns(Ask.RELEASE, "", SITE, status(lost("ups1", 5.0)))


def test_before_its_first_round_an_island_has_only_its_own_names() -> None:
    assert concerns(Ask.HOLD, "h1", SITE, None)
    assert not concerns(Ask.HOLD, "", SITE, None)
    assert not concerns(Ask.SKIP_VM, "web1", SITE, None)


def test_one_refusal_is_the_answer_where_all_must_agree() -> None:
    yes, no = Answer(True, "accepted: arm"), Answer(False, "refused: arm: why")
    assert one_of([yes, no]) == no
    assert one_of([yes, yes]) == yes


def test_a_refusal_elsewhere_is_told_and_takes_nothing_away() -> None:
    yes, no = (
        Answer(True, "accepted: hold: h1 is held"),
        Answer(False, "refused: hold: h2's last safe start has passed"),
    )
    assert any_of([no, yes]) == Answer(True, f"{yes.text}; {no.text}")
    assert any_of([no, no]) == no
