"""site.toml: what holds, what a change would do, and the change itself."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi import Path as PathOf
from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr, ValidationError

from ridethrough.api.access import Administrator, Role, Viewer
from ridethrough.api.changing import Change, Done, Hex, Name, Wanted, carry_out, proposal_of, refused, section_changes
from ridethrough.api.context import Context, Ctx
from ridethrough.api.problems import answers
from ridethrough.api.why import Why, WhyAsked
from ridethrough.config import ConfigError, Configuration, parse
from ridethrough.config.changes import begun_anew
from ridethrough.config.desk import text_shown
from ridethrough.config.named import named
from ridethrough.config.read import decoded, version
from ridethrough.config.schema import schema
from ridethrough.config.settings import EMPTY
from ridethrough.config.shown import SECRET_KEYS
from ridethrough.config.told import told
from ridethrough.core.advice import Advice, advice
from ridethrough.core.learned import NOTHING_LEARNED
from ridethrough.core.observation import Snapshot
from ridethrough.core.outlook import Outlook, outlook
from ridethrough.runtime.codec import readable
from ridethrough.runtime.seen_file import read_seen

router = APIRouter(tags=["settings"])

Id = Annotated[str, PathOf(min_length=1, max_length=200)]
NAMES = "this needs the role administer: only an administrator gives site.toml a further secret"
VersionId = Annotated[str, PathOf(max_length=20)]


class SettingNow(BaseModel):
    """A setting. `value` holds; `written` is what stands in the file, null where it is the default."""

    value: Any
    written: Any
    default: bool


class Settings(BaseModel):
    """site.toml as it is now."""

    exists: bool
    version: str = Field(description="Of the file; give it back with a change. Empty where there is no file yet.")
    running_version: str | None = Field(description="That the controller goes by; null where none is known to run.")
    text: str | None = Field(description="The file. Null where it is no TOML: then nobody knows which of it is secret.")
    problems: list[str]
    sections: dict[str, dict[str, Any]] = Field(description="section -> [name ->] key -> value, written, default")
    secrets_can_be_kept: bool = Field(description="Whether there is a directory for secrets.")


class PreviewWanted(Wanted):
    """A change, and the hosts whose outage is to be foretold besides those that it names."""

    hosts: list[Name] = Field(default=[], max_length=1000)


class AdviceRow(BaseModel):
    """One sentence with its remedy. `new`: it is not said of the settings as they are."""

    level: str
    about: str
    text: str
    new: bool


class StepRow(BaseModel):
    """What happens after so many seconds on battery: maintenance, shutdown, warning (period over), cut (output off)."""

    what: str
    at: float
    until: float | None
    ups: str
    text: str


class RowOfTable(BaseModel):
    """A row of the manual's action table."""

    vms: str
    host: str
    crash: bool


class HostOutlook(BaseModel):
    """A host in an outage of all its UPSs, with these settings."""

    id: str
    coordinator: bool
    explanation: str
    row: RowOfTable
    steps: list[StepRow]
    warnings: list[AdviceRow]
    remedy: Change | None = Field(description="The operation that keeps it from crashing.")


class Preview(BaseModel):
    """What a change would do."""

    version: str
    changes: bool
    diff: str
    problems: list[str]
    warnings: list[AdviceRow]
    hosts: list[HostOutlook]
    watched_anew: list[str] = Field(description="UPSs and pools whose watching begins anew; not taken in an outage.")


class ChangeWanted(Wanted):
    """A change of the version of the file that was seen."""

    version: Hex = Field(description="Of the file that was seen; empty where there was none.")
    why: Why = ""


class SectionWanted(BaseModel):
    """A UPS or a pool with its keys, as in site.toml; passwords and communities apart from them."""

    model_config = ConfigDict(extra="forbid")

    keys: dict[Name, Any] = Field(max_length=50, examples=[{"source": "snmp://192.0.2.11"}])
    secrets: dict[Name, Annotated[SecretStr, Field(max_length=5000)]] = Field(default={}, max_length=10)
    version: Hex
    why: Why = ""


class VersionRow(BaseModel):
    """An earlier version. `at` is when it was replaced, `by` whom, `why`, and by `what` change."""

    id: str
    version: str
    at: float
    by: str
    why: str
    what: str


class OldVersion(VersionRow):
    """An earlier version with its text."""

    text: str | None


@router.get("/settings")
def settings(ctx: Ctx, _: Viewer) -> Settings:
    """What holds, setting by setting, and the file itself; no secret is in either."""
    try:
        raw = ctx.desk.read()
    except (ConfigError, OSError) as error:
        raise refused(503, str(error)) from None
    text = ctx.desk.show(raw) if raw is not None else ""
    try:
        found, problems = told(decoded(raw or b"", ctx.site_file.name), ctx.secrets, ctx.site_file.name)
    except ConfigError as error:
        found, problems = {}, error.problems
    return Settings(
        exists=raw is not None,
        version=version(raw) if raw is not None else "",
        running_version=ctx.live.rest.get("settings_version") if ctx.live.running else None,
        text=text,
        problems=[readable(problem) for problem in problems],
        sections=_rows(found),
        secrets_can_be_kept=ctx.secrets_dir is not None,
    )


def _rows(found: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    def row(setting: Any) -> Any:
        if isinstance(setting, dict):
            return {name: row(inner) for name, inner in setting.items()}
        return SettingNow(value=setting.value, written=setting.written, default=setting.default).model_dump()

    return {kind: row(section) for kind, section in found.items()}


@router.get("/settings/schema")
def form(_: Viewer) -> dict[str, Any]:
    """The JSON schema of site.toml: every key with its description, example and default."""
    found: dict[str, Any] = json.loads(schema())
    return found


@router.post("/settings/preview")
def preview(wanted: PreviewWanted, ctx: Ctx, person: Viewer) -> Preview:
    """What a change would do. Nothing is written, and no secret is kept.

    Only an administrator names or types a secret that site.toml does not name yet: others would learn which there are.
    """
    may_name = person.role.covers(Role.ADMINISTER)
    if not may_name and any(change.secret is not None for change in wanted.operations):
        raise refused(403, NAMES)
    proposal = proposal_of(ctx, wanted)
    if not may_name and named(proposal.raw) - named(proposal.before):
        raise refused(403, NAMES)
    seen = read_seen(ctx.state_dir)
    snapshot = seen.snapshot if seen is not None else Snapshot()
    learned = seen.learned if seen is not None else NOTHING_LEARNED
    now, new = _now(proposal.before, ctx), proposal.configuration
    before = set(advice(now.site, snapshot, learned))
    anew = begun_anew(now, new) if new is not None else None
    touched = [change.path[1] for change in wanted.operations if change.path[0] == "host" and len(change.path) > 1]
    about = [*wanted.hosts, *touched]
    hosts = [host for host in dict.fromkeys(about) if new is not None and host in new.site.hosts]
    return Preview(
        version=proposal.version,
        changes=proposal.changes,
        diff=proposal.diff,
        problems=[readable(problem) for problem in proposal.problems],
        warnings=[_advice_row(found, before) for found in advice(new.site, snapshot, learned)]
        if new is not None
        else [],
        hosts=[_host_row(outlook(host, new.site, snapshot, learned), before) for host in hosts]
        if new is not None
        else [],
        watched_anew=[*anew.upses, *anew.pools] if anew is not None else [],
    )


def _now(raw: bytes, ctx: Context) -> Configuration:
    """The settings as they are; none where the file is wrong or not there."""
    try:
        return parse(decoded(raw, ""), ctx.secrets)
    except ConfigError:
        return EMPTY


def _advice_row(found: Advice, before: set[Advice]) -> AdviceRow:
    return AdviceRow(
        level=str(found.level), about=readable(found.about), text=readable(found.text), new=found not in before
    )


def _host_row(found: Outlook, before: set[Advice]) -> HostOutlook:
    remedy = None
    if found.remedy is not None:
        value: JsonValue = {"enabled": True, "after": found.remedy.after}
        remedy = Change(op="set", path=["host", found.host, "shutdown"], value=value)
    return HostOutlook(
        id=found.host,
        coordinator=found.coordinator,
        explanation=found.explanation,
        row=RowOfTable(**asdict(found.outcome)),
        steps=[StepRow(**asdict(step)) for step in found.steps],
        warnings=[_advice_row(one, before) for one in found.advice],
        remedy=remedy,
    )


@router.post("/settings", responses=answers(409, 504))
def change(wanted: ChangeWanted, ctx: Ctx, person: Administrator) -> Done:
    """Change site.toml, and let the controller go by it.

    Refused (409) where the file is no longer the version that was seen, with what has changed meanwhile, and where the
    controller cannot take it now: then the file is as it was.
    """
    return carry_out(ctx, wanted, wanted.version, wanted.why, person)


@router.get("/settings/versions")
def versions(ctx: Ctx, _: Viewer) -> list[VersionRow]:
    """Earlier versions, the newest first; the last fifty are kept."""
    return [VersionRow(**asdict(kept)) for kept in ctx.desk.versions.all()]


@router.get("/settings/versions/{id}", responses=answers(404))
def old_version(id: VersionId, ctx: Ctx, _: Viewer) -> OldVersion:
    """An earlier version with its text, which may be given back as the `text` of a change."""
    kept, raw = ctx.desk.versions.find(id), ctx.desk.versions.raw(id)
    if kept is None or raw is None:
        raise refused(404, f'no version is named "{id}"')
    return OldVersion(**asdict(kept), text=text_shown(raw))


@router.post("/upses/{id}", responses=answers(409, 504))
def add_ups(id: Id, wanted: SectionWanted, ctx: Ctx, person: Administrator) -> Done:
    """Add a UPS to site.toml, or give one that is there these keys instead of its own."""
    return _set_section(ctx, "ups", id, wanted, person)


@router.post("/pools/{id}", responses=answers(409, 504))
def add_pool(id: Id, wanted: SectionWanted, ctx: Ctx, person: Administrator) -> Done:
    """Add a pool to site.toml, or give one that is there these keys instead of its own."""
    return _set_section(ctx, "pool", id, wanted, person)


@router.delete("/upses/{id}", responses=answers(409, 504))
def remove_ups(
    id: Id,
    ctx: Ctx,
    person: Administrator,
    version: Annotated[Hex, Query()],
    why: WhyAsked = "",
) -> Done:
    """Take a UPS out of site.toml; refused while a host names it."""
    return carry_out(ctx, Wanted(operations=[Change(op="remove", path=["ups", id])]), version, why, person)


@router.delete("/pools/{id}", responses=answers(409, 504))
def remove_pool(
    id: Id,
    ctx: Ctx,
    person: Administrator,
    version: Annotated[Hex, Query()],
    why: WhyAsked = "",
    with_hosts: bool = False,
) -> Done:
    """Take a pool out of site.toml, `with_hosts` its hosts too; refused while a host names it."""
    hosts = [host.id for host in _now_of(ctx).site.hosts.values() if host.pool == id] if with_hosts else []
    paths = [["pool", id], *(["host", host] for host in hosts)]
    return carry_out(ctx, Wanted(operations=[Change(op="remove", path=path) for path in paths]), version, why, person)


def _now_of(ctx: Context) -> Configuration:
    try:
        return _now(ctx.desk.read() or b"", ctx)
    except (ConfigError, OSError):
        return EMPTY


def _set_section(ctx: Context, kind: str, id: str, wanted: SectionWanted, person: Administrator) -> Done:
    known = sorted(SECRET_KEYS & wanted.keys.keys())
    if any(isinstance(wanted.keys[name], str) and not _names_one(wanted.keys[name]) for name in known):
        raise refused(422, f'{", ".join(known)}: give a secret in `secrets`, or "secret:NAME" for one that is kept')
    try:
        changes = section_changes([kind, id], wanted.keys, wanted.secrets)
        asked = Wanted(operations=changes)
    except ValidationError as error:
        words = "; ".join(
            one["msg"] for one in error.errors(include_url=False, include_input=False, include_context=False)
        )
        raise refused(422, words) from None
    return carry_out(ctx, asked, wanted.version, wanted.why, person)


def _names_one(value: str) -> bool:
    return value == "public" or value.startswith("secret:")


__all__ = ["router"]
