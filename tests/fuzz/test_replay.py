"""Every input under `corpus/`, the seeds of the fuzzer and what it once broke something with, through its target."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from ridethrough.config import Secrets
from ridethrough.core.events import Armed, Ask, Event
from ridethrough.core.observation import PoolSeen, UpsReading, VmSeen
from ridethrough.drivers.snmp.notice import Notification
from ridethrough.drivers.storage.conversation import Answer, Conversation
from ridethrough.drivers.xapi.picture import Picture
from ridethrough.drivers.xapi.store import Records
from ridethrough.runtime.codec import encode
from ridethrough.runtime.inbox import Posted
from ridethrough.ups.reader import Reader
from ridethrough.ups.told import Told

from .targets import TARGETS, Bug

CORPUS = Path(__file__).parent / "corpus"


@pytest.mark.parametrize("name", TARGETS)
def test_replay(name: str) -> None:
    inputs = sorted((CORPUS / name).iterdir())
    assert inputs
    for path in inputs:
        TARGETS[name](path.read_bytes())


def test_every_corpus_has_its_target() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(TARGETS)


def draws_too_much_memory(pool: str, records: Records, names: dict[str, str]) -> Picture:
    return Picture(PoolSeen(pool), vms={"v": VmSeen("v", "v", pool, memory=2**70)})


def forgets(event: Event) -> bytes:
    return encode(Armed(0.0, "somebody else"))


def stumbles(text: str, secrets: Secrets) -> object:
    raise KeyError("a bug")


def takes_twice(connection: sa.Connection) -> Posted:
    return Posted(1, Ask.ARM, "", "me")


class Overcharged(Reader):
    def read(self, told: Told, at: float) -> UpsReading:
        return replace(super().read(told, at), charge=101.0)


def endless(datagram: bytes) -> Notification:
    return Notification("1.3" * 500, ())


class Echo(Conversation):
    def answer(self, line: bytes) -> Answer:
        return Answer(line.decode("latin-1") + "\n")


FAULTS: dict[str, tuple[object, type[Exception]]] = {
    "xapi_json": (draws_too_much_memory, Bug),
    "xapi_xml": (draws_too_much_memory, Bug),
    "journal_row": (forgets, AssertionError),
    "site_toml": (stumbles, KeyError),
    "mailbox_row": (takes_twice, Bug),
    "card_reading": (Overcharged, AssertionError),
    "upsd_answer": (Overcharged, AssertionError),
    "network_ups_question": (Echo, AssertionError),
    "trap_datagram": (endless, AssertionError),
}


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_notices_a_fault_behind_it(name: str) -> None:
    fault, noticed = FAULTS[name]

    def notices(path: Path) -> bool:
        try:
            TARGETS[name](path.read_bytes(), fault)
        except noticed:
            return True
        return False

    assert any(notices(path) for path in sorted((CORPUS / name).iterdir()))
