"""In which ways a search asks each address: with SNMPv3 users, with communities, as a UPS of site.toml is asked."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, cast, get_args

import typer

from ridethrough.config import CardConnection, Configuration, Endpoint, Secret, Secrets, SnmpUser
from ridethrough.config.secrets import PREFIX
from ridethrough.ups.snmpv3 import SHORTEST_PASSWORD, Auth, Privacy

SHAPE = "USER,AUTH,secret:NAME,PRIVACY,secret:NAME"
Ask = Callable[[str], str]


def users(texts: Sequence[str], port: int, places: Secrets, ask: Ask) -> list[CardConnection]:
    """SNMPv3 users, each written as `SHAPE`, or less of it. `ask` is asked for a password that has no secret.

    Raises ValueError, with the remedy. A password is never in its text.
    """
    return [
        CardConnection("", Endpoint("", port), "3", Secret("", "public"), _user(text.split(","), places, ask))
        for text in texts
    ]


def communities(texts: Sequence[str], version: str, port: int, places: Secrets) -> list[CardConnection]:
    """Communities, each `secret:NAME` or public. Raises ValueError, with the remedy."""
    if version not in ("1", "2c"):
        raise ValueError(f'--version is 1 or 2c; users of version 3 are given with "--v3 {SHAPE}", or "--like"')
    found = []
    for text in texts:
        if text != "public" and not text.startswith(PREFIX):
            raise ValueError('a community is written as "secret:NAME" and kept under that name, or it is public')
        secret = Secret("", "public") if text == "public" else places.find(text.removeprefix(PREFIX))
        found.append(CardConnection("", Endpoint("", port), cast("Any", version), secret))
    return found


def alike(known: Configuration | None, names: Sequence[str], port: int) -> list[CardConnection]:
    """As these UPSs of site.toml are asked. Raises ValueError for one that has no card."""
    found = []
    for name in names:
        ups = known.upses.get(name) if known is not None else None
        if not isinstance(ups, CardConnection):
            raise ValueError(f"--like names {name}, which is no UPS with a network card in site.toml")
        found.append(CardConnection("", Endpoint("", port), ups.version, ups.community, ups.user))
    return found


def has_unkept(way: CardConnection) -> bool:
    """Whether it has a password that was typed, and so has no name to write into site.toml."""
    passwords = () if way.user is None else (way.user.auth_password, way.user.privacy_password)
    return any(password is not None and not password.name for password in passwords)


def typed(what: str) -> str:
    """A password from the terminal, unseen. Raises ValueError where there is none."""
    if not sys.stdin.isatty():
        raise ValueError(f"there is no terminal to ask for {what}: name a secret, --v3 {SHAPE}")
    return str(typer.prompt(what[0].upper() + what[1:], hide_input=True, err=True))


def _user(words: list[str], places: Secrets, ask: Ask) -> SnmpUser:
    name, *rest = words
    auth, signed_by = _method(rest, get_args(Auth))
    privacy, kept_by = _method(rest, get_args(Privacy)) if auth else (None, None)
    if rest or not name:
        # What stands there may be a password: it is not repeated.
        raise ValueError(
            f"a user is written as --v3 {SHAPE}, or less of it; AUTH is {', '.join(get_args(Auth))}; "
            f"PRIVACY is {', '.join(get_args(Privacy))}; a password is never written there"
        )
    signing = _password(signed_by, f"the password with which {name} signs", places, ask) if auth else None
    keeping = _password(kept_by, f"the password with which {name} keeps secret", places, ask) if privacy else None
    return SnmpUser(name, cast("Any", auth), signing, cast("Any", privacy), keeping)


def _method(rest: list[str], known: Sequence[str]) -> tuple[str | None, str | None]:
    """The next word, where it is one of these, and the secret that is named behind it, where one is."""
    if not rest or rest[0] not in known:
        return None, None
    method = rest.pop(0)
    return method, rest.pop(0) if rest and rest[0].startswith(PREFIX) else None


def _password(reference: str | None, what: str, places: Secrets, ask: Ask) -> Secret:
    found = places.find(reference.removeprefix(PREFIX)) if reference is not None else Secret("", ask(what))
    if len(found.value) < SHORTEST_PASSWORD:
        raise ValueError(f"{what} is shorter than {SHORTEST_PASSWORD} characters, which SNMPv3 does not allow")
    return found
