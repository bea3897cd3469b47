"""Putting the service on this machine, and taking it away again."""

import os
import pkgutil
import sys
from typing import Callable, List, Tuple

from .config import PLACE

PROGRAM = "/usr/local/sbin/ridethrough-agent"
UNIT, SCRIPT = "/etc/systemd/system/ridethrough-agent.service", "/etc/init.d/ridethrough-agent"


def files(root: str, sysv: bool) -> List[Tuple[str, str, int]]:
    """Where each file goes, which it is, and its mode."""
    service = (SCRIPT, "ridethrough-agent.init", 0o755) if sysv else (UNIT, "ridethrough-agent.service", 0o644)
    return [(root + PLACE, "ridethrough-agent.ini", 0o600), (root + service[0], service[1], service[2])]


def install(root: str, sysv: bool, say: Callable[[str], None]) -> int:
    """Write what is not there yet; an existing ridethrough-agent.ini stays as it is."""
    for place, name, mode in files(root, sysv):
        if place.endswith(".ini") and os.path.exists(place):
            say("{} stays as it is".format(place))
            continue
        data = pkgutil.get_data("ridethrough_agent", name)
        assert data is not None
        data = data.replace(b"@python@", (sys.executable or "/usr/bin/python3").encode())
        try:
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
                file.write(data)
            os.chmod(place, mode)
        except OSError as error:
            say("{} cannot be written: {}".format(place, error.strerror))
            return 1
        say("{} is written".format(place))
    if os.path.abspath(sys.argv[0]) != PROGRAM:
        say("The service runs {}: copy this file there".format(PROGRAM))
    start = "service ridethrough-agent start" if sysv else "systemctl enable --now ridethrough-agent"
    say("Next: edit {}, look with `ridethrough-agent --once --explain`, then: {}".format(PLACE, start))
    return 0


def remove(root: str, state: str, say: Callable[[str], None]) -> int:
    """Take away what `install` wrote and what the agent kept; the program itself stays."""
    known = [place for sysv in (False, True) for place, _, _ in files(root, sysv)]
    known += [os.path.join(root + state, name) for name in ("state.json", "state.json.new", "armed")]
    for place in sorted(set(known)):
        try:
            os.unlink(place)
            say("{} is removed".format(place))
        except FileNotFoundError:
            pass
        except OSError as error:
            say("{} cannot be removed: {}".format(place, error.strerror))
            return 1
    try:
        os.rmdir(root + state)
    except OSError:
        pass
    return 0
