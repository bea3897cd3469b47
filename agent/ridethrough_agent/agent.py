"""One round after the other: decide, keep, tell, act. What it works with is handed in."""

from datetime import datetime
from typing import Callable, Dict, NamedTuple, Optional, Tuple

from . import words
from .config import Config
from .decide import Decision, Warn, decide
from .model import ACTING, TOLD, WAITING, Heard, Memory, Notice
from .state import State


class Hands(NamedTuple):
    """What the agent does to the world. None of it may block.

    `say`: a line of the log; `announce`: a text for the consoles; `stop`: begin to stop this machine with that much
    power left, for good; `rehearse`: say what would be done; `wall_time`: for people.
    """

    say: Callable[[str], None]
    announce: Callable[[str], None]
    stop: Callable[[Optional[float]], None]
    rehearse: Callable[[], None]
    wall_time: Callable[[], datetime]


class Agent:
    """The agent of one machine."""

    def __init__(self, config: Config, state: State, hands: Hands) -> None:
        self._config, self._state, self._hands = config, state, hands
        self.memory: Memory = state.load()
        self._troubles: Dict[str, str] = {}
        self._told: Optional[Tuple[bool, str]] = None
        self._stopping = False
        self._rehearsed: Optional[Warn] = None

    def is_armed(self) -> bool:
        """By the file or by the command."""
        return self._config.armed or self._state.is_armed()

    def round(self, now: float, heard: Dict[str, Heard], notice: Optional[Notice]) -> Decision:
        """Look at what was heard, and do what follows."""
        armed = self.is_armed()
        if armed and self.memory.phase == TOLD:
            self.memory = self.memory._replace(phase=WAITING)
        if not armed and self.memory.phase == ACTING and not self._stopping:  # disarmed between two starts
            self.memory = self.memory._replace(phase=TOLD)
        self._tell_troubles(heard)
        self._tell_notice(notice)
        found = decide(now, self.memory, heard, notice, self._config.feeds, self._config.rules)
        memory = found.memory
        if found.act and not armed:
            memory = memory._replace(phase=TOLD)
        self.memory = memory
        self._state.keep(memory)
        for line in found.log:
            self._hands.say(line if armed or not found.act else "DRY RUN: " + line)
        for warning in found.warn:
            self._warn(warning, armed)
        if found.act and not armed:
            self._hands.rehearse()
        if memory.phase == ACTING and armed and not self._stopping:
            self._stopping = True
            self._hands.stop(found.left)
        return found

    def _warn(self, warning: Warn, armed: bool) -> None:
        if armed:
            self._hands.announce(words.broadcast(warning.topic, self._hands.wall_time(), warning.who, warning.what))
        elif warning != self._rehearsed:
            self._rehearsed = warning
            self._hands.say("DRY RUN: would tell the consoles: {0.topic}: {0.who}: {0.what}".format(warning))

    def _tell_notice(self, notice: Optional[Notice]) -> None:
        if notice is None or (notice.handled, notice.why) == self._told:
            return
        self._told = (notice.handled, notice.why)
        says = (
            "The controller handles this machine" if notice.handled else "The controller does not handle this machine"
        )
        self._hands.say("{}: {}".format(says, notice.why))

    def _tell_troubles(self, heard: Dict[str, Heard]) -> None:
        for name, told in sorted(heard.items()):
            if told.trouble and not self._troubles.get(name):
                self._hands.say("{} is silent: {}".format(name, told.trouble))
            elif not told.trouble and self._troubles.get(name):
                self._hands.say("{} answers again".format(name))
            self._troubles[name] = told.trouble
