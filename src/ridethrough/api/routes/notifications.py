"""Who is notified, how that stands, and a test of it."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from ridethrough.api.access import Administrator, Viewer
from ridethrough.api.context import Context, Ctx
from ridethrough.api.noted import noted
from ridethrough.api.notifications import Notifications
from ridethrough.api.problems import answers, served
from ridethrough.api.why import WhyAsked
from ridethrough.core.notice import EventClass, Severity

router = APIRouter(tags=["notifications"])


class Target(BaseModel):
    """One target. Its URL is a secret, and never told."""

    name: str
    classes: list[EventClass] = Field(description="What it is told; empty: everything.")
    severity: Severity = Field(description="The least severity that it is told.")
    waiting: int = Field(description="Messages that wait for it.")
    left_out: int = Field(description="Messages that found no room in the queue.")
    sent: int
    last_at: float | None = Field(description="When the last message was sent, or could not be.")
    last_trouble: str | None = Field(description='Why the last did not get through; "" when it did.')
    failed: int = Field(description="Tries since the last message that got through.")
    retry_in: float | None = Field(description="Seconds until the next try; null when none is needed.")


class Tested(BaseModel):
    """How a test ended."""

    delivered: bool
    trouble: str


@router.get("/notifications")
async def notifications(ctx: Ctx, _: Viewer) -> list[Target]:
    """Every target of site.toml: what it is told, what waits for it, how the last message ended."""
    return [
        Target(
            name=row.target.name,
            classes=sorted(row.target.classes),
            severity=row.target.severity,
            waiting=row.state.waiting if row.state else 0,
            left_out=row.state.left_out if row.state else 0,
            sent=row.state.sent if row.state else 0,
            last_at=row.state.last_at if row.state else None,
            last_trouble=row.state.last_trouble if row.state else None,
            failed=row.failed,
            retry_in=row.retry_in,
        )
        for row in await _service(ctx).states()
    ]


@router.post("/notifications/{name}/test", responses=answers(404))
async def send_test(name: str, ctx: Ctx, person: Administrator, why: WhyAsked = "") -> Tested:
    """Send a test to this target, now. It takes up to a minute; `trouble` says why it did not get through."""
    service = _service(ctx)
    try:
        trouble = await service.test(name)
    except KeyError:
        known = ", ".join(row.target.name for row in await service.states()) or "none"
        raise HTTPException(404, f'there is no [notify.NAME] of the name "{name}"; known are {known}') from None
    await noted(ctx, person, f"test sent to {name}{f', which failed: {trouble}' if trouble else ''}", why)
    return Tested(delivered=not trouble, trouble=trouble)


def _service(ctx: Context) -> Notifications:
    return served(ctx.notifications, "nobody is notified from here")
