"""What to say and do now. Pure: no clock, no disk, no network; everything is handed in."""

from typing import Dict, List, NamedTuple, Optional, Sequence, Tuple

from . import words
from .fold import asked, fold
from .model import ACTING, IDLE, TOLD, WAITING, Feed, Heard, Memory, Notice, Rules, Source
from .supply import Supply, supply

STOOD_STILL = 30.0  # between two rounds: then everything is asked again before anything is done
NOTICE_HOLDS = 30.0  # the controller's warnings and orders are for now


class Warn(NamedTuple):
    """To be shown on the consoles."""

    topic: str
    who: str
    what: str


class Decision(NamedTuple):
    """`act`: begin to stop this machine, and why. `left`: the power for that, or None. `why`: this round in a sentence.

    `quick`: look often, for something goes on.
    """

    memory: Memory
    log: Tuple[str, ...] = ()
    warn: Tuple[Warn, ...] = ()
    act: str = ""
    left: Optional[float] = None
    why: str = ""
    quick: bool = False


def decide(
    now: float,
    memory: Memory,
    heard: Dict[str, Heard],
    notice: Optional[Notice],
    feeds: Sequence[Feed],
    rules: Rules,
) -> Decision:
    """One round."""
    memory = _leased(_awake(now, _folded(memory, heard, feeds, rules)), notice)
    s = supply(now, memory, feeds, rules)
    if memory.phase == ACTING:
        warned, warn = _warnings(now, memory, rules, words.SHUTDOWN, [("this machine", words.GOES_DOWN)])
        return Decision(warned, warn=warn, why="it is past the point of no return: " + memory.cause, quick=True)
    held = now < memory.lease_until
    why, act = _reason(now, s, notice, rules, held, held and _answers(now, notice))
    if memory.phase == TOLD and (act or s.failing):
        return Decision(memory, why="dry run: it was told what would be done; " + why, quick=True)
    if act:
        return _acting(now, memory, s, notice, why)
    if s.failing:
        return _waiting(now, memory, s, rules, held, why)
    return _calm(now, memory, notice, rules)


def _folded(memory: Memory, heard: Dict[str, Heard], feeds: Sequence[Feed], rules: Rules) -> Memory:
    sources: Dict[str, Source] = {}
    for feed in feeds:
        s, told = memory.source(feed.name), heard.get(feed.name, Heard())
        if told.asked is not None:
            s = asked(s, told.asked)
        sources[feed.name] = fold(s, told.reading, rules) if told.reading is not None else s
    return memory._replace(sources=tuple(sorted(sources.items())))


def _awake(now: float, memory: Memory) -> Memory:
    """Whoever was frozen, or has just begun, looks afresh."""
    fresh = memory.round_at is None or now - memory.round_at > STOOD_STILL or now < memory.round_at
    return memory._replace(round_at=now, awake=now if fresh else memory.awake)


def _leased(memory: Memory, notice: Optional[Notice]) -> Memory:
    """A lease holds to its end, whatever becomes of the controller; unless it is taken back."""
    if notice is None:
        return memory
    if notice.withdrawn:
        return memory._replace(lease_until=float("-inf"))
    granted = notice.at + notice.lease if notice.handled else float("-inf")
    return memory._replace(lease_until=max(memory.lease_until, granted))


def _answers(now: float, notice: Optional[Notice]) -> bool:
    """The controller has said just now that it handles this machine: it does not only hold a lease."""
    return notice is not None and notice.handled and now - notice.at <= NOTICE_HOLDS


def _reason(
    now: float, s: Supply, notice: Optional[Notice], rules: Rules, held: bool, answers: bool
) -> Tuple[str, bool]:
    """Why this machine must be stopped now; or what is waited for, and False.

    Whoever answers goes first: it knows what stopping takes here, and lets VMs move for as long as there is time. By
    the reserve it must have stopped this machine.
    """
    order = notice.order if notice is not None and now - notice.at <= NOTICE_HOLDS else None
    if order is not None and rules.notice:
        return "the controller's shutdown notice: " + order.why, True
    if not s.failing:
        return "utility power is there", False
    if s.settling:
        return "utility power is back, and must hold for {}".format(words.duration(rules.settle)), False
    if not s.current:
        return "on battery before; everything is asked again first", False
    if s.forced:
        return "upsd has ordered a forced shutdown (FSD)", True
    needed = rules.reserve if answers else rules.stop + rules.reserve
    if answers and s.left is not None and s.left <= needed:
        told = "the UPS is counted on for {:.0f} s more, and the controller, which answers, did not stop this machine"
        return told.format(s.left), True
    if s.left is not None and s.left <= needed:
        told = "the UPS is counted on for {:.0f} s more, and stopping takes {:.0f} s with {:.0f} s of reserve"
        return told.format(s.left, rules.stop, rules.reserve), True
    if held:
        if s.left is None:
            return "the controller handles it; how long the UPS lasts is not known, so until its battery is low", False
        told = "the controller handles it{}; the agent waits for {:.0f} s more at the most"
        return told.format(" and answers" if answers else "", s.left - needed), False
    if s.low and rules.low_battery:
        return "the battery is low", True
    if rules.after is not None and now - s.since >= rules.after:
        return "utility power has been gone for " + words.duration(rules.after), True
    if rules.after is None:
        return "on battery; waiting for low battery", False
    return "on battery; {:.0f} s until this machine is shut down".format(s.since + rules.after - now), False


def _acting(now: float, memory: Memory, s: Supply, notice: Optional[Notice], why: str) -> Decision:
    order = notice.order if notice is not None and now - notice.at <= NOTICE_HOLDS else None
    lefts = [one for one in (s.left, order.within if order is not None else None) if one is not None]
    acting = memory._replace(phase=ACTING, since=now, cause=why, warned_at=now)
    return Decision(
        acting,
        log=("{}: {}".format(words.GOES_DOWN, why),),
        warn=(Warn(words.SHUTDOWN, ", ".join(s.who) or "controller", words.GOES_DOWN + ": " + why),),
        act=why,
        left=min(lefts) if lefts else None,
        why=why,
        quick=True,
    )


def _waiting(now: float, memory: Memory, s: Supply, rules: Rules, held: bool, why: str) -> Decision:
    log: List[str] = []
    if memory.phase == IDLE:
        memory = memory._replace(phase=WAITING, since=now, cause=why, warned_at=None, leased=False, notice_at=None)
        log.append(words.power_loss(rules.after))
    if held and not memory.leased:
        log.append("The controller says that it handles this machine: the agent lets it go first")
    if memory.leased and not held:
        log.append("The controller has not said for too long that it handles this machine: the agent's own times hold")
    warnings = [(who, words.LOW if s.low else words.NO_POWER) for who in s.who] if not s.settling else []
    memory, warn = _warnings(now, memory._replace(leased=held), rules, words.WARNING, warnings)
    return Decision(memory, tuple(log), warn, left=s.left, why=why, quick=True)


def _calm(now: float, memory: Memory, notice: Optional[Notice], rules: Rules) -> Decision:
    log: Tuple[str, ...] = ()
    warn: Tuple[Warn, ...] = ()
    if memory.phase in (WAITING, TOLD):
        memory = memory._replace(phase=IDLE, since=now, cause="", leased=False, warned_at=None)
        log = (words.RETURNED,)
        warn = (Warn(words.CLEARED, "UPS", words.RETURNED),)
    warnings = notice.warnings if notice is not None and now - notice.at <= NOTICE_HOLDS else ()
    if warnings:
        memory, told = _warnings(now, memory, rules, words.WARNING, list(warnings))
        begun = memory.notice_at is None
        log += tuple("The controller warns: {}: {}".format(*one) for one in warnings) if begun else ()
        return Decision(memory._replace(notice_at=now), log, warn + told, why="the controller warns", quick=True)
    if memory.notice_at is not None:
        log += ("The controller's warning is over",)
        memory = memory._replace(notice_at=None, warned_at=None)
    unsure = any(s.polls or s.first is not None for _, s in memory.sources)
    return Decision(memory, log, warn, why="nothing to do", quick=unsure)


def _warnings(
    now: float, memory: Memory, rules: Rules, topic: str, warnings: Sequence[Tuple[str, str]]
) -> Tuple[Memory, Tuple[Warn, ...]]:
    """What is shown again at each warning interval."""
    due = memory.warned_at is None or now - memory.warned_at >= rules.warning_interval
    if not warnings or not due:
        return memory, ()
    return memory._replace(warned_at=now), tuple(Warn(topic, who, what) for who, what in warnings)
