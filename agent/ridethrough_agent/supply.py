"""What the UPSs of this machine add up to: does its supply fail, since when, and how much power is left. Pure."""

from typing import List, NamedTuple, Optional, Sequence, Tuple

from .fold import UNCUT
from .model import BATTERY, UTILITY, Feed, Memory, Rules, Source

SILENT = 30.0  # a source that has not answered for so long says nothing of utility power
SILENT_IS_LOW = 60.0  # on battery, with no runtime ever told
FOREVER = float("inf")


class Supply(NamedTuple):
    """`settling`: utility power is back and must hold. `current`: what fails was asked since the agent is awake."""

    failing: bool = False
    since: float = 0.0
    left: Optional[float] = None
    low: bool = False
    forced: bool = False
    settling: bool = False
    current: bool = True
    who: Tuple[str, ...] = ()


def supply(now: float, memory: Memory, feeds: Sequence[Feed], rules: Rules) -> Supply:
    """Of all feeds. Silence never makes it fail: at least one source must have said "on battery" by itself."""
    found = [(feed, memory.source(feed.name)) for feed in feeds]
    failed = [(feed, s) for feed, s in found if is_on_battery(now, s)]
    out = sum(not is_on_battery(now, s) and not _is_good(now, s) for _, s in found)
    good = len(found) - len(failed) - out
    if not failed or good >= rules.needs:
        return Supply()
    missing = rules.needs - good  # so many of those that fail would be needed
    back = [s for _, s in failed if s.back is not None and not _counts_down(now, s)]
    begun = sorted(s.since if s.since is not None else now for _, s in failed)
    lefts = sorted((left(now, s, feed, rules) for feed, s in failed), reverse=True)
    least = lefts[missing - 1] if missing <= len(lefts) else lefts[-1]
    return Supply(
        failing=True,
        since=begun[max(0, min(len(failed) - missing, len(begun) - 1))],
        left=None if least == FOREVER else max(0.0, least),
        low=sum(not is_low(now, s) for _, s in failed) < missing,
        forced=any(s.forced and s.confirmed for _, s in failed),
        settling=len(back) >= missing,
        current=all(s.asked >= memory.awake for _, s in failed),
        who=tuple(feed.who for feed, _ in failed),
    )


def is_on_battery(now: float, s: Source) -> bool:
    """Confirmed, or counting down to cutting its output, whatever its input says."""
    return s.confirmed or _counts_down(now, s)


def is_low(now: float, s: Source) -> bool:
    """Low battery; or silent on battery for a minute, when nobody knows its runtime."""
    if s.low_since is not None:
        return True
    known = s.last is not None and (s.last.runtime is not None or s.last.off_after is not None)
    return s.last is not None and not known and s.cut_at is None and now - s.last.at >= SILENT_IS_LOW


def left(now: float, s: Source, feed: Feed, rules: Rules) -> float:
    """Seconds that this UPS can still be counted on; infinite when nothing tells."""
    known = [FOREVER]
    runtimes: List[float] = [r.runtime - (now - r.at) for r in (s.last, s.before) if r is not None and r.runtime]
    if runtimes and (s.last is not None and s.last.runtime is not None):
        known.append(rules.trust * max(runtimes))  # one odd answer is not taken for the truth
    if s.cut_at is not None:
        known.append(s.cut_at - now)
    off_after = s.last.off_after if s.last is not None and s.last.off_after is not None else feed.off_after
    if off_after is not None and s.since is not None:
        known.append((s.good_at if s.good_at is not None and s.good_at < s.since else s.since) + off_after - now)
    if is_low(now, s):
        silent_since = s.last.at + SILENT_IS_LOW if s.last is not None else now
        known.append(rules.low_battery_left - (now - (silent_since if s.low_since is None else s.low_since)))
    return min(known)


def state(now: float, s: Source) -> str:
    """Of one source, in a word for people."""
    if s.last is None:
        return "never heard"
    if now - s.last.at > SILENT:
        return "silent for {:.0f} s, then {}".format(now - s.last.at, s.last.power)
    if s.last.testing:
        return "in a test"
    return s.last.power


def _counts_down(now: float, s: Source) -> bool:
    return s.cut_at is not None and now < s.cut_at + UNCUT


def _is_good(now: float, s: Source) -> bool:
    if s.last is None or now - s.last.at > SILENT:
        return False
    return s.last.power == UTILITY or s.last.testing or (s.last.power == BATTERY and not s.confirmed)
