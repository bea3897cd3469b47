"""One module a subject; each holds a `router`."""

from . import events, history, journal, outages, requests, site

ROUTERS = (site.router, events.router, requests.router, journal.router, outages.router, history.router)
