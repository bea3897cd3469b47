"""Stopping a NAS by a command over SSH, and finding out beforehand whether it could be given."""

from __future__ import annotations

import asyncio
import hmac
import importlib
import logging
import shlex
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ridethrough.core.model import Seconds
from ridethrough.ports import Refused, Unreachable

if TYPE_CHECKING:  # half a second to import, for those who stop storage by SSH alone
    import asyncssh

PORT = 22
KEPT_OUTPUT = 2048  # bytes
KEEP_ALIVE: Seconds = 5.0
MISSED = 3  # that many unanswered: the connection is gone
# Each kind of host key that a server may have; it shows the first of those that it is asked for.
KINDS = (("ssh-ed25519",), ("ecdsa-sha2-nistp256",), ("rsa-sha2-512", "rsa-sha2-256"))


@dataclass(frozen=True, slots=True)
class SshConfig:
    """Where, as whom, and what. `host` is an IP address: DNS dies in outages too.

    `host_key` is the SHA-256 of the one host key that is trusted, as `fingerprints.ssh_host_key` has it. To log in: the
    private key in a file, without a password of its own, or a password, which a command with `sudo -S` is given too.
    """

    host: str
    user: str
    host_key: str
    command: str
    port: int = PORT
    password: str = field(default="", repr=False)
    key_file: str = ""
    timeout: Seconds = 10.0  # to connect and to log in

    @property
    def address(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


async def load() -> None:
    """Import asyncssh beside the loop, so that the first stop need not wait. Raises Refused when there is none."""
    try:
        await asyncio.to_thread(importlib.import_module, "asyncssh")
    except ImportError as error:
        raise Refused("NO_ASYNCSSH", f"SSH needs the Python package asyncssh: {error}") from None
    logging.getLogger("asyncssh").setLevel(logging.WARNING)  # else it tells each connection and command


class SshStop:
    """One NAS. Each call is a connection of its own; nothing is kept between them."""

    def __init__(self, config: SshConfig) -> None:
        self._config = config

    async def stop(self, deadline: Seconds) -> None:
        """Give the command, and return when it has ended or the connection is gone, within `deadline` seconds.

        That it stops is not known then: look whether it still serves. Raises Unreachable when it could not be told, or
        has not ended in time; Refused when it said no: to the login, or by what the command has answered.
        """
        await self._run(self._config.command, deadline)

    async def check(self, deadline: Seconds) -> str:
        """Log in, and ask whether the command could be run, which is not run: what was found, in words.

        Raises as `stop`.
        """
        twin = harmless(self._config.command)
        try:
            said = await self._run(twin, deadline)
        except Refused as refused:
            if refused.code != "COMMAND" or not twin.startswith("command -v"):
                raise
            which = _first_word(self._config.command)
            what = f"{self._config.address}: {self._config.user} finds no program {which}: write its whole path"
            raise Refused("NO_PROGRAM", what) from None
        found = " ".join(said.split())
        return f"{self._config.address}: logged in as {self._config.user}; `{twin}` says: {found or 'yes'}"

    async def _run(self, command: str, deadline: Seconds) -> str:
        await load()
        began = asyncio.get_running_loop().time()
        is_told = False
        try:
            async with asyncio.timeout(deadline), self._connected() as connection:
                session = await self._begun(connection, command)
                is_told = True
                status = await session.ended
        except TimeoutError:
            passed = asyncio.get_running_loop().time() - began
            what = "the command has not ended" if is_told else "no answer"
            raise Unreachable(f"{self._config.address}: {what} within {passed:.0f} s") from None
        said: str = session.output.decode("utf-8", "replace")
        if status:  # None: the connection is gone, as that of a machine that stops
            raise Refused("COMMAND", f"`{command}` has ended with {status}: {_one_line(said) or 'it says nothing'}")
        return said

    async def _begun(self, connection: asyncssh.SSHClientConnection, command: str) -> Any:
        import asyncssh

        kind = _session_kind()
        try:
            channel, session = await connection.create_session(kind, command, encoding=None, request_pty=False)
        except asyncssh.ChannelOpenError as error:
            if connection.is_closed():
                raise Unreachable(f"{self._config.address}: {error.reason}") from None
            raise Refused("NO_SESSION", f"{self._config.address} lets it run no command: {error.reason}") from None
        except (OSError, asyncssh.Error) as error:
            raise Unreachable(f"{self._config.address}: {_in_words(error)}") from None
        if _asks_for_password(command) and self._config.password:
            channel.write(f"{self._config.password}\n".encode())
        channel.write_eof()
        return session

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[asyncssh.SSHClientConnection]:
        async with asyncio.timeout(self._config.timeout):
            connection = await self._logged_in()
        try:
            yield connection
        finally:
            connection.abort()
            await connection.wait_closed()

    async def _logged_in(self) -> asyncssh.SSHClientConnection:
        """A connection to the host that has the pinned key. Raises Refused, Unreachable."""
        keys = await asyncio.to_thread(_key, self._config.key_file) if self._config.key_file else None
        shown: list[str] = []
        for kinds in KINDS:
            connection = await self._tried(kinds, keys, shown)
            if connection is not None:
                return connection
        if not shown:
            raise Refused("NO_HOST_KEY", f"{self._config.address} has no host key of a kind that is trusted today")
        shows = f"{self._config.address} shows {' and '.join(shown)}"
        if not self._config.host_key:
            raise Refused("NO_HOST_KEY", f"{shows}, and host_key is not given: {REMEDY}")
        anew = "is it another machine, or was it set up anew?"
        raise Refused("WRONG_HOST_KEY", f"{shows}, and not {self._config.host_key}: {anew} {REMEDY}")

    async def _tried(self, kinds: tuple[str, ...], keys: Any, shown: list[str]) -> asyncssh.SSHClientConnection | None:
        """A connection with a host key of these kinds. None: it has none, or another than the pinned one."""
        import asyncssh

        config = self._config
        try:
            return await asyncssh.connect(
                config.host,
                config.port,
                client_factory=_client_kind(config.host_key, shown),
                username=config.user,
                password=config.password or None,
                client_keys=keys,
                server_host_key_algs=list(kinds),
                known_hosts=([], [], []),  # none but the pinned one
                preferred_auth=["publickey"] if keys else ["password", "keyboard-interactive"],
                config=None,  # nothing of this machine's user: no ~/.ssh/config, agent, certificate or ticket
                agent_path=None,
                x509_trusted_certs=None,
                gss_host=None,
                keepalive_interval=KEEP_ALIVE,
                keepalive_count_max=MISSED,
            )
        except asyncssh.HostKeyNotVerifiable:
            return None
        except asyncssh.KeyExchangeFailed as error:
            if "host key" in str(error).lower():
                return None
            raise Refused("NO_COMMON_ALGORITHM", f"{config.address}: {_in_words(error)}") from None
        except asyncssh.PermissionDenied:
            how = "the key of key_file" if keys else "this password"
            raise Refused("LOGIN", f"{config.address} does not let {config.user} in with {how}") from None
        except (OSError, asyncssh.Error) as error:
            raise Unreachable(f"{config.address}: {_in_words(error)}") from None


REMEDY = "compare with what `ssh-keygen -l -f` says on the machine itself, then write one of them to host_key"


def harmless(command: str) -> str:
    """A question whether a command could be run: `sudo -l` for one with sudo, else whether there is such a program."""
    if _first_word(command) != "sudo":
        return f"command -v {shlex.quote(_first_word(command))} && id"
    options = ["-S", "-p", ""] if _asks_for_password(command) else ["-n"]
    return shlex.join(["sudo", *options, "-l", "--", *_without_options(_words(command)[1:])])


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        return command.split()


def _first_word(command: str) -> str:
    return next(iter(_words(command)), "")


def _without_options(words: list[str]) -> list[str]:
    """What sudo is to run; of its options, those with a value are -u, -g and -p."""
    while words and words[0].startswith("-"):
        option, *words = words
        if option in ("-u", "-g", "-p") and words:
            words = words[1:]
    return words


def _asks_for_password(command: str) -> bool:
    return command.startswith("sudo -S")


def _client_kind(host_key: str, shown: list[str]) -> Any:
    import asyncssh

    class Client(asyncssh.SSHClient):
        """Trusts the pinned host key; nothing is sent to another."""

        def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
            seen = key.get_fingerprint("sha256")
            shown.append(seen)
            return hmac.compare_digest(seen, host_key)

    return Client


def _session_kind() -> Any:
    import asyncssh

    class Session(asyncssh.SSHClientSession[bytes]):
        """Keeps the beginning of what a command says. `ended` is its exit status; None: the connection is gone."""

        def __init__(self) -> None:
            self.output = b""
            self.ended: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()
            self._status: int | None = None

        def data_received(self, data: bytes, datatype: int | None) -> None:
            self.output += data[: KEPT_OUTPUT - len(self.output)]

        def exit_status_received(self, status: int) -> None:
            self._status = status

        def connection_lost(self, exc: Exception | None) -> None:
            if not self.ended.done():
                self.ended.set_result(self._status)

    return Session


def _key(path: str) -> Any:
    """The private key of a file. Raises Refused in words."""
    import asyncssh

    try:
        return [asyncssh.read_private_key(Path(path))]
    except OSError as error:
        raise Refused("KEY_FILE", f"{path}: {error.strerror or error}") from None
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, ValueError) as error:
        raise Refused("KEY_FILE", f"{path}: {error}; it must be a private key without a password") from None


def _in_words(error: Exception) -> str:
    match error:
        case ConnectionRefusedError():
            return "nothing listens there: is SSH switched on?"
        case OSError():
            return error.strerror or str(error)
        case _:
            return str(error)


def _one_line(text: str) -> str:
    plain = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(plain.split())[:200]
