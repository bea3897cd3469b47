"""What is fuzzed: each target takes bytes from a stranger, and raises only when something of ours is wrong.

`./test --fuzz SECONDS [TARGET]` feeds them with atheris; `test_replay.py` with the inputs under `corpus/`, and with a
faulty stand-in for what is fuzzed, to show that each would notice.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import sqlalchemy as sa

from ridethrough.config import ConfigError, Secrets, parse
from ridethrough.core.events import Event
from ridethrough.core.fold import fold
from ridethrough.core.memory import Memory
from ridethrough.core.narrative import tell
from ridethrough.core.observation import UpsReading
from ridethrough.drivers.nut.server import variables_of, words_of
from ridethrough.drivers.nut.variables import told_by
from ridethrough.drivers.snmp import V3User, notification
from ridethrough.drivers.snmp.mibs import RFC1628, VENDORS
from ridethrough.drivers.snmp.mibs.traps import in_words
from ridethrough.drivers.snmp.notice import NoNotification, Notification
from ridethrough.drivers.snmp.notification_v3 import V3Receiver
from ridethrough.drivers.storage.box import Box, Shown, Tells
from ridethrough.drivers.storage.conversation import Conversation
from ridethrough.drivers.xapi.errors import translated
from ridethrough.drivers.xapi.picture import Picture, picture
from ridethrough.drivers.xapi.records import Host, Pool, Task, Vm
from ridethrough.drivers.xapi.store import Records, batch
from ridethrough.drivers.xapi.wire import UNREADABLE, Gibberish, Value, XapiFailure, _json_answer, _xml_answer
from ridethrough.ports import Refused, Unreachable
from ridethrough.runtime import inbox
from ridethrough.runtime.codec import UnreadableEvent, decode, encode
from ridethrough.runtime.mailbox import Answer
from ridethrough.ups.meaning import Value as CardValue
from ridethrough.ups.reader import Reader
from ridethrough.ups.told import Told

Draw = Callable[..., Picture]


def xapi_json(data: bytes, draw: Draw = picture) -> None:
    """An answer over JSON-RPC: as what the driver asks for, and as a batch of events."""
    _answered(_json_answer, data, draw)


def xapi_xml(data: bytes, draw: Draw = picture) -> None:
    """An answer over XML-RPC."""
    _answered(_xml_answer, data, draw)


def _answered(read: Callable[[bytes], Value], data: bytes, draw: Draw) -> None:
    refusal: Exception = Gibberish("")
    with suppress(*UNREADABLE):
        try:
            _as_everything(read(data), draw)
        except XapiFailure as failure:
            refusal = translated(failure)
    if len(str(refusal)) > 100_000:
        raise Bug("an error without end")


class Bug(Exception):  # noqa: N818
    """Something raised that must not; not to be taken for one of UNREADABLE."""


def _as_everything(answer: Value, draw: Draw) -> None:
    kinds: tuple[Any, ...] = (str, bool, dict[str, str], tuple[str, ...], dict[str, list[str]], Host, Vm, Pool, Task)
    for kind in kinds:
        with suppress(Gibberish):
            answer.decode(kind)
    try:
        changes = batch(answer).changes
    except Gibberish:
        return
    try:
        records = Records()
        records.apply(changes)
        drawn = draw("pool", records, {"h1": "h1"})
        for host in records.hosts.values():
            assert host.agent_started == host.agent_started
            assert host.build or host.build == ()
        assert all(0 <= vm.memory < 2**62 and vm.name.isprintable() for vm in drawn.vms.values())
        assert all(host.memory_free >= 0 and host.id.isprintable() for host in drawn.hosts.values())
    except Exception as error:
        raise Bug(repr(error)) from error


def journal_row(data: bytes, write: Callable[[Event], bytes] = encode) -> None:
    """A row of the journal."""
    try:
        event = decode(data, 1)
    except UnreadableEvent:
        return
    assert decode(write(event), 1) == event or "nan" in repr(event)
    tell(event)
    fold(Memory(), 1, event)


def site_toml(data: bytes, read: Callable[[str, Secrets], object] = parse) -> None:
    """A site's file."""
    with suppress(ConfigError):
        read(data.decode("utf-8", "replace"), SECRETS)


SECRETS = Secrets(environment={"RIDETHROUGH_SECRET_POOL1": "swordfish", "RIDETHROUGH_SECRET_UPS_COMMUNITY": "shhh"})


Take = Callable[[sa.Connection], inbox.Posted | None]


def mailbox_row(data: bytes, take: Take = inbox._take) -> None:
    """A request that another program left in the mailbox: a JSON array of id, ask, subject, name and perhaps a time."""
    with suppress(ValueError, RecursionError):
        row = json.loads(data)
        if not isinstance(row, list) or len(row) not in (4, 5):
            return
        values = [v if isinstance(v, str | int | float) and not _is_out_of_range(v) else repr(v) for v in row]
        values[1:] = [v.encode("utf-8", "replace").decode() if isinstance(v, str) else v for v in values[1:]]
        _taken(int(values[0]) if isinstance(values[0], int) else 1, values[1:], take)


def _is_out_of_range(value: object) -> bool:
    return isinstance(value, int) and abs(value) >= 2**63


def _taken(number: int, values: list[Any], take: Take) -> None:
    with ENGINE.connect() as connection, connection.begin() as transaction:
        inbox.prepare(connection)
        insert = "INSERT INTO requests (id, ask, subject, asked_by, seconds, state) VALUES (?, ?, ?, ?, ?, 'posted')"
        connection.exec_driver_sql(insert, (number, *values, *[None] * (4 - len(values))))
        try:
            if (posted := take(connection)) is not None:
                inbox._answer(connection, posted.id, Answer(True, "done"))
            assert take(connection) is None
        except Exception as error:
            raise Bug(repr(error)) from error
        transaction.rollback()


ENGINE = sa.create_engine("sqlite://")


def card_reading(data: bytes, kind: type[Reader] = Reader) -> None:
    """A card's values: two bytes choose a value for each object of a family, over three polls."""
    vendor = (RFC1628, *VENDORS)[(data[0] if data else 0) % (1 + len(VENDORS))]
    reader, rows = kind(trusts_idle=bool(data[1:2])), (*vendor.rows, *RFC1628.rows)
    taken = _values(data[2:])
    for at in (0.0, 2.0, 4.0):
        values = {row.oid: value for row in rows if (value := next(taken, None)) is not None}
        _is_possible(reader.read(Told.of(rows, values), at))


def upsd_answer(data: bytes, kind: type[Reader] = Reader) -> None:
    """What an upsd answers, line by line, and what its variables say; the list is read three times."""
    rows = []
    for line in data.splitlines():
        with suppress(ValueError, Refused, Unreachable):
            rows.append(words_of(line)[2:])
    variables, reader = variables_of(rows), kind(trusts_idle=True)
    for at in (0.0, 2.0, 4.0):
        _is_possible(reader.read(told_by(variables), at))


def network_ups_question(data: bytes, kind: type[Conversation] = Conversation) -> None:
    """What a client of the network UPS sends, line by line: each is answered, in lines of plain text."""
    conversation = kind(BOX, OnBattery(), True)
    for line in data.split(b"\n"):
        text = conversation.answer(line).text
        assert text.endswith("\n")
        assert text.isascii()
        assert text.replace("\n", "").isprintable()


BOX = Box("nas1", ("192.0.2.20",))


class OnBattery:
    """What a box is shown, and that one client of it has logged in."""

    def shown(self) -> Shown:
        return Shown(Tells.ON_BATTERY, {"battery.charge": "87"})

    def clients(self) -> tuple[str, ...]:
        return ("192.0.2.20",)


Read = Callable[[bytes], Notification]
USER = V3User("trapper", "sha256", "signed-with-this", "aes128", "kept-with-this")


def trap_datagram(data: bytes, read: Read = notification.read) -> None:
    """A datagram on the port for traps, from a card's address: as versions 1 and 2c, and as version 3."""
    with suppress(NoNotification):
        _is_short(read(data))
    with suppress(NoNotification):
        _is_short(RECEIVER.read(data, ("127.0.0.1", 162), [USER], 0.0)[0])


def _is_short(found: Notification) -> None:
    assert len(found.trap) <= notification.LONGEST_OID
    says = in_words(found.trap, found.values)
    assert says.isascii()
    assert says.isprintable()


RECEIVER = V3Receiver(lambda answer, to: None)


def _is_possible(reading: UpsReading) -> None:
    assert reading.charge is None or 0 <= reading.charge <= 100
    assert reading.runtime is None or 0 <= reading.runtime < 10**7
    assert reading.countdown is None or 0 <= reading.countdown < 10**7


def _values(data: bytes) -> Iterator[CardValue]:
    """Three bytes a value: its kind, and what it is."""
    for at in range(0, len(data) - 2, 3):
        kind, number = data[at] % 6, int.from_bytes(data[at + 1 : at + 3])
        yield (
            None,
            number,
            number - 2**16,
            float("nan") if number % 2 else number / 7,
            data[at : at + 24],
            f"{number}",
        )[kind]


TARGETS: dict[str, Callable[..., None]] = {
    target.__name__: target
    for target in (
        xapi_json,
        xapi_xml,
        journal_row,
        site_toml,
        mailbox_row,
        card_reading,
        upsd_answer,
        network_ups_question,
        trap_datagram,
    )
}
