"""The command line."""

import argparse
import sys
from typing import List, Optional

from . import __version__, clock, config, explain, install, service
from .state import State

HELP = """\
Shuts this machine down in time when its UPS fails. Without a command it runs until it is ended.

commands:
  arm       from now on it may act; until then it only says what it would do
  disarm    back to dry run
  install   write the service, and a ridethrough-agent.ini to begin with (--sysv: for a machine without systemd)
  remove    take away what install wrote, and what the agent kept

exit codes: 0 done or all is well; 1 something is wrong; 2 wrong usage, or an error in the file
"""


def main(words: Optional[List[str]] = None) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(
        "ridethrough-agent", description=HELP, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("command", nargs="?", choices=["run", "arm", "disarm", "install", "remove"], default="run")
    parser.add_argument("--config", default=config.PLACE, help="the file (default: %(default)s)")
    parser.add_argument("--once", action="store_true", help="ask everybody once, say what follows, and end")
    parser.add_argument("--explain", action="store_true", help="with --once: the rules, and what would be done")
    parser.add_argument(
        "--sysv", action="store_true", help="with install: the SysV script in place of the systemd unit"
    )
    parser.add_argument("--root", default="", help="with install and remove: below this directory, for images")
    parser.add_argument("--version", action="version", version="ridethrough-agent " + __version__)
    given = parser.parse_args(words)
    if given.command == "install":
        return install.install(given.root, given.sysv, service.say)
    try:
        found = config.read(given.config)
    except config.ConfigError as error:
        if given.command == "remove":
            return install.remove(given.root, "/var/lib/ridethrough-agent", service.say)
        print("ridethrough-agent: {}".format(error), file=sys.stderr)
        return 2
    if given.command == "remove":
        return install.remove(given.root, found.state, service.say)
    if given.command in ("arm", "disarm"):
        return _arm(found, given.command == "arm")
    return explain.once(found, service.say, given.explain) if given.once else service.run(found)


def _arm(found: config.Config, armed: bool) -> int:
    state = State(found.state, clock.boot(), service.say)
    try:
        if armed:
            state.arm()
        else:
            state.disarm()
    except OSError as error:
        told = "{}: {}; where the disk takes nothing, write armed = yes under [agent]".format(
            found.state, error.strerror
        )
        print("ridethrough-agent: " + told, file=sys.stderr)
        return 1
    if not armed and found.armed:
        service.say("It stays armed: ridethrough-agent.ini says armed = yes")
        return 1
    service.say("Armed: it acts" if armed else "DRY RUN: it only says what it would do")
    return 0
