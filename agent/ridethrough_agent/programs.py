"""Other programs, each with a deadline."""

import os
import signal
import subprocess
from typing import Dict, NamedTuple, Optional, Sequence


class Ran(NamedTuple):
    """How it ended. `code` is None where it could not be started or did not end in time; `text` says why."""

    code: Optional[int]
    out: str
    text: str

    @property
    def good(self) -> bool:
        """It ended with 0."""
        return self.code == 0


def run(command: Sequence[str], seconds: float, stdin: str = "", environment: Optional[Dict[str, str]] = None) -> Ran:
    """Run it, and end it and its children when its time is over. Raises nothing."""
    try:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(os.environ, **(environment or {})),
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return Ran(None, "", "{} cannot be run: {}".format(command[0], error))
    try:
        out, trouble = process.communicate(stdin.encode("utf-8"), timeout=max(0.1, seconds))
    except subprocess.TimeoutExpired:
        kill(process)
        return Ran(None, "", "{} did not end in {:.0f} s".format(command[0], seconds))
    except OSError as error:
        kill(process)
        return Ran(None, "", "{}: {}".format(command[0], error))
    said = out.decode("utf-8", "replace"), trouble.decode("utf-8", "replace").strip()
    text = (
        "" if process.returncode == 0 else "{} ended with {}: {}".format(command[0], process.returncode, said[1][:300])
    )
    return Ran(process.returncode, said[0], text)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """End it and the children of its session at once. One that hangs in the kernel is left behind."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except OSError:
        pass
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:
                pass
    try:
        process.wait(timeout=1.0)
    except subprocess.TimeoutExpired:
        pass
