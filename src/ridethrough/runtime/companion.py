"""A process beside the controller: started with it, started again when it ends, ended with it.

The controller never waits for it and reads nothing of it, so nothing that happens there can delay a round.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence

from ridethrough.core.model import Seconds

log = logging.getLogger(__name__)

FIRST_PAUSE: Seconds = 1.0
LONGEST_PAUSE: Seconds = 60.0
LIVED_WELL: Seconds = 60.0  # after so long, an end is a new trouble and not the last one again
END_WITHIN: Seconds = 5.0
USAGE = 2  # an exit code that says: it would end again


class Companion:
    """Runs `program`, or nothing where that is empty.

    Its standard input stays open for as long as this process lives: so it notices our end.
    """

    def __init__(self, name: str, program: Sequence[str]) -> None:
        self.name = name
        self._program = program
        self._renewed = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """Of the process that runs now; None between two of them."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    def renew(self, program: Sequence[str]) -> None:
        """Let it end, and run `program` from now on."""
        self._program = program
        self._renewed.set()

    async def run(self) -> None:
        """Keep it running until cancelled; then end it."""
        while True:
            self._renewed.clear()
            keeping = asyncio.create_task(self._keep())
            try:
                await self._renewed.wait()
            finally:
                keeping.cancel()
                await asyncio.wait({keeping})

    async def _keep(self) -> None:
        """Start it again as often as it ends, but not after exit code 2: its settings are wrong."""
        clock = asyncio.get_running_loop().time
        pause = FIRST_PAUSE
        try:
            while self._program:
                began = clock()
                code = await self._once()
                if code == USAGE:
                    log.error("%s cannot run with these settings: see above", self.name)
                    return
                if clock() - began > LIVED_WELL:
                    pause = FIRST_PAUSE
                log.warning("%s ended (%s); started again in %.0f s", self.name, code, pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
        finally:
            await self._end()

    async def _once(self) -> int | str:
        """Start it and wait for its end; its exit code, negative for a signal, or why it could not be started."""
        try:
            self._process = await asyncio.create_subprocess_exec(*self._program, stdin=asyncio.subprocess.PIPE)
        except OSError as error:
            return str(error)
        return await self._process.wait()

    async def _end(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), END_WITHIN)
            except TimeoutError:
                process.kill()
                await process.wait()
