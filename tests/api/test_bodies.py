"""How much may be sent: little by who is nobody, and by nobody more than the largest site.toml."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.types import Message

from ridethrough.api.access import SESSION_COOKIE
from ridethrough.api.bodies import OF_ANYBODY, OF_SOMEBODY

from .accounts_client import Browser, Site
from .asgi import scope_of

CHUNK = 16 * 1024
ENDLESS = 1 << 40


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@dataclass
class Sender:
    """Sends a body without end, piece by piece, and counts what was taken of it."""

    site: Site
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None  # as it says beforehand
    taken: int = 0
    answered: list[Message] = field(default_factory=list)

    async def post(self, path: str) -> tuple[int, str, dict[str, str]]:
        headers = {"host": "testserver", "content-type": "application/json", **self.headers}
        if self.length is not None:
            headers["content-length"] = str(self.length)
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await self.site.app(scope_of("POST", path, headers=raw), self._more, self._keep)
        start, *rest = self.answered
        said = json.loads(b"".join(part["body"] for part in rest))
        return start["status"], said["detail"], {name.decode(): value.decode() for name, value in start["headers"]}

    async def _more(self) -> Message:
        self.taken += CHUNK
        return {"type": "http.request", "body": b" " * CHUNK, "more_body": self.taken < 4 * OF_SOMEBODY}

    async def _keep(self, message: Message) -> None:
        self.answered.append(message)


def session(browser: Browser) -> dict[str, str]:
    return {"cookie": f"{SESSION_COOKIE}={browser.cookie}", "x-ridethrough-csrf": browser.csrf}


@pytest.mark.parametrize("length", [None, ENDLESS])
@pytest.mark.parametrize("path", ["/session", "/setup", "/settings", "/requests"])
async def test_who_is_nobody_sends_little(site: Site, path: str, length: int | None) -> None:
    for headers in ({}, {"authorization": "Bearer guessed"}, {"cookie": f"{SESSION_COOKIE}=guessed"}):
        sender = Sender(site, headers, length)
        status, said, answered = await sender.post(path)
        assert (status, "log in" in said) == (413, True)
        assert sender.taken <= (OF_ANYBODY + CHUNK if length is None else 0)
        assert "content-security-policy" in answered


async def test_a_session_without_its_csrf_token_is_nobody(site: Site) -> None:
    headers = session(site.logged_in()) | {"x-ridethrough-csrf": "wrong"}
    assert (await Sender(site, headers).post("/settings"))[0] == 413


@pytest.mark.parametrize("length", [None, ENDLESS])
async def test_who_is_somebody_does_not_send_without_end_either(site: Site, length: int | None) -> None:
    sender = Sender(site, session(site.logged_in()), length)
    status, said, _ = await sender.post("/settings")
    assert (status, "8 MiB" in said) == (413, True)
    assert sender.taken <= (OF_SOMEBODY + CHUNK if length is None else 0)


def test_a_large_site_is_saved_by_who_is_somebody(site: Site) -> None:
    """And read before anything is said of it: this one is no TOML."""
    body = {"text": "no toml " * (OF_ANYBODY // 4), "version": ""}
    status, said = site.logged_in().ask("POST", "/settings", body)
    assert (status, "site.toml" in said) == (422, True)
    assert site.browser().ask("POST", "/settings", body)[0] == 413
