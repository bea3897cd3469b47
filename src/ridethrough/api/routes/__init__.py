"""One module a subject; each holds a `router`."""

from . import (
    discovery,
    events,
    history,
    journal,
    outages,
    requests,
    site,
)

ROUTERS = (
    site.router,
    events.router,
    requests.router,
    journal.router,
    outages.router,
    discovery.router,
    history.router,
)
