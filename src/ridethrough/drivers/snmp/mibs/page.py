"""The page "Which UPS works, and what it tells us", from the tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ridethrough.drivers.snmp.mibs.recognise import FAMILIES, KINDS, Kind
from ridethrough.drivers.snmp.mibs.rfc1628 import RFC1628
from ridethrough.drivers.snmp.mibs.table import Mib
from ridethrough.drivers.snmp.mibs.traps import TRAPS
from ridethrough.ups.meaning import Field

# Heading of a column, and the fields of which any fills it.
TOLD: tuple[tuple[str, tuple[Field, ...]], ...] = (
    ("source", ("source",)),
    ("low", ("low",)),
    ("test", ("testing", "moved_for_test", "alarms_present")),
    ("input", ("input_volts", "input_bad")),
    ("runtime", ("runtime",)),
    ("charge", ("charge",)),
    ("load", ("load",)),
    ("countdown", ("countdown", "off_delay")),
    ("period", ("warning_period",)),
    ("delay", ("shutdown_delay",)),
    ("link", ("link_lost", "alarms_present")),
    ("serial", ("serial",)),
)

INTRODUCTION = """\
# Which UPS works, and what it tells us

This page is made from the tables that the program reads cards with:
`python -m ridethrough.drivers.snmp.mibs > docs/upses.md`.

A network card works when it answers, over SNMP v1, v2c or v3, one of the families below; nearly every card answers
RFC 1628 at least in part. `ridethrough check` says what yours was taken for and why, and what it does not tell;
`ridethrough ups show NAME` shows every object. A card is first recognised by the beginning of its sysObjectID; what it
answers decides. A card that is not in the first table is asked for every family in turn.
"""

RULES = """\
## How a card is read

- A vendor's own objects count before those of RFC 1628, which are read beside them where they tell more.
- Where one object says "battery" and another "utility power", other signs decide: an alarm, a discharge, seconds on
  battery, an input that the UPS does not take. Without any sign, a live input speaks for utility power; where the card
  tells no input, an outage is not overlooked.
- A battery is low when any object says so. Of two charges or runtimes the first that is possible counts, the vendor's
  before RFC 1628's; of several loads the highest. `ridethrough check` and `ups show` tell of contradictions.
- Booster, reducer, economy and converter are utility power. Bypass is utility power without a battery behind it.
- A status of "off" or "standby" is only believed when the output carries nothing: cards say it of loads that are up.
- A test is told from an outage by the card's own test state. An input that is dead is an outage even in a test.
- A runtime of 0 counts only on a spent battery; 65535, 9999 and the like are no runtime. A charge counts from 0 to 100.
- "Battery low" is not needed: some cards never say it. The runtime that is left counts as well, and where a card tells
  neither, the host's own timers do.
- A temperature counts from -40 to 100 degrees Celsius: outside it the sensor is not there. A threshold of 0 is none.
- A countdown counts once it has been seen to fall, or when another sign says that the card shuts down.
- What a card does not tell stays untold. Nothing is guessed.

## How a UPS behind an upsd is read

`ups.status` is read in the same way: OL is utility power, OB is on battery, LB or FSD is a low battery. FSD as its
first word is upsd's own: a client, mostly a primary upsmon, has ordered a forced shutdown, and will have the UPS
switched off. It counts as OB LB even beside OL, as it does for all clients of NUT: the hosts behind this UPS go
down in time, and none comes back, while the cut is ahead. upsd says so until it is restarted; restart it when the
shutdown was called off. FSD behind other words is the driver's, and some old drivers say it all the time: such a
UPS is on battery only where it also says OB.
"""


SWITCHING = """\
## Switching a UPS's output off

`ridethrough ups off NAME` cuts a UPS's output after some seconds, so that it comes back with utility power;
`ridethrough ups cancel NAME` takes that back. `ridethrough ups show NAME` says what yours can. Where site.toml says
`cut_output = true`, the controller [does the same](running.md#switch-a-upss-output-off) at the end of a shutdown, on
battery only. Nothing else sends such a command.

A card is told through the first family that it answers and that can; many cards whose own family cannot are told
through RFC 1628. The objects must read as their document says before anything is set, what must be set first is read
back, and the countdown is read afterwards: a card that shows none is reported as not proven. After a cancel the
countdown must read as idle and the output must not read as off; anything else is reported as it is. None of this was
tried on a real card. A UPS behind an upsd is told by `shutdown.return` and `shutdown.stop`, on battery only, where its
driver has them, an `ups.delay.shutdown` and an `ups.timer.shutdown`. Megatec's protocol tells no countdown: there the
FSD that `nutdrv_qx` shows once a shutdown is under way counts, where it was not there before.
"""


def page() -> str:
    """The whole page, in Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield INTRODUCTION
    yield "## Cards that are recognised"
    yield ""
    yield from _table(
        ("card", "sysObjectID begins with", "read as"), map(_card, _in_order(k for k in KINDS if k.families))
    )
    yield ""
    yield "These are recognised too, and refused, for they are no UPS:"
    yield ""
    yield from (f"- {kind.what} ({kind.prefix})" for kind in _in_order(k for k in KINDS if not k.families))
    yield ""
    yield "## What each family tells"
    yield ""
    yield "*Tried*: a walk of a real card is read in the tests. The others are built from their documents alone."
    yield ""
    headings = ("family", "tried", *(heading for heading, _ in TOLD), "traps")
    yield from _table(headings, (_family(mib) for mib in FAMILIES))
    yield ""
    yield "*Source*: what feeds the output. *Period* and *delay*: the card's own warning period and shutdown delay."
    yield "*Traps*: its own are told in words; *test*: its cards can be told to send one. RFC 1628's count for all."
    yield "*Link*: whether the card has lost its UPS. Tests and lost links are told by RFC 1628's alarms, too."
    yield ""
    yield RULES.rstrip()
    yield ""
    yield SWITCHING.rstrip()
    yield ""
    yield from _table(
        ("family", "output off with restart", "cancel", "countdown", "what to know"), map(_switch, FAMILIES)
    )


def _in_order(kinds: Iterable[Kind]) -> list[Kind]:
    return sorted(kinds, key=lambda kind: (kind.what.split(" ", 1)[1].casefold(), kind.prefix))


def _card(kind: Kind) -> tuple[str, ...]:
    names = [mib.name for mib in kind.families]
    if RFC1628.name not in names:
        names.append(RFC1628.name)
    return kind.what.split(" ", 1)[1], f"`{kind.prefix}`", ", ".join(names)


def _family(mib: Mib) -> tuple[str, ...]:
    told = {row.field for row in mib.rows}
    marks = ("yes" if told & set(fields) else "" for _, fields in TOLD)
    trap = "test" if mib.test_trap else "yes" if mib.name in {of.family for of in TRAPS} else ""
    return mib.name, "yes" if mib.walked else "no", *marks, trap


def _switch(mib: Mib) -> tuple[str, ...]:
    control = mib.control
    if control is None or not control.off:
        cancel, countdown = (
            ("yes" if control and control.cancel else "no"),
            (f"`{control.countdown}`" if control else ""),
        )
        return mib.name, "no", cancel, countdown, mib.no_off or "no object for it is known"
    when = "yes" if control.on_utility else "on battery only"
    first = ", ".join(setting.name for setting in control.first)
    how = f"{when}: {first and f'{first}, then '}`{control.off}`"
    return mib.name, how, "yes" if control.cancel else "no", f"`{control.countdown}`", control.note


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(headings)} |"
    yield f"|{'|'.join('---' for _ in headings)}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"
