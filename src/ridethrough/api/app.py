"""The application: its routes, what its errors look like, and what stands before them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute

from ridethrough import __version__
from ridethrough.runtime.codec import readable
from ridethrough.runtime.steadily import steadily

from .access import NotAdmitted
from .accounts import HandingOn, NotDone
from .bodies import Bodies
from .context import Context, Service
from .document import PREFIX, Application
from .headers import Headers
from .hosts import Known
from .problems import COMMON, answers, not_admitted, not_done, not_understood
from .routes import AT_ROOT, ROUTERS
from .troubles import handle

log = logging.getLogger(__name__)


def create_app(context: Context, pages: APIRouter | None = None) -> FastAPI:
    """The whole application. `pages` are served beside the API; they use nothing but it."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        context.live.followers.extend((context.past.take, context.counted.take))
        handing_on = HandingOn(context.accounts.audit, context.post)
        running: tuple[Service, ...] = (context.live, handing_on, *context.services)
        services = {asyncio.create_task(steadily(type(service).__name__, service.run)) for service in running}
        try:
            yield
        finally:
            await context.jobs.stop()
            for task in services:
                task.cancel()
            await asyncio.wait(services)

    app = Application(
        title="Ridethrough",
        version=__version__,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # those pages fetch scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # a redirect would lead to whatever name was asked for
        lifespan=lifespan,
    )
    app.state.context = context
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX, responses=answers(*COMMON))
    for router in AT_ROOT:
        app.include_router(router, responses=answers(*COMMON))
    if pages is not None:
        app.include_router(pages)
    app.add_middleware(Bodies, gate=context.gate)
    app.add_middleware(Known, hosts=context.hosts)
    app.add_middleware(Headers, private=PREFIX)
    app.add_exception_handler(405, _wrong_method)
    app.add_exception_handler(NotAdmitted, not_admitted)
    app.add_exception_handler(NotDone, not_done)
    app.add_exception_handler(RequestValidationError, not_understood)
    handle(app)
    return app


async def _wrong_method(request: Request, _error: Exception) -> Response:
    """Names all methods of the path; the framework knows only those of the first route that it finds there."""
    path = request.url.path.removeprefix(PREFIX)
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    methods = sorted({method for route in routes if route.path_regex.match(path) for method in route.methods or ()})
    detail = f"{request.method} is not for this address; {' and '.join(methods) or 'GET'} may be"
    return JSONResponse({"detail": readable(detail)}, 405, {"allow": ", ".join(methods) or "GET"})
