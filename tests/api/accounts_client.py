"""An application with the real gate, on a clock that the test moves."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from fastapi.testclient import TestClient

from ridethrough.api import create_app
from ridethrough.api.access import CSRF_HEADER, SESSION_COOKIE, Role
from ridethrough.api.accounts import Accounts

from .fakes import CHEAP, Mailbox, context

IDLE = 1800.0
PASSWORD = "correct horse battery"


@dataclass
class Clock:
    """Seconds since 1970, as the test says."""

    at: float = 1.8e9

    def __call__(self) -> float:
        return self.at

    def later(self, seconds: float) -> None:
        self.at += seconds


@dataclass
class Site:
    """The accounts of a state directory, and browsers at them. `anna` administers."""

    folder: Path
    clock: Clock = field(default_factory=Clock)
    mailbox: Mailbox = field(default_factory=Mailbox)

    def __post_init__(self) -> None:
        self.accounts = self.reopened()
        self.accounts.add("anna", Role.ADMINISTER, PASSWORD, "the test")
        self.app = create_app(context(self.folder, self.accounts, self.mailbox, accounts=self.accounts))

    def reopened(self) -> Accounts:
        """The same accounts, as another process opens them."""
        state = self.folder / "state"
        return Accounts(state, now=self.clock, idle=IDLE, hasher=CHEAP)

    def browser(self, address: str = "192.0.2.7") -> Browser:
        """A browser that nobody has logged in with."""
        return Browser(TestClient(self.app, base_url="https://testserver", client=(address, 5000)))

    def logged_in(self, name: str = "anna", password: str = PASSWORD, address: str = "192.0.2.7") -> Browser:
        """A browser in which somebody has logged in."""
        browser = self.browser(address)
        assert browser.log_in(name, password) == 200
        return browser


@dataclass
class Browser:
    """Sends its cookie and, with writes, the CSRF token that it got."""

    client: TestClient
    csrf: str = ""

    def log_in(self, name: str, password: str = PASSWORD) -> int:
        answer = self.client.post("/api/v1/session", json={"name": name, "password": password})
        self.csrf = answer.json().get("csrf", "")
        return answer.status_code

    @property
    def cookie(self) -> str:
        return self.client.cookies.get(SESSION_COOKIE) or ""

    def get(self, path: str) -> int:
        return self.client.get(f"/api/v1{path}").status_code

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, str]:
        """Status and, where it is none of success, the sentence."""
        answer = self.client.request(
            method, f"/api/v1{path}", json=body, headers={CSRF_HEADER: self.csrf} | dict(headers)
        )
        return answer.status_code, answer.json().get("detail", "") if answer.status_code >= 400 else ""
