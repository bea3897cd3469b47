"""One module a subject; each holds a `router`."""

from . import events, requests, site

ROUTERS = (site.router, events.router, requests.router)
