"""Read models: what people see, as plain values. `site`: the present; `outages`: the past, outage by outage."""

from .site import island_view, site_view

__all__ = ["island_view", "site_view"]
