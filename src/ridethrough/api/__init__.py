"""The manager's API: everything that its pages can do, a script can do too.

`create_app(context)` makes the ASGI application. REST stands under /api/v1, one event stream at /api/v1/events.
"""

from .access import Gate, NotAdmitted, Person, Role
from .app import create_app
from .context import Context
from .doors import Doors
from .jobs import Jobs
from .live import Live

__all__ = ["Context", "Doors", "Gate", "Jobs", "Live", "NotAdmitted", "Person", "Role", "create_app"]
