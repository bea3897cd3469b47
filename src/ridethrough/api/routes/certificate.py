"""The certificate that this page came with."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from ridethrough.api.access import Viewer
from ridethrough.api.context import Ctx
from ridethrough.api.problems import answers

router = APIRouter(tags=["certificate"])


class Shown(BaseModel):
    """`own`: made by Ridethrough, and replaced by it before it ends; else its owner does both."""

    subject: str
    names: list[str]
    valid_since: float
    valid_until: float
    fingerprint: str
    own: bool
    trouble: str = Field(description="What is wrong with it and what to do; empty when nothing is.")
    pem: str = Field(description="The certificate itself, for a client's list of trusted ones.")


@router.get("/certificate", responses=answers(404))
def certificate(ctx: Ctx, _: Viewer) -> Shown:
    """The certificate of the pages, to compare and to trust. 404 where they are served without TLS."""
    if ctx.tls is None:
        raise HTTPException(404, "these pages are served without TLS, on loopback only")
    found = ctx.tls.certificate
    return Shown(
        subject=found.subject,
        names=list(found.names),
        valid_since=found.valid_since,
        valid_until=found.valid_until,
        fingerprint=found.fingerprint,
        own=found.own,
        trouble=ctx.tls.trouble,
        pem=found.pem,
    )
