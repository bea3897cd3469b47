"""The machine that the controller runs on: shut down by a program, once the controller has ended in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from ridethrough.core.actions import Action, ShutDownController
from ridethrough.ports import Clock, NotBegun, is_from_before_a_standstill

log = logging.getLogger(__name__)

PATIENCE = 60.0  # seconds for the program to accept the order


class OwnMachine:
    """ports.Actor for it. `end` is called once, and has the controller end: then `power_off` may be called."""

    def __init__(self, clock: Clock, end: Callable[[], None]) -> None:
        self._clock = clock
        self._end = end

    async def perform(self, action: Action) -> None:
        """Never returns by itself: the controller ends, and cancels it. Raises NotBegun after a standstill."""
        if not isinstance(action, ShutDownController):
            raise TypeError(f"the controller's own machine does not do {type(action).__name__}")
        if is_from_before_a_standstill(self._clock, self._clock.now()):
            raise NotBegun("the process has stood still since it was decided")
        self._end()
        await asyncio.Event().wait()


async def power_off(command: Sequence[str], patience: float = PATIENCE) -> str:
    """Run the program that shuts this machine down, without a shell. Why it did not accept that; empty where it did."""
    program, *arguments = command
    try:
        running = await asyncio.create_subprocess_exec(
            program,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
    except (OSError, ValueError) as error:
        return f"{program} cannot be run: {getattr(error, 'strerror', None) or error}"
    try:
        _, said = await asyncio.wait_for(running.communicate(), patience)
    except TimeoutError:
        running.kill()
        await running.wait()
        return f"{program} has not ended within {patience:g} s"
    if running.returncode:
        text = said.decode(errors="replace").strip().splitlines()
        return f"{program} ended with {running.returncode}" + (f": {text[-1]}" if text else "")
    return ""
