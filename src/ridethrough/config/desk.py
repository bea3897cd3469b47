"""Where site.toml is edited: a change is shown first, then written at once and whole, or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tomllib
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock

from .edit import EditError, Operation, Remove, edited, line_end
from .enter import EnterError, check_directory, check_secret, enter, forget
from .read import ConfigError, decoded, parse, version
from .secrets import Secret, Secrets
from .settings import Configuration
from .shown import difference, shown
from .versions import Versions
from .whole_file import ChangedError, FoundFile, NotWrittenError, UnconfirmedError, create_file, replace_file
from .wording import key

BOM = b"\xef\xbb\xbf"
MODE = 0o640  # of a new file
REMEMBERED = 20


class ConflictError(Exception):
    """The file is no longer the one that the person saw. `diff`: what has changed since, as far as that is known."""

    def __init__(self, text: str, diff: str = "") -> None:
        super().__init__(text)
        self.diff = diff


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a change would make of the file. `configuration` is None while there are `problems`."""

    version: str  # of the file that it begins from; empty: there is none yet
    before: bytes = field(repr=False)
    raw: bytes = field(repr=False)
    problems: tuple[str, ...]
    configuration: Configuration | None
    secrets: tuple[Secret, ...] = ()  # entered with it

    @property
    def changes(self) -> bool:
        return self.raw != self.before or not self.version

    @property
    def diff(self) -> str:
        """The change as people may see it."""
        return difference(text_shown(self.before), text_shown(self.raw))


@dataclass(frozen=True, slots=True)
class Written:
    """A change that stands in the file. `confirmed`: the disk has said so."""

    version: str
    before: FoundFile | None
    secrets: tuple[Secret, ...]
    confirmed: str = ""  # why it is not


def text_shown(raw: bytes) -> str | None:
    """A file's bytes as people may see them; None where that cannot be told."""
    try:
        return shown(decoded(raw, ""))
    except ConfigError:
        return None


class Desk:
    """One site.toml, the secrets beside it, and its earlier versions in the state directory."""

    def __init__(self, path: Path, secrets: Secrets, directory: Path | None, state_dir: Path) -> None:
        """`directory` is where secrets that people enter are kept; None: nowhere."""
        self.path = path
        self.directory = directory
        self.versions = Versions(state_dir / "settings")
        self._lock_file = state_dir / "settings.lock"
        self._secrets = secrets
        self._seen: OrderedDict[str, str] = OrderedDict()  # what people were shown lately, by version
        self._guard = Lock()

    def read(self) -> bytes | None:
        """The file now; None when there is none. Raises ConfigError or OSError where it cannot be read."""
        found = self._found()
        return found.raw if found else None

    def show(self, raw: bytes) -> str | None:
        """What people may see of the file; it is remembered, so that a conflict can be explained."""
        text = text_shown(raw)
        if text is not None:
            with self._guard:
                self._seen[version(raw)] = text
                while len(self._seen) > REMEMBERED:
                    self._seen.popitem(last=False)
        return text

    def propose(self, operations: Sequence[Operation], entered: Sequence[Secret] = ()) -> Proposal:
        """What these operations would make of the file as it is now. Raises EditError, ConfigError or OSError."""
        before = self.read()
        text = decoded(before, self.path.name) if before is not None else ""
        if entered:
            _check_secrets(entered, self.directory)
        changed = edited(text, operations)
        still = _still_named(changed, operations)
        return self._proposal(before, _raw(before, changed), entered, still)

    def propose_text(self, text: str) -> Proposal:
        """The same, of a whole new text; it gets the file's line ends. Raises EditError, ConfigError or OSError."""
        before = self.read()
        plain = text.replace("\r\n", "\n")
        try:
            old = decoded(before, self.path.name) if before is not None else ""
        except ConfigError:
            old = ""
        end = line_end(old)
        try:
            raw = _raw(before, plain.replace("\n", end))
        except UnicodeEncodeError:
            raise EditError("the text holds half a character: enter it again") from None
        return self._proposal(before, raw, ())

    def apply(self, proposal: Proposal, seen: str, at: float, by: str, why: str, what: str) -> Written:
        """Write it, if the file is still the version that the person has `seen`, and keep the old one. Where it changes
        nothing, only that is looked at.

        Raises ConflictError, NotWrittenError, EnterError or OSError; then file and secrets are as they were.
        """
        if proposal.problems:
            raise NotWrittenError("; ".join(proposal.problems))
        with self._locked():
            found = self._found()
            now = version(found.raw) if found else ""
            if now != seen or now != proposal.version:
                raise self._conflict(seen, found)
            if not proposal.changes:
                return Written(now, found, ())
            if found is not None:
                self.versions.keep(found.raw, now, at, by, why, what)
            entered: list[Secret] = []
            try:
                for secret in proposal.secrets:
                    enter(secret, check_directory(self.directory))
                    entered.append(secret)
                confirmed = self._write(found, proposal.raw)
            except BaseException:
                self._forget(entered)
                raise
            return Written(version(proposal.raw), found, proposal.secrets, confirmed)

    def put_back(self, written: Written) -> bool:
        """The file as it was before, when nobody has changed it since. Whether that was done."""
        with self._locked():
            found = self._found()
            if found is None or version(found.raw) != written.version:
                return False
            if written.before is None:
                os.unlink(found.path)
            else:
                self._write(found, written.before.raw)
            self._forget(written.secrets)
            return True

    def _proposal(
        self, before: bytes | None, raw: bytes, entered: Sequence[Secret], problems: Sequence[str] = ()
    ) -> Proposal:
        configuration = None
        found = [f"{self.path.name}: {problem}" for problem in problems]
        secrets = replace(self._secrets, entered={secret.name: secret for secret in entered})
        try:
            configuration = parse(decoded(raw, self.path.name), secrets, self.path.name)
        except ConfigError as error:
            found += error.problems
        found += [f"{self.path.name}: {problem}" for problem in _by_hand_only(before, raw)]
        now = version(before) if before is not None else ""
        return Proposal(now, before or b"", raw, tuple(found), None if found else configuration, tuple(entered))

    def _found(self) -> FoundFile | None:
        try:
            return FoundFile.at(self.path)
        except FileNotFoundError:
            return None

    def _write(self, found: FoundFile | None, raw: bytes) -> str:
        """Why the disk does not confirm it; empty where it does."""
        try:
            if found is None:
                create_file(self.path, raw, MODE)
            else:
                replace_file(self.path, found, raw)
        except UnconfirmedError as error:
            return str(error)
        except ChangedError as error:
            raise ConflictError(str(error)) from None
        return ""

    def _conflict(self, seen: str, found: FoundFile | None) -> ConflictError:
        name = self.path.name
        if found is None:
            return ConflictError(f"{name} is gone: somebody has taken it away")
        with self._guard:
            known = self._seen.get(seen)
        diff = difference(known, self.show(found.raw), name)
        return ConflictError(f"{name} was changed meanwhile: look at it, and make your change again", diff)

    def _forget(self, entered: Sequence[Secret]) -> None:
        for secret in entered:
            if self.directory is not None:
                forget(secret, self.directory)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One edit at a time, of all processes that edit here."""
        self._lock_file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        handle = os.open(self._lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _raw(before: bytes | None, text: str) -> bytes:
    return (BOM if before is not None and before.startswith(BOM) else b"") + text.encode()


def _check_secrets(entered: Sequence[Secret], directory: Path | None) -> None:
    try:
        check_directory(directory)
        for secret in entered:
            check_secret(secret.value)
    except EnterError as error:
        raise EditError(str(error)) from None


def _by_hand_only(before: bytes | None, raw: bytes) -> list[str]:
    """What may be changed in the file itself alone: a program of this machine is nothing for the pages to choose."""
    old, new = ({} if text is None else _table(text).get("controller") for text in (before, raw))
    if _keys(old).get("shutdown_command") == (wanted := _keys(new).get("shutdown_command")) or wanted is None:
        return []
    return [
        "controller.shutdown_command names a program that runs on the controller's own machine: write it into the file "
        "itself, there"
    ]


def _table(raw: bytes) -> Mapping[str, object]:
    try:
        return tomllib.loads(decoded(raw, ""))
    except (ConfigError, ValueError, RecursionError):
        return {}


def _still_named(text: str, operations: Sequence[Operation]) -> list[str]:
    """Removed UPSs and pools that hosts still name."""
    return [
        f"{key(removed.path)} cannot be removed: {', '.join(users)} still name{'s' if len(users) == 1 else ''} it"
        for removed in operations
        if isinstance(removed, Remove) and (users := users_of(text, removed.path))
    ]


def users_of(text: str, path: tuple[str, ...]) -> list[str]:
    """The hosts that name a UPS or a pool, as places in the file."""
    table = tomllib.loads(text)
    hosts = _keys(table.get("host"))
    match path:
        case ("ups", name) if name not in _keys(table.get("ups")):
            return [key(["host", host]) for host, keys in hosts.items() if name in _list(keys, "powered_by")]
        case ("pool", name) if name not in _keys(table.get("pool")):
            return [key(["host", host]) for host, keys in hosts.items() if _keys(keys).get("pool") == name]
        case _:
            return []


def _keys(section: object) -> Mapping[str, object]:
    return section if isinstance(section, dict) else {}


def _list(section: object, name: str) -> Sequence[object]:
    found = _keys(section).get(name)
    return found if isinstance(found, list) else ()
