"""One module a subject; each holds a `router`."""

from . import (
    accounts,
    certificate,
    demo,
    discovery,
    events,
    findings,
    foresee,
    history,
    journal,
    metrics,
    notifications,
    outages,
    plan,
    requests,
    session,
    simulations,
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
    plan.router,
    findings.router,
    simulations.router,
    discovery.router,
    foresee.router,
    history.router,
    notifications.router,
    accounts.router,
    tokens.router,
    certificate.router,
    demo.router,
)
AT_ROOT = (metrics.router,)  # where the rest of the world expects them
