"""Sessions of a pool: they live in the memory of one toolstack, and die with it."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ridethrough.core.model import HostId, Seconds

from . import record_defaults
from .marshal import NULL
from .records import moment
from .site_records import Record

IDLE: Seconds = 24 * 3600.0  # xapi_globs.ml inactive_session_timeout
NOTED_EVERY: Seconds = 600.0  # last_active is not written more often (session_check.ml)
MOST, MOST_UNNAMED = 500, 400  # per originator or named user; all others together (db_gc_util.ml)


@dataclass(slots=True)
class Session:
    """`life`: of which start of the toolstack it is; `local`: by slave_local_login, for that host alone."""

    ref: str
    host: HostId
    life: int
    user: str
    originator: str
    since: Seconds
    local: bool = False
    role: str | None = None  # None: a local superuser
    uuid: str = field(default_factory=lambda: str(uuids.uuid4()))
    last_active: Seconds = 0.0

    @property
    def group(self) -> tuple[str, str]:
        """Sessions of one group share a limit: those of an originator, of a named user, and all others."""
        if self.originator:
            return "originator", self.originator
        return ("user", self.user) if self.role is not None else ("unnamed", "")


class Sessions:
    """Every open session of a pool."""

    def __init__(self, at_work: Callable[[str], bool]) -> None:
        """`at_work`: whether a session, by its reference, has a pending task: such a one is never idle."""
        self._open: dict[str, Session] = {}
        self._at_work = at_work

    def __len__(self) -> int:
        return len(self._open)

    def open(
        self,
        now: Seconds,
        host: HostId,
        life: int,
        user: str,
        originator: str = "",
        local: bool = False,
        role: str | None = None,
    ) -> Session:
        """A new session. Past the limit of its group the one longest idle is closed."""
        session = Session(f"OpaqueRef:{uuids.uuid4()}", host, life, user, originator, now, local, role, last_active=now)
        self._open[session.ref] = session
        alike = [s for s in self._open.values() if s.group == session.group and not s.local]
        most = MOST_UNNAMED if session.group[0] == "unnamed" else MOST
        for oldest in sorted(alike, key=lambda s: s.last_active)[: max(0, len(alike) - most)]:
            del self._open[oldest.ref]
        return session

    def find(self, ref: str, now: Seconds, host: HostId, life: int) -> Session | None:
        """The session, if it was opened on this host in this life and has not been idle for a day."""
        session = self._open.get(ref)
        if session is None or session.host != host or session.life != life:
            return None
        if now - session.last_active > IDLE and not self._at_work(ref):
            del self._open[ref]
            return None
        if now - session.last_active > NOTED_EVERY:
            session.last_active = now
        return session

    def is_open(self, session: Session) -> bool:
        return self._open.get(session.ref) is session

    def close(self, session: Session) -> None:
        self._open.pop(session.ref, None)

    def forget(self, host: HostId, life: int) -> None:
        """The toolstack of `host` is in a new life: the sessions of earlier ones are gone."""
        self._open = {ref: s for ref, s in self._open.items() if s.host != host or s.life == life}


def record(session: Session, host_ref: str, permissions: Sequence[str]) -> Record:
    """The session's record (recordings/xapi 01). A superuser's `permissions` are an empty list."""
    return {
        **record_defaults.SESSION,
        "uuid": session.uuid,
        "this_host": host_ref or NULL,
        "last_active": moment(session.last_active),
        "validation_time": moment(session.since),
        "pool": False,
        "other_config": {},
        "is_local_superuser": session.role is None,
        "auth_user_sid": "" if session.role is None else f"S-1-5-21-{session.user}",
        "auth_user_name": session.user,
        "rbac_permissions": list(permissions),
        "tasks": [],
        "originator": session.originator,
        "client_certificate": False,
    }
