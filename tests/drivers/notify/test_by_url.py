"""Apprise against a mail server and a web server of the test's own."""

from __future__ import annotations

import asyncio
import logging

import pytest

from ridethrough.drivers.notify.by_url import send, without_secrets
from ridethrough.ports import Refused, Unreachable

from .receivers import MailServer, WebServer, serving

PASSWORD = "correct-horse"
pytestmark = pytest.mark.filterwarnings("default")  # Apprise loads whatever is installed, with its warnings


def mail_url(server: MailServer, password: str = PASSWORD) -> str:
    return (
        f"mailto://anna:{password}@127.0.0.1:{server.port}/?smtp=127.0.0.1&mode=insecure&format=text"
        "&from=ups@example.com&to=duty@example.com&cto=5"
    )


async def test_a_mail_arrives_as_it_was_written() -> None:
    server = MailServer(password=PASSWORD)
    async with serving(server):
        await send(mail_url(server), "Head office: ups1 is on battery", "ups1 is on battery\n\nnow\n", "warning")
    (mail,) = server.mails
    assert mail["subject"] == "Head office: ups1 is on battery"
    assert "duty@example.com" in mail["to"]
    assert "ups@example.com" in mail["from"]
    assert server.recipients == ["TO:<duty@example.com>"]
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().split() == ["ups1", "is", "on", "battery", "now"]


async def test_a_webhook_gets_json() -> None:
    server = WebServer()
    async with serving(server):
        await send(f"json://127.0.0.1:{server.port}/hook?+x-token={PASSWORD}", "title", "text", "danger")
    (post,) = server.posts
    assert (post["title"], post["message"], post["type"]) == ("title", "text", "failure")
    assert f"x-token: {PASSWORD}" in server.headers[0].lower()


async def test_a_wrong_password_is_told_and_nowhere_written(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server = MailServer(password="another one")
    async with serving(server):
        with pytest.raises(Unreachable) as caught:
            await send(mail_url(server), "title", "text", "info")
    assert not server.mails
    assert PASSWORD not in str(caught.value)
    assert PASSWORD not in caplog.text


@pytest.mark.parametrize("status", ["500 No", "404 Not Found", "302 Found"])
async def test_a_webhook_that_says_no_did_not_get_it(status: str) -> None:
    server = WebServer(status=status)
    async with serving(server):
        with pytest.raises(Unreachable):
            await send(f"json://127.0.0.1:{server.port}/hook", "title", "text", "info")


async def test_a_server_that_refuses_the_mail_did_not_get_it() -> None:
    server = MailServer(password=PASSWORD, refuses="5.7.1 spam")
    async with serving(server):
        with pytest.raises(Unreachable):
            await send(mail_url(server), "title", "text", "info")


async def test_nobody_there() -> None:
    server = WebServer()
    async with serving(server):
        pass
    with pytest.raises(Unreachable):
        await send(f"json://127.0.0.1:{server.port}/{PASSWORD}", "title", "text", "info")


async def test_what_is_no_url_is_refused() -> None:
    with pytest.raises(Refused, match="Apprise does not know this URL") as caught:
        await send(f"nosuch://{PASSWORD}", "title", "text", "info")
    assert PASSWORD not in str(caught.value)


async def test_whatever_else_goes_wrong_did_not_get_through_and_holds_no_secret() -> None:
    with pytest.raises(Unreachable, match=r"KeyError: '\*\*\*'") as caught:
        await send(f"json://127.0.0.1:9/{PASSWORD}", "title", "text", PASSWORD)  # which is no severity
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


async def test_two_at_once_do_not_wait_for_each_other() -> None:
    let_go = asyncio.Event()
    slow, quick = MailServer(password=PASSWORD, waits_for=let_go), WebServer()
    async with serving(slow), serving(quick):
        waiting = asyncio.create_task(send(mail_url(slow), "title", "text", "info"))
        await send(f"json://127.0.0.1:{quick.port}/", "title", "text", "info")
        assert not waiting.done()
        let_go.set()
        await waiting
    assert len(slow.mails) == len(quick.posts) == 1


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("login of anna with s3cr%t failed", "login of *** with *** failed"),
        ("token abcdef123 is wrong", "token *** is wrong"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_secrets_of_a_url_are_hidden(text: str, hidden: str) -> None:
    assert without_secrets(text, "slack://anna:s3cr%25t@example.com/abcdef123?to=x") == hidden
