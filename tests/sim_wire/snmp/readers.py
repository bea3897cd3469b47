"""One card as three readers see it: our driver, net-snmp's snmpwalk and NUT's snmp-ups, in the same words and units."""

from __future__ import annotations

import asyncio
import getpass
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from ridethrough.drivers.snmp import discovery
from ridethrough.drivers.snmp.mibs import rfc1628
from ridethrough.drivers.snmp.session import Session
from ridethrough.sim.cards import Family
from ridethrough.ups.told import Told

from .site import Site

Said: TypeAlias = str | float | bool | frozenset[int] | None
Row: TypeAlias = tuple[str, Callable[[str], Said]]  # an OID or a NUT variable, and what its text means

PLACES = (Path(sys.prefix, "nut/lib/nut"), Path(sys.prefix, "nut/usr/lib/nut"), Path("/lib/nut"), Path("/usr/lib/nut"))
SNMP_UPS = next((str(p / "snmp-ups") for p in PLACES if (p / "snmp-ups").exists()), None)
HAS_TOOLS = all(shutil.which(tool) for tool in ("snmpget", "snmpwalk", "snmpbulkwalk", "snmpset"))


async def run(*words: str, environment: Mapping[str, str] | None = None) -> str:
    """What a program prints, both streams."""
    process = await asyncio.create_subprocess_exec(
        *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=environment
    )
    try:
        async with asyncio.timeout(60):
            out, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise
    return out.decode()


# --- our driver


async def our_driver(site: Site, family: Family, version: str) -> dict[str, Said]:
    """The reading, and what lies below it: the volts, the alarms, the limits that the driver judges by."""
    card = site.card(family.value, version, timeout=3.0)
    reading = await card.poll()
    profile = card.profile
    assert profile is not None
    card.close()
    told, alarms = await _below(site, family, version, profile)
    return {
        "feeds": str(reading.source.value),
        "low": reading.low_battery,
        "testing": reading.testing,
        "charge": reading.charge,
        "runtime": reading.runtime,
        "load": reading.load,
        "countdown": reading.countdown,
        "input volts": told.number("input_volts"),
        "output volts": told.number("output_volts"),
        "nominal volts": told.number("nominal_volts"),
        "low transfer": told.above_zero("low_transfer"),
        "high transfer": told.above_zero("high_transfer"),
        "line bads": told.number("line_bads"),
        "on battery for": told.number("on_battery_for"),
        "alarms": alarms,
        "model": told.text("model"),
        "warning period": reading.timers.warning_period,
        "shutdown delay": reading.timers.shutdown_delay,
        "action": None if reading.timers.action is None else str(reading.timers.action.value),
    }


async def _below(site: Site, family: Family, version: str, profile: discovery.Profile) -> tuple[Told, frozenset[int]]:
    session = Session(site.config(family.value, version, timeout=3.0))
    values = await session.get(profile.oids(slow=False)) | await session.get(profile.oids(slow=True))
    rows = await session.walk(rfc1628.ALARM_ID_COLUMN, 32)
    session.close()
    return Told.of(profile.rows, values), frozenset(int(str(oid).rpartition(".")[2]) for oid in rows.values())


# --- net-snmp

RFC = ".1.3.6.1.2.1.33.1"
P = ".1.3.6.1.4.1.935.1.1.1"
E = ".1.3.6.1.4.1.935.10.1.1"
U = ".1.3.6.1.4.1.2468.1.2.1.1"


def tenths(text: str) -> float:
    return float(text) / 10


def minutes(text: str) -> float:
    return float(text) * 60


def among(*numbers: int) -> Callable[[str], bool]:
    return lambda text: int(text) in numbers


def words(**numbers: str) -> Callable[[str], str]:
    """`words(utility="3 4")`: the word whose numbers hold the text."""
    return lambda text: next(word for word, listed in numbers.items() if text in listed.split())


def countdown(text: str) -> float | None:
    """-1: nothing counts down."""
    return None if text == "-1" else float(text)


ACTIONS = {"1": "disabled", "2": "warning", "3": "client", "4": "client and ups"}
OUTPUT_SOURCE = words(off="2", utility="3", bypass="4", battery="5", boost="6", trim="7")

# Written from the MIBs, not from the driver's tables.
OBJECTS: dict[Family, dict[str, Row]] = {
    Family.RFC1628: {
        "feeds": (f"{RFC}.4.1.0", OUTPUT_SOURCE),
        "low": (f"{RFC}.2.1.0", among(3, 4)),
        "testing": (f"{RFC}.7.3.0", among(5)),
        "test result": (f"{RFC}.7.3.0", words(passed="1", aborted="4", running="5", none="6")),
        "charge": (f"{RFC}.2.4.0", float),
        "runtime": (f"{RFC}.2.3.0", minutes),
        "load": (f"{RFC}.4.4.1.5.1", float),
        "countdown": (f"{RFC}.8.2.0", countdown),
        "input volts": (f"{RFC}.3.3.1.3.1", float),
        "output volts": (f"{RFC}.4.4.1.2.1", float),
        "nominal volts": (f"{RFC}.9.1.0", float),
        "low transfer": (f"{RFC}.9.9.0", float),
        "high transfer": (f"{RFC}.9.10.0", float),
        "line bads": (f"{RFC}.3.1.0", float),
        "on battery for": (f"{RFC}.2.2.0", float),
        "model": (f"{RFC}.1.2.0", str),
        # Read by NUT, and by no decision of ours.
        "battery volts": (f"{RFC}.2.5.0", tenths),
        "battery amps": (f"{RFC}.2.6.0", tenths),
        "battery degrees": (f"{RFC}.2.7.0", float),
        "input hertz": (f"{RFC}.3.3.1.2.1", tenths),
        "output hertz": (f"{RFC}.4.2.0", tenths),
        "output amps": (f"{RFC}.4.4.1.3.1", tenths),
        "output watts": (f"{RFC}.4.4.1.4.1", float),
        "low runtime": (f"{RFC}.9.7.0", minutes),
        "restarts": (f"{RFC}.8.5.0", words(yes="1", no="2")),
    },
    Family.XPPC: {
        "feeds": (f"{P}.4.1.1.0", words(utility="2", battery="3", boost="4", off="5 7 8", bypass="6", trim="9")),
        "low": (f"{P}.2.1.1.0", among(3)),
        "testing": (f"{P}.7.2.3.0", among(4)),
        "charge": (f"{P}.2.2.1.0", float),
        "runtime": (f"{P}.2.2.4.0", float),
        "load": (f"{P}.4.2.3.0", float),
        "input volts": (f"{P}.3.2.1.0", tenths),
        "output volts": (f"{P}.4.2.1.0", tenths),
        "nominal volts": (f"{P}.5.2.1.0", tenths),
        "on battery for": (f"{P}.2.1.2.0", float),
        "shutdown delay": (f"{P}.5.2.10.0", float),
        "model": (f"{P}.1.1.1.0", str),
        "degrees": (f"{P}.2.2.3.0", tenths),
        "output hertz": (f"{P}.4.2.2.0", tenths),
    },
    Family.EPPC: {
        "feeds": (f"{E}.2.1.0", words(off="2", bypass="3", utility="4 8", battery="5 6", boost="11", trim="12")),
        "low": (f"{E}.3.1.0", among(3, 4)),
        "testing": (f"{E}.7.3.0", among(2)),
        "charge": (f"{E}.3.4.0", float),
        "runtime": (f"{E}.3.3.0", minutes),
        "load": (f"{E}.2.18.1.7.1", float),
        "countdown": (f"{E}.8.7.0", countdown),
        "input volts": (f"{E}.2.16.1.3.1", tenths),
        "output volts": (f"{E}.2.18.1.3.1", tenths),
        "line bads": (f"{E}.2.14.0", float),
        "on battery for": (f"{E}.3.2.0", float),
        "warning period": (f"{E}.8.4.1.3.1", float),
        "shutdown delay": (f"{E}.8.1.0", float),
        "action": (f"{E}.8.4.1.2.1", ACTIONS.__getitem__),
        "model": (f"{E}.1.2.0", str),
    },
    Family.USHA: {
        "feeds": (f"{U}.4.1.0", OUTPUT_SOURCE),
        "low": (f"{U}.2.1.0", among(3, 4)),
        "testing": (f"{U}.6.3.0", among(5)),
        "charge": (f"{U}.2.4.0", float),
        "runtime": (f"{U}.2.3.0", minutes),
        "load": (f"{U}.4.4.1.5.1", float),
        "input volts": (f"{U}.3.3.1.3.1", tenths),
        "output volts": (f"{U}.4.4.1.2.1", tenths),
        "line bads": (f"{U}.3.1.0", float),
        "on battery for": (f"{U}.2.2.0", float),
        "warning period": (f"{U}.7.4.1.3.1", minutes),
        "shutdown delay": (f"{U}.7.1.0", float),
        "action": (f"{U}.7.4.1.2.1", ACTIONS.__getitem__),
    },
}


class Walk:
    """Every object of a card, as net-snmp prints it."""

    def __init__(self, printed: str) -> None:
        lines = (line.partition(" = ") for line in printed.splitlines() if line.startswith(".1.3"))
        self.texts = {oid: _value(text) for oid, _, text in lines if text and not text.startswith("No more")}

    def says(self, family: Family) -> dict[str, Said]:
        """What the card says in this family's own objects."""
        return {what: mean(self.texts[oid]) for what, (oid, mean) in OBJECTS[family].items()}

    def alarms(self) -> frozenset[int]:
        """The numbers of the well-known alarms in RFC 1628's table."""
        rows = (text for oid, text in self.texts.items() if oid.startswith(f"{RFC}.6.2.1.2."))
        return frozenset(int(text.rpartition(".")[2]) for text in rows)


async def net_snmp(site: Site, family: Family, version: str) -> Walk:
    host, port = site.agent.address(family.value)
    tool = "snmpwalk" if version == "1" else "snmpbulkwalk"
    return Walk(await run(tool, "-v", version, "-c", "public", "-On", "-Oe", f"{host}:{port}", ".1.3"))


async def got_by_net_snmp(site: Site, family: Family, version: str) -> dict[str, Said]:
    """What snmpget says of each of the family's own objects, asked for in one request."""
    host, port = site.agent.address(family.value)
    asked = [oid for oid, _ in OBJECTS[family].values()]
    common = ["-v", version, "-c", "public", "-On", "-Oe", f"{host}:{port}"]
    return Walk(await run("snmpget", *common, *asked)).says(family)


def _value(text: str) -> str:
    """`INTEGER: 3`, `Timeticks: (42) 0:00:00.42`, `STRING: "x"`, `""`."""
    kind, _, value = text.partition(": ")
    if kind == "Timeticks":
        return value.partition(")")[0].lstrip("(")
    return (value or kind).strip('"')


# --- NUT


def _status(**tokens: str) -> Callable[[str], str | None]:
    """The word whose token stands in ups.status; None when none does."""

    def mean(text: str) -> str | None:
        return next((word for word, listed in tokens.items() if set(listed.split()) & set(text.split())), None)

    return mean


FEEDS = _status(bypass="BYPASS", boost="BOOST", trim="TRIM", utility="OL", battery="OB", off="OFF")
LOW: Callable[[str], bool] = lambda text: "LB" in text.split()  # noqa: E731
TESTING: Callable[[str], bool] = lambda text: bool({"TEST", "CAL"} & set(text.split()))  # noqa: E731
RESULT = {"no test initiated": "none", "in progress": "running", "done and passed": "passed", "aborted": "aborted"}

# NUT's mappings by their names: what each variable means in the words above. NUT has converted the units itself.
VARIABLES: dict[str, dict[str, Row]] = {
    "ietf": {
        "feeds": ("ups.status", FEEDS),
        "low": ("ups.status", LOW),
        "testing": ("ups.status", TESTING),
        "test result": ("ups.test.result", lambda text: RESULT[text]),
        "charge": ("battery.charge", float),
        "runtime": ("battery.runtime", float),
        "load": ("ups.load", float),
        "countdown": ("ups.timer.shutdown", countdown),
        "input volts": ("input.voltage", float),
        "output volts": ("output.voltage", float),
        "nominal volts": ("input.voltage.nominal", float),
        "low transfer": ("input.transfer.low", float),
        "high transfer": ("input.transfer.high", float),
        "model": ("ups.model", str),
        "battery volts": ("battery.voltage", float),
        "battery amps": ("battery.current", float),
        "battery degrees": ("battery.temperature", float),
        "input hertz": ("input.frequency", float),
        "output hertz": ("output.frequency", float),
        "output amps": ("output.current", float),
        "output watts": ("output.realpower", float),
        "low runtime": ("battery.runtime.low", float),
        "restarts": ("ups.start.auto", str),
    },
    "xppc": {
        "feeds": ("ups.status", FEEDS),
        "low": ("ups.status", LOW),
        "charge": ("battery.charge", float),
        "load": ("ups.load", float),
        "input volts": ("input.voltage", float),
        "output volts": ("output.voltage", float),
        "model": ("ups.model", str),
        "degrees": ("ups.temperature", float),
        "output hertz": ("output.frequency", float),
    },
}

PLAIN: dict[str, Row] = {
    "feeds": ("ups.status", FEEDS),
    "low": ("ups.status", LOW),
    "charge": ("battery.charge", float),
    "runtime": ("battery.runtime", float),
    "load": ("ups.load", float),
    "input volts": ("input.voltage", float),
    "output volts": ("output.voltage", float),
    "model": ("ups.model", str),
}


def _plain(*left_out: str, **besides: Row) -> dict[str, Row]:
    return {what: row for what, row in PLAIN.items() if what not in left_out} | besides


VARIABLES |= {
    "apcc": _plain(
        **{"low transfer": ("input.transfer.low", float), "high transfer": ("input.transfer.high", float)},
        testing=("ups.test.result", lambda text: text == "TestInProgress"),
    ),
    "mge": _plain("model", "input volts", testing=("ups.test.result", lambda text: text == "in progress")),
    "pw": _plain("low", testing=("ups.test.result", lambda text: text == "In progress")),
    "pxgx_ups": _plain("low", testing=("ups.test.result", lambda text: text == "In progress")),
    "cpqpower": _plain(
        "low", testing=("ups.test.result", lambda text: text == "In progress"), countdown=("ups.timer.shutdown", float)
    ),
    "cyberpower": _plain("feeds"),
    "delta_ups": _plain("charge", "runtime", "low", **{"nominal volts": ("input.voltage.nominal", float)}),
    "netvision": _plain(),
}


async def snmp_ups(site: Site, family: Family, mapping: str, version: str, home: Path) -> str:
    """What snmp-ups prints when it has read the card once; `home` is its state directory."""
    assert SNMP_UPS is not None
    host, port = site.agent.address(family.value)
    settings = {"port": f"{host}:{port}", "mibs": mapping, "snmp_version": f"v{version}", "community": "public"}
    given = [word for key, value in settings.items() for word in ("-x", f"{key}={value}")]
    at_home = {"NUT_STATEPATH": str(home), "NUT_CONFPATH": str(home), "PATH": "/usr/bin:/bin", "HOME": str(home)}
    return await run(SNMP_UPS, "-s", "card", "-u", getpass.getuser(), "-d", "1", *given, environment=at_home)


async def nut(site: Site, family: Family, mapping: str, version: str, home: Path) -> dict[str, Said]:
    out = await snmp_ups(site, family, mapping, version, home)
    pairs = dict(line.split(": ", 1) for line in out.splitlines() if ": " in line and not line.startswith("["))
    assert "ups.status" in pairs, out
    return {what: mean(pairs[name]) for what, (name, mean) in VARIABLES[mapping].items()}
