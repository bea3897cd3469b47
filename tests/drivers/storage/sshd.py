"""OpenSSH's own server, as Debian packs it, on a port of loopback, with a user that the machine does not have.

The user is one of nss_wrapper's files, so that it can have a password; nothing is installed, and no account is made.
Where the tests run as root, the server does not: it is given an id that nobody has.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.drivers.program import ROOTS, Program, find, free_port

SSHD, SSH_KEYGEN = find("sbin/sshd"), find("bin/ssh-keygen")
NSS_WRAPPER = next((file for root in ROOTS for file in root.glob("lib/*/libnss_wrapper.so")), None)
USER, PASSWORD = "nas", "letmein"
# of PASSWORD, by `openssl passwd -6`
HASH = "$6$ridethrough$7dBI727DVjLClEp6jmX89g7/m78T9dDR8r1m1JB2TmXCohZABOkK57sonQUqA9fuYiWuTgNWmFbbIB/DcbfKg/"
OTHER_ID = 54321
KINDS = ("ed25519", "ecdsa", "rsa")


@dataclass(frozen=True)
class Sshd:
    """`home` is the user's, with `key`, which is let in, and a folder `bin`, where commands are looked for first."""

    home: Path
    port: int

    @property
    def log(self) -> str:
        return (self.home / "log").read_text(encoding="utf-8", errors="replace")

    def host_key(self, kind: str = "ed25519") -> str:
        """The fingerprint of a host key, as ssh-keygen prints it."""
        shown = subprocess.run(
            [str(SSH_KEYGEN), "-lf", str(self.home / f"host_{kind}.pub")], check=True, capture_output=True, text=True
        )
        return shown.stdout.split()[1]


@asynccontextmanager
async def sshd(*options: str, kinds: Iterable[str] = ("ed25519",)) -> AsyncIterator[Sshd]:
    """A server with more lines of sshd_config, and these host keys."""
    with tempfile.TemporaryDirectory(prefix="sshd-", ignore_cleanup_errors=True) as folder:
        made = Sshd(Path(folder), free_port(socket.SOCK_STREAM))
        user = _prepared(made, list(kinds), options)
        log = made.home / "log"
        log.touch(0o666)
        wrapped = {f"NSS_WRAPPER_{name.upper()}": str(made.home / name) for name in ("passwd", "group", "shadow")}
        environment = {"LD_PRELOAD": str(NSS_WRAPPER), **wrapped}
        as_user = ["--reuid", str(user), "--regid", str(user), "--clear-groups", str(SSHD)]
        program, *arguments = [shutil.which("setpriv"), *as_user] if user != os.getuid() else [str(SSHD)]
        arguments += ["-D", "-e", "-f", str(made.home / "sshd_config")]
        server = await Program.start(Path(str(program)), *arguments, log=log, environment=environment)
        try:
            await server.until(lambda: "Server listening" in made.log)
            yield made
        finally:
            await server.end()


def new_key(file: Path, kind: str = "ed25519", password: str = "") -> None:
    """A private key, and beside it the public one."""
    subprocess.run([str(SSH_KEYGEN), "-q", "-t", kind, "-N", password, "-f", str(file)], check=True)


def _prepared(made: Sshd, kinds: list[str], options: Iterable[str]) -> int:
    """Everything that it reads, and whose it is."""
    home, user = made.home, os.getuid() or OTHER_ID
    for name, kind in (("key", "ed25519"), *((f"host_{kind}", kind) for kind in kinds)):
        new_key(home / name, kind)
    (home / "passwd").write_text(f"{USER}:x:{user}:{user}::{home}:/bin/sh\n")
    (home / "group").write_text(f"{USER}:x:{user}:\n")
    (home / "shadow").write_text(f"{USER}:{HASH}:19000:0:99999:7:::\n")
    (home / "bin").mkdir()
    lines = [
        f"ListenAddress 127.0.0.1:{made.port}",
        *(f"HostKey {home}/host_{kind}" for kind in kinds),
        f"AuthorizedKeysFile {home}/key.pub",
        f"SetEnv PATH={home}/bin:/usr/bin:/bin",
        "PidFile none",
        "UsePAM no",
        "StrictModes no",
        "LogLevel DEBUG1",
        *options,
    ]
    (home / "sshd_config").write_text("".join(f"{line}\n" for line in lines))
    if user != os.getuid():
        for each in (home, *home.iterdir()):
            os.chown(each, user, user)
    return user
