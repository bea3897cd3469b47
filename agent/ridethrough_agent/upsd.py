"""A UPS behind NUT's upsd, which is how USB and serial UPSs are read (NUT docs/net-protocol.txt)."""

import re
import socket
import ssl
import time
from typing import Dict, NamedTuple, Optional, Tuple

from . import clean
from .model import BATTERY, UNKNOWN, UTILITY, Reading
from .pinned import wrapped
from .sources import Asker, SourceError

PATIENCE = 5.0  # seconds for one look
MOST = 256 * 1024  # bytes of one answer
VARIABLE = re.compile(r'^VAR (\S+) (\S+) "((?:[^"\\]|\\.)*)"$')
ON_LINE = ("OL", "BYPASS", "BOOST", "TRIM", "ECO", "HE")


class Address(NamedTuple):
    """`ups@host:port`. `pin`: the fingerprint of upsd's certificate; None: without TLS."""

    ups: str
    host: str
    port: int
    pin: Optional[str] = None


def asker(address: Address) -> Asker:
    """Keeps one connection open."""
    upsd = Upsd(address)
    return Asker(upsd.read, upsd.close)


class Upsd:
    """One UPS of one upsd."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._socket: Optional[socket.socket] = None
        self._rest = b""

    def read(self, at: float) -> Reading:
        """Raises SourceError."""
        try:
            return reading(self.variables(), at)
        except (OSError, ValueError, ssl.SSLError) as error:
            self.close()
            raise SourceError("upsd at {}:{}: {}".format(self._address.host, self._address.port, error or "no answer"))
        except SourceError:
            raise

    def close(self) -> None:
        """The next look connects anew."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._rest = None, b""

    def variables(self) -> Dict[str, str]:
        """All variables of the UPS. Raises OSError, ValueError, SourceError."""
        until = time.monotonic() + PATIENCE
        if self._socket is None:
            self._connect(until)
        ups = self._address.ups
        self._send("LIST VAR " + ups, until)
        first = self._line(until)
        if first.startswith("ERR"):
            raise SourceError("upsd at {}:{}: {}".format(self._address.host, self._address.port, _told(first, ups)))
        found: Dict[str, str] = {}
        size = 0
        while True:
            line = self._line(until)
            if line.startswith("END LIST VAR"):
                return found
            size += len(line)
            match = VARIABLE.match(line)
            if size > MOST:
                raise ValueError("it says too much")
            if match is not None and match.group(1) == ups:
                found[match.group(2)] = re.sub(r"\\(.)", r"\1", match.group(3))

    def _connect(self, until: float) -> None:
        self._socket = socket.create_connection((self._address.host, self._address.port), timeout=_left(until))
        if self._address.pin is not None:
            self._send("STARTTLS", until)
            answer = self._line(until)
            if not answer.startswith("OK"):
                raise ValueError(
                    "it has no TLS ({}): set CERTFILE in upsd.conf, or leave tls_fingerprint out".format(answer)
                )
            self._socket.settimeout(_left(until))
            self._socket = wrapped(self._socket, self._address.pin)

    def _send(self, line: str, until: float) -> None:
        assert self._socket is not None
        self._socket.settimeout(_left(until))
        self._socket.sendall(line.encode() + b"\n")

    def _line(self, until: float) -> str:
        assert self._socket is not None
        while b"\n" not in self._rest:
            self._socket.settimeout(_left(until))
            more = self._socket.recv(16384)
            if not more:
                raise OSError("it has closed the connection")
            self._rest += more
            if len(self._rest) > MOST:
                raise ValueError("it says too much")
        line, self._rest = self._rest.split(b"\n", 1)
        return line.decode("utf-8", "replace").rstrip("\r")


def reading(variables: Dict[str, str], at: float) -> Reading:
    """What the variables say of its power. Raises SourceError where they say nothing of it."""
    told = variables.get("ups.status", "").upper().split()
    forced = told[:1] == ["FSD"]  # upsd's own; behind others it is a word that some drivers say all the time
    status = set(told)
    if forced or "OB" in status:
        power = BATTERY
    elif "OFF" not in status and status.intersection(ON_LINE):
        power = UTILITY
    elif "OFF" in status:
        power = UNKNOWN
    else:
        raise SourceError('its ups.status says nothing of its power: "{}"'.format(" ".join(told)))
    volts, nominal = _input(variables)
    charge = clean.charge(clean.number(variables.get("battery.charge")))
    return Reading(
        at,
        power,
        low="LB" in status or forced,
        forced=forced,
        testing=bool(status.intersection(("CAL", "TEST")))
        or variables.get("ups.test.result", "").lower() == "in progress",
        # 14 of 700 dumps say less than 50 V on utility power: an absent sensor. With OB it is a second witness.
        input_dead="OB" in status and "OL" not in status and volts is not None and volts < nominal / 2,
        charge=charge,
        runtime=clean.runtime(clean.number(variables.get("battery.runtime"))),
        countdown=clean.countdown(clean.number(variables.get("ups.timer.shutdown"))),
        model=" ".join(w for w in (_name(variables, "mfr"), _name(variables, "model")) if w),
    )


def _input(variables: Dict[str, str]) -> Tuple[Optional[float], float]:
    nominal = clean.number(variables.get("input.voltage.nominal"))
    volts = clean.number(variables.get("input.voltage"))
    return volts, nominal if nominal is not None and nominal > 0 else 2 * clean.DEAD_VOLTS


def _name(variables: Dict[str, str], what: str) -> str:
    return variables.get("ups." + what, variables.get("device." + what, "")).strip()


def _told(error: str, ups: str) -> str:
    code = error.split(" ")[1] if " " in error else error
    if code == "UNKNOWN-UPS":
        return 'it serves no UPS of the name "{}": the name is that of a section in its ups.conf'.format(ups)
    if code in ("DATA-STALE", "DRIVER-NOT-CONNECTED"):
        return "the driver of {} says nothing of it now: see the cable, and upsdrvctl".format(ups)
    return error


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise OSError("no answer in {:.0f} s".format(PATIENCE))
    return left
