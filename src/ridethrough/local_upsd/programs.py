"""The programs of others that serve a UPS on this machine: NUT's own, and systemctl."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

# Where distributions put them, beside PATH: who runs this by sudo may lack the sbin folders.
PLACES = ("/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/libexec/nut", "/usr/lib/nut", "/lib/nut")
MOST_OUTPUT = 64 * 1024
PACKAGES = "Debian and Ubuntu: apt-get install nut-server; RHEL and Fedora: dnf install nut (from EPEL)"
USUAL_FOLDERS = (Path("/etc/nut"), Path("/etc/ups"))  # Debian's, and that of RHEL


@dataclass(frozen=True, slots=True)
class Ran:
    """How a program ended, and what it printed."""

    code: int
    output: str = ""

    @property
    def good(self) -> bool:
        return self.code == 0


class Programs(Protocol):
    """Runs programs of this machine. May block for as many seconds as it is given."""

    @property
    def has_systemd(self) -> bool:
        """Whether systemd started this machine."""

    def has(self, name: str) -> bool:
        """Whether a program is installed."""

    def run(self, name: str, *arguments: str, seconds: float = 60.0) -> Ran:
        """Run it to its end. Never raises: what went wrong is in the answer."""


class MachinePrograms:
    """Implements Programs."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        """`folder`: where NUT's files are; they are told where that is none of the usual places."""
        self._environment = dict(os.environ if environment is None else environment)
        if folder.absolute() not in USUAL_FOLDERS:
            self._environment["NUT_CONFPATH"] = str(folder.absolute())
        self._path = os.pathsep.join([self._environment.get("PATH", ""), *PLACES])
        self._environment["PATH"] = self._path

    @property
    def has_systemd(self) -> bool:
        # A folder of one's own is served by programs of one's own.
        return "NUT_CONFPATH" not in self._environment and Path("/run/systemd/system").is_dir()

    def has(self, name: str) -> bool:
        return shutil.which(name, path=self._path) is not None

    def run(self, name: str, *arguments: str, seconds: float = 60.0) -> Ran:
        program = shutil.which(name, path=self._path)
        if program is None:
            return Ran(127, f"{name} is not installed")
        # A file: what it leaves in the background may keep a pipe open for ever.
        with tempfile.TemporaryFile() as printed:
            try:
                done = subprocess.run(
                    [program, *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=printed,
                    stderr=printed,
                    env=self._environment,
                    timeout=seconds,
                )
                code = done.returncode
            except subprocess.TimeoutExpired:
                code = 124
            except OSError as error:
                return Ran(126, f"{program}: {error.strerror}")
            printed.seek(0)
            text = printed.read(MOST_OUTPUT).decode("utf-8", "replace").strip()
        return Ran(code, f"{text}\n{name} took longer than {seconds:.0f} s".strip() if code == 124 else text)
