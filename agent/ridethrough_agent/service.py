"""The agent as it runs: threads that ask, rounds that decide, hands that act."""

import signal
import sys
import threading
from datetime import datetime
from typing import Callable, Optional

from . import clock, stop
from .agent import Agent, Hands
from .config import Config
from .programs import run as run_program
from .state import State
from .watch import Watch


def say(text: str) -> None:
    """A line of the log: standard output, which the journal or the SysV script takes. Raises nothing."""
    try:
        print(text, flush=True)
    except (OSError, ValueError):
        pass


class Consoles:
    """`wall`, one text after the other. Terminals that hang hold up nothing; of what waits the last is kept."""

    def __init__(self, config: Config, tell: Callable[[str], None]) -> None:
        self._wall, self._tell, self._trouble = config.wall, tell, ""
        self._lock = threading.Lock()
        self._busy, self._next = False, ""

    def announce(self, text: str) -> None:
        """Show it on every console."""
        with self._lock:
            self._next = text
            begin, self._busy = bool(self._wall) and not self._busy, True
        if begin:
            threading.Thread(target=self._show, daemon=True).start()

    def _show(self) -> None:
        while True:
            with self._lock:
                text, self._next = self._next, ""
                if not text:
                    self._busy = False
                    return
            ran = run_program(self._wall, 8.0, stdin=text)
            if ran.text and ran.text != self._trouble:
                self._tell("The consoles are not told: " + ran.text)
            self._trouble = ran.text


def run(config: Config) -> int:
    """Until it is told to end (SIGTERM, SIGINT)."""
    ended = threading.Event()
    watch = Watch(config, clock.now)

    def end(_signal: int, _frame: object) -> None:
        ended.set()
        watch.woken.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    agent = Agent(config, State(config.state, clock.boot(), say), hands(config))
    say(begun(config, agent.is_armed()))
    watch.start()
    try:
        rounds(agent, watch, ended)
    finally:
        watch.close()
    return 0


def rounds(agent: Agent, watch: Watch, ended: threading.Event) -> None:
    """A round whenever something was heard, and each second while something goes on."""
    pause = 0.0
    while not ended.is_set():
        if pause:
            watch.woken.wait(pause)
        watch.woken.clear()
        found = agent.round(clock.now(), watch.everything(), watch.notice)
        watch.quick = found.quick
        pause = 1.0 if found.quick else 10.0


def hands(config: Config) -> Hands:
    """The real ones."""
    consoles = Consoles(config, say)
    tools = stop.Tools(clock.now, pausing(), say)

    def stop_machine(left: Optional[float]) -> None:
        threading.Thread(target=stop.Stop(config, tools).carry_out, args=(left,), daemon=True).start()

    def rehearse() -> None:
        threading.Thread(target=stop.Stop(config, tools).rehearse, daemon=True).start()

    return Hands(say, consoles.announce, stop_machine, rehearse, datetime.now)


def pausing() -> Callable[[float], None]:
    """Lets seconds pass."""
    never = threading.Event()

    def wait(seconds: float) -> None:
        never.wait(seconds)

    return wait


def begun(config: Config, armed: bool) -> str:
    """The first line of the log."""
    names = [feed.who for feed in config.feeds] + (["the controller"] if config.controller is not None else [])
    mode = "armed" if armed else "DRY RUN: it only says what it would do, until it is armed"
    kind = "this XenServer host" if config.xenserver is not None else "this machine"
    version = "{}.{}".format(*sys.version_info[:2])
    return "ridethrough-agent (Python {}) protects {} by {}; {}".format(version, kind, ", ".join(names), mode)
