"""A card on loopback that answers from a list of objects: a recording, a few rows, or a hostile one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from ridethrough.drivers.snmp import CardConfig
from ridethrough.sim.cards_mib.tree import Kind, Leaf, Tree, answer

Rows = dict[str, Leaf]
KINDS: dict[str, Kind] = {
    "2": "integer",
    "4": "string",
    "5": "null",
    "6": "oid",
    "64": "address",
    "65": "counter",
    "66": "gauge",
    "67": "ticks",
}


def parse(lines: Iterable[str]) -> Rows:
    """Rows in snmpsim's form: OID|TAG|VALUE, a tag with x has its value in hexadecimal."""
    rows: Rows = {}
    for line in lines:
        if not line.strip():
            continue
        oid, tag, value = line.rstrip("\n").split("|", 2)
        if tag.endswith("x"):
            rows[oid] = Leaf("string", bytes.fromhex(value))
        elif (kind := KINDS.get(tag)) is not None:
            number = kind in ("integer", "counter", "gauge", "ticks")
            rows[oid] = Leaf(kind, int(value) if number else value)
    return rows


def recorded(recordings: Path, name: str) -> Rows:
    return parse((recordings / "snmp" / f"{name}.snmprec").read_text(encoding="utf-8").splitlines())


def is_next(request: bytes) -> bool:
    """GETNEXT, by its tag right behind the community; the same byte may stand in any request's number."""
    community = b"public"
    return request[request.index(community) + len(community)] == 0xA1


class ReplayCard(asyncio.DatagramProtocol):
    """One card. `rows` may be changed while it runs; `silent` swallows requests; `mangle` replaces the answers.

    `late` is how long an answer to such a request takes, in seconds.
    """

    def __init__(
        self, rows: Mapping[str, Leaf], community: str = "public", at: tuple[str, int] = ("127.0.0.1", 0)
    ) -> None:
        self.rows: Rows = dict(rows)
        self.silent = False
        self.mangle: Callable[[bytes, bytes], list[bytes]] | None = None
        self.late: Callable[[bytes], float] = lambda request: 0.0
        self.asked = 0
        self.sender = ("", 0)  # of the last request
        self._community = community.encode()
        self._at = at

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=self._at)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transport.close()
        await asyncio.sleep(0)

    @property
    def address(self) -> str:
        host, port = self._transport.get_extra_info("sockname")
        return f"{host}:{port}"

    def config(self, version: str = "2c", timeout: float = 0.3, ups: str = "a") -> CardConfig:
        return CardConfig(ups, self.address, "1" if version == "1" else "2c", timeout=timeout)

    def datagram_received(self, request: bytes, sender: tuple[str, int]) -> None:
        self.asked, self.sender = self.asked + 1, sender
        if self.silent:
            return
        response = answer(request, self._community, lambda: Tree(self.rows))
        if response is None:
            return
        answers = self.mangle(request, response) if self.mangle else [response]
        if delay := self.late(request):
            asyncio.get_running_loop().call_later(delay, self._send, answers, sender)
        else:
            self._send(answers, sender)

    def _send(self, answers: Iterable[bytes], sender: tuple[str, int]) -> None:
        for datagram in answers:
            if not self._transport.is_closing():
                self._transport.sendto(datagram, sender)


RFC = "1.3.6.1.2.1.33.1"
XPPC = "1.3.6.1.4.1.935.1.1.1"
EPPC = "1.3.6.1.4.1.935.10.1.1"
USHA = "1.3.6.1.4.1.2468.1.2.1.1"


def integers(values: Mapping[str, int]) -> Rows:
    return {oid: Leaf("integer", value) for oid, value in values.items()}


APC = "1.3.6.1.4.1.318.1.1.1"
CPS = "1.3.6.1.4.1.3808.1.1.1"
MGE = "1.3.6.1.4.1.705.1"
XUPS = "1.3.6.1.4.1.534.1"
TLP = "1.3.6.1.4.1.850.1.1.3.1.3"
SOCOMEC = "1.3.6.1.4.1.4555.1.1.7.1"
VERTIV = "1.3.6.1.4.1.476.1.42.3.9.20.1.20.1.2"
ITA2 = "1.3.6.1.4.1.13400.2.54.2"

# What an outage changes in a walk made on utility power (facts/ups.md §10, the recipe), where the walk holds it.
OUTAGE: dict[str, int | str] = {
    f"{RFC}.4.1.0": 5,
    f"{XPPC}.4.1.1.0": 3,
    f"{XPPC}.3.2.5.0": 4,
    f"{EPPC}.2.1.0": 5,
    f"{EPPC}.3.1.0": 5,
    f"{EPPC}.9.2.0": "1,7",
    f"{USHA}.4.1.0": 5,
    f"{USHA}.2.1.0": 5,
    f"{APC}.4.1.1.0": 3,
    f"{APC}.3.2.5.0": 4,
    f"{CPS}.4.1.1.0": 3,
    f"{CPS}.3.2.6.0": 5,
    f"{MGE}.7.3.0": 1,
    f"{MGE}.6.3.0": 1,
    f"{MGE}.6.4.0": 4,
    f"{XUPS}.4.5.0": 5,
    f"{XUPS}.3.9.0": 1,
    f"{XUPS}.2.5.0": 2,
    f"{TLP}.3.1.1.1.1": 5,
    f"{SOCOMEC}.2.1.0": 5,
    f"{SOCOMEC}.6.3.15.0": 1,
    f"{VERTIV}.1.4872": "Battery",
    f"{VERTIV}.100.4168": "Active Event",
    f"{ITA2}.1.2.0": 2,
}
LOW: dict[str, int | str] = {
    f"{RFC}.2.1.0": 3,
    f"{XPPC}.2.1.1.0": 3,
    f"{EPPC}.3.1.0": 3,
    f"{USHA}.2.1.0": 3,
    f"{APC}.2.1.1.0": 3,
    f"{CPS}.2.1.1.0": 3,
    f"{MGE}.5.14.0": 1,
    f"{XUPS}.2.10.0": 1,
    f"{TLP}.1.1.1.1.1": 3,
    f"{SOCOMEC}.2.1.0": 6,
    f"{VERTIV}.100.4162": "Active Event",
}
INPUT_VOLTS = (
    *(f"{root}.3.3.1.3." for root in (RFC, USHA)),
    f"{XPPC}.3.2.1.",
    f"{EPPC}.2.16.1.3.",
    f"{APC}.3.3.1.",
    f"{APC}.3.2.1.",
    f"{CPS}.3.2.1.",
    f"{MGE}.6.2.1.2.",
    f"{XUPS}.3.4.1.2.",
    f"{TLP}.2.2.1.3.",
    f"{SOCOMEC}.3.3.1.2.",
    *(f"{VERTIV}.1.{n}" for n in (4096, 4098, 4100)),
    *(f"{ITA2}.2.{n}." for n in (1, 2, 3)),
)


def on_battery(rows: Rows, seconds: int = 30, minutes: int = 20, charge: int = 90, low: bool = False) -> Rows:
    """A copy of an online walk as it would look in an outage."""
    copy = dict(rows)

    def put(values: Mapping[str, int | str]) -> None:
        for oid, value in values.items():
            if oid in rows:
                copy[oid] = Leaf("string" if isinstance(value, str) else "integer", value)

    put({oid: "0" if rows[oid].kind == "string" else 0 for oid in rows if oid.startswith(INPUT_VOLTS)})
    put(OUTAGE)
    put({f"{RFC}.2.2.0": seconds, f"{RFC}.2.3.0": minutes, f"{RFC}.2.4.0": charge})
    put({f"{XPPC}.2.1.2.0": seconds, f"{XPPC}.2.2.1.0": charge, f"{XPPC}.2.2.4.0": 60 * minutes})
    put({f"{EPPC}.3.2.0": seconds, f"{EPPC}.3.3.0": minutes, f"{EPPC}.3.4.0": charge})
    put({f"{USHA}.2.2.0": seconds, f"{USHA}.2.4.0": charge, f"{APC}.2.1.2.0": 100 * seconds})
    if low:
        put(LOW)
    if ALARMS_PRESENT in rows:
        copy |= alarm_rows([2, 3] if low else [2])
    return copy


# What a test of the battery changes. A front-panel test shows on RFC 1628 cards only in the test results.
TEST: dict[str, int] = {
    f"{RFC}.4.1.0": 5,
    f"{RFC}.7.3.0": 5,
    f"{XPPC}.4.1.1.0": 3,
    f"{XPPC}.7.2.3.0": 4,
    f"{USHA}.4.1.0": 5,
    f"{USHA}.6.3.0": 5,
    f"{EPPC}.2.1.0": 6,
    f"{EPPC}.7.3.0": 2,
    f"{APC}.4.1.1.0": 15,
    f"{CPS}.4.1.1.0": 3,
    f"{CPS}.3.2.5.0": 4,
    f"{MGE}.7.3.0": 1,
    f"{XUPS}.4.5.0": 5,
    f"{XUPS}.8.2.0": 4,
    f"{TLP}.3.1.1.1.1": 10,
    f"{SOCOMEC}.2.1.0": 4,
}
ALARMS_PRESENT = f"{RFC}.6.1.0"
TELLS_TEST = frozenset(
    {
        f"{RFC}.7.3.0",
        f"{XPPC}.7.2.3.0",
        f"{USHA}.6.3.0",
        f"{EPPC}.2.1.0",
        f"{APC}.4.1.1.0",
        f"{CPS}.3.2.5.0",
        f"{XUPS}.8.2.0",
        f"{TLP}.3.1.1.1.1",
        f"{SOCOMEC}.2.1.0",
    }
)


def in_test(rows: Rows) -> Rows:
    """A copy of an online walk while the battery is tested."""
    copy = rows | integers({oid: n for oid, n in TEST.items() if oid in rows})
    if TELLS_TEST.isdisjoint(rows) and ALARMS_PRESENT in rows:
        copy |= alarm_rows([24])  # upsAlarmTestInProgress
    return copy


def tells_test(rows: Rows) -> bool:
    """Whether the walk holds an object that would say that the battery is tested."""
    return not (TELLS_TEST | {ALARMS_PRESENT}).isdisjoint(rows)


def tells_low(rows: Rows) -> bool:
    """Whether the walk holds an object that says that the battery is low."""
    return not LOW.keys().isdisjoint(rows)


def alarm_rows(numbers: Iterable[int]) -> Rows:
    """The alarm table with these well-known alarms, at indices that do not begin with 1."""
    listed = list(numbers)
    rows: Rows = {ALARMS_PRESENT: Leaf("gauge", len(listed))}
    rows |= {f"{RFC}.6.2.1.2.{7 + row}": Leaf("oid", f"{RFC}.6.3.{n}") for row, n in enumerate(listed)}
    return rows
