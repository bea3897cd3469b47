"""Writing down what somebody has done that no other write tells."""

from __future__ import annotations

from fastapi.concurrency import run_in_threadpool

from .access import Person
from .context import Context


async def noted(ctx: Context, person: Person, says: str, why: str) -> None:
    """Have it written into the journal with who and why; while no controller runs, as soon as one does."""
    await run_in_threadpool(ctx.accounts.audit.note, person.signed, says, why)
