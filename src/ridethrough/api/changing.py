"""A change of site.toml as it comes over HTTP: operations and secrets in, a proposal out, and then the controller."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from fastapi import HTTPException
from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr, model_validator

from ridethrough.config import ConfigError, Secret
from ridethrough.config.desk import ConflictError, Proposal, Written
from ridethrough.config.edit import EditError, Operation, Remove, Set
from ridethrough.config.enter import EnterError, check_directory, fresh_name
from ridethrough.config.shown import SECRET_KEYS
from ridethrough.config.whole_file import NotWrittenError
from ridethrough.config.wording import key
from ridethrough.core.events import Ask
from ridethrough.runtime.codec import readable
from ridethrough.runtime.mailbox import Answer, NoAnswer, NoController

from .access import Person
from .context import Context

Name = Annotated[str, Field(min_length=1, max_length=200)]
Hex = Annotated[str, Field(pattern="^([0-9a-f]{64})?$", max_length=64)]
SAME = "nothing has changed"
MOST = 500  # operations at once: the options of every host of a large site


class Change(BaseModel):
    """One operation on site.toml."""

    model_config = ConfigDict(extra="forbid")

    op: Literal["set", "remove"]
    path: list[Name] = Field(
        min_length=1,
        max_length=4,
        description="From the root to a section or a key.",
        examples=[["host", "h1", "needs"]],
    )
    value: JsonValue = Field(default=None, description="For set: the key's value, or the section's keys.")
    secret: SecretStr | None = Field(
        default=None,
        max_length=5000,
        description="For set: a password or a community, kept as a file.",
    )

    @model_validator(mode="after")
    def _is_whole(self) -> Change:
        given = (self.value is not None) + (self.secret is not None)
        if given != (self.op == "set"):
            raise ValueError("set takes a value or a secret, and remove takes neither")
        if self.secret is not None and self.path[-1] not in SECRET_KEYS:
            raise ValueError(f"only {', '.join(sorted(SECRET_KEYS))} are secrets")
        return self


class Wanted(BaseModel):
    """What to do to the file: `operations` in order, or a whole new `text`."""

    model_config = ConfigDict(extra="forbid")

    operations: list[Change] = Field(default=[], max_length=MOST)
    text: str | None = Field(default=None, max_length=4 * 1024 * 1024)

    @model_validator(mode="after")
    def _is_one(self) -> Wanted:
        if (self.text is None) == (not self.operations):
            raise ValueError("give operations, or a text")
        return self


class Done(BaseModel):
    """A change that stands in the file."""

    version: str = Field(description="Of the file now.")
    taken: bool = Field(description="Whether a controller runs, and goes by it.")
    answer: str
    diff: str


Both: TypeAlias = tuple[list[Operation], list[Secret]]


def operations_of(changes: Iterable[Change], directory: Path | None) -> Both:
    """The operations, each secret replaced by the name that it gets, and the secrets. Raises EditError."""
    operations: list[Operation] = []
    entered: list[Secret] = []
    for change in changes:
        path = tuple(change.path)
        if change.op == "remove":
            operations.append(Remove(path))
        elif change.secret is None:
            operations.append(Set(path, change.value))
        else:
            try:
                where = check_directory(directory)
            except EnterError as error:
                raise EditError(str(error)) from None
            kind = path[-1].removesuffix("password").removesuffix("_")
            wanted = "-".join([*path[:-1], *([kind] if kind else [])])
            secret = Secret(
                fresh_name(wanted, where, {known.name for known in entered}), change.secret.get_secret_value()
            )
            entered.append(secret)
            operations.append(Set(path, str(secret)))
    return operations, entered


def proposal_of(ctx: Context, wanted: Wanted) -> Proposal:
    """What the file would be. Raises HTTPException."""
    try:
        if wanted.text is not None:
            return ctx.desk.propose_text(wanted.text)
        operations, entered = operations_of(wanted.operations, ctx.desk.directory)
        return ctx.desk.propose(operations, entered)
    except (EditError, ConfigError) as error:
        raise refused(422, str(error)) from None
    except OSError as error:
        raise refused(503, f"{ctx.site_file} cannot be read: {error.strerror or error}") from None


def what(wanted: Wanted) -> str:
    """What is changed, for the journal."""
    if wanted.text is not None:
        return "the whole file"
    named = list(dict.fromkeys(_named(change) for change in wanted.operations))
    return ", ".join(named[:5]) + (f" and {len(named) - 5} more" if len(named) > 5 else "")


def _named(change: Change) -> str:
    return f"{key(change.path)}{' removed' if change.op == 'remove' else ''}"


def carry_out(ctx: Context, wanted: Wanted, seen: str, why: str, person: Person) -> Done:
    """Write the change, and let the controller take it; where it refuses, the file is as it was. Raises HTTPException.

    A crash between the two leaves a good file, which the controller takes when it is asked again, or starts. So it is
    asked where nothing changes, too: it may not go by the file yet.
    """
    proposal = proposal_of(ctx, wanted)
    if proposal.problems:
        raise refused(422, "\n".join(proposal.problems))
    says = ": ".join(part for part in (what(wanted), why) if part)
    try:
        written = ctx.desk.apply(proposal, seen, ctx.live.now(), person.signed, why, what(wanted))
    except ConflictError as error:
        raise refused(409, "\n".join(part for part in (str(error), error.diff) if part)) from None
    except (NotWrittenError, EnterError) as error:
        raise refused(503, str(error)) from None
    except (OSError, ConfigError) as error:
        raise refused(503, f"{ctx.site_file} is as it was: {error}") from None
    try:
        answer = ctx.post(Ask.TAKE_SETTINGS, written.version, person.signed, readable(says))
    except NoController:
        done = "written" if proposal.changes else SAME
        answer = Answer(False, f"{done}; no controller runs, and the next that starts goes by it")
    except (NoAnswer, PermissionError) as error:
        left = "the settings are written, but the controller has not said that it goes by them"
        raise refused(504, f"{left}: {error} `ridethrough reload` asks it again.") from None
    else:
        if not answer.accepted:
            raise refused(409, answer.text + ("" if not proposal.changes else _put_back(ctx, written)))
        if not proposal.changes and answer.text != SAME:
            answer = Answer(True, f"the file has not changed: {answer.text}")
    unsure = f"; {written.confirmed}" if written.confirmed else ""
    return Done(version=written.version, taken=answer.accepted, answer=answer.text + unsure, diff=proposal.diff)


def _put_back(ctx: Context, written: Written) -> str:
    """Puts the file back as it was. What is to be said where that could not be done."""
    try:
        is_back = ctx.desk.put_back(written)
    except (ConfigError, ConflictError, NotWrittenError, OSError) as error:
        return f". {ctx.site_file} could not be put back as it was: {error}. Look at it"
    return "" if is_back else f". {ctx.site_file} was changed by somebody else meanwhile: look at it"


def refused(status: int, text: str) -> HTTPException:
    """An answer that is none, in words that JSON can hold."""
    return HTTPException(status, readable(text))


def section_changes(path: Sequence[str], keys: dict[str, Any], secrets: dict[str, SecretStr]) -> list[Change]:
    """A section with its keys and secrets, as changes."""
    changes = [Change(op="set", path=[*path], value=keys)] if keys else []
    return changes + [Change(op="set", path=[*path, name], secret=value) for name, value in secrets.items()]
