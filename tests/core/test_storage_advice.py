"""What an owner should know about storage before the power fails."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ridethrough.core.advice import advice
from ridethrough.core.model import CardAction, CardTimers, Storage, Ups, Way
from ridethrough.core.observation import Snapshot, StorageSeen

from .test_storage import NAS, NOW, named, seen_of, with_nas


def said(found: Iterable[object]) -> list[str]:
    return [text for text in map(str, found) if "storage.nas1" in text]


def test_one_in_good_order_gives_no_cause() -> None:
    the_site = with_nas()
    assert said(advice(the_site, named(seen_of(the_site)))) == []


def test_one_that_does_not_serve_or_does_not_ask_is_a_danger() -> None:
    the_site = with_nas()
    seen = named(seen_of(the_site))

    def of(shown: StorageSeen) -> list[str]:
        return said(advice(the_site, replace(seen, storages={"nas1": shown})))

    assert of(StorageSeen("nas1", trouble="no answer")) == [
        "danger: storage.nas1: does not serve (no answer): check serves, and the storage itself"
    ]
    (quiet,) = of(StorageSeen("nas1", NOW, 0.0, NOW, logged_in=False))
    assert quiet.startswith("danger: storage.nas1: does not ask for the state of its UPS here")


def test_a_card_that_cuts_before_it_can_stop_is_a_danger() -> None:
    short = with_nas(replace(NAS, stop_time=300.0))
    (told,) = said(advice(short, named(seen_of(short))))
    assert told == (
        "danger: storage.nas1: ups9's card cuts its output at 300 s, and it takes 300 s to stop. Give ups9's card a "
        "longer warning period"
    )


def test_minutes_of_its_own_that_end_before_its_hosts_are_down_are_told_with_the_remedy() -> None:
    built = replace(NAS, way=Way.BY_ITSELF, after=120.0, used_by=("h1",), powered_by=("ups1",))
    late = with_nas(built)
    long = CardTimers(3600.0, 120.0, CardAction.CLIENT_AND_UPS)
    late = replace(late, upses={u: replace(ups, timers=long) for u, ups in late.upses.items()})
    (told,) = said(advice(late, named(seen_of(late))))
    assert "goes down by itself after 120 s on battery, and h1 is down only at" in told
    assert 'Enter 4 minutes or more on the storage, and after = "4 min" here' in told
    right = replace(late, storages={"nas1": replace(built, after=240.0)})
    assert said(advice(right, named(seen_of(right)))) == []


def test_one_that_nothing_is_known_to_use_is_told() -> None:
    the_site = with_nas(replace(NAS, repositories=("typed wrong",)))
    (told,) = said(advice(the_site, named(seen_of(the_site))))
    assert told.endswith("Name its hosts in used_by, or its repositories")
    assert said(advice(the_site, Snapshot())) == []  # no pool has answered yet
    several = replace(with_nas(), pools={**with_nas().pools, "pool2": with_nas().pools["pool1"]})
    assert "may be used by any pool" in said(advice(several, named(seen_of(several))))[0]


def test_one_that_may_stay_off_is_told_unless_its_output_is_cut_or_it_can_be_woken() -> None:
    the_site = with_nas()
    keeps = replace(the_site.upses["ups9"], timers=CardTimers(900.0, 120.0, CardAction.CLIENT))
    seen = named(seen_of(the_site))

    def of(ups: Ups, nas: Storage = NAS) -> list[str]:
        changed = replace(the_site, upses={**the_site.upses, "ups9": ups}, storages={"nas1": nas})
        return [text for text in said(advice(changed, seen)) if "may stay off" in text]

    assert "ups9 may keep its output on until power returns, and nothing wakes it" in of(keeps)[0]
    assert of(replace(keeps, cut_output=True)) == []
    assert of(keeps, replace(NAS, wakes=True)) == []
