"""Stopping this machine: its guests first, each step with a deadline, and in the end by its own shutdown command."""

from typing import Callable, Dict, NamedTuple, Optional, Sequence

from . import routes
from .config import Config, XenServer
from .programs import Ran, run
from .routes import Guest, Route, RouteFailed
from .words import duration

LOOK = 1.0  # seconds between two looks at the guests
HARD = 30.0  # for a hard stop
LEAST = 15.0  # that guests get in any case
AGAIN = 60.0  # a machine that is still up is asked again


class Tools(NamedTuple):
    """`now`: seconds; `wait(seconds)`: let them pass; `say`: for the log; `ways` lead to the guests of this host;
    `run(command, seconds)`: a program."""

    now: Callable[[], float]
    wait: Callable[[float], None]
    say: Callable[[str], None]
    ways: Callable[[XenServer], Sequence[Route]] = routes.of
    run: Callable[[Sequence[str], float], Ran] = run


class Stop:
    """One way down of this machine. Raises nothing; what fails is told, and the next step comes."""

    def __init__(self, config: Config, tools: Tools) -> None:
        self._config, self._now, self._wait, self._say = config, tools.now, tools.wait, tools.say
        self._ways, self._run = tools.ways, tools.run

    def carry_out(self, left: Optional[float], times: int = 1000) -> None:
        """`left`: the power for it, where that is known. It goes on until the machine is down: the last step is asked
        again each minute, `times` at most."""
        self._command()
        if self._config.xenserver is not None and self._xenserver(self._config.xenserver, left):
            self._say("This host shuts down; {} for that".format(duration(self._config.stop_host)))
            self._wait(self._config.stop_host)
            self._say("It is still up")
        for _ in range(times):
            self._say("Running: " + " ".join(self._config.shutdown))
            ran = self._run(self._config.shutdown, 30.0)
            if not ran.good:
                self._say(ran.text)
            self._wait(AGAIN)

    def rehearse(self, begin: str = "DRY RUN: ") -> None:
        """Say what would be done; asks, and changes nothing. `begin`: of each line."""
        if self._config.command:
            self._say("{}would run: {}".format(begin, " ".join(self._config.command)))
        xen = self._config.xenserver
        if xen is not None:
            self._say(begin + guests_told(self._ways(xen)))
            self._say(begin + "would disable this host and shut it down")
        last = ", should that fail" if xen is not None else ""
        self._say("{}would run{}: {}".format(begin, last, " ".join(self._config.shutdown)))

    def _command(self) -> None:
        if self._config.command:
            self._say("Running: " + " ".join(self._config.command))
            ran = self._run(self._config.command, self._config.command_time)
            self._say("It has ended" if ran.good else ran.text)

    def _xenserver(self, xen: XenServer, left: Optional[float]) -> bool:
        """Whether the host was told to shut down through its toolstack. Its guests are stopped, as far as it went."""
        time = min(xen.stop_guests, max(LEAST, left - self._config.stop_host) if left is not None else xen.stop_guests)
        until = self._now() + time
        for route in self._ways(xen):
            try:
                route.open()
                self._disable(route)
                self._guests(route, until)
                route.disable()
                route.shut_down()
                return True
            except RouteFailed as error:
                self._say("By {}: {}".format(route.name, error))
            except Exception as error:  # a bug must not keep this machine from going down in order
                self._say("By {}: {!r}".format(route.name, error))
            finally:
                route.close()
            until = max(until, self._now() + LEAST)
        return False

    def _disable(self, route: Route) -> None:
        """First of all, so that no VM comes here meanwhile. A refusal is no reason to leave the guests running."""
        try:
            route.disable()
        except RouteFailed as error:
            self._say("This host is not disabled yet: {}".format(error))

    def _guests(self, route: Route, until: float) -> None:
        """Clean, all at once; hard at the deadline. Returns when none is left, or nothing more can be done."""
        names = self._clean(route, until)
        rest = route.guests()
        hard: Dict[str, Guest] = {}
        latest = self._now() + HARD
        while rest and self._now() < latest:
            for ref, guest in sorted(rest.items()):
                if ref not in hard:
                    hard[ref] = guest
                    self._say("{} has not stopped: it is stopped hard".format(guest.name))
                    route.hard(guest)
            self._wait(LOOK)
            rest = route.guests()
        told = ", ".join(sorted(guest.name for guest in rest.values()))
        self._say("Still running: " + told if rest else "{} stopped".format(_count(len(names))))

    def _clean(self, route: Route, until: float) -> Sequence[str]:
        seen: Dict[str, Guest] = {}
        while True:
            here = route.guests()
            for ref, guest in sorted(here.items()):
                if ref not in seen:
                    self._say("{} is stopped cleanly, by {}".format(guest.name, route.name))
                was = seen.get(ref)
                if guest.cannot and (was is None or was.cannot != guest.cannot):
                    self._say("{}: {}".format(guest.name, guest.cannot))
                if not guest.moving and not guest.cannot:
                    route.clean(guest)
            seen.update(here)
            waits = [guest for guest in here.values() if guest.cannot not in routes.CANNOT]
            if not waits or self._now() >= until:
                return sorted(seen)
            self._wait(min(LOOK, max(0.05, until - self._now())))


def guests_told(ways: Sequence[Route]) -> str:
    """Which guests run here now, by the first way that leads to them."""
    troubles = []
    for route in ways:
        try:
            route.open()
            names = sorted(guest.name for guest in route.guests().values())
            told = ", ".join(names) if names else "none"
            return "by {}: would stop {} cleanly: {}".format(route.name, _count(len(names)), told)
        except RouteFailed as error:
            troubles.append("{}: {}".format(route.name, error))
        finally:
            route.close()
    return "no way leads to this host's guests: " + "; ".join(troubles)


def _count(guests: int) -> str:
    return "1 VM" if guests == 1 else "{} VMs".format(guests)
