"""NFS-Ganesha, an NFS server in user space, as Debian packs it, serving an empty folder of its memory over NFS 4."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.drivers.program import ROOTS, Program, find, free_port

from .sshd import OTHER_ID

GANESHA = find("bin/ganesha.nfsd")
MODULES = next((file.parent for root in ROOTS for file in root.glob("lib/*/ganesha/libfsalmem.so")), None)


@dataclass(frozen=True)
class Ganesha:
    port: int
    program: Program


@asynccontextmanager
async def ganesha() -> AsyncIterator[Ganesha]:
    """A running one. It would change the machine's limits as root: it runs as nobody then."""
    with tempfile.TemporaryDirectory(prefix="nfs-", ignore_cleanup_errors=True) as folder:
        home, port, user = Path(folder), free_port(socket.SOCK_STREAM), os.getuid() or OTHER_ID
        (home / "conf").write_text(
            f'NFS_CORE_PARAM {{ Protocols = 4; NFS_Port = {port}; Bind_addr = 127.0.0.1; Plugins_Dir = "{MODULES}"; '
            "Enable_NLM = false; Enable_RQUOTA = false; }\n"
            f'NFSV4 {{ RecoveryRoot = "{home}"; Graceless = true; UseGetpwnam = true; DomainName = "localdomain"; }}\n'
            'EXPORT { Export_Id = 1; Path = "/mem"; Pseudo = "/mem"; Access_Type = RO; Protocols = 4; '
            "FSAL { Name = MEM; } }\n"
        )
        log = home / "log"
        log.touch()
        arguments = [str(GANESHA), "-F", "-f", str(home / "conf"), "-L", str(log), "-p", str(home / "pid")]
        if user != os.getuid():
            for each in (home, home / "conf", log):
                os.chown(each, user, user)
            as_user = ["--reuid", str(user), "--regid", str(user), "--clear-groups"]
            arguments = [str(shutil.which("setpriv")), *as_user, *arguments]
        program = await Program.start(Path(arguments[0]), *arguments[1:], log=home / "out", environment={})
        try:
            await program.until(lambda: "NFS SERVER INITIALIZED" in log.read_text(encoding="utf-8", errors="replace"))
            yield Ganesha(port, program)
        finally:
            await program.kill()
