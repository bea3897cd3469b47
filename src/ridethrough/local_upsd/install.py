"""One more UPS on this machine's upsd, from the files to the first answer: all of it, or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ridethrough.ports import Refused, Unreachable

from .advice import is_up
from .plan import Plan
from .service import Service, StartError
from .store import Folder, StoreError

PATIENCE = 60.0  # seconds until it must have answered
PAUSE = 0.5

Ask = Callable[[str, int, str], Awaitable[Mapping[str, str]]]  # host, port, name: its variables


class InstallError(Exception):
    """Why it was not done. Everything is as it was, unless the text says otherwise."""


@dataclass(frozen=True, slots=True)
class Installed:
    """What was done, and what the UPS says."""

    started: str
    kept: Mapping[str, Path]  # old files, by the names of the new ones
    variables: Mapping[str, str]


async def install(
    plan: Plan,
    folder: Folder,
    service: Service,
    ask: Ask,
    then: Callable[[], None] = lambda: None,
    patience: float = PATIENCE,
    pause: float = PAUSE,
) -> Installed:
    """Write, start, read back; `then` is the last step, and raises InstallError. Raises InstallError."""
    try:
        folder.write(plan.changes)
    except StoreError as error:
        raise InstallError(str(error)) from None
    try:
        service.start()
        variables = await _answer(plan, ask, patience, pause)
        then()
    except (StartError, InstallError) as error:
        raise InstallError("; ".join([str(error), *_undo(folder, service)])) from None
    except BaseException:
        _undo(folder, service)
        raise
    return Installed(service.told, dict(folder.kept), variables)


def _undo(folder: Folder, service: Service) -> list[str]:
    """Stop it while the files still name it, then let the files and upsd be as they were."""
    if not service.plan.changes:
        return ["it was written before, and stays so"]
    service.stop()
    told = folder.put_back()
    service.settle()
    return told or ["NUT's files are as they were"]


async def _answer(plan: Plan, ask: Ask, patience: float, pause: float) -> Mapping[str, str]:
    """What it says, once its driver has read it."""
    trouble, last = "", dict[str, str]()
    try:
        async with asyncio.timeout(patience):
            while True:
                try:
                    last = dict(await ask(plan.host, plan.port, plan.name))
                    if is_up(last):
                        return last
                    trouble = "its driver has not read it yet"
                except Unreachable as error:
                    trouble = str(error)
                except Refused as refused:
                    trouble = refused.detail
                await asyncio.sleep(pause)
    except TimeoutError:
        if last.get("ups.status") not in (None, "", "WAIT"):
            return last  # everything but the runtime
        raise InstallError(f"it did not answer within {patience:.0f} s: {trouble}") from None
