"""`--once --explain`: what is read, what follows from it, and what would be done now, and why. Acts on nothing."""

import os
import shutil
from typing import Callable, List

from . import clock, routes, stop
from .config import Config
from .decide import decide
from .model import Heard, Memory
from .state import State
from .supply import is_low, left, state
from .watch import CONTROLLER, Watch
from .words import duration

PATIENCE = 20.0  # seconds for everybody's answer
AFTER_IT = "; of a controller that answers and handles it, only the reserve"


def once(config: Config, say: Callable[[str], None], explain: bool) -> int:
    """0: every source answers and every program is there; 1: not."""
    watch = Watch(config, clock.now)
    watch.ask_all(PATIENCE)
    kept = State(config.state, clock.boot(), say)
    now, memory = clock.now(), kept.load()
    found = decide(now, memory, watch.everything(), watch.notice, config.feeds, config.rules)
    watch.close()
    troubles = _sources(config, watch, now, found.memory, say)
    if explain:
        _rules(config, say)
    armed = config.armed or kept.is_armed()
    say("Now: {}{}".format(found.why, ": it would be stopped" if found.act else ""))
    say("Armed: it acts" if armed else "DRY RUN: it only says what it would do; `ridethrough-agent arm` arms it")
    if explain:
        say("Were it shut down now, the agent")
        stop.Stop(config, stop.Tools(clock.now, lambda _: None, say)).rehearse("- ")
        troubles += _programs(config)
    for trouble in troubles:
        say("TROUBLE: " + trouble)
    return 1 if troubles else 0


def _sources(config: Config, watch: Watch, now: float, memory: Memory, say: Callable[[str], None]) -> List[str]:
    troubles = []
    for feed in config.feeds:
        heard, s = watch.heard[feed.name], memory.source(feed.name)
        told = [state(now, s)]
        last = s.last
        if last is not None:
            told += ["low battery"] if is_low(now, s) or last.low else []
            told += ["charge {:.0f} %".format(last.charge)] if last.charge is not None else []
            told += ["runtime {:.0f} s".format(last.runtime)] if last.runtime is not None else ["it tells no runtime"]
            told += ["cuts its output in {:.0f} s".format(last.countdown)] if last.countdown else []
            told += [last.model] if last.model else []
        if s.since is not None:
            told.append("on battery for {:.0f} s".format(now - s.since))
            told += [] if s.confirmed else ["one more look must agree"]
            rest = left(now, s, feed, config.rules)
            told += ["counted on for {:.0f} s".format(rest)] if rest != float("inf") else []
        say("{} ({}): {}".format(feed.name, feed.who, ", ".join(told)))
        if heard.trouble or heard.asked is None:
            troubles.append("{} is silent: {}".format(feed.name, heard.trouble or "no answer in time"))
    notice, told_by = watch.notice, watch.everything().get(CONTROLLER, Heard(asked=0.0))
    if notice is not None:
        handled = (
            "handles this machine for {:.0f} s from now".format(notice.lease)
            if notice.handled
            else "does not handle it"
        )
        say("controller: {}: {}".format(handled, notice.why))
        for who, what in notice.warnings:
            say("controller: warns: {}: {}".format(who, what))
        if notice.order is not None:
            say("controller: wants this machine down: {}".format(notice.order.why))
    if told_by.trouble or told_by.asked is None:
        troubles.append(told_by.trouble or "the controller has not answered in time")
    return troubles


def _rules(config: Config, say: Callable[[str], None]) -> None:
    r = config.rules
    say("It is shut down when on battery and:")
    if r.after is not None:
        say("- utility power has been gone for {}, unless the controller handles it".format(duration(r.after)))
    if r.low_battery:
        say("- the battery is low, unless the controller handles it")
    told = "- {:.0f} s of power are left: {:.0f} s to stop and {:.0f} s of reserve"
    say(told.format(r.stop + r.reserve, r.stop, r.reserve) + ("" if config.controller is None else AFTER_IT))
    if config.controller is not None and r.notice:
        say("or, on battery or not, when the controller's shutdown notice says so")


def _programs(config: Config) -> List[str]:
    troubles = []
    for program in (config.wall[:1], config.shutdown[:1], config.command[:1]):
        if program and shutil.which(program[0]) is None:
            troubles.append("{} is not on this machine".format(program[0]))
    xen = config.xenserver
    if xen is None:
        return troubles
    if os.geteuid() != 0:
        troubles.append("only root may ask the toolstack's socket")
    for route in routes.of(xen):
        try:
            route.open()
        except routes.RouteFailed as error:
            troubles.append("{} leads nowhere: {}".format(route.name, error))
        finally:
            route.close()
    return troubles
