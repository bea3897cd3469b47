"""One call at one host: who may answer it, its session, its parameters, and where its answer comes from."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ridethrough.core.model import HostId, PoolId, Seconds
from ridethrough.sim.errors import XapiError
from ridethrough.sim.machines import Reach, SimHost
from ridethrough.sim.world import World

from . import events, generic, roles
from .catalogue import Catalogue, Form, Message, catalogue
from .database import Database
from .endpoint import Vanished
from .envelope import Failure
from .execution import Execution
from .marshal import BadArgument, Value, argument, default
from .pace import Pace
from .records import Records
from .sessions import Session, Sessions
from .sessions import record as session_record
from .site_records import Record

COLLECTING: Seconds = 30.0  # how often finished tasks are collected
LISTENING_AGAIN: Seconds = 1.0  # how often a member looks whether its coordinator answers again


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a call arrived: the host, and which life its toolstack is in."""

    host: SimHost
    life: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A value and its kind."""

    kind: str
    value: Value


class PoolCalls:
    """XenAPI of one pool, whichever of its hosts is asked."""

    def __init__(
        self,
        world: World,
        pool: PoolId,
        pace: Pace,
        users: Mapping[str, str],
        addresses: Mapping[HostId, str],
        certificates: Mapping[HostId, bytes],
        given_roles: Mapping[str, str],
    ) -> None:
        """`users`: name -> password. `certificates`: PEM, for host.get_server_certificate. `given_roles`: name -> one
        of roles.ROLES, or "" for a user of the directory without any; who is not in it is a local superuser."""
        self.world, self.pool, self.pace = world, world.pools[pool], pace
        self._users, self._addresses, self._roles = users, addresses, given_roles
        self.catalogue: Catalogue = catalogue(self.pool.profile)
        self.database = Database(Records(world, pool, self.catalogue, addresses.__getitem__))
        self.sessions = Sessions(self._at_work)
        self._lives: dict[HostId, int] = {}
        self._database_life = self.pool.database_life
        self._collected_at: Seconds = world.now
        self.execution = Execution(world, pool, self.catalogue, certificates)

    def full_name(self, method: str) -> str:
        """The name as the log has it: event_from is event.from."""
        prefix = "Async." if method.startswith("Async.") else ""
        message = self.catalogue.find(method.removeprefix("Async."))
        return prefix + message.full_name if message else method

    async def call(self, caller: Caller, method: str, params: Sequence[object]) -> Answer:
        """Answer one call. Raises Failure, or Vanished when nobody is there to answer."""
        if self.world.now - self._collected_at > COLLECTING:
            self._collected_at = self.world.now
            self.execution.collect_tasks()
        try:
            while self.world.reach(caller.host.id) is Reach.NOTHING:  # its packets are sent again until they arrive
                await self.pace.sleep(LISTENING_AGAIN)
                self._still_there(caller)
            match self.world.reach(caller.host.id):
                case Reach.NOTHING | Reach.REFUSED:
                    raise Vanished
                case Reach.BOOTING:
                    return await self._while_starting(caller, method, params)
                case Reach.MEMBER | Reach.JOINING:
                    return await self._at_member(caller, method, params)
                case Reach.COORDINATOR:
                    return await self._at_coordinator(caller, method, params)
        except BadArgument as error:
            raise Failure("INTERNAL_ERROR", str(error)) from error
        except XapiError as error:
            raise Failure(error.code, *error.params) from error

    async def _while_starting(self, caller: Caller, method: str, params: Sequence[object]) -> Answer:
        """A starting toolstack refuses; one that found no coordinator is in emergency mode and takes the way out."""
        message = self.catalogue.find(method)
        if message is not None and self._finds_no_coordinator(caller.host):
            if message.name == "slave_local_login_with_password":
                return await self._login(caller, message, params, local=True)
            session = self._session(caller, params, required=False)
            if session is not None:
                args = self._arguments(message, params[1:])
                if message.full_name == "session.local_logout":
                    self.sessions.close(session)
                    return Answer("void", None)
                with contextlib.suppress(KeyError):  # not among the calls of emergency mode
                    return Answer(message.result, self.execution.at_member(caller.host, message, args, emergency=True))
        raise Failure(*self._stashed(caller.host))

    def _stashed(self, host: SimHost) -> tuple[str, ...]:
        """Why the member does not follow a coordinator: what it answers in place of HOST_IS_SLAVE."""
        return host.hello_refused or ("HOST_STILL_BOOTING",)

    def _finds_no_coordinator(self, host: SimHost) -> bool:
        alone = self.world.reach(host.follows) is not Reach.COORDINATOR
        return host.follows != host.id and (alone or bool(host.hello_refused))

    # --- over a host's own socket

    async def call_locally(self, caller: Caller, method: str, params: Sequence[object]) -> Answer:
        """A call over the socket in dom0: root needs no password there, and a member hands everything on to its
        coordinator, for whom it waits. Raises Failure, or Vanished when the host's toolstack is gone.

        Read from source (xapi_session.ml, api_server.ml, xapi.ml); no dom0 was at hand.
        """
        while self.world.reach(caller.host.id) is Reach.MEMBER:
            if self.world.reach(caller.host.follows) is Reach.COORDINATOR:
                break
            await self.pace.sleep(LISTENING_AGAIN)
            self._still_there(caller)
        match self.world.reach(caller.host.id):
            case Reach.COORDINATOR | Reach.MEMBER:
                leader = self.world.hosts[caller.host.follows]
            case Reach.BOOTING | Reach.JOINING:
                raise Failure(*self._stashed(caller.host))
            case _:
                raise Vanished
        at = Caller(leader, self._lives.get(leader.id, 0))
        if method == "session.login_with_password":
            root = self.sessions.open(self.pace.now(), leader.id, at.life, "root", "", False, None)
            return Answer("text", root.ref)
        try:
            return await self._at_coordinator(at, method, params)
        except BadArgument as error:
            raise Failure("INTERNAL_ERROR", str(error)) from error
        except XapiError as error:
            raise Failure(error.code, *error.params) from error

    # --- at a member

    async def _at_member(self, caller: Caller, method: str, params: Sequence[object]) -> Answer:
        """A member serves nobody but holders of a local session, and says so before it looks at a password."""
        coordinator = caller.host.follows
        message = self.catalogue.find(method)
        if message is None or not message.needs_session:
            if message is not None and message.name == "slave_local_login_with_password":
                return await self._login(caller, message, params, local=True)
            raise Failure("HOST_IS_SLAVE", self._addresses[coordinator])
        session = self._session(caller, params, required=False)
        if session is None or not session.local:
            raise Failure("HOST_IS_SLAVE", self._addresses[coordinator])
        args = self._arguments(message, params[1:])
        if message.full_name == "session.local_logout":
            self.sessions.close(session)
            return Answer("void", None)
        if message.form is Form.OWN:
            try:
                return Answer(message.result, self.execution.at_member(caller.host, message, args))
            except KeyError as error:
                raise Failure("HOST_IS_SLAVE", self._addresses[coordinator]) from error
        while self.world.reach(coordinator) is not Reach.COORDINATOR:  # lab 01: reads through a dead one hang
            await self.pace.sleep(LISTENING_AGAIN)
            self._still_there(caller)
        return Answer(message.result, generic.answer(self.database, message, args, _as_it_is))

    # --- at the coordinator

    async def _at_coordinator(self, caller: Caller, method: str, params: Sequence[object]) -> Answer:
        if method == "system.listMethods":
            return Answer("set-text", list(self.catalogue.names))
        asynchronous = method.startswith("Async.")
        message = self.catalogue.find(method.removeprefix("Async."))
        if message is not None and not message.needs_session:
            return await self._login(caller, message, params, local=message.name.startswith("slave_local"))
        session = self._session(caller, params)
        if message is None or (asynchronous and not message.may_be_async):
            raise Failure("MESSAGE_METHOD_UNKNOWN", method)
        args = self._arguments(message, params[1:])
        self._may(session, message, args)
        if message.xapi_class == "session":
            return Answer(message.result, self._about_session(session, message, args))
        if message.form is not Form.OWN:
            return Answer(message.result, generic.answer(self.database, message, args, self._shown_by(caller)))
        if message.xapi_class == "event":
            return Answer(message.result, await self._about_events(caller, session, message, args))
        if asynchronous:
            return Answer("text", self.execution.begin(message, args, session))
        return Answer(message.result, await self.execution.carry_out(message, args, session))

    def _may(self, session: Session | None, message: Message, args: Sequence[Value]) -> None:
        """Raises RBAC_PERMISSION_DENIED. The tasks of others are a pool operator's business."""
        if session is None or session.role is None:
            return
        roles.check(session.role, message, args)
        changes = message.xapi_class == "task" and message.form is Form.OWN and message.name != "create"
        if changes and not roles.suffices(session.role, "pool-operator"):
            task = self.world.tasks.get(args[0])
            if task is not None and task.owner != session.user:
                raise roles.denied(roles.ANY_TASK, "pool-operator")

    def _at_work(self, session: str) -> bool:
        return any(task.session == session and task.pending for task in self.world.tasks.values())

    def _shown_by(self, caller: Caller) -> generic.Shown:
        """An old coordinator that came back speaks for half a second with an old database (lab 11)."""
        host = caller.host
        if self.pool.coordinator == host.id:
            return _as_it_is

        def old(xapi_class: str, record: Record) -> Record:
            match xapi_class:
                case "pool":
                    return {**record, "master": host.ref}
                case "host":
                    return {**record, "enabled": False}
                case "host_metrics":
                    return {**record, "live": False}
                case _:
                    return record

        return old

    # --- parameters

    def _arguments(self, message: Message, given: Sequence[object]) -> list[Value]:
        taken = message.parameters
        needed = sum(p.default is None for p in taken)
        if len(given) < needed or len(given) > len(taken) == needed:  # lab 02: more are passed over
            expected = needed if len(given) < needed else len(taken)
            raise Failure("MESSAGE_PARAMETER_COUNT_MISMATCH", message.full_name, str(expected), str(len(given)))
        args = [argument(p.kind, value) for p, value in zip(taken, given, strict=False)]
        return args + [default(p.kind, p.default or "") for p in taken[len(given) :]]

    # --- sessions

    async def _login(self, caller: Caller, message: Message, params: Sequence[object], local: bool) -> Answer:
        args = self._arguments(message, params)
        user, password = args[0], args[1]
        if self._users.get(user) != password:
            await self.pace.sleep(self.pool.profile.wrong_password)
            known = "Authentication failure" if user in self._users else "User not known to the underlying "
            raise Failure("SESSION_AUTHENTICATION_FAILED", user, known + ("" if user in self._users else _MODULE))
        role = self._roles.get(user)
        if role == "" or (local and role):  # local sessions are for local users
            await self.pace.sleep(self.pool.profile.wrong_password)
            raise Failure("SESSION_AUTHORIZATION_FAILED", user, f"Subject {user} has no role in this pool")
        originator = args[3] if len(args) > 3 else ""
        now = self.pace.now()
        return Answer("text", self.sessions.open(now, caller.host.id, caller.life, user, originator, local, role).ref)

    def _session(self, caller: Caller, params: Sequence[object], required: bool = True) -> Session | None:
        """The session that the first parameter names. Raises Failure when it must be there and is not."""
        ref = argument("text", params[0] if params else "")
        session = self.sessions.find(ref, self.pace.now(), caller.host.id, caller.life)
        if session is None and required:
            raise Failure("SESSION_INVALID", ref)
        return session

    def _about_session(self, session: Session | None, message: Message, args: Sequence[Value]) -> Value:
        assert session is not None
        if message.name in ("logout", "local_logout"):
            self.sessions.close(session)
            self.database.wake()
            return None
        if message.name == "logout_subject_identifier":
            return None  # sessions here are root's, who is no subject
        if message.form is Form.GET_BY_UUID:
            raise Failure("UUID_INVALID", "session", args[0])
        if message.form not in (Form.GET, Form.GET_RECORD):
            raise Failure("NOT_IMPLEMENTED", message.full_name)
        if args[0] != session.ref:
            raise Failure("HANDLE_INVALID", "session", args[0])
        granted = roles.permissions(session.role, self.catalogue) if session.role else ()
        record = session_record(session, self.world.hosts[session.host].ref, granted)
        return record[message.field] if message.field else record

    # --- events

    async def _about_events(
        self, caller: Caller, session: Session | None, message: Message, args: Sequence[Value]
    ) -> Value:
        assert session is not None
        match message.name:
            case "from":
                return await self._events_from(caller, session, args[0], args[1], args[2])
            case "inject":
                xapi_class = self.catalogue.classes.get(args[0].lower()) or str(args[0])
                try:
                    self.database.inject(xapi_class, args[1])
                except KeyError as error:
                    raise Failure("HANDLE_INVALID", args[0], args[1]) from error
                return events.token_of(self.database.generation)
            case "register" | "unregister":
                return None
            case "get_current_id":
                return 0
            case _:
                raise Failure("NOT_IMPLEMENTED", message.full_name)

    async def _events_from(
        self, caller: Caller, session: Session, classes: Sequence[str], token: str, timeout: Seconds
    ) -> Value:
        """The long poll: at once when there is something, else after `timeout` world seconds with nothing."""
        wanted, since = events.subscription(classes), events.generation_of(token)
        deadline = self.pace.now() + (timeout if timeout >= 0 else events.LONGEST)
        while True:
            found, last = events.collect(self.database, wanted, since)
            if found or self.pace.now() >= deadline:
                return events.batch(self.database, self.catalogue, found, last, len(self.sessions))
            await self.database.wait((deadline - self.pace.now()) / self.pace.speed)
            if not wanted.only_tasks and self.sessions.is_open(session) and self.pace.now() < deadline:
                await self.pace.sleep(events.BATCHING)
            self._still_there(caller)
            if not self.sessions.is_open(session):
                raise Failure("SESSION_INVALID", session.ref)

    def _still_there(self, caller: Caller) -> None:
        """Raises Vanished when the toolstack that took the call has gone."""
        self.pace.step()
        if self._lives.get(caller.host.id, caller.life) != caller.life:
            raise Vanished

    def in_new_life(self, host: HostId, life: int) -> None:
        """The toolstack of a host stopped or starts anew: what lived in its memory is gone."""
        self._lives[host] = life
        self.sessions.forget(host, life)
        self.database.recheck("pool", "host", "host_metrics", "task")
        if host == self.pool.coordinator:
            self.database.forget_the_gone()
        if self._database_life != self.pool.database_life:
            self._database_life = self.pool.database_life
            self.database.fall_back()
        self.database.wake()


_MODULE = "authentication module"


def _as_it_is(xapi_class: str, record: Record) -> Record:
    return record
