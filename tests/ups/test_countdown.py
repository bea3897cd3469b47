"""A value where the MIB says countdown is one only when something counts."""

from __future__ import annotations

import pytest

from ridethrough.ups.countdown import Countdown

Poll = tuple[float, float | None, bool]  # at, value, a second sign


def told(polls: list[Poll], trusts_idle: bool = True) -> list[float | None]:
    countdown = Countdown(trusts_idle)
    return [countdown.see(value, at, sign) for at, value, sign in polls]


@pytest.mark.parametrize("idle", [-1, -60, 0, 65535, 2**31 - 1, 2**32 - 1, -5, 10**6, None])
def test_idle_counts_nothing(idle: float | None) -> None:
    assert told([(t, idle, False) for t in (0, 5, 10)]) == [None, None, None]


def test_a_value_counts_once_it_has_fallen() -> None:
    assert told([(0, -1, False), (5, 118, False), (7, 116, False), (9, 114, False)]) == [None, None, 116, 114]


@pytest.mark.parametrize("value", [120, 30, 600])
def test_a_value_that_stands_still_never_counts(value: float) -> None:
    assert told([(5 * t, value, False) for t in range(20)]) == [None] * 20


def test_a_second_sign_counts_at_once() -> None:
    assert told([(0, -1, False), (5, 118, True)]) == [None, 118]


def test_a_card_that_refreshes_in_steps_goes_on_counting() -> None:
    polls: list[Poll] = [(0, 120, False), (10, 110, False), (12, 110, False), (14, 110, False), (20, 100, False)]
    assert told(polls) == [None, 110, 108, 106, 100]


def test_a_cancel_is_read() -> None:
    assert told([(0, 60, False), (2, 58, False), (4, -1, False)]) == [None, 58, None]


def test_a_cancel_is_read_from_a_card_whose_idle_is_0() -> None:
    assert told([(0, 60, False), (2, 58, False), (4, 0, False)]) == [None, 58, None]


def test_0_is_the_end_when_it_was_due_and_not_for_ever() -> None:
    polls: list[Poll] = [(0, 6, False), (2, 4, False), (6, 0, False), (20, 0, False), (40, 0, False)]
    assert told(polls) == [None, 4, 0, 0, None]


def test_an_object_whose_idle_is_0_shows_the_end_for_as_long_as_a_card_may_lag() -> None:
    polls: list[Poll] = [(0, 6, False), (2, 4, False), (6, 0, False), (14, 0, False), (18, 0, False)]
    countdown = Countdown(trusts_idle=False, zero_is_idle=True)
    assert [countdown.see(value, at, sign) for at, value, sign in polls] == [None, 4, 0, 0, None]


def test_a_changed_setting_is_no_countdown() -> None:
    assert told([(0, 300, False), (5, 120, False), (10, 120, False)]) == [None, None, None]


def test_a_countdown_that_froze_counts_no_more() -> None:
    assert told([(0, 100, False), (5, 95, False), (20, 95, False), (36, 95, False)]) == [None, 95, 80, None]


def test_only_a_card_that_spells_idle_as_the_rfc_does_proves_that_nothing_runs() -> None:
    rfc, zeros = Countdown(trusts_idle=True), Countdown(trusts_idle=True)
    rfc.see(-1, 0, sign=False)
    zeros.see(0, 0, sign=False)
    assert rfc.tells()
    assert not zeros.tells()


def test_a_family_that_shows_no_countdown_is_not_believed_for_its_idle_value() -> None:
    countdown = Countdown(trusts_idle=False)
    countdown.see(-1, 0, sign=False)
    assert not countdown.tells()


def test_while_it_cannot_be_told_yet_a_missing_countdown_proves_nothing() -> None:
    countdown = Countdown(trusts_idle=True)
    countdown.see(-1, 0, sign=False)
    countdown.see(118, 5, sign=False)
    assert not countdown.tells()
    countdown.see(116, 7, sign=False)
    assert countdown.tells()
