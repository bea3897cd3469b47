"""One answer after another: what a source is remembered by. Pure."""

from typing import Optional

from .model import BATTERY, UTILITY, Reading, Rules, Source

TEST_LASTS = 300.0  # a test's label counts for so long
CONFIRMED = 2  # answers in a row; one that shows the input dead is enough
UNCUT = 60.0  # so long after a countdown's end the output was plainly not cut


def asked(source: Source, at: float) -> Source:
    """It was asked at this time, and may have said nothing."""
    return source._replace(asked=max(source.asked, at))


def fold(source: Source, reading: Reading, rules: Rules) -> Source:
    """The source after this answer; as it was, where the answer is known already."""
    if source.last is not None and reading.at <= source.last.at:
        return source
    testing = (source.testing if source.testing is not None else reading.at) if reading.testing else None
    s = source._replace(
        last=reading, before=source.last, testing=testing, cut_at=_cut_at(source, reading), forced=reading.forced
    )
    believed = reading.input_dead or testing is None or reading.at - testing > TEST_LASTS
    if reading.power == BATTERY and believed:
        return _on_battery(s, reading)
    if reading.power == UTILITY or reading.testing:
        return _on_utility(s, reading, rules)
    return s._replace(polls=0)


def _on_battery(s: Source, r: Reading) -> Source:
    s = s._replace(back=None)
    if not s.good and not _proven(s, r):
        return s._replace(first=s.first or r, polls=0)
    low_polls = s.low_polls + 1 if r.low else 0
    is_short = r.runtime is not None and r.runtime <= 180.0
    low_since = s.low_since
    if r.forced or low_polls >= CONFIRMED or (low_polls and is_short):
        low_since = low_since if low_since is not None else r.at
    elif not r.low:
        low_since = None
    polls = s.polls + 1
    return s._replace(
        polls=polls,
        since=s.since if s.since is not None else r.at,
        confirmed=s.confirmed or polls >= CONFIRMED or r.input_dead or r.forced,
        low_polls=low_polls,
        low_since=low_since,
    )


def _proven(s: Source, r: Reading) -> bool:
    """Of a source that says "on battery" from the first answer on: whether something else says so too."""
    if s.since is not None or r.input_dead or r.low:
        return not r.forced or r.input_dead
    first = s.first
    if first is None:
        return False
    fell = first.charge is not None and r.charge is not None and r.charge < first.charge
    shrank = first.runtime is not None and r.runtime is not None and r.runtime < 0.9 * first.runtime
    return not r.forced and (fell or shrank)


def _on_utility(s: Source, r: Reading, rules: Rules) -> Source:
    s = s._replace(good=s.good or (r.power == UTILITY and not r.testing), good_at=r.at, polls=0, first=None)
    if not s.confirmed:
        return s._replace(since=None, back=None, low_polls=0, low_since=None)
    back = s.back if s.back is not None else r.at
    if r.at - back < rules.settle:
        return s._replace(back=back)
    return s._replace(since=None, confirmed=False, back=None, low_polls=0, low_since=None)


def _cut_at(s: Source, r: Reading) -> Optional[float]:
    """When it cuts its output: a countdown on utility power is believed once it is seen to run."""
    if r.countdown is None:
        kept = s.cut_at
        return kept if kept is not None and r.at < kept + UNCUT else None
    if r.countdown <= 0:
        return None
    was = s.last.countdown if s.last is not None else None
    runs = was is not None and 0 < r.countdown < was
    return r.at + r.countdown if s.since is not None or s.cut_at is not None or runs or r.power == BATTERY else None
