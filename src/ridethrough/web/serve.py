"""Serves the pages and their static files."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.datastructures import URL

from .assets import Asset, Assets
from .table import PAGES, Page

SHELL = "js/shell.js"  # header, banner and navigation
FOR_EVER = "public, max-age=31536000, immutable"


def pages() -> APIRouter:
    """A router with every page, `/static/` and the icon."""
    assets = Assets()
    router = APIRouter(include_in_schema=False)
    for page, text in rendered(assets).items():
        router.add_api_route(page.path, _shell(text), methods=["GET", "HEAD"], response_class=HTMLResponse)
        if page.path != "/":
            router.add_api_route(f"{page.path}/", _without_slash, methods=["GET", "HEAD"])

    @router.get("/static/{version}/{name:path}")
    async def static(version: str, name: str, request: Request) -> Response:
        asset = assets.by_name.get(name)
        if asset is None:
            return Response("no such file", 404)
        # A page that was opened before an upgrade asks by its old address: it gets what is there, and keeps it not.
        return _sent(asset, request, FOR_EVER if version == assets.version else "no-cache")

    @router.get("/favicon.ico")
    @router.get("/favicon.svg")
    async def favicon(request: Request) -> Response:
        return _sent(assets.by_name["favicon.svg"], request, "no-cache")

    return router


async def _without_slash(request: Request) -> Response:
    """To the page itself; the address names no host, so a strange one in the request leads nowhere."""
    return RedirectResponse(str(URL(path=request.url.path.rstrip("/"), query=request.url.query)))


def rendered(assets: Assets) -> dict[Page, str]:
    """The text of every page. It is the same for everyone: what differs comes through the API."""
    environment = Environment(
        loader=PackageLoader("ridethrough.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    texts = {}
    for page in PAGES:
        script = f"js/pages/{page.name}.js"
        styles = [f"css/pages/{name}.css" for name in (*page.uses, page.name)]
        texts[page] = environment.get_template(f"{page.name}.html").render(
            page=page,
            url=assets.url,
            nav=[p for p in PAGES if p.icon],
            script=script,
            styles=[style for style in styles if style in assets.by_name],
            preload=assets.modules(script) if page.bare else assets.modules(SHELL, script),
        )
    return texts


def _shell(text: str) -> Callable[[], HTMLResponse]:
    def shell() -> HTMLResponse:
        return HTMLResponse(text, headers={"cache-control": "no-cache"})

    return shell


def _sent(asset: Asset, request: Request, keep: str) -> Response:
    headers = {"cache-control": keep, "etag": asset.etag, "vary": "accept-encoding"}
    if asset.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(asset.packed, media_type=asset.kind, headers=headers | {"content-encoding": "gzip"})
    return Response(asset.body, media_type=asset.kind, headers=headers)
