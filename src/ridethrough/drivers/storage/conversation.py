"""What a client of the network UPS may ask, and what it is answered: upsd's protocol 1.3, without a socket."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from ridethrough.drivers.nut_line import in_quotes, split

from .box import Account, Box, Shown, Tells

LONGEST_LINE = 512  # bytes, as libupsclient
LONGEST_VALUE = 256  # characters
MOST_VARIABLES = 200
MOST_WRONG_LOGINS = 3  # of one connection
VERSION = "1.3"  # of the protocol


class Then(Enum):
    """What the door does after an answer."""

    GO_ON = auto()
    HANG_UP = auto()
    BEGIN_TLS = auto()


@dataclass(frozen=True, slots=True)
class Answer:
    """`told`: the box has read ups.status in this answer, and this is what it says."""

    text: str
    then: Then = Then.GO_ON
    told: Tells | None = None
    is_wrong_login: bool = False


class Desk(Protocol):
    """What a conversation asks of the door."""

    def shown(self) -> Shown | None:
        """What this box is shown now. None: nothing is known, which is told as such."""

    def clients(self) -> Sequence[str]:
        """The addresses of those that are logged in, of this box alone."""


class Conversation:
    """One connection's: who it says it is, and whether it has logged in. Raises nothing, whatever it is sent."""

    def __init__(self, box: Box, desk: Desk, has_tls: bool) -> None:
        self.is_logged_in = False
        self._box, self._desk, self._has_tls = box, desk, has_tls
        self._is_secret = False
        self._username: str | None = None
        self._password: str | None = None
        self._wrong = 0

    def answer(self, line: bytes) -> Answer:
        """What one line, without its end, is answered."""
        if len(line) > LONGEST_LINE:
            return _error("TOO-LONG", Then.HANG_UP)
        try:
            words = split(line.decode("utf-8", "replace"))
        except ValueError:
            return _error("INVALID-ARGUMENT")
        command = _COMMANDS.get(words[0].upper()) if words else None
        if command is None:
            return _error("UNKNOWN-COMMAND")
        if command.needs_user and self._username is None:
            return _error("USERNAME-REQUIRED")
        if command.needs_user and self._password is None:
            return _error("PASSWORD-REQUIRED")
        if command.arguments is not None and len(words) - 1 != command.arguments:
            return _error("INVALID-ARGUMENT")
        return command.run(self, words[1:])

    def _help(self, _: list[str]) -> Answer:
        return Answer("Commands: HELP VER GET LIST SET INSTCMD LOGIN LOGOUT USERNAME PASSWORD STARTTLS\n")

    def _version(self, _: list[str]) -> Answer:
        return Answer(f"{SERVER}\n")

    def _protocol(self, _: list[str]) -> Answer:
        return Answer(f"{VERSION}\n")

    def _starttls(self, _: list[str]) -> Answer:
        if self._is_secret:
            return _error("ALREADY-SSL-MODE")
        if not self._has_tls:
            return _error("FEATURE-NOT-CONFIGURED")
        self._is_secret = True
        return Answer("OK STARTTLS\n", Then.BEGIN_TLS)

    def _user(self, words: list[str]) -> Answer:
        if self._username is not None:
            return _error("ALREADY-SET-USERNAME")
        self._username = words[0]
        return OK

    def _pass(self, words: list[str]) -> Answer:
        if self._password is not None:
            return _error("ALREADY-SET-PASSWORD")
        self._password = words[0]
        return OK

    def _login(self, words: list[str]) -> Answer:
        if self.is_logged_in:
            return _error("ALREADY-LOGGED-IN")
        if not self._knows(words[0]):
            return _error("UNKNOWN-UPS")
        if not any(self._is(account) for account in self._box.accounts):
            self._wrong += 1
            then = Then.HANG_UP if self._wrong >= MOST_WRONG_LOGINS else Then.GO_ON
            return Answer("ERR ACCESS-DENIED\n", then, is_wrong_login=True)
        self.is_logged_in = True
        return OK

    def _is(self, account: Account) -> bool:
        said = ((self._username or "").encode(), (self._password or "").encode())
        right = (account.username.encode(), account.password.encode())
        same = [hmac.compare_digest(*pair) for pair in zip(said, right, strict=True)]
        return all(same)

    def _logout(self, _: list[str]) -> Answer:
        return Answer("OK Goodbye\n", Then.HANG_UP)

    def _denied(self, _: list[str]) -> Answer:
        return _error("ACCESS-DENIED")  # who logs in here may force, set and command nothing

    def _get(self, words: list[str]) -> Answer:
        match [words[0].upper() if words else "", *words[1:]]:
            case ["TRACKING"]:
                return Answer("OFF\n")
            case ["TRACKING", _, *_]:
                return _error("FEATURE-NOT-CONFIGURED")
            case ["UPSDESC", ups, *_]:
                described = f"UPSDESC {ups} {in_quotes(DESCRIPTION)}\n"
                return Answer(described) if self._knows(ups) else _error("UNKNOWN-UPS")
            case ["NUMLOGINS", ups, *_]:
                return self._of(ups, lambda _: Answer(f"NUMLOGINS {ups} {len(self._desk.clients())}\n"))
            case ["VAR", _, variable, *_] if variable.lower().startswith("server."):
                return _of_server(words[1], variable)
            case ["VAR", ups, variable, *_]:
                return self._of(ups, lambda shown: _value(ups, variable, shown))
            case ["TYPE", ups, variable, *_]:
                return self._of(ups, lambda shown: _type(ups, variable, shown))
            case ["DESC" | "CMDDESC" as what, ups, name, *_]:
                return self._of(ups, lambda _: Answer(f'{what} {ups} {_word(name)} "Description unavailable"\n'))
            case _:
                return _error("INVALID-ARGUMENT")

    def _list(self, words: list[str]) -> Answer:
        match [words[0].upper() if words else "", *words[1:]]:
            case ["UPS", *_]:
                rows = [f"UPS {name} {in_quotes(DESCRIPTION)}" for name in self._box.names]
                return _listed("UPS", rows)
            case ["VAR", ups, *_]:
                return self._of(ups, lambda shown: _values(ups, shown))
            case ["RW" | "CMD" as what, ups, *_]:
                return self._of(ups, lambda _: _listed(f"{what} {ups}", []))
            case ["CLIENT", ups, *_]:
                rows = [f"CLIENT {ups} {address}" for address in self._desk.clients()]
                return _listed(f"CLIENT {ups}", rows) if self._knows(ups) else _error("UNKNOWN-UPS")
            case ["ENUM" | "RANGE" as what, ups, variable, *_]:
                return self._of(ups, lambda shown: _choices(what, ups, variable, shown))
            case _:
                return _error("INVALID-ARGUMENT")

    def _of(self, ups: str, answer: Callable[[Shown], Answer]) -> Answer:
        """An answer about a UPS; that it is unknown, or that nothing is known of it."""
        if not self._knows(ups):
            return _error("UNKNOWN-UPS")
        shown = self._desk.shown()
        return _error("DATA-STALE") if shown is None else answer(shown)

    def _knows(self, ups: str) -> bool:
        return ups.lower() in {name.lower() for name in self._box.names}


@dataclass(frozen=True, slots=True)
class _Command:
    """`arguments`: how many it takes; None: it looks itself."""

    run: Callable[[Conversation, list[str]], Answer]
    arguments: int | None
    needs_user: bool = False


_COMMANDS = {
    "HELP": _Command(Conversation._help, 0),
    "VER": _Command(Conversation._version, 0),
    "NETVER": _Command(Conversation._protocol, 0),
    "PROTVER": _Command(Conversation._protocol, 0),
    "STARTTLS": _Command(Conversation._starttls, 0),
    "GET": _Command(Conversation._get, None),
    "LIST": _Command(Conversation._list, None),
    "USERNAME": _Command(Conversation._user, 1),
    "PASSWORD": _Command(Conversation._pass, 1),
    "LOGIN": _Command(Conversation._login, 1, needs_user=True),
    "ATTACH": _Command(Conversation._login, 1, needs_user=True),
    "LOGOUT": _Command(Conversation._logout, 0),
    "DETACH": _Command(Conversation._logout, 0),
    "PRIMARY": _Command(Conversation._denied, None, needs_user=True),
    "MASTER": _Command(Conversation._denied, None, needs_user=True),
    "FSD": _Command(Conversation._denied, None, needs_user=True),
    "SET": _Command(Conversation._denied, None, needs_user=True),
    "INSTCMD": _Command(Conversation._denied, None, needs_user=True),
}
SERVER = "Ridethrough, which serves the protocol of Network UPS Tools' upsd"
DESCRIPTION = "The UPS of this box, as Ridethrough plans its shutdown"
OK = Answer("OK\n")


def _error(code: str, then: Then = Then.GO_ON) -> Answer:
    return Answer(f"ERR {code}\n", then)


def _of_server(ups: str, variable: str) -> Answer:
    values = {"server.info": SERVER, "server.version": VERSION}
    found = values.get(variable.lower())
    return _error("VAR-NOT-SUPPORTED") if found is None else Answer(f"VAR {_word(ups)} {variable} {in_quotes(found)}\n")


def _value(ups: str, variable: str, shown: Shown) -> Answer:
    found = _told(shown).get(variable.lower())
    if found is None:
        return _error("VAR-NOT-SUPPORTED")
    told = shown.tells if variable.lower() == STATUS else None
    return Answer(f"VAR {ups} {_word(variable)} {in_quotes(found)}\n", told=told)


def _values(ups: str, shown: Shown) -> Answer:
    rows = [f"VAR {ups} {name} {in_quotes(value)}" for name, value in sorted(_told(shown).items())]
    return Answer(_listed(f"VAR {ups}", rows).text, told=shown.tells)


def _type(ups: str, variable: str, shown: Shown) -> Answer:
    found = _told(shown).get(variable.lower())
    if found is None:
        return _error("VAR-NOT-SUPPORTED")
    kind = "NUMBER" if found.replace(".", "", 1).isdecimal() else f"STRING:{LONGEST_VALUE}"
    return Answer(f"TYPE {ups} {_word(variable)} {kind}\n")


def _choices(what: str, ups: str, variable: str, shown: Shown) -> Answer:
    if variable.lower() not in _told(shown):
        return _error("VAR-NOT-SUPPORTED")
    return _listed(f"{what} {ups} {_word(variable)}", [])


def _listed(what: str, rows: Sequence[str]) -> Answer:
    return Answer("\n".join([f"BEGIN LIST {what}", *rows, f"END LIST {what}"]) + "\n")


STATUS, CHARGE = "ups.status", "battery.charge"
LOW_CHARGE = 20.0  # percent; at 15 a QNAP goes down by itself, whatever it was told


def _told(shown: Shown) -> Mapping[str, str]:
    """Every variable as it goes out: plain ASCII, which all clients can read, and of one line.

    A low charge is kept back while the box is to stay up on battery: only the plan says when it goes down.
    """
    plain = {name.lower(): _plain(value) for name, value in list(shown.variables.items())[:MOST_VARIABLES]}
    if shown.tells is Tells.ON_BATTERY and _is_low(plain.get(CHARGE, "")):
        del plain[CHARGE]
    return plain | {STATUS: shown.tells.value}


def _is_low(charge: str) -> bool:
    try:
        return float(charge) < LOW_CHARGE
    except ValueError:
        return False


def _plain(value: str) -> str:
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in value[:LONGEST_VALUE])


def _word(asked: str) -> str:
    """A word of a question, in the answer: it may hold anything that the client has sent."""
    plain = _plain(asked)
    return plain if plain and not any(c in ' "\\#=' for c in plain) else in_quotes(plain)
