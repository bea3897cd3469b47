"""Asking every source in a thread of its own, so that one that hangs holds up nobody."""

import threading
from typing import Callable, Dict, Optional

from . import controller, snmp, upsd
from .config import Config, Ups
from .model import Heard, Notice
from .sources import Asker, SourceError

QUICK = 2.0  # seconds between two looks while something goes on
CONTROLLER = "controller"


def asker(ups: Ups) -> Asker:
    """The way to ask it."""
    if ups.upsd is not None:
        return upsd.asker(ups.upsd)
    assert ups.card is not None
    return snmp.asker(ups.card)


class Watch:
    """Everything that is listened to. `woken` is set when something new was heard."""

    def __init__(self, config: Config, now: Callable[[], float]) -> None:
        self._now, self._every = now, config.every
        self._askers = {ups.feed.name: asker(ups) for ups in config.upses}
        self._controller = controller.Controller(config.controller) if config.controller is not None else None
        self.heard: Dict[str, Heard] = {name: Heard() for name in self._askers}
        self.notice: Optional[Notice] = None
        self.told = Heard()  # the controller's troubles, in the same shape
        self.quick = False
        self.woken, self._ended = threading.Event(), threading.Event()

    def ask_all(self, seconds: float) -> None:
        """Everybody once, at the same time; whoever has not answered then is silent."""
        threads = [threading.Thread(target=self._ask, args=(name,), daemon=True) for name in sorted(self._askers)]
        if self._controller is not None:
            threads.append(threading.Thread(target=self._ask_controller, daemon=True))
        for thread in threads:
            thread.start()
        until = self._now() + seconds
        for thread in threads:
            thread.join(max(0.01, until - self._now()))

    def start(self) -> None:
        """Ask again and again, until `close`."""
        for name in sorted(self._askers):
            threading.Thread(target=self._keep, args=(lambda name=name: self._ask(name),), daemon=True).start()
        if self._controller is not None:
            threading.Thread(target=self._keep, args=(self._ask_controller,), daemon=True).start()

    def close(self) -> None:
        """No more questions; what is secret is taken off the disk."""
        self._ended.set()
        for one in self._askers.values():
            one.close()

    def everything(self) -> Dict[str, Heard]:
        """What was heard, with the controller, whose readings are none."""
        return dict(self.heard, **({CONTROLLER: self.told} if self._controller is not None else {}))

    def _keep(self, ask: Callable[[], None]) -> None:
        while not self._ended.is_set():
            ask()
            self.woken.set()
            self._ended.wait(min(QUICK, self._every) if self.quick else self._every)

    def _ask(self, name: str) -> None:
        at = self._now()
        try:
            self.heard[name] = Heard(self._askers[name].ask(at), at)
        except SourceError as error:
            self.heard[name] = Heard(self.heard[name].reading, at, str(error))
        except Exception as error:  # a bug over what a device sent: this source is silent, the others go on
            self.heard[name] = Heard(self.heard[name].reading, at, "its answer cannot be read: {!r}".format(error))

    def _ask_controller(self) -> None:
        assert self._controller is not None
        at = self._now()
        try:
            self.notice, self.told = self._controller.ask(at), Heard(None, at)
        except SourceError as error:
            self.told = Heard(None, at, str(error))
        except Exception as error:
            self.told = Heard(None, at, "its answer cannot be read: {!r}".format(error))
