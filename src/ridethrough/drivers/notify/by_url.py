"""One message to one Apprise URL: mail, webhooks, chats and the rest."""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from typing import TYPE_CHECKING
from urllib.parse import unquote

from ridethrough.ports import Refused, Unreachable

if TYPE_CHECKING:
    from apprise import Apprise

PATIENCE = 60.0  # seconds for one message, whatever the service does
KINDS = {"info": "info", "warning": "warning", "danger": "failure"}  # Apprise's words
LONGEST = 300  # characters of what a service said


async def send(url: str, title: str, text: str, severity: str) -> None:
    """Send and wait for how it ended. `severity` is info, warning or danger.

    Raises Refused for a URL that Apprise does not know, Unreachable when the message did not get through. What they say
    holds no part of the URL's secrets. The first call takes seconds and some 70 MB: Apprise loads all that it knows.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()

    def settle(error: Exception | None) -> None:
        if not ended.done():
            ended.set_exception(error) if error is not None else ended.set_result(None)

    def work() -> None:
        error: Exception | None = None
        try:
            _send(url, title, text, severity)
        except (Refused, Unreachable) as found:
            error = found
        except BaseException as found:  # of a service's own code, whatever it is
            error = Unreachable(without_secrets(f"{type(found).__name__}: {found}", url)[:LONGEST])
        try:
            loop.call_soon_threadsafe(settle, error)
        except RuntimeError:
            return  # the loop has ended meanwhile

    # A thread of its own: one that hangs takes no place of a pool, and holds up no exit.
    threading.Thread(target=work, name="notify", daemon=True).start()
    await ended


def _send(url: str, title: str, text: str, severity: str) -> None:
    said: list[str] = []
    result = _target(url).notify(
        text,
        title,
        KINDS[severity],
        timeout=PATIENCE,
        log_callback=lambda entry, _service: said.append(str(entry.message)),
        log_level=logging.WARNING,
    )
    if not result:
        raise Unreachable(without_secrets("; ".join(said) or "it did not get through", url)[:LONGEST])


def _target(url: str) -> Apprise:
    import apprise  # half a second, and only where somebody is to be notified

    logging.getLogger("apprise").propagate = False  # what it says belongs to the message, and may hold secrets
    asset = apprise.AppriseAsset(
        plugin_paths=[],
        storage_mode=apprise.PersistentStoreMode.MEMORY,
        app_id="Ridethrough",
        app_desc="Ridethrough",
        app_url="",
        http_redirects=False,
    )
    target = apprise.Apprise(asset=asset)
    if not target.add(url):
        raise Refused("URL", "Apprise does not know this URL; its documentation tells how each service is written")
    return target


def without_secrets(text: str, url: str) -> str:
    """The text with every part of the URL hidden that may be a password or a token."""
    parts = {part for part in re.split(r"[/:@?&=#,;]+", url.partition("://")[2]) if len(part) > 3}
    for part in sorted(parts | {unquote(part) for part in parts}, key=len, reverse=True):
        text = text.replace(part, "***")
    return text
