"""Passwords: what they must be like, and their argon2 hashes."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from fastapi.concurrency import run_in_threadpool

from ridethrough.api.access import NotAdmitted

from .errors import NotDone

T = TypeVar("T")

SHORTEST, LONGEST = 10, 1000  # characters
AT_ONCE = 2  # hashes that are made at the same time; each needs 64 MiB for a moment
WAITING = 16  # that may wait for their turn


def check(password: str, name: str) -> None:
    """Raises NotDone where a new password may not be used for this account."""
    if len(password) < SHORTEST:
        raise NotDone(422, f"the password has fewer than {SHORTEST} characters: take a longer one")
    if len(password) > LONGEST:
        raise NotDone(422, f"the password has more than {LONGEST} characters: take a shorter one")
    if password.strip().casefold() == name.casefold():
        raise NotDone(422, "the password is the account's name: take another one")


class Passwords:
    """Hashes and compares. Each call takes some 50 ms of a core, and must not be made on the event loop."""

    def __init__(self, hasher: PasswordHasher) -> None:
        self._hasher = hasher
        self._nobodys = hasher.hash("the password of nobody")

    def hash(self, password: str) -> str:
        """The hash to keep, with its salt and parameters."""
        return self._hasher.hash(_normal(password))

    def is_right(self, kept: str | None, password: str) -> bool:
        """Whether it is the password of this hash. Takes as long where there is no account, and so no hash."""
        try:
            self._hasher.verify(kept or self._nobodys, _normal(password))
        except (VerificationError, InvalidHashError):
            return False
        return kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(kept)


class Turns:
    """Runs what needs a hash in threads, two at once; so the event loop and the memory are safe from many logins."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns. Raises NotAdmitted (429) when too many wait."""
        if self._waiting >= WAITING:
            raise NotAdmitted(429, "too many log in at once; try again in a moment", 2)
        self._waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self._waiting -= 1
        try:
            return await run_in_threadpool(work)
        finally:
            self._turn.release()


def _normal(password: str) -> bytes:
    # The same password typed on another keyboard may come in other code points (RFC 8265, OpaqueString).
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
