"""Traps and informs, sent by net-snmp's own tools: a card is asked at once, and what they say is never believed."""

from __future__ import annotations

import asyncio
import random
import shutil
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pysnmp.proto.rfc1902 import OctetString  # type: ignore[import-untyped]

from ridethrough.core.model import UpsId
from ridethrough.drivers.snmp import CardConfig, Trap, Traps, V3User
from ridethrough.drivers.snmp.notice import NoNotification
from ridethrough.drivers.snmp.notification_v3 import V3Receiver
from ridethrough.runtime.pace import FastEventLoop
from ridethrough.sim.cards_mib.notification import notification
from ridethrough.ups.snmpv3 import Auth, Privacy

ON_BATTERY = "1.3.6.1.2.1.33.2.1"
ALARM_OVER = ("1.3.6.1.2.1.33.2.4", "1.3.6.1.2.1.33.1.6.2.1.2.7", "o", "1.3.6.1.2.1.33.1.6.3.2")
net_snmp = pytest.mark.skipif(
    shutil.which("snmptrap") is None or shutil.which("snmpinform") is None,
    reason="net-snmp's snmptrap and snmpinform are not installed",
)


class Listening:
    """Traps on a free port, and what came of them."""

    def __init__(self, *cards: CardConfig) -> None:
        self.polled: list[UpsId] = []
        self.told: list[Trap] = []
        self.traps = Traps(("127.0.0.1", 0), cards, self.polled.append, self.told.append)

    @property
    def port(self) -> int:
        return self.traps.address[1]

    async def until(self, holds: Callable[[], bool], seconds: float = 5.0) -> None:
        async with asyncio.timeout(seconds):
            while not holds():  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def send(self, *arguments: str, come_from: str = "127.0.21.1", program: str = "snmptrap") -> int:
        """Let net-snmp send something from this address; its exit code."""
        there = f"127.0.0.1:{self.port}"
        versions, rest = arguments[: arguments.index("TO")], arguments[arguments.index("TO") + 1 :]
        sent = await asyncio.create_subprocess_exec(
            *(program, *versions, f"--clientaddr={come_from}", there, *rest),
            env={"SNMP_PERSISTENT_DIR": "/nonexistent", "SNMPCONFPATH": "/nonexistent", "PATH": "/usr/bin:/bin"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        return await sent.wait()

    def sender(self, address: str = "127.0.21.1") -> socket.socket:
        found = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        found.bind((address, 0))
        found.connect(("127.0.0.1", self.port))
        found.setblocking(False)
        return found


@asynccontextmanager
async def listening(*cards: CardConfig) -> AsyncIterator[Listening]:
    """No exception may reach the event loop meanwhile."""
    escaped: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: escaped.append(context))
    found = Listening(*cards)
    await found.traps.open()
    try:
        yield found
    finally:
        found.traps.close()
        await asyncio.sleep(0)
    assert escaped == []


def card(ups: str = "ups1", address: str = "127.0.21.1", user: V3User | None = None) -> CardConfig:
    return CardConfig(ups, address, "3" if user else "2c", user=user)


# --- on the wire -------------------------------------------------------------------------------------------------


@net_snmp
async def test_v1_and_v2c_cause_a_poll_and_are_told() -> None:
    async with listening(card()) as heard:
        v1 = ("-v1", "-c", "any", "TO", "1.3.6.1.4.1.318", "127.0.21.1", "6", "5", "")
        assert await heard.send(*v1) == 0
        await heard.until(lambda: len(heard.told) == 1)
        assert await heard.send("-v2c", "-c", "any", "TO", "", *ALARM_OVER) == 0
        await heard.until(lambda: len(heard.told) == 2)
        assert [trap.says for trap in heard.told] == ["on battery", "alarm over: on battery"]
        assert heard.told[0].oid == "1.3.6.1.4.1.318.0.5"
        assert heard.polled[:1] == ["ups1"]
        assert heard.traps.heard["ups1"].traps == 2


@net_snmp
async def test_v1s_generic_trap_is_known() -> None:
    async with listening(card()) as heard:
        await heard.send("-v1", "-c", "any", "TO", "1.3.6.1.4.1.318", "127.0.21.1", "0", "0", "")
        await heard.until(lambda: [trap.says for trap in heard.told] == ["the card starts"])


@net_snmp
async def test_an_inform_is_answered_a_strangers_is_not() -> None:
    async with listening(card()) as heard:
        inform = ("-v2c", "-r", "0", "-t", "1", "-c", "any", "TO", "", ON_BATTERY)
        assert await heard.send(*inform, program="snmpinform") == 0
        assert await heard.send(*inform, program="snmpinform", come_from="127.0.21.9") == 1
        await heard.until(lambda: [trap.ups for trap in heard.told] == ["ups1"])


@net_snmp
async def test_a_trap_that_comes_by_another_way_is_its_cards_by_agent_addr() -> None:
    """NAT, or a forwarder: the sender's address is no card's, the address in the trap is."""
    async with listening(card(), card("ups2", "127.0.21.2")) as heard:
        v1 = ("-v1", "-c", "any", "TO", "1.3.6.1.4.1.318", "127.0.21.2", "6", "5", "")
        await heard.send(*v1, come_from="127.0.21.9")
        await heard.until(lambda: [trap.ups for trap in heard.told] == ["ups2"])
        proxied = ("-v2c", "-c", "any", "TO", "", ON_BATTERY, "1.3.6.1.6.3.18.1.3.0", "a", "127.0.21.1")
        await heard.send(*proxied, come_from="127.0.21.9")
        await heard.until(lambda: [trap.ups for trap in heard.told] == ["ups2", "ups1"])
        assert heard.polled == ["ups2", "ups1"]


async def test_a_strangers_trap_does_nothing() -> None:
    async with listening(card()) as heard:
        with heard.sender("127.0.21.9") as stranger, heard.sender() as own:
            stranger.send(notification(ON_BATTERY))
            own.send(notification(ON_BATTERY))
            await heard.until(lambda: bool(heard.told))
        assert heard.polled == ["ups1"]
        assert heard.traps.heard["ups1"].traps == 1


async def test_cards_behind_one_address_are_all_asked() -> None:
    async with listening(card("ups1", "127.0.21.1:1611"), card("ups2", "127.0.21.1:1612")) as heard:
        with heard.sender() as own:
            own.send(notification(ON_BATTERY))
            await heard.until(lambda: sorted(heard.polled) == ["ups1", "ups2"])


# --- version 3 ---------------------------------------------------------------------------------------------------

V3 = [
    ("md5", "MD5", "des", "DES"),
    ("sha1", "SHA", "des", "DES"),
    ("md5", "MD5", "aes128", "AES"),
    ("sha1", "SHA", "aes128", "AES"),
    ("sha224", "SHA-224", "aes128", "AES"),
    ("sha256", "SHA-256", "aes128", "AES"),
    ("sha384", "SHA-384", "aes128", "AES"),
    ("sha512", "SHA-512", "aes128", "AES"),
    ("md5", "MD5", "aes192", "AES-192"),  # keys that have to be made longer
    ("sha1", "SHA", "aes256", "AES-256"),
    ("md5", "MD5", "aes192-cisco", "AES-192-C"),
    ("sha1", "SHA", "aes256-cisco", "AES-256-C"),
    ("sha256", "SHA-256", "aes192", "AES-192"),
    ("sha512", "SHA-512", "aes256", "AES-256"),
    ("sha256", "SHA-256", "aes192-cisco", "AES-192-C"),
    ("sha512", "SHA-512", "aes256-cisco", "AES-256-C"),
]
WRONG = ("-l", "authPriv", "-u", "trapper", "-A", "another-password", "-X", "kept-with-this")
OTHER = V3User("trapper", "sha256", "another-password")
SECRET = ("-l", "authPriv", "-u", "trapper", "-A", "signed-with-this", "-X", "kept-with-this", "TO", "", ON_BATTERY)


def user(auth: Auth | None = None, privacy: Privacy | None = None) -> V3User:
    return V3User("trapper", auth, "signed-with-this" if auth else "", privacy, "kept-with-this" if privacy else "")


@net_snmp
@pytest.mark.parametrize(("auth", "signs", "privacy", "keeps"), V3)
async def test_v3_traps_and_informs(auth: Auth, signs: str, privacy: Privacy, keeps: str) -> None:
    async with listening(card(user=user(auth, privacy))) as heard:
        how = ("-v3", "-a", signs, "-x", keeps)
        sent = await heard.send(*how, "-e", "0x8000000001020304", *SECRET)
        if sent and keeps.startswith("AES-"):
            pytest.skip("this net-snmp was built without AES-192 and AES-256")
        assert sent == 0
        await heard.until(lambda: [trap.says for trap in heard.told] == ["on battery"])
        assert await heard.send(*how, "-r", "0", "-t", "2", *SECRET, program="snmpinform") == 0
        await heard.until(lambda: heard.traps.heard["ups1"].traps == 2)


@net_snmp
async def test_v3_without_privacy_and_without_signature() -> None:
    signed, plain = card(user=user("sha256")), card("ups2", "127.0.21.2", V3User("open"))
    async with listening(signed, plain) as heard:
        how = ("-v3", "-a", "SHA-256", "-l", "authNoPriv", "-u", "trapper", "-A", "signed-with-this")
        await heard.send(*how, "-e", "0x8000000001020304", "TO", "", ON_BATTERY)
        bare = ("-v3", "-l", "noAuthNoPriv", "-u", "open", "-e", "0x8000000001020305", "TO", "", ON_BATTERY)
        await heard.send(*bare, come_from="127.0.21.2")
        await heard.until(lambda: {trap.ups for trap in heard.told} == {"ups1", "ups2"})


@net_snmp
@pytest.mark.parametrize(
    "how",
    [
        ("-a", "SHA-256", "-x", "AES", *WRONG),
        ("-l", "noAuthNoPriv", "-u", "trapper"),
        ("-a", "SHA-256", "-l", "authNoPriv", "-u", "trapper", "-A", "signed-with-this"),
        ("-a", "SHA-256", "-l", "authNoPriv", "-u", "somebody", "-A", "signed-with-this"),
    ],
    ids=["wrong password", "not signed", "not kept secret", "another user"],
)
async def test_v3_that_is_not_signed_right_is_not_told_but_makes_us_look(how: tuple[str, ...]) -> None:
    async with listening(card(user=user("sha256", "aes128"))) as heard:
        await heard.send("-v3", "-e", "0x8000000001020304", *how, "TO", "", ON_BATTERY)
        await heard.until(lambda: heard.polled == ["ups1"])
        good = ("-v3", "-a", "SHA-256", "-x", "AES", "-e", "0x8000000001020304", *SECRET)
        await heard.send(*good)
        await heard.until(lambda: len(heard.told) == 1)
        assert heard.traps.heard["ups1"].traps == 1


@net_snmp
async def test_users_of_one_name_and_address_are_told_apart_by_their_passwords() -> None:
    one, two = card("ups1", "127.0.21.1:1611", user("sha256")), card("ups2", "127.0.21.1:1612", OTHER)
    async with listening(one, two) as heard:
        signed = ("-v3", "-a", "SHA-256", "-l", "authNoPriv", "-u", "trapper")
        for password, engine, ups in (("another-password", "01", "ups2"), ("signed-with-this", "02", "ups1")):
            how = (*signed, "-A", password)
            assert await heard.send(*how, "-e", f"0x80000000010203{engine}", "TO", "", ON_BATTERY) == 0
            await heard.until(lambda ups=ups: heard.traps.heard[ups].traps == 1)  # type: ignore[misc]
            inform = (*how, "-r", "0", "-t", "2", "TO", "", ON_BATTERY)
            assert await heard.send(*inform, program="snmpinform") == 0
            await heard.until(lambda ups=ups: heard.traps.heard[ups].traps == 2)  # type: ignore[misc]
        assert [told.ups for told in heard.told] == ["ups2", "ups1"]


@net_snmp
async def test_why_something_could_not_be_read_is_kept_until_something_can() -> None:
    async with listening(card(user=user("sha256", "aes128"))) as heard:
        wrong = ("-v3", "-e", "0x8000000001020304", "-a", "SHA-256", "-x", "AES", *WRONG, "TO", "", ON_BATTERY)
        await heard.send(*wrong)
        await heard.until(lambda: "no user of this card has signed it" in heard.traps.heard["ups1"].unread)
        right = ("-v3", "-a", "SHA-256", "-x", "AES", "-r", "0", "-t", "2", *SECRET)
        assert await heard.send(*right, program="snmpinform") == 0  # it asks for our engine id first
        await heard.until(lambda: heard.traps.heard["ups1"].traps == 1)
        assert heard.traps.heard["ups1"].unread == ""


def test_few_new_engine_ids_are_made_known_at_once(root: Path) -> None:
    """Each costs some hundredths of a second; one that is known already is read all the same."""
    captured = (root / "tests/fuzz/corpus/trap_datagram/v3").read_bytes()  # sent by snmptrap -e 0x8000000001020304
    engine = bytes.fromhex("8000000001020304")
    assert engine in captured
    receiver, users = V3Receiver(lambda answer, to: None), [user("sha256", "aes128")]
    assert receiver.read(captured, ("127.0.21.1", 1), users, 0.0)[0].trap == ON_BATTERY
    refused = []
    for n in range(100):
        with pytest.raises(NoNotification) as caught:
            receiver.read(captured.replace(engine, engine[:-2] + bytes([7, n])), ("127.0.21.1", 1), users, 1.0)
        refused.append(str(caught.value))
    assert refused.count("too many new engine ids come at once") == 80
    assert receiver.read(captured, ("127.0.21.1", 1), users, 1.0)[0].trap == ON_BATTERY


# --- floods and garbage ------------------------------------------------------------------------------------------


async def test_a_flood_costs_little_and_hides_nothing() -> None:
    async with listening(card()) as heard:
        now = asyncio.get_running_loop().time
        began = now()
        with heard.sender() as own:
            for n in range(3000):
                own.send(notification(f"1.3.6.1.4.1.318.0.{n}"))
                if n % 50 == 0:
                    await asyncio.sleep(0)
            polls = len(heard.polled)
            await heard.until(lambda: len(heard.polled) > polls)  # the last of them is followed by a poll
        elapsed = now() - began
        assert len(heard.polled) <= 1 + elapsed
        assert len(heard.told) <= 10 + 0.1 * elapsed
        assert heard.traps.heard["ups1"].traps <= 10 + 2 * elapsed


def test_the_same_trap_is_told_once_in_ten_minutes() -> None:
    async def story() -> list[Trap]:
        now = asyncio.get_running_loop().time
        async with listening(card()) as heard:
            began = now()
            with heard.sender() as own:
                for minute in range(13):  # RFC 1628: repeated each minute
                    own.send(notification(ON_BATTERY))
                    await asyncio.sleep(max(began + 61 * (minute + 1) - now(), 0))
            return heard.told

    with asyncio.Runner(loop_factory=lambda: FastEventLoop(500)) as runner:
        told = runner.run(story())
    assert [(trap.says, trap.untold) for trap in told] == [("on battery", 0), ("on battery", 9)]


async def test_power_that_comes_and_goes_is_told_each_time() -> None:
    async with listening(card()) as heard:
        with heard.sender() as own:
            for n, number in enumerate((5, 9, 5, 9, 9), 1):
                own.send(notification(f"1.3.6.1.4.1.318.0.{number}"))
                await heard.until(lambda n=n: heard.traps.heard["ups1"].traps == n)  # type: ignore[misc]
        assert [told.says for told in heard.told] == ["on battery", "utility power is back"] * 2


async def test_one_strangers_flood_does_not_hide_what_another_forwards() -> None:
    async with listening(card()) as heard:
        with heard.sender("127.0.21.9") as noisy, heard.sender("127.0.21.8") as forwarder:
            for _ in range(40):
                noisy.send(b"rubbish")
            address = OctetString(bytes([127, 0, 21, 1]))
            forwarder.send(notification(ON_BATTERY, [("1.3.6.1.6.3.18.1.3.0", address)]))
            await heard.until(lambda: [told.ups for told in heard.told] == ["ups1"])


async def test_an_alarm_without_end_is_one_of_its_makers_own() -> None:
    endless = OctetString("1.3.6.1.2.1.33.1.6.3." + "9" * 5000)
    async with listening(card()) as heard:
        with heard.sender() as own:
            own.send(notification("1.3.6.1.2.1.33.2.3", [("1.3.6.1.2.1.33.1.6.2.1.2.1", endless)]))
            await heard.until(lambda: [told.says for told in heard.told] == ["alarm: one of its maker's own"])


async def test_garbage_is_dropped_and_the_next_trap_is_heard() -> None:
    dice = random.Random(7)
    good = notification(ON_BATTERY)
    async with listening(card(user=user("sha256", "aes128")), card("ups2", "127.0.21.2")) as heard:
        with heard.sender() as one, heard.sender("127.0.21.2") as two, heard.sender("127.0.21.9") as stranger:
            for n in range(600):
                broken = bytearray(good)
                for _ in range(dice.randint(1, 6)):
                    broken[dice.randrange(len(broken))] = dice.randrange(256)
                if n % 3 == 0:
                    broken = broken[: dice.randrange(len(broken))]
                if n % 3 == 1:
                    broken[4] = 3  # SNMPv3, and nothing of it
                for sender in (one, two, stranger):
                    sender.send(bytes(broken))
                if n % 20 == 0:
                    await asyncio.sleep(0)
            await asyncio.sleep(1.0)  # in which two datagrams more may be read
            two.send(notification("1.3.6.1.4.1.318.0.12"))
            await heard.until(lambda: heard.traps.heard["ups2"].last == "UPS off")


def test_a_port_that_is_taken_is_tried_again() -> None:
    async def story() -> tuple[str, str]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", 0))
            traps = Traps(other.getsockname(), [card()], lambda ups: None, lambda trap: None)
            running = asyncio.create_task(traps.run())
            while not traps.trouble:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            trouble = traps.trouble
        while traps.trouble:  # noqa: ASYNC110
            await asyncio.sleep(1)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return trouble, traps.trouble

    with asyncio.Runner(loop_factory=lambda: FastEventLoop(200)) as runner:
        trouble, after = runner.run(story())
    assert "no traps are heard: UDP port" in trouble
    assert after == ""
