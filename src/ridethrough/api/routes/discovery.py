"""Searches for UPSs, and a look at a pool before it is added."""

from __future__ import annotations

import asyncio
import tomllib
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException
from fastapi import Path as PathOf
from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr

from ridethrough.api.access import Administrator, Viewer
from ridethrough.api.changing import Change, Done, Name, carry_out
from ridethrough.api.changing import Wanted as Changes
from ridethrough.api.context import Context, Ctx
from ridethrough.api.doors import Found
from ridethrough.api.job_row import JobRow
from ridethrough.api.jobs import Job, TooMany
from ridethrough.api.noted import noted
from ridethrough.api.problems import answers
from ridethrough.api.why import Why, WhyAsked, one_line
from ridethrough.config import (
    CardConnection,
    ConfigError,
    Endpoint,
    PoolConnection,
    Secret,
    SnmpUser,
    UpsConnection,
    quantities,
)
from ridethrough.config.named import named
from ridethrough.config.read import decoded, version
from ridethrough.config.secrets import PREFIX
from ridethrough.config.sections import keys, source, typed
from ridethrough.fingerprints import normalised
from ridethrough.ports import Refused, Unreachable
from ridethrough.runtime.codec import readable
from ridethrough.ups.ranges import addresses
from ridethrough.ups.snmpv3 import SHORTEST_PASSWORD, Auth, Privacy

router = APIRouter(tags=["discovery"])

TYPED = ""  # the name of a secret that was typed and is not kept yet
KIND = "discovery"
MOST = 250  # UPSs that are added at once
Id = Annotated[str, PathOf(max_length=64)]


class Way(BaseModel):
    """One way to ask a card. Version 3 has a user; 1 and 2c a community.

    A community or a password is typed, or is "secret:NAME" for one that a UPS of site.toml has as the same.
    """

    model_config = ConfigDict(extra="forbid")

    version: Literal["1", "2c", "3"] = "2c"
    community: SecretStr = Field(SecretStr("public"), max_length=200)
    username: str = Field("", max_length=200)
    auth: Auth | None = None
    auth_password: SecretStr | None = Field(None, max_length=200)
    privacy: Privacy | None = None
    privacy_password: SecretStr | None = Field(None, max_length=200)


class Wanted(BaseModel):
    """What is to be asked: addresses from `start` to `end`, or a network in `start`; an upsd; or both."""

    model_config = ConfigDict(extra="forbid")

    start: str = Field("", max_length=200, examples=["192.0.2.1", "192.0.2.0/24"])
    end: str = Field("", max_length=60, examples=["192.0.2.254"])
    port: int = Field(quantities.SNMP_PORT, ge=1, le=65535)
    ways: list[Way] = Field(default_factory=lambda: [Way.model_validate({})], min_length=1, max_length=10)
    nut: str = Field("", max_length=200, description="An upsd: ADDRESS, with :PORT if it is not 3493.")
    why: Why = ""


@router.post("/discovery", status_code=202, response_model=JobRow, responses=answers(429))
async def begin(wanted: Wanted, ctx: Ctx, person: Administrator) -> dict[str, Any]:
    """Begin a search. Its progress comes over the event stream as `job`; nothing is changed on any card."""
    try:
        asked = addresses(f"{wanted.start}-{wanted.end}" if wanted.end else wanted.start) if wanted.start else []
        servers = [quantities.upsd(wanted.nut)] if wanted.nut else []
        ways = [_way(ctx, way, wanted.port) for way in wanted.ways]
    except ValueError as error:
        raise HTTPException(422, str(error)) from None
    if not asked and not servers:
        raise HTTPException(422, "name addresses to ask in start, or an upsd in nut")
    try:
        job = ctx.jobs.begin(KIND, person.signed, lambda job: _search(ctx, job, asked, ways, servers))
    except TooMany as error:
        raise HTTPException(429, str(error)) from None
    await noted(ctx, person, f"search {job.id} of {_where(wanted)} begun", wanted.why)
    return job.shown()


def _where(wanted: Wanted) -> str:
    network = f"{wanted.start}-{wanted.end}" if wanted.end else wanted.start
    return one_line(" and ".join([*([network] if network else []), *([f"upsd {wanted.nut}"] if wanted.nut else [])]))


@router.get("/discovery/{id}", response_model=JobRow, responses=answers(404))
async def look(id: Id, ctx: Ctx, _: Viewer) -> dict[str, Any]:
    """A search: `progress` has `asked`, `of` and `found`; `result` has `found` and `troubles` once it has ended."""
    return _job(ctx, id).shown()


@router.delete("/discovery/{id}", response_model=JobRow, responses=answers(404))
async def cancel(id: Id, ctx: Ctx, person: Administrator, why: WhyAsked = "") -> dict[str, Any]:
    """End a search early; what was found by then is kept."""
    job = _job(ctx, id)
    await ctx.jobs.cancel(job)
    await noted(ctx, person, f"search {id} ended", why)
    return job.shown()


def _job(ctx: Context, id: str) -> Job:
    job = ctx.jobs.find(id)
    if job is None or job.kind != KIND:
        raise HTTPException(404, f'there is no search "{id}"; only the last ones are kept')
    return job


async def _search(
    ctx: Context, job: Job, asked: list[str], ways: list[CardConnection], servers: list[Endpoint]
) -> dict[str, Any]:
    ctx.jobs.tell(job, asked=0, of=len(asked), found=0)
    rows, troubles, done = list[Found](), list[str](), 0
    for server in servers:
        try:
            rows += await ctx.doors.search_upsd(server)
        except (Unreachable, Refused) as error:
            troubles.append(str(error))

    def told(number: int, found: int) -> None:
        nonlocal done
        done = number
        ctx.jobs.tell(job, asked=number, found=found)

    if asked:
        rows += await ctx.doors.search(asked, ways, told)
        if done < len(asked):
            troubles.append(f"the search was ended early: {done} of {len(asked)} addresses were asked")
    job.kept = {str(connection.at): connection for connection, _ in rows}
    known = {row["address"]: row["id"] for row in ctx.live.tables["upses"].values() if "address" in row}
    return {"found": [_row(found, known) for found in rows], "troubles": troubles}


def _row(found: Found, known: dict[str, str]) -> dict[str, Any]:
    """One UPS. `in_site`: its key, where site.toml has it already; `trouble`: why it cannot be read."""
    connection, report = found
    reading = report.seen.reading
    return {
        "address": str(connection.at),
        "source": source(connection),
        "vendor": report.vendor,
        "model": report.model,
        "serial": report.serial,
        "family": report.family,
        "condition": str(reading.source) if reading else None,
        "trouble": report.seen.trouble,
        "in_site": known.get(str(connection.at)),
    }


def _way(ctx: Context, way: Way, port: int) -> CardConnection:
    """Raises ValueError with the remedy; no secret is in its text."""
    if way.version != "3":
        return CardConnection("", Endpoint("", port), way.version, _community(ctx, way.community))
    if not way.username:
        raise ValueError("SNMP version 3 needs a username")
    if way.privacy is not None and way.auth is None:
        raise ValueError("privacy without auth: a card keeps secret only what is signed")
    signed = _password(ctx, "auth", way.auth, way.auth_password)
    kept = _password(ctx, "privacy", way.privacy, way.privacy_password)
    user = SnmpUser(way.username, way.auth, signed, way.privacy, kept)
    return CardConnection("", Endpoint("", port), "3", Secret("", "public"), user)


def _community(ctx: Context, given: SecretStr) -> Secret:
    return _secret(ctx, "community", given.get_secret_value() or "public")


def _secret(ctx: Context, key: str, text: str) -> Secret:
    """What was typed, or a kept secret that a UPS has as the same: no pool's password is sent to a card."""
    if not text.startswith(PREFIX):
        return Secret(TYPED, text)
    name = text.removeprefix(PREFIX)
    try:
        names = named(ctx.desk.read() or b"", key)
    except (ConfigError, OSError):
        names = frozenset()
    if name not in names:
        raise ValueError(f"no UPS of {ctx.site_file.name} has {readable(text)} as its {key}: type it")
    return ctx.secrets.find(name)


def _password(ctx: Context, what: str, method: str | None, given: SecretStr | None) -> Secret | None:
    if (method is None) != (given is None):
        raise ValueError(f"give both {what} and {what}_password, or neither")
    if given is None:
        return None
    found = _secret(ctx, f"{what}_password", given.get_secret_value())
    if len(found.value) < SHORTEST_PASSWORD:
        raise ValueError(f"{what}_password is shorter than {SHORTEST_PASSWORD} characters: no card takes that")
    return found


class Ticked(BaseModel):
    """A UPS that was found, and the name that it gets in site.toml."""

    model_config = ConfigDict(extra="forbid")

    address: str = Field(min_length=1, max_length=300, description="As the search tells it.")
    name: Name
    feeder: str = Field("", max_length=200, description="As in site.toml; empty: it has no name.", examples=["A"])


class Adding(BaseModel):
    """Which UPSs of a search are added."""

    model_config = ConfigDict(extra="forbid")

    upses: list[Ticked] = Field(min_length=1, max_length=MOST)
    why: Why = ""


@router.post("/discovery/{id}/add", responses=answers(404, 409, 504))
def add(id: Id, adding: Adding, ctx: Ctx, person: Administrator) -> Done:
    """Write UPSs that a search has found into site.toml. Secrets that were typed for it are kept as files."""
    job = _job(ctx, id)
    kept: dict[str, UpsConnection] = job.kept or {}
    names = [ups.name for ups in adding.upses]
    seen, taken = _upses_now(ctx)
    for ups in adding.upses:
        if ups.address not in kept:
            raise HTTPException(422, f"this search has found nothing at {ups.address}; search again")
        if ups.name in taken or names.count(ups.name) > 1:
            raise HTTPException(422, f'the name "{ups.name}" is taken: choose another')
    changes = [change for ups in adding.upses for change in _section(ups, kept[ups.address])]
    wanted = Changes.model_construct(
        operations=changes, text=None
    )  # each was looked at; they may be more than people send
    return carry_out(ctx, wanted, seen, adding.why, person)


def _upses_now(ctx: Context) -> tuple[str, set[str]]:
    """The version of site.toml, and the UPSs that stand in it."""
    name = ctx.site_file.name
    try:
        raw = ctx.desk.read()
        table = tomllib.loads(decoded(raw or b"", name))
    except (ConfigError, OSError, ValueError, RecursionError) as error:
        raise HTTPException(503, f"{name} cannot be used: mend it first: {error}") from None
    upses = table.get("ups")
    return version(raw) if raw is not None else "", set(upses) if isinstance(upses, dict) else set()


def _section(ups: Ticked, connection: UpsConnection) -> list[Change]:
    """A UPS's section. What names a kept secret names it again; what was typed becomes one of its own."""
    entered = typed(connection)
    plain: dict[str, JsonValue] = {key: value for key, value in keys(connection).items() if key not in entered}
    if ups.feeder:
        plain["feeder"] = ups.feeder
    return [
        Change(op="set", path=["ups", ups.name], value=plain),
        *(Change(op="set", path=["ups", ups.name, key], secret=SecretStr(value)) for key, value in entered.items()),
    ]


class Login(BaseModel):
    """Address, user and password, as in the manual's dialog; `fingerprints`: of certificates that a person accepted."""

    model_config = ConfigDict(extra="forbid")

    addresses: list[Annotated[str, Field(max_length=200)]] = Field(min_length=1, max_length=64)
    username: str = Field(min_length=1, max_length=200)
    password: SecretStr = Field(max_length=1000)
    fingerprints: list[Annotated[str, Field(max_length=120)]] = Field(default_factory=list, max_length=200)


class Certificate(BaseModel):
    """What a host shows. Compare the fingerprint with its console before you accept it."""

    address: str
    fingerprint: str
    accepted: bool


class Looked(BaseModel):
    """A pool before it is added. `pool` is null until a certificate was accepted and the login worked."""

    certificates: list[Certificate]
    pool: dict[str, Any] | None
    troubles: list[str]


PATIENCE = 30.0


@router.post("/pools/look", responses=answers(504))
async def look_at_pool(login: Login, ctx: Ctx, _: Administrator) -> Looked:
    """Log in, look, change nothing. To a host whose certificate is not accepted nothing is sent, no password either."""
    try:
        accepted = {normalised(text) for text in login.fingerprints}
        addresses = tuple(login.addresses)
        for address in addresses:
            quantities.toolstack(address)
    except ValueError as error:
        raise HTTPException(422, str(error)) from None
    shown: dict[str, str] = {}

    def trust(address: str, fingerprint: str) -> bool:
        shown[address] = fingerprint
        return fingerprint in accepted

    password = Secret(TYPED, login.password.get_secret_value())
    connection = PoolConnection("new", addresses, login.username, password)
    try:
        async with asyncio.timeout(PATIENCE):
            survey = await ctx.doors.survey(connection, trust)
    except TimeoutError:
        raise HTTPException(504, f"the pool did not answer within {PATIENCE:.0f} s") from None
    certificates = [
        Certificate(address=address, fingerprint=found, accepted=found in accepted)
        for address, found in sorted(shown.items())
    ]
    waits = any(not certificate.accepted for certificate in certificates)
    troubles = [] if waits and not survey["members"] else survey["troubles"]
    return Looked(certificates=certificates, pool=survey if survey["members"] else None, troubles=troubles)
