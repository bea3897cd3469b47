"""The manager's pages and API, as a process beside the controller."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .common import DEFAULT_SITE, DEFAULT_STATE, FAILED, USAGE, SecretsDir, SiteFile, StateDir, configuration, fail
from .event_log import Out
from .lines import telling

if TYPE_CHECKING:
    from ridethrough.api.accounts import Accounts
    from ridethrough.config import ManagerSettings

NICE = 5  # the controller goes first
END_WITHIN = 2  # seconds that open event streams get when it ends
BACKLOG = 128
ANY = ("0.0.0.0", "::")


def manager(
    site: SiteFile = DEFAULT_SITE,
    state: StateDir = DEFAULT_STATE,
    secrets: SecretsDir = None,
    with_parent: Annotated[bool, typer.Option("--with-parent", hidden=True)] = False,
) -> None:
    """Serve the pages and the API.

    `ridethrough run` starts this by itself where site.toml has a section [manager]. It reads the controller's files
    and leaves requests in its mailbox: it may be stopped and started at any time, the controller never waits for it.
    """
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    settings = configuration(site, secrets).manager
    if settings is None:
        fail(f'{site}: there is no section [manager]. Write one, with listen = "0.0.0.0:8443".', USAGE)
    if with_parent:
        threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    with contextlib.suppress(OSError):
        os.nice(NICE)
    with telling() as lines:
        _serve(site, state, secrets, settings, lines.put)


def _serve(site: Path, state: Path, secrets: Path | None, settings: ManagerSettings, out: Out) -> None:
    import uvicorn

    from ridethrough.api import create_app  # FastAPI takes most of a second to import
    from ridethrough.api.accounts import AccountsRefused
    from ridethrough.api.certificate import CertificateRefused
    from ridethrough.web import pages

    from .compose import context
    from .listening import room
    from .patient import Patient

    try:
        found = context(site, state, secrets, settings)
    except (AccountsRefused, CertificateRefused, OSError) as error:
        fail(str(error), FAILED)
    tls, listening = found.tls, _listen(settings, room())
    served = uvicorn.Config(
        create_app(found, pages()),
        http=Patient,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=END_WITHIN,
        ssl_context_factory=(lambda _config, _default: tls.context) if tls is not None else None,
    )
    _introduce(out, _url(settings, listening), found.accounts, tls.certificate.fingerprint if tls is not None else "")
    try:
        uvicorn.Server(served).run(sockets=[listening])
    finally:
        found.accounts.close()


def _listen(settings: ManagerSettings, most: int) -> socket.socket:
    """The socket that browsers connect to. Ends with the reason where there is none to be had."""
    from .listening import Listening

    at = settings.listen
    listening = Listening(socket.AF_INET6 if ":" in at.host else socket.AF_INET, most)
    try:
        listening.bind((at.host, at.port))
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        fail(f"the pages cannot be served at {at}: {error.strerror or error}", FAILED)
    return listening


def _url(settings: ManagerSettings, listening: socket.socket) -> str:
    """Where a person finds the pages."""
    host, port = listening.getsockname()[:2]
    if host in ANY:
        host = settings.names[0] if settings.names else socket.gethostname()
    return f"{'http' if settings.http else 'https'}://{f'[{host}]' if ':' in host else host}:{port}"


def _introduce(out: Out, url: str, accounts: Accounts, fingerprint: str) -> None:
    accounts.links.served_at(url)
    out(f"The pages are at {url}")
    if fingerprint:
        out(f"Their certificate is {fingerprint}")
    if (token := accounts.setup_token()) is not None:
        out(f"There is no administrator yet. Make the first one here, once: {accounts.links.link(token)}")


def _end_with_parent() -> None:
    """The controller keeps our standard input open for as long as it lives."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)
