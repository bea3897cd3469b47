"""Stopping a NAS over SSH, against OpenSSH's own server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from ridethrough.drivers.storage.ssh import SshConfig, SshStop, harmless
from ridethrough.ports import Refused, Unreachable

from .sshd import KINDS, NSS_WRAPPER, PASSWORD, SSH_KEYGEN, SSHD, USER, Sshd, new_key, sshd

needs_sshd = pytest.mark.skipif(
    SSHD is None or SSH_KEYGEN is None or NSS_WRAPPER is None,
    reason="sshd, ssh-keygen and nss_wrapper are not here (Debian packages openssh-server and libnss-wrapper)",
)
DEADLINE = 30.0


def config(server: Sshd, command: str = "touch stopped", kind: str = "ed25519") -> SshConfig:
    return SshConfig("127.0.0.1", USER, server.host_key(kind), command, server.port, key_file=str(server.home / "key"))


async def stopped(settings: SshConfig, deadline: float = DEADLINE) -> None:
    await SshStop(settings).stop(deadline)


def program(server: Sshd, name: str, text: str) -> None:
    file = server.home / "bin" / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


@needs_sshd
async def test_with_a_key_and_with_a_password() -> None:
    async with sshd() as server:
        await stopped(config(server))
        assert (server.home / "stopped").exists()
        await stopped(replace(config(server, "touch again"), key_file="", password=PASSWORD))
        assert (server.home / "again").exists()


@needs_sshd
async def test_any_of_its_host_keys_may_be_the_pinned_one() -> None:
    async with sshd(kinds=KINDS) as server:
        for kind in KINDS:
            await stopped(config(server, f"touch {kind}", kind))
            assert (server.home / kind).exists()


@needs_sshd
async def test_another_host_key_hears_nothing() -> None:
    """Neither a password nor even the user's name."""
    async with sshd(kinds=KINDS) as server:
        other = replace(config(server), host_key="SHA256:" + "A" * 43, password=PASSWORD, key_file="")
        for call in (stopped(other), SshStop(other).check(DEADLINE)):
            with pytest.raises(Refused, match="WRONG_HOST_KEY") as refused:
                await call
            assert all(server.host_key(kind) in refused.value.detail for kind in KINDS)
        assert "SSH2_MSG_KEXINIT received" in server.log
        assert "userauth-request" not in server.log
        with pytest.raises(Refused, match="NO_HOST_KEY") as refused:
            await stopped(replace(other, host_key=""))
        assert server.host_key() in refused.value.detail
        assert "userauth-request" not in server.log
        await stopped(config(server))
        assert "userauth-request" in server.log  # what the log says of one that goes on


@needs_sshd
async def test_a_login_that_is_refused(tmp_path: Path) -> None:
    key = tmp_path / "key"
    new_key(key)
    async with sshd() as server:
        wrong = replace(config(server), key_file="", password="wrong")
        for settings in (wrong, replace(config(server), key_file=str(key)), replace(config(server), user="nobody")):
            with pytest.raises(Refused, match=r"LOGIN: 127\.0\.0\.1:.* does not let") as refused:
                await stopped(settings)
            assert "wrong" not in str(refused.value)
        assert "wrong" not in repr(wrong)


@needs_sshd
async def test_a_key_file_that_is_of_no_use(tmp_path: Path) -> None:
    locked, empty = tmp_path / "locked", tmp_path / "empty"
    new_key(locked, password="a password")
    empty.write_text("")
    async with sshd() as server:
        for path, why in ((locked, "without a password"), (empty, "private key"), (tmp_path / "none", "No such file")):
            with pytest.raises(Refused, match=f"KEY_FILE: {path}: .*{why}"):
                await stopped(replace(config(server), key_file=str(path)))


@needs_sshd
async def test_what_the_command_says() -> None:
    async with sshd() as server:
        with pytest.raises(Refused, match=r"COMMAND: `.*` has ended with 1: sudo: a password is required"):
            await stopped(config(server, "echo 'sudo: a password is required' >&2; exit 1"))
        with pytest.raises(Refused, match=r"has ended with 127: .*synopoweroff"):
            await stopped(config(server, "synopoweroff"))
        with pytest.raises(Refused, match=r"has ended with 3: x{200}$"):
            await stopped(config(server, "head -c 5000000 /dev/zero | tr '\\0' x; exit 3"))


@needs_sshd
async def test_a_server_that_runs_no_command() -> None:
    async with sshd("MaxSessions 0") as server:
        with pytest.raises(Refused, match="lets it run no command"):
            await stopped(config(server))


@needs_sshd
async def test_a_connection_that_drops_is_how_a_machine_stops() -> None:
    async with sshd() as server:
        await stopped(config(server, "touch stopped; kill -9 $PPID"))
        assert (server.home / "stopped").exists()


@needs_sshd
async def test_a_command_that_hangs() -> None:
    async with sshd() as server:
        with pytest.raises(Unreachable, match=r"the command has not ended within [12] s"):
            await stopped(config(server, "touch begun; sleep 60"), deadline=1.5)
        assert (server.home / "begun").exists()


@needs_sshd
async def test_who_no_longer_wants_it_hangs_up() -> None:
    async with sshd() as server:
        stop = asyncio.create_task(stopped(config(server, "touch begun; sleep 60")))
        async with asyncio.timeout(DEADLINE):
            while not (server.home / "begun").exists():  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            stop.cancel()
            with pytest.raises(asyncio.CancelledError):
                await stop
            while "Connection closed by" not in server.log and "Connection reset by" not in server.log:  # noqa: ASYNC110
                await asyncio.sleep(0.02)


async def test_one_that_asks_for_the_password_in_a_dialogue() -> None:
    """Some servers let nobody in by the method "password"; they ask, which comes to the same."""
    ran: list[str] = []

    class Dialogue(asyncssh.SSHServer):
        def password_auth_supported(self) -> bool:
            return False

        def kbdint_auth_supported(self) -> bool:
            return True

        def get_kbdint_challenge(
            self, username: str, lang: str, submethods: str
        ) -> tuple[str, str, str, list[tuple[str, bool]]]:
            return "", "", "", [("Password: ", False)]

        def validate_kbdint_response(self, username: str, responses: Sequence[str]) -> bool:
            return (username, list(responses)) == (USER, [PASSWORD])

    def run(process: asyncssh.SSHServerProcess[str]) -> None:
        ran.append(process.command or "")
        process.exit(0)

    key = asyncssh.generate_private_key("ssh-ed25519")
    server = await asyncssh.create_server(
        Dialogue, "127.0.0.1", 0, server_host_keys=[key], process_factory=run, gss_host=None
    )
    try:
        right = SshConfig(
            "127.0.0.1", USER, key.get_fingerprint("sha256"), "poweroff", server.get_port(), password=PASSWORD
        )
        await stopped(right)
        assert ran == ["poweroff"]
        with pytest.raises(Refused, match="does not let nas in"):
            await stopped(replace(right, password="wrong"))
    finally:
        server.close()
        await server.wait_closed()


async def test_nobody_there() -> None:
    settings = SshConfig("127.0.0.1", USER, "SHA256:" + "A" * 43, "poweroff", 9, PASSWORD)
    with pytest.raises(Unreachable, match="nothing listens there"):
        await stopped(settings)


async def test_one_that_says_nothing() -> None:
    async with silent() as port:
        settings = SshConfig("127.0.0.1", USER, "SHA256:" + "A" * 43, "poweroff", port, PASSWORD, timeout=0.3)
        with pytest.raises(Unreachable, match="no answer within"):
            await stopped(settings)
        with pytest.raises(Unreachable, match="no answer within"):
            await stopped(replace(settings, timeout=DEADLINE), deadline=0.3)


async def test_one_that_is_no_ssh_server() -> None:
    async with silent(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 2000) as port:
        with pytest.raises(Unreachable):
            await stopped(SshConfig("127.0.0.1", USER, "SHA256:" + "A" * 43, "poweroff", port, PASSWORD))


@asynccontextmanager
async def silent(says: bytes = b"") -> AsyncIterator[int]:
    """A port that accepts, says this, and does not answer."""
    writers = []

    def called(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        writer.write(says)

    server = await asyncio.start_server(called, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    for writer in writers:
        writer.transport.abort()


class TestCheck:
    """The command is not run; whether it could be, is asked."""

    @pytest.mark.parametrize(
        ("command", "twin"),
        [
            ("sudo -n poweroff", "sudo -n -l -- poweroff"),
            ("sudo poweroff", "sudo -n -l -- poweroff"),
            ("sudo -n -u root /sbin/shutdown -h now", "sudo -n -l -- /sbin/shutdown -h now"),
            ("sudo -S -p '' poweroff", "sudo -S -p '' -l -- poweroff"),
            ("/sbin/poweroff", "command -v /sbin/poweroff && id"),
            ("poweroff; rm -rf /", "command -v 'poweroff;' && id"),
            ("halt 'open", "command -v halt && id"),
        ],
    )
    def test_twins(self, command: str, twin: str) -> None:
        assert harmless(command) == twin

    @needs_sshd
    async def test_a_program_that_is_there_and_one_that_is_not(self) -> None:
        async with sshd() as server:
            program(server, "poweroff", 'touch "$HOME/stopped"')
            said = await SshStop(config(server, "poweroff")).check(DEADLINE)
            assert f"logged in as {USER}; `command -v poweroff && id` says: {server.home}/bin/poweroff uid=" in said
            with pytest.raises(Refused, match=r"NO_PROGRAM: .* finds no program synopoweroff"):
                await SshStop(config(server, "synopoweroff")).check(DEADLINE)
            assert not (server.home / "stopped").exists()
            await stopped(config(server, "poweroff"))
            assert (server.home / "stopped").exists()

    @needs_sshd
    async def test_sudo_is_asked_and_gets_the_password_where_it_reads_one(self) -> None:
        """A stand-in for sudo: it allows /sbin/poweroff, without a password or with the right one."""
        async with sshd() as server:
            program(
                server,
                "sudo",
                'case "$1" in -S) read -r given; [ "$given" = letmein ] || exit 1; shift 2 ;; esac\n'
                'for last; do :; done; [ "$last" = /sbin/poweroff ] || { echo "sudo: not allowed" >&2; exit 1; }\n'
                'case "$*" in *" -l "*) echo "$last" ;; *) touch "$HOME/stopped" ;; esac',
            )
            settings = replace(config(server, "sudo -n /sbin/poweroff"), key_file="", password=PASSWORD)
            with_password = replace(settings, command="sudo -S -p '' /sbin/poweroff")
            for allowed in (settings, with_password):
                assert (await SshStop(allowed).check(DEADLINE)).endswith("says: /sbin/poweroff")
            with pytest.raises(Refused, match="sudo: not allowed"):
                await SshStop(replace(settings, command="sudo -n /sbin/reboot")).check(DEADLINE)
            assert not (server.home / "stopped").exists()
            await stopped(with_password)
            assert (server.home / "stopped").exists()
