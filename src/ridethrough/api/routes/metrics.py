"""The metrics for Prometheus, at the place where it looks for them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import Response
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from ridethrough.api.access import Viewer
from ridethrough.api.context import Ctx
from ridethrough.api.metrics import SiteMetrics

router = APIRouter(tags=["metrics"])


@router.get(
    "/metrics",
    response_class=Response,
    responses={
        200: {
            "content": {"text/plain": {}, "application/openmetrics-text": {}},
            "description": "Text, or OpenMetrics where that is asked for.",
        }
    },
)
def metrics(ctx: Ctx, _: Viewer, accept: Annotated[str, Header()] = "") -> Response:
    """Everything that is measured and counted. A token with the role view is enough."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(SiteMetrics(ctx.live, ctx.counted))
    encode, content_type = choose_encoder(accept)
    return Response(encode(registry), media_type=content_type)
