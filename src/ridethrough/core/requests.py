"""What people ask for: obeyed in the next round, or answered why not.

What a controller that has ended left unanswered is never obeyed: the person was told so, perhaps a day ago.
"""

from __future__ import annotations

from . import events as e
from .bring_back import bring_back
from .holds import hold, release
from .situation import Situation
from .skips import skip

RESTARTED = "the controller was restarted before it obeyed; ask again"


def answer(s: Situation) -> list[e.Event]:
    """One answer to each open request, in the order they came: the last word of a person counts."""
    found: list[e.Event] = [e.RequestRefused(s.now, left.ask, left.subject, RESTARTED) for left in s.memory.left]
    s = s.after(found)
    for request in s.memory.requests:
        new = _one(s, request)
        s = s.after(new)
        found += new
    return found


def _one(s: Situation, request: e.Requested) -> list[e.Event]:
    done = e.RequestDone(s.now, request.ask, request.subject)
    match request.ask:
        case e.Ask.ARM:
            return [done] if s.memory.armed else [e.Armed(s.now, request.by), done]
        case e.Ask.DISARM:
            return [e.Disarmed(s.now, request.by), done] if s.memory.armed else [done]
        case e.Ask.TAKE_SETTINGS | e.Ask.NOTE:
            why = f"{request.ask} is for the controller as a whole"
        case e.Ask.SHUT_DOWN_POOL:
            why = _unknown("pool", request.subject, [*s.site.pools]) or _not_armed(s)
        case e.Ask.SWITCH_OFF_UPS:
            why = _unknown("UPS", request.subject, [*s.site.upses]) or _not_armed(s)
        case e.Ask.CANCEL_UPS_OFF | e.Ask.WRITE_DOWN:  # a countdown that ends harms nobody, in dry run neither
            why = _unknown("UPS", request.subject, [*s.site.upses])
        case e.Ask.HOLD:
            return hold(s, request)
        case e.Ask.RELEASE:
            return release(s, request)
        case e.Ask.SKIP_VM:
            return skip(s, request)
        case e.Ask.BRING_BACK:
            return bring_back(s, request)
        case e.Ask.EXIT_MAINTENANCE:
            why = _unknown("host", request.subject, [*s.site.hosts, *s.seen.hosts]) or _not_armed(s)
            m = s.memory.host(request.subject)
            if not why and not m.wanted and m.disabled_at is None:
                why = f"{request.subject} is in no maintenance mode of ours: end it where it was begun"
        case e.Ask.ENTER_MAINTENANCE | e.Ask.EVACUATE:
            why = _unknown("host", request.subject, [*s.site.hosts, *s.seen.hosts]) or _not_armed(s)
            if not why and s.memory.host(request.subject).held:
                why = f"{request.subject} is held: release it first"
    return [e.RequestRefused(s.now, request.ask, request.subject, why)] if why else [done]


def _unknown(kind: str, subject: str, known: list[str]) -> str:
    if subject in known:
        return ""
    return f'no {kind} is named "{subject}"; known {kind}s are {", ".join(sorted(set(known))) or "none"}'


def _not_armed(s: Situation) -> str:
    return "the site is in dry run: arm it first" if s.dry_run else ""
