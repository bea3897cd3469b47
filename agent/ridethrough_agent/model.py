"""What a source tells, what is remembered of it, and what the agent is at. Times are seconds of the agent's clock."""

from typing import NamedTuple, Optional, Tuple

UTILITY, BATTERY, UNKNOWN = "utility power", "on battery", "unknown"
IDLE, WAITING, ACTING, TOLD = "idle", "waiting", "acting", "told"  # told: in dry run, what would be done


class Reading(NamedTuple):
    """One answer of a UPS. None: it does not tell, or what it tells cannot be."""

    at: float
    power: str
    low: bool = False
    forced: bool = False  # upsd's FSD: the UPS is about to be switched off, even where power returns
    testing: bool = False
    input_dead: bool = False  # the input voltage says so by itself
    charge: Optional[float] = None  # percent
    runtime: Optional[float] = None
    countdown: Optional[float] = None  # until it cuts its output; 0: none runs
    off_after: Optional[float] = None  # its card cuts the output so long after utility power has failed
    model: str = ""


class Heard(NamedTuple):
    """The last answer of a source, when it was asked last, and why that gave none."""

    reading: Optional[Reading] = None
    asked: Optional[float] = None
    trouble: str = ""


class Order(NamedTuple):
    """The controller's shutdown notice. `within`: the power that is left, or None."""

    why: str
    within: Optional[float] = None


class Notice(NamedTuple):
    """One answer of the controller. `lease`: so long after `at` it can be relied on that it handles this machine."""

    at: float
    handled: bool = False
    why: str = ""
    lease: float = 0.0
    withdrawn: bool = False  # what it said before does not hold any more
    warnings: Tuple[Tuple[str, str], ...] = ()  # who, what
    order: Optional[Order] = None


class Source(NamedTuple):
    """What is remembered of one source."""

    last: Optional[Reading] = None
    before: Optional[Reading] = None
    asked: float = float("-inf")
    good: bool = False  # it has told of utility power: its "on battery" can be believed
    good_at: Optional[float] = None
    polls: int = 0  # answers in a row that say "on battery"
    since: Optional[float] = None  # on battery since; until utility power has settled
    confirmed: bool = False
    back: Optional[float] = None  # utility power is back since, and has not settled
    first: Optional[Reading] = None  # of a source that was never good: its first "on battery"
    low_polls: int = 0
    low_since: Optional[float] = None
    forced: bool = False
    testing: Optional[float] = None  # since
    cut_at: Optional[float] = None


class Memory(NamedTuple):
    """What the agent carries from one round to the next, and over its own restart."""

    sources: Tuple[Tuple[str, Source], ...] = ()
    phase: str = IDLE
    since: float = 0.0
    cause: str = ""
    warned_at: Optional[float] = None
    lease_until: float = float("-inf")
    leased: bool = False
    notice_at: Optional[float] = None
    round_at: Optional[float] = None
    awake: float = float("-inf")  # what was asked before counts as nothing

    def source(self, name: str) -> Source:
        """What is remembered of it; nothing of one that was never heard."""
        return dict(self.sources).get(name, Source())


class Rules(NamedTuple):
    """How long the agent waits, and how long its own way down takes; seconds."""

    after: Optional[float] = 300.0  # utility power gone for so long; None: that alone is no reason
    low_battery: bool = True
    notice: bool = True
    warning_interval: float = 10.0
    needs: int = 1
    stop: float = 210.0  # what this machine needs to stop
    reserve: float = 60.0
    settle: float = 10.0
    trust: float = 0.8  # of the runtime that a UPS tells
    low_battery_left: float = 120.0


class Feed(NamedTuple):
    """One UPS: its name, its address for people, and its card's times where it does not tell them."""

    name: str
    who: str
    off_after: Optional[float] = None
