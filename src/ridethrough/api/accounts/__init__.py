"""Accounts, sessions, API tokens and one-time links, in a file of their own: accounts.db in the state directory.

`Accounts(state_dir)` is the gate of the application (access.Gate) and all that its routes do with accounts.
"""

from .audit import Audit, HandingOn
from .database import FILE
from .errors import AccountsRefused, NotDone
from .passwords import LONGEST as LONGEST_PASSWORD
from .passwords import SHORTEST as SHORTEST_PASSWORD
from .sessions import Opened, Session, csrf_of
from .store import NAME, Account, Accounts
from .tokens import Made, Token

__all__ = [
    "FILE",
    "LONGEST_PASSWORD",
    "NAME",
    "SHORTEST_PASSWORD",
    "Account",
    "Accounts",
    "AccountsRefused",
    "Audit",
    "HandingOn",
    "Made",
    "NotDone",
    "Opened",
    "Session",
    "Token",
    "csrf_of",
]
