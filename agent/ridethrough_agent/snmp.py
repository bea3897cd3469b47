"""A UPS's network card over SNMP, read with net-snmp's `snmpget`: RFC 1628, and the cards of the manual."""

import os
import shutil
import tempfile
from typing import Dict, List, NamedTuple, Optional

from . import clean
from .model import BATTERY, UNKNOWN, UTILITY, Reading
from .programs import run
from .sources import Asker, SourceError

PATIENCE = 8.0  # seconds for one snmpget: two tries of two seconds, and its own start
R, P, E = ".1.3.6.1.2.1.33.1", ".1.3.6.1.4.1.935.1.1.1", ".1.3.6.1.4.1.935.10.1.1"
RFC = {
    "source": R + ".4.1.0",  # upsOutputSource: 3 normal, 4 bypass, 5 battery, 6 booster, 7 reducer
    "battery": R + ".2.1.0",  # upsBatteryStatus: 3 low, 4 depleted
    "minutes": R + ".2.3.0",  # upsEstimatedMinutesRemaining
    "charge": R + ".2.4.0",  # upsEstimatedChargeRemaining
    "volts": R + ".3.3.1.3.1",  # upsInputVoltage
    "test": R + ".7.3.0",  # upsTestResultsSummary: 5 in progress
    "countdown": R + ".8.2.0",  # upsShutdownAfterDelay: -1 none
    "model": R + ".1.2.0",  # upsIdentModel
}
EPPC = {
    "eppc": E + ".2.1.0",  # system status: 5 battery, 6 battery test, 4 line, 3 bypass, 8 converter, 9 eco, 11, 12
    "eppc_countdown": E + ".8.7.0",  # countdown to off, -1 none
    "eppc_action": E + ".8.4.1.2.1",  # on AC fail: 4 shutdownUPS
    "eppc_warning": E + ".8.4.1.3.1",  # warning period, seconds
    "eppc_delay": E + ".8.1.0",  # output-off delay, seconds
}
XPPC = {
    "xppc": P + ".4.1.1.0",  # output status: 2 on line, 3 on battery, 4 boost, 6 bypass, 9 buck
    "xppc_test": P + ".7.2.3.0",  # 4 in progress
    "xppc_runtime": P + ".2.2.4.0",  # seconds
}
FAMILIES = (EPPC, XPPC)
MISSING = (
    "snmpget is not on this machine: install net-snmp's tools (Debian: snmp; dom0: net-snmp-utils), "
    "or read the UPS with upsd = NAME@HOST"
)


class Card(NamedTuple):
    """How a card is asked. `secrets`: lines of snmp.conf, which no list of processes shows."""

    host: str
    port: int
    version: str
    secrets: List[str]
    program: str = "snmpget"

    def __repr__(self) -> str:
        return "Card({}:{}, version {})".format(self.host, self.port, self.version)


def asker(card: Card) -> Asker:
    """Its secrets lie in a directory that only this process's user may read, for as long as it is open."""
    snmp = Snmp(card)
    return Asker(snmp.read, snmp.close)


class Snmp:
    """One card."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self._folder: Optional[str] = None
        self._wanted: Optional[Dict[str, str]] = None  # what it has, once that is known

    def read(self, at: float) -> Reading:
        """Raises SourceError."""
        told = self._get(RFC)
        if self._wanted is None:
            self._wanted = {}
            for family in FAMILIES:
                has = self._get(family)
                self._wanted.update({name: oid for name, oid in family.items() if name in has})
                told.update(has)
        elif self._wanted:
            told.update(self._get(self._wanted))
        return reading(told, at)

    def close(self) -> None:
        """Take the secrets away."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _get(self, oids: Dict[str, str]) -> Dict[str, str]:
        card = self._card
        address = "udp6:[{}]:{}" if ":" in card.host else "udp:{}:{}"
        command = [card.program, "-m", "", "-v", card.version, "-t", "2", "-r", "1", "-Oqne"]
        command += [address.format(card.host, card.port)] + list(oids.values())
        ran = run(command, PATIENCE, environment=self._environment())
        names = {oid: name for name, oid in oids.items()}
        lines = [line.partition(" ") for line in ran.out.splitlines() if line.startswith(".1.3")]
        found = {names[oid]: value.strip() for oid, _, value in lines if oid in names and "No Such" not in value}
        if ran.code is None and shutil.which(card.program) is None:
            raise SourceError(MISSING)
        if not found and not ran.good and "noSuchName" not in ran.text:
            said = ran.text.splitlines()[-1] if ran.text else "it says nothing"
            raise SourceError("the card at {}: {}".format(card.host, said))
        return found

    def _environment(self) -> Dict[str, str]:
        if self._folder is None:
            self._folder = _private_folder()
            path = os.path.join(self._folder, "snmp.conf")
            with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as file:
                file.write("".join(line + "\n" for line in self._card.secrets))
        return {"SNMPCONFPATH": self._folder, "SNMP_PERSISTENT_DIR": self._folder, "MIBS": "", "LC_ALL": "C"}


def _private_folder() -> str:
    """In memory where that can be: a disk may be read-only."""
    for place in ("/run", "/dev/shm", None):
        try:
            return tempfile.mkdtemp(prefix="ridethrough-agent-", dir=place)
        except OSError as error:
            trouble = error
    raise SourceError("no directory can be written for snmpget: {}".format(trouble))


def reading(told: Dict[str, str], at: float) -> Reading:
    """What a card's objects say of its power. Raises SourceError where they say nothing of it."""
    value = {name: clean.number(text) for name, text in told.items()}
    says = _power(value)
    if not says:
        raise SourceError("the card answers, but not what its UPS runs on (RFC 1628, EPPC or XPPC)")
    power = BATTERY if BATTERY in says else says[0]
    minutes = value.get("minutes")
    seconds = value.get("xppc_runtime") or (None if minutes is None else minutes * 60)
    volts = value.get("volts")
    counts = [clean.countdown(value[name]) for name in ("countdown", "eppc_countdown") if value.get(name) is not None]
    running = [one for one in counts if one]
    return Reading(
        at,
        power,
        low=value.get("battery") in (3.0, 4.0),
        testing=value.get("test") == 5.0 or value.get("eppc") == 6.0 or value.get("xppc_test") == 4.0,
        input_dead=power == BATTERY and volts is not None and volts < clean.DEAD_VOLTS,
        charge=clean.charge(value.get("charge")),
        runtime=clean.runtime(seconds, minutes if "xppc_runtime" not in value else None),
        countdown=min(running) if running else (0.0 if counts else None),
        off_after=_off_after(value),
        model=told.get("model", "").strip().strip('"').strip(),
    )


def _power(value: Dict[str, Optional[float]]) -> List[str]:
    """What each object says; a family's own word first. 2 and 4 of upsOutputSource are none: see RFC 1628's subset."""
    found: List[str] = []
    for name, line, battery in (
        ("eppc", (3.0, 4.0, 6.0, 8.0, 9.0, 11.0, 12.0), 5.0),
        ("xppc", (2.0, 4.0, 6.0, 9.0), 3.0),
        ("source", (3.0, 4.0, 6.0, 7.0), 5.0),
    ):
        said = value.get(name)
        if said is not None:
            found.append(BATTERY if said == battery else UTILITY if said in line else UNKNOWN)
    return found


def _off_after(value: Dict[str, Optional[float]]) -> Optional[float]:
    """When the card cuts the output after utility power has failed, where it tells that it does."""
    warning, delay = value.get("eppc_warning"), value.get("eppc_delay")
    cuts = value.get("eppc_action") == 4.0 and warning is not None and delay is not None and 0 < warning < 65535
    return warning + delay if cuts and warning is not None and delay is not None else None
