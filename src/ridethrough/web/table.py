"""Which pages there are, in the order of the navigation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """A page. Its shell is `templates/NAME.html`, its script `static/js/pages/NAME.js`, both by `name`.

    `icon` names a symbol of `templates/icons.svg`; a page without one stands in no navigation. `within` names the page
    whose entry is marked while this one is open. `uses` names pages whose parts it has, and so their style sheets.
    """

    path: str
    name: str
    title: str
    icon: str = ""
    within: str = ""
    uses: tuple[str, ...] = ()
    bare: bool = False  # without header and navigation: for who has not logged in


PAGES = (
    Page("/", "site", "Site", "site"),
    Page("/start", "start", "Set up this site", within="site", uses=("add", "findings")),
    Page("/storage/{id}", "storage", "Storage", within="site", uses=("settings",)),
    Page("/hosts", "hosts", "Shutdown settings", "shutdown"),
    Page("/hosts/{id}", "host", "Shutdown settings", within="hosts", uses=("settings",)),
    Page("/add", "add", "Add", within="hosts"),
    Page("/upses", "upses", "UPSs", "ups"),
    Page("/upses/{id}", "ups", "UPS", within="upses"),
    Page("/outage", "outage", "Outage", "outage"),
    Page("/outage/{id}", "outage", "Outage", within="outage"),
    Page("/outages", "outages", "Past outages", within="outage"),
    Page("/simulator", "simulator", "Simulator", "simulator"),
    Page("/journal", "journal", "Journal", "journal"),
    Page("/findings", "findings", "Findings", "findings"),
    Page("/drills", "drills", "Drills", "drills"),
    Page("/drills/{id}", "drills", "Drills", within="drills"),
    Page("/settings", "settings", "Settings", "settings"),
    Page("/login", "login", "Log in", bare=True),
    Page("/setup", "setup", "First administrator", bare=True),
)
