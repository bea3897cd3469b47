"""One module a subject; each holds a `router`."""

from . import (
    accounts,
    discovery,
    events,
    history,
    journal,
    outages,
    requests,
    session,
    site,
    tokens,
)

ROUTERS = (
    session.router,
    site.router,
    events.router,
    requests.router,
    journal.router,
    outages.router,
    discovery.router,
    history.router,
    accounts.router,
    tokens.router,
)
