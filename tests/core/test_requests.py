"""What people ask for: obeyed in the next round, or answered why not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ridethrough.core import events as e
from ridethrough.core.memory import Memory
from ridethrough.core.narrative import tell
from ridethrough.core.requests import answer
from ridethrough.core.situation import Situation

from .build import remember, site, situation, snapshot


def asked(ask: e.Ask, subject: str, *before: e.Event) -> list[e.Event]:
    the_site = site(2)
    return answer(situation(10.0, snapshot(10.0, the_site), the_site, *before, e.Requested(9.0, ask, subject, "anna")))


def test_an_unknown_host_is_refused_with_the_known_ones() -> None:
    (refused,) = asked(e.Ask.HOLD, "h9")
    assert isinstance(refused, e.RequestRefused)
    assert "known hosts are h1, h2" in refused.why


@pytest.mark.parametrize("ask", [e.Ask.ENTER_MAINTENANCE, e.Ask.EVACUATE])
def test_a_held_host_is_released_before_it_is_emptied(ask: e.Ask) -> None:
    held = (e.Requested(1.0, e.Ask.HOLD, "h1", "anna"), e.RequestDone(1.0, e.Ask.HOLD, "h1"))
    (refused,) = asked(ask, "h1", *held)
    assert isinstance(refused, e.RequestRefused)
    assert "release it first" in refused.why
    assert asked(ask, "h2", *held) == [e.RequestDone(10.0, ask, "h2")]


def test_a_maintenance_mode_that_is_not_ours_is_not_ours_to_end() -> None:
    (refused,) = asked(e.Ask.EXIT_MAINTENANCE, "h1")
    assert isinstance(refused, e.RequestRefused)
    assert "end it where it was begun" in refused.why
    entered = (
        e.Requested(1.0, e.Ask.ENTER_MAINTENANCE, "h1", "anna"),
        e.RequestDone(1.0, e.Ask.ENTER_MAINTENANCE, "h1"),
    )
    done = e.RequestDone(10.0, e.Ask.EXIT_MAINTENANCE, "h1")
    assert asked(e.Ask.EXIT_MAINTENANCE, "h1", *entered) == [done]


def test_what_is_asked_in_one_breath_is_answered_in_its_order() -> None:
    """Asked while the controller was away: the last word counts, and nobody is told that it came too early."""
    the_site, enter, leave = site(2), e.Ask.ENTER_MAINTENANCE, e.Ask.EXIT_MAINTENANCE
    words = [e.Requested(float(n), ask, "h1", "anna") for n, ask in enumerate((enter, leave, enter))]
    s = situation(10.0, snapshot(10.0, the_site), the_site, *words)
    answers = answer(s)
    assert answers == [e.RequestDone(10.0, ask, "h1") for ask in (enter, leave, enter)]
    assert s.after(answers).memory.host("h1").wanted
    assert s.after(answers).memory.requests == ()
    assert not s.after(answers[:2]).memory.host("h1").wanted


RESTARTED = "the controller was restarted before it obeyed; ask again"


@pytest.mark.parametrize("ask", [ask for ask in e.Ask if ask is not e.Ask.NOTE])
def test_what_a_controller_left_unanswered_is_refused_by_the_next_one(ask: e.Ask) -> None:
    """Its person was told so, perhaps a day ago."""
    the_site = site(2)
    subject = {e.Ask.SHUT_DOWN_POOL: "pool1", e.Ask.ARM: "", e.Ask.DISARM: ""}.get(ask, "h1")
    asked, started = e.Requested(9.0, ask, subject, "anna"), e.ControllerStarted(86400.0, "0.1.0")
    s = situation(86401.0, snapshot(86401.0, the_site), the_site, asked, started)
    assert answer(s) == [e.RequestRefused(86401.0, ask, subject, RESTARTED)]
    assert s.memory.host("h1") == situation(86401.0, s.seen, the_site, started).memory.host("h1")
    after = s.after(answer(s))
    assert answer(after) == []
    again = after.after([e.ControllerStarted(86500.0, "0.1.0")])
    assert answer(again) == []


def test_what_is_asked_again_after_a_restart_is_obeyed() -> None:
    the_site = site(2)
    asked = e.Requested(9.0, e.Ask.HOLD, "h1", "anna")
    words = (asked, e.ControllerStarted(20.0, "0.1.0"), replace(asked, at=21.0, seconds=60.0))
    s = situation(22.0, snapshot(22.0, the_site), the_site, *words)
    refused, done = answer(s)
    assert refused == e.RequestRefused(22.0, e.Ask.HOLD, "h1", RESTARTED)
    assert done == e.RequestDone(22.0, e.Ask.HOLD, "h1", "held for 60 s")
    assert s.after([refused]).memory.requests == words[2:]
    assert s.after([refused, done]).memory.host("h1").held_until == 82.0


def test_a_journal_of_an_earlier_version_in_which_it_was_obeyed_after_a_restart_means_the_same() -> None:
    the_site = site(2)
    words = (
        e.Requested(9.0, e.Ask.HOLD, "h1", "anna"),
        e.ControllerStarted(20.0, "0.1.0"),
        e.RequestDone(21.0, e.Ask.HOLD, "h1"),
    )
    s = situation(22.0, snapshot(22.0, the_site), the_site, *words)
    assert s.memory.host("h1").held
    assert answer(s) == []


def test_in_dry_run_nobody_is_promised_an_action() -> None:
    the_site = site(1)
    memory = remember(e.Requested(9.0, e.Ask.EVACUATE, "h1", "anna"))
    (refused,) = answer(Situation(10.0, snapshot(10.0, the_site), memory, the_site))
    assert isinstance(refused, e.RequestRefused)
    assert "arm it first" in refused.why


def test_arming_twice_changes_nothing_the_second_time() -> None:
    assert asked(e.Ask.ARM, "") == [e.RequestDone(10.0, e.Ask.ARM, "")]


def test_a_note_waits_for_no_answer_and_its_sentence_says_who_did_what() -> None:
    note = e.Requested(9.0, e.Ask.NOTE, "accounts", "anna", "account bert made with role view")
    the_site = site(1)
    s = situation(10.0, snapshot(10.0, the_site), the_site, note)
    assert (s.memory.requests, answer(s)) == ((), [])
    assert tell(note) == "accounts: account bert made with role view, by anna"


def test_no_loop_takes_settings_for_all_the_others() -> None:
    (refused,) = asked(e.Ask.TAKE_SETTINGS, "")
    assert isinstance(refused, e.RequestRefused)
    assert refused.why == "take settings is for the controller as a whole"


def test_settings_that_were_taken_are_told_and_change_no_memory() -> None:
    taken = e.SettingsTaken(9.0, "anna", "host.h1.shutdown: new battery")
    assert tell(taken) == "new settings by anna: host.h1.shutdown: new battery"
    assert tell(e.SettingsTaken(9.0, "anna")) == "new settings by anna"
    assert remember(taken) == replace(Memory(), position=remember(taken).position)
    assert tell(e.ControllerStarted(9.0, "1.0", 8.0, "ups1, pool1")) == "ups1, pool1 is watched anew"


def test_in_dry_run_a_countdown_may_be_ended_and_none_begun() -> None:
    the_site = site(1)
    (ups,) = the_site.upses
    answers = {}
    for ask in (e.Ask.SWITCH_OFF_UPS, e.Ask.CANCEL_UPS_OFF, e.Ask.WRITE_DOWN):
        memory = remember(e.Requested(9.0, ask, ups, "anna"))
        (answers[ask],) = answer(Situation(10.0, snapshot(10.0, the_site), memory, the_site))
    assert isinstance(answers.pop(e.Ask.SWITCH_OFF_UPS), e.RequestRefused)
    assert [type(given) for given in answers.values()] == [e.RequestDone, e.RequestDone]
