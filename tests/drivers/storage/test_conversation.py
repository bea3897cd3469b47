"""What the network UPS answers, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridethrough.drivers.nut.server import words_of
from ridethrough.drivers.storage.box import Account, Box, Shown, Tells
from ridethrough.drivers.storage.conversation import LONGEST_LINE, Answer, Conversation, Then
from ridethrough.ports import Refused, Unreachable

BOX = Box("nas1", ("192.0.2.20",))
SHOWN = Shown(Tells.ON_BATTERY, {"battery.charge": "87", "ups.model": 'Maker "3000"', "ups.mfr": "Société\n"})


@dataclass
class Desk:
    """What the door would say."""

    now: Shown | None = SHOWN
    logged_in: list[str] = field(default_factory=list)

    def shown(self) -> Shown | None:
        return self.now

    def clients(self) -> Sequence[str]:
        return self.logged_in


def asked(*lines: str, desk: Desk | None = None, has_tls: bool = False, box: Box = BOX) -> Answer:
    """The last line's answer."""
    conversation = Conversation(box, Desk() if desk is None else desk, has_tls)
    return [conversation.answer(line.encode()) for line in lines][-1]


USER = ("USERNAME monuser", "PASSWORD secret")


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("GET VAR ups ups.status", 'VAR ups ups.status "OB DISCHRG"'),
        ("get var QNAPUPS ups.status", 'VAR QNAPUPS ups.status "OB DISCHRG"'),
        ("GET VAR qnapnas battery.charge", 'VAR qnapnas battery.charge "87"'),
        ("GET VAR ups ups.model", 'VAR ups ups.model "Maker \\"3000\\""'),
        ("GET VAR ups ups.mfr", 'VAR ups ups.mfr "Soci?t??"'),
        ("GET VAR ups battery.runtime", "ERR VAR-NOT-SUPPORTED"),
        ("GET VAR ups server.version", 'VAR ups server.version "1.3"'),
        ("GET VAR ups server.secret", "ERR VAR-NOT-SUPPORTED"),
        ("GET VAR other ups.status", "ERR UNKNOWN-UPS"),
        ("GET VAR ups", "ERR INVALID-ARGUMENT"),
        ("GET", "ERR INVALID-ARGUMENT"),
        ("GET WEATHER ups ups.status", "ERR INVALID-ARGUMENT"),
        ("GET TYPE ups battery.charge", "TYPE ups battery.charge NUMBER"),
        ("GET TYPE ups ups.status", "TYPE ups ups.status STRING:256"),
        ("GET TYPE ups battery.runtime", "ERR VAR-NOT-SUPPORTED"),
        ("GET DESC ups ups.status", 'DESC ups ups.status "Description unavailable"'),
        ("GET CMDDESC ups load.off", 'CMDDESC ups load.off "Description unavailable"'),
        ('GET DESC ups "a b"', 'DESC ups "a b" "Description unavailable"'),
        ("GET UPSDESC ups", 'UPSDESC ups "The UPS of this box, as Ridethrough plans its shutdown"'),
        ("GET UPSDESC other", "ERR UNKNOWN-UPS"),
        ("GET NUMLOGINS ups", "NUMLOGINS ups 0"),
        ("GET TRACKING", "OFF"),
        ("GET TRACKING 1", "ERR FEATURE-NOT-CONFIGURED"),
        ("LIST", "ERR INVALID-ARGUMENT"),
        ("LIST ENUM ups battery.runtime", "ERR VAR-NOT-SUPPORTED"),
        ("NETVER", "1.3"),
        ("PROTVER", "1.3"),
        ("NETVER now", "ERR INVALID-ARGUMENT"),
        ("HELP", "Commands: HELP VER GET LIST SET INSTCMD LOGIN LOGOUT USERNAME PASSWORD STARTTLS"),
        ("", "ERR UNKNOWN-COMMAND"),
        ("REBOOT", "ERR UNKNOWN-COMMAND"),
        ('GET VAR ups "ups.status', "ERR INVALID-ARGUMENT"),
        ("STARTTLS", "ERR FEATURE-NOT-CONFIGURED"),
        ("LOGIN ups", "ERR USERNAME-REQUIRED"),
        ("FSD ups", "ERR USERNAME-REQUIRED"),
        ("USERNAME", "ERR INVALID-ARGUMENT"),
        ("LOGOUT", "OK Goodbye"),
    ],
)
def test_one_line(line: str, answer: str) -> None:
    assert asked(line).text == answer + "\n"


def test_lists() -> None:
    assert asked("LIST VAR ups").text.splitlines() == [
        "BEGIN LIST VAR ups",
        'VAR ups battery.charge "87"',
        'VAR ups ups.mfr "Soci?t??"',
        'VAR ups ups.model "Maker \\"3000\\""',
        'VAR ups ups.status "OB DISCHRG"',
        "END LIST VAR ups",
    ]
    assert [line.split()[1] for line in asked("LIST UPS").text.splitlines()[1:-1]] == ["ups", "qnapups", "qnapnas"]
    assert asked("LIST CLIENT ups", desk=Desk(logged_in=["192.0.2.20"])).text.splitlines() == [
        "BEGIN LIST CLIENT ups",
        "CLIENT ups 192.0.2.20",
        "END LIST CLIENT ups",
    ]
    for what in ("RW ups", "CMD ups", "ENUM ups ups.status", "RANGE ups battery.charge"):
        assert asked(f"LIST {what}").text == f"BEGIN LIST {what}\nEND LIST {what}\n"


def test_what_is_not_known_is_never_told() -> None:
    about = ["VAR ups ups.status", "NUMLOGINS ups", "TYPE ups ups.status", "DESC ups ups.status"]
    lists = ["VAR ups", "RW ups", "CMD ups", "ENUM ups ups.status", "RANGE ups ups.status"]
    for line in [f"GET {each}" for each in about] + [f"LIST {each}" for each in lists]:
        assert asked(line, desk=Desk(None)).text == "ERR DATA-STALE\n", line
    assert asked(*USER, "LOGIN ups", desk=Desk(None)).text == "OK\n"  # a client that comes now is counted all the same


@pytest.mark.parametrize("tells", Tells)
def test_who_reads_the_state_is_told_it(tells: Tells) -> None:
    desk = Desk(Shown(tells, {"ups.status": "OL", "battery.charge": "87"}))
    for line in ("GET VAR ups ups.status", "GET VAR ups UPS.Status", "LIST VAR ups"):
        answer = asked(line, desk=desk)
        assert answer.told is tells
        assert f'"{tells}"' in answer.text
    assert asked("GET VAR ups battery.charge", desk=desk).told is None


@pytest.mark.parametrize(
    ("tells", "charge", "answer"),
    [
        (Tells.ON_BATTERY, "20", 'VAR ups battery.charge "20"'),
        (Tells.ON_BATTERY, "19.9", "ERR VAR-NOT-SUPPORTED"),
        (Tells.ON_BATTERY, "unknown", 'VAR ups battery.charge "unknown"'),
        (Tells.ONLINE, "5", 'VAR ups battery.charge "5"'),
        (Tells.SHUT_DOWN, "5", 'VAR ups battery.charge "5"'),
    ],
)
def test_a_low_charge_is_no_order(tells: Tells, charge: str, answer: str) -> None:
    """A box that goes down by a charge of its own choice would go before those who use it."""
    desk = Desk(Shown(tells, {"battery.charge": charge}))
    assert asked("GET VAR ups battery.charge", desk=desk).text == answer + "\n"
    assert ("battery.charge" in asked("LIST VAR ups", desk=desk).text) == (not answer.startswith("ERR"))


class TestLogin:
    @pytest.mark.parametrize(
        ("user", "ups"), [(USER, "ups"), (("USERNAME admin", "PASSWORD 123456"), "qnapups"), (USER, "QNAPNAS")]
    )
    def test_as_their_makers_have_it(self, user: tuple[str, str], ups: str) -> None:
        conversation = Conversation(BOX, Desk(), has_tls=False)
        for line in (*user, f"LOGIN {ups}"):
            assert conversation.answer(line.encode()).text == "OK\n"
        assert conversation.is_logged_in
        assert conversation.answer(b"LOGIN ups").text == "ERR ALREADY-LOGGED-IN\n"

    @pytest.mark.parametrize(
        "user",
        [
            ("USERNAME monuser", "PASSWORD Secret"),
            ("USERNAME admin", "PASSWORD secret"),
            ('USERNAME ""', 'PASSWORD ""'),
            ("USERNAME monusér", "PASSWORD secret"),
        ],
    )
    def test_a_wrong_one(self, user: tuple[str, str]) -> None:
        conversation = Conversation(BOX, Desk(), has_tls=False)
        for line in user:
            conversation.answer(line.encode())
        answers = [conversation.answer(b"LOGIN ups") for _ in range(3)]
        assert {answer.text for answer in answers} == {"ERR ACCESS-DENIED\n"}
        assert [answer.then for answer in answers] == [Then.GO_ON, Then.GO_ON, Then.HANG_UP]
        assert all(answer.is_wrong_login for answer in answers)
        assert not conversation.is_logged_in

    def test_in_order(self) -> None:
        assert asked("USERNAME monuser", "LOGIN ups").text == "ERR PASSWORD-REQUIRED\n"
        assert asked(*USER, "LOGIN other").text == "ERR UNKNOWN-UPS\n"
        assert asked(*USER, "USERNAME admin").text == "ERR ALREADY-SET-USERNAME\n"
        assert asked(*USER, "PASSWORD x").text == "ERR ALREADY-SET-PASSWORD\n"

    def test_an_account_of_its_own_is_the_only_one(self) -> None:
        box = Box("nas2", ("192.0.2.21",), ("ups1",), (Account("truenas", "of my own"),))
        assert asked("USERNAME truenas", 'PASSWORD "of my own"', "LOGIN ups1", box=box).text == "OK\n"
        assert asked(*USER, "LOGIN ups1", box=box).text == "ERR ACCESS-DENIED\n"
        assert "of my own" not in repr(box)


@pytest.mark.parametrize(
    "line",
    [
        "PRIMARY ups",
        "MASTER ups",
        "FSD ups",
        "SET VAR ups ups.id x",
        "SET TRACKING ON",
        "INSTCMD ups load.off",
        "INSTCMD ups shutdown.return",
    ],
)
def test_nobody_forces_or_sets_anything(line: str) -> None:
    assert asked(*USER, "LOGIN ups", line).text == "ERR ACCESS-DENIED\n"


def test_starttls() -> None:
    assert asked("STARTTLS", has_tls=True) == Answer("OK STARTTLS\n", Then.BEGIN_TLS)
    assert asked("STARTTLS", "STARTTLS", has_tls=True).text == "ERR ALREADY-SSL-MODE\n"


def test_a_line_that_is_too_long() -> None:
    longest = "GET VAR ups " + "x" * (LONGEST_LINE - len("GET VAR ups "))
    assert asked(longest).text == "ERR VAR-NOT-SUPPORTED\n"
    assert asked(longest + "x") == Answer("ERR TOO-LONG\n", Then.HANG_UP)


WORDS = [
    *("GET", "LIST", "VAR", "TYPE", "DESC", "UPS", "NUMLOGINS", "ups", "qnapups", "ups.status", "ENUM", "TRACKING"),
    *(
        "USERNAME",
        "monuser",
        "PASSWORD",
        "secret",
        "LOGIN",
        "LOGOUT",
        "STARTTLS",
        "PRIMARY",
        '"',
        "\\",
        " ",
        "server.info",
    ),
]
LINES = st.lists(st.lists(st.sampled_from(WORDS) | st.text(max_size=5), max_size=6).map(" ".join), max_size=8)


@given(st.lists(st.binary(max_size=600)) | LINES.map(lambda lines: [line.encode() for line in lines]))
def test_any_bytes_are_answered(lines: list[bytes]) -> None:
    """With whole lines that a client can read, each of them plain ASCII."""
    conversation = Conversation(BOX, Desk(), has_tls=True)
    for line in lines:
        text = conversation.answer(line).text
        assert text.endswith("\n")
        assert text.replace("\n", "").isprintable()
        for row in text.splitlines():
            with suppress(Refused, Unreachable):  # an error of upsd
                assert words_of(row.encode())
