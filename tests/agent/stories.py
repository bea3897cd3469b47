"""Outages as the agent's rules play them, second by second on a clock of their own.

This file is Python 3.6, and needs nothing but the agent: `python3.6 tests/agent/stories.py` prints what each story
tells, and the tests compare that with what it tells here.
"""

import json
import os
import sys
from typing import Any, Dict, List, Optional, Sequence, Tuple

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "agent"))

from ridethrough_agent.decide import decide
from ridethrough_agent.model import ACTING, BATTERY, UTILITY, Feed, Heard, Memory, Notice, Order, Reading, Rules

GOOD = {"power": UTILITY, "runtime": 1800.0, "charge": 100.0}
OUT = {"power": BATTERY, "runtime": 1800.0, "charge": 90.0}
WORD = {"handled": True, "lease": 120.0}
NO_WORD = {"handled": False}
MUTE = {"power": UTILITY}  # tells nothing more
MUTE_OUT = {"power": BATTERY}


Timeline = Sequence[Tuple[int, str, Any]]


def play(
    timeline: Timeline,
    rules: Optional[Rules] = None,
    feeds: Sequence[str] = ("ups1",),
    until: int = 900,
    off_after: Optional[float] = None,
) -> List[str]:
    """Lines, each with its second. A timeline's entry: when, which source or "controller", what it says from then on.

    None: it falls silent. "restart": the agent is started anew, and knows what it had written down of its memory.
    "freeze": the agent does nothing until that second. It ends when the agent acts.
    """
    rules = rules or Rules()
    all_feeds = tuple(Feed(name, name, off_after) for name in feeds)
    says: Dict[str, Any] = {}
    heard: Dict[str, Heard] = {}
    notice: Optional[Notice] = None
    memory, lines = Memory(), []  # type: Tuple[Memory, List[str]]
    asleep, ask_at = -1, 0
    for now in range(until + 1):
        for at, who, what in timeline:
            if at == now and who == "freeze":
                asleep = what
            elif at == now and who == "restart":
                memory, heard, notice, ask_at = memory._replace(round_at=None), {}, None, now
            elif at == now:
                says[who] = what
        if now < asleep:
            continue
        if now >= ask_at:
            for feed in all_feeds:
                told = says.get(feed.name)
                reading = heard.get(feed.name, Heard()).reading
                if told is not None:
                    told = dict(told)
                    end = told.pop("empty_at", None)
                    reading = Reading(float(now), **(dict(told, runtime=end - now) if end is not None else told))
                heard[feed.name] = Heard(reading, float(now))
            if says.get("controller") is not None:
                notice = Notice(float(now), **says["controller"])
        found = decide(float(now), memory, heard, notice, all_feeds, rules)
        memory = found.memory
        if now >= ask_at:
            ask_at = now + (2 if found.quick else 5)
        lines += [f"{now} {line}" for line in found.log]
        lines += [f"{now} wall: {w.topic}: {w.who}: {w.what}" for w in found.warn]
        if memory.phase == ACTING:
            break
    return lines


def logged(lines: List[str]) -> List[str]:
    """Without what the consoles show."""
    return [line for line in lines if " wall: " not in line]


LOSS5 = "Power loss detected on UPS. System will be shut down after 5 minutes"
LOSS2 = LOSS5.replace("5", "2")
BACK = "Power has returned to UPS. Canceling shutdown."
DOWN = "System is being shut down: "
HELD = "The controller says that it handles this machine: the agent lets it go first"
FAILED = "the UPS is counted on for {} s more, and the controller, which answers, did not stop this machine"
OVER = "The controller has not said for too long that it handles this machine: the agent's own times hold"
LATE = "the UPS is counted on for {} s more, and stopping takes 210 s with 60 s of reserve"
TWO = ("ups1", "ups2")
LONG = Rules(after=None)

# name: (arguments, the log)
STORIES: Dict[str, Tuple[Dict[str, Any], List[str]]] = {
    "4.1 and 5.2: utility power stays away for five minutes": (
        {"timeline": [(0, "ups1", GOOD), (11, "ups1", OUT)]},
        ["17 " + LOSS5, "315 " + DOWN + "utility power has been gone for 5 minutes"],
    ),
    "5.3: for two minutes": (
        {"timeline": [(0, "ups1", GOOD), (11, "ups1", OUT)], "rules": Rules(after=120.0)},
        ["17 " + LOSS2, "135 " + DOWN + "utility power has been gone for 2 minutes"],
    ),
    "5.2: it returns after 36 seconds": (
        {"timeline": [(0, "ups1", GOOD), (11, "ups1", OUT), (47, "ups1", GOOD)]},
        ["17 " + LOSS5, "57 " + BACK],
    ),
    "it returns for a moment: the clock goes on": (
        {"timeline": [(0, "ups1", GOOD), (11, "ups1", OUT), (60, "ups1", GOOD), (66, "ups1", OUT)]},
        ["17 " + LOSS5, "315 " + DOWN + "utility power has been gone for 5 minutes"],
    ),
    "it has just returned when the time is over: nothing is done": (
        {"timeline": [(0, "ups1", GOOD), (11, "ups1", OUT), (310, "ups1", GOOD)]},
        ["17 " + LOSS5, "321 " + BACK],
    ),
    "one odd answer is none": (
        {"timeline": [(0, "ups1", GOOD), (15, "ups1", OUT), (16, "ups1", GOOD)], "until": 600},
        [],
    ),
    "an answer that shows the input dead is enough": (
        {"timeline": [(0, "ups1", GOOD), (15, "ups1", dict(OUT, input_dead=True)), (16, "ups1", GOOD)], "until": 100},
        ["15 " + LOSS5, "27 " + BACK],
    ),
    "low battery comes first": (
        {"timeline": [(0, "ups1", GOOD), (11, "ups1", OUT), (100, "ups1", dict(OUT, low=True))]},
        [
            "17 " + LOSS5,
            "103 " + DOWN + LATE.format(120),
        ],
    ),
    "low battery alone, of a machine that is quick": (
        {
            "timeline": [(0, "ups1", GOOD), (11, "ups1", OUT), (100, "ups1", dict(OUT, low=True))],
            "rules": Rules(after=None, stop=20.0, reserve=10.0),
        },
        [
            "17 Power loss detected on UPS. System will be shut down when the battery is low",
            "103 " + DOWN + "the battery is low",
        ],
    ),
    "low battery on utility power is no outage": (
        {"timeline": [(0, "ups1", dict(GOOD, low=True))], "until": 600},
        [],
    ),
    "the runtime is shorter than the time": (
        {"timeline": [(0, "ups1", GOOD), (11, "ups1", dict(OUT, empty_at=400.0))]},
        [
            "17 " + LOSS5,
            "63 " + DOWN + LATE.format(270),
        ],
    ),
    "one odd runtime is not believed": (
        {
            "timeline": [(0, "ups1", GOOD), (11, "ups1", OUT), (31, "ups1", dict(OUT, runtime=3.0)), (33, "ups1", OUT)],
            "until": 200,
        },
        ["17 " + LOSS5],
    ),
    "the card cuts after its own times": (
        {"timeline": [(0, "ups1", GOOD), (11, "ups1", OUT)], "off_after": 300.0},
        [
            "17 " + LOSS5,
            "40 " + DOWN + LATE.format(270),
        ],
    ),
    "it counts down to cutting its output, and power returns meanwhile": (
        {
            "timeline": [
                (0, "ups1", GOOD),
                (11, "ups1", OUT),
                (31, "ups1", dict(OUT, countdown=400.0)),
                (32, "ups1", dict(GOOD, countdown=None)),
            ],
        },
        [
            "17 " + LOSS5,
            "161 " + DOWN + LATE.format(270),
        ],
    ),
    "the countdown is cancelled": (
        {
            "timeline": [
                (0, "ups1", dict(GOOD, countdown=0.0)),
                (11, "ups1", dict(OUT, countdown=0.0)),
                (31, "ups1", dict(OUT, countdown=400.0)),
                (40, "ups1", dict(GOOD, countdown=0.0)),
            ],
        },
        ["17 " + LOSS5, "51 " + BACK],
    ),
    "a card that always says 600 counts down to nothing": (
        {"timeline": [(0, "ups1", dict(GOOD, countdown=600.0))], "until": 900},
        [],
    ),
    "a test is no outage": (
        {"timeline": [(0, "ups1", GOOD), (11, "ups1", dict(OUT, testing=True)), (200, "ups1", GOOD)]},
        [],
    ),
    "an outage in a test": (
        {"timeline": [(0, "ups1", GOOD), (11, "ups1", dict(OUT, testing=True, input_dead=True))]},
        ["15 " + LOSS5, "315 " + DOWN + "utility power has been gone for 5 minutes"],
    ),
    "a test's label that stays is not believed for ever": (
        {"timeline": [(0, "ups1", GOOD), (11, "ups1", dict(OUT, testing=True))], "until": 1000},
        ["322 " + LOSS5, "620 " + DOWN + "utility power has been gone for 5 minutes"],
    ),
    "a UPS that says on battery from the first word on": (
        {"timeline": [(0, "ups1", OUT)]},
        [],
    ),
    "and whose charge falls": (
        {"timeline": [(0, "ups1", OUT), (30, "ups1", dict(OUT, charge=88.0))]},
        ["32 " + LOSS5, "330 " + DOWN + "utility power has been gone for 5 minutes"],
    ),
    "a forced shutdown": (
        {"timeline": [(0, "ups1", GOOD), (11, "ups1", dict(OUT, forced=True, low=True))]},
        ["15 " + DOWN + "upsd has ordered a forced shutdown (FSD)"],
    ),
    "a forced shutdown that is from before this machine's start": (
        {"timeline": [(0, "ups1", dict(OUT, forced=True, low=True))]},
        [],
    ),
    "silent on utility power": (
        {"timeline": [(0, "ups1", GOOD), (11, "ups1", None)], "until": 2000},
        [],
    ),
    "never heard": ({"timeline": [], "until": 2000}, []),
    "silent on battery: the clock goes on": (
        {"timeline": [(0, "ups1", GOOD), (11, "ups1", OUT), (31, "ups1", None)]},
        ["17 " + LOSS5, "315 " + DOWN + "utility power has been gone for 5 minutes"],
    ),
    "silent on battery, and nobody knows its runtime": (
        {"timeline": [(0, "ups1", MUTE), (11, "ups1", MUTE_OUT), (31, "ups1", None)], "rules": LONG},
        [
            "17 Power loss detected on UPS. System will be shut down when the battery is low",
            "89 " + DOWN + LATE.format(120),
        ],
    ),
    "two feeds, one fails": (
        {"timeline": [(0, "ups1", GOOD), (0, "ups2", GOOD), (11, "ups1", OUT)], "feeds": TWO},
        [],
    ),
    "two feeds, both fail": (
        {"timeline": [(0, "ups1", GOOD), (0, "ups2", GOOD), (11, "ups1", OUT), (100, "ups2", OUT)], "feeds": TWO},
        ["103 " + LOSS5, "401 " + DOWN + "utility power has been gone for 5 minutes"],
    ),
    "two feeds, both needed": (
        {"timeline": [(0, "ups1", GOOD), (0, "ups2", GOOD), (11, "ups1", OUT)], "feeds": TWO, "rules": Rules(needs=2)},
        ["17 " + LOSS5, "315 " + DOWN + "utility power has been gone for 5 minutes"],
    ),
    "two feeds, one silent and the other fails": (
        {"timeline": [(0, "ups1", GOOD), (0, "ups2", GOOD), (6, "ups2", None), (51, "ups1", OUT)], "feeds": TWO},
        ["57 " + LOSS5, "355 " + DOWN + "utility power has been gone for 5 minutes"],
    ),
    "two feeds fail, one has just returned": (
        {
            "timeline": [
                *[(0, name, GOOD) for name in TWO],
                *[(11, name, OUT) for name in TWO],
                (311, "ups2", GOOD),
            ],
            "feeds": TWO,
        },
        ["17 " + LOSS5, "321 " + BACK],
    ),
    "the controller handles it": (
        {
            "timeline": [(0, "ups1", GOOD), (0, "controller", WORD), (11, "ups1", dict(OUT, empty_at=1011.0))],
            "until": 1000,
        },
        [
            "17 " + LOSS5,
            "17 " + HELD,
            "936 " + DOWN + FAILED.format(60),
        ],
    ),
    "the controller handles it, of a UPS that lasts for less than the agent would take": (
        {
            "timeline": [
                (0, "ups1", GOOD),
                (0, "controller", WORD),
                (11, "ups1", dict(OUT, empty_at=251.0)),
                (120, "ups1", GOOD),
            ],
        },
        ["17 " + LOSS5, "17 " + HELD, "131 " + BACK],
    ),
    "it dies, and little power is left: the lease is no reason to wait": (
        {
            "timeline": [
                (0, "ups1", GOOD),
                (0, "controller", WORD),
                (11, "ups1", dict(OUT, empty_at=251.0)),
                (50, "controller", None),
            ],
        },
        ["17 " + LOSS5, "17 " + HELD, "80 " + DOWN + LATE.format(137)],
    ),
    "it lives and cannot reach this machine, and little power is left": (
        {
            "timeline": [
                (0, "ups1", GOOD),
                (0, "controller", WORD),
                (11, "ups1", dict(OUT, empty_at=251.0)),
                (50, "controller", NO_WORD),
            ],
        },
        ["17 " + LOSS5, "17 " + HELD, "51 " + DOWN + LATE.format(160)],
    ),
    "the controller is killed while the agent waits": (
        {
            "timeline": [
                (0, "ups1", GOOD),
                (0, "controller", WORD),
                (11, "ups1", OUT),
                (100, "controller", None),
            ]
        },
        ["17 " + LOSS5, "17 " + HELD, "219 " + OVER, "315 " + DOWN + "utility power has been gone for 5 minutes"],
    ),
    "it is killed when the time is over already": (
        {"timeline": [(0, "ups1", GOOD), (0, "controller", WORD), (11, "ups1", OUT), (350, "controller", None)]},
        ["17 " + LOSS5, "17 " + HELD, "469 " + DOWN + "utility power has been gone for 5 minutes"],
    ),
    "it is killed and comes back within its lease": (
        {
            "timeline": [
                (0, "ups1", GOOD),
                (0, "controller", WORD),
                (11, "ups1", OUT),
                (250, "controller", None),
                (330, "controller", WORD),
            ],
            "until": 600,
        },
        ["17 " + LOSS5, "17 " + HELD],
    ),
    "it does not reach this machine for a while: the lease holds": (
        {
            "timeline": [
                (0, "ups1", GOOD),
                (0, "controller", WORD),
                (11, "ups1", OUT),
                (330, "controller", NO_WORD),
                (400, "controller", WORD),
            ],
            "until": 600,
        },
        ["17 " + LOSS5, "17 " + HELD],
    ),
    "somebody puts the site into dry run: the lease is taken back": (
        {
            "timeline": [
                (0, "ups1", GOOD),
                (0, "controller", WORD),
                (11, "ups1", OUT),
                (330, "controller", dict(NO_WORD, withdrawn=True)),
            ],
        },
        ["17 " + LOSS5, "17 " + HELD, "331 " + DOWN + "utility power has been gone for 5 minutes"],
    ),
    "a lease that ends is no outage": (
        {"timeline": [(0, "ups1", GOOD), (0, "controller", WORD), (20, "controller", None)], "until": 2000},
        [],
    ),
    "a lease that ends when the card is silent is none either": (
        {"timeline": [(0, "ups1", GOOD), (0, "controller", WORD), (20, "controller", None), (20, "ups1", None)]},
        [],
    ),
    "4.2: the controller's shutdown notice": (
        {
            "timeline": [
                (0, "ups1", GOOD),
                (0, "controller", WORD),
                (30, "controller", dict(WORD, order=Order("the plan wants it down"))),
            ]
        },
        ["30 " + DOWN + "the controller's shutdown notice: the plan wants it down"],
    ),
    "a notice that this machine is not to follow": (
        {
            "timeline": [(0, "ups1", GOOD), (30, "controller", dict(WORD, order=Order("so it is")))],
            "rules": Rules(notice=False),
        },
        [],
    ),
    "the controller warns": (
        {
            "timeline": [
                (0, "controller", WORD),
                (30, "controller", dict(WORD, warnings=(("ups1", "Utility power is not available"),))),
                (60, "controller", WORD),
            ],
            "feeds": (),
        },
        ["30 The controller warns: ups1: Utility power is not available", "60 The controller's warning is over"],
    ),
    "the agent is restarted while it waits": (
        {"timeline": [(0, "ups1", GOOD), (11, "ups1", OUT), (200, "restart", None)]},
        ["17 " + LOSS5, "315 " + DOWN + "utility power has been gone for 5 minutes"],
    ),
    "frozen for an hour: it looks again before it acts": (
        {
            "timeline": [(0, "ups1", GOOD), (11, "ups1", OUT), (100, "freeze", 3700), (3700, "ups1", GOOD)],
            "until": 4000,
        },
        ["17 " + LOSS5, "3710 " + BACK],
    ),
}

if __name__ == "__main__":
    print(json.dumps({name: play(**arguments) for name, (arguments, _) in sorted(STORIES.items())}))
