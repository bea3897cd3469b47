"""What `ridethrough check` asks a UPS behind an upsd."""

from __future__ import annotations

from collections.abc import Callable

from ridethrough.core.model import Seconds
from ridethrough.core.observation import UpsSeen
from ridethrough.drivers.nut.server import NutConfig, Server, ServerConfig
from ridethrough.drivers.nut.variables import reading, told_by
from ridethrough.ports import Refused, Unreachable
from ridethrough.ups.evidence import evidence
from ridethrough.ups.reader import LONGEST_NAME, Reader, contradictions
from ridethrough.ups.report import UpsReport, missing


async def served(config: ServerConfig) -> list[str]:
    """The names of the UPSs that an upsd serves. Raises Unreachable or Refused, in words."""
    server = Server(config)
    try:
        return sorted(await server.upses())
    finally:
        server.close()


async def ask(config: ServerConfig, name: str) -> dict[str, str]:
    """Every variable of one UPS of an upsd. Raises Unreachable or Refused, in words."""
    server = Server(config)
    try:
        return await server.variables(name)
    finally:
        server.close()


async def read_ups(config: NutConfig, now: Callable[[], Seconds]) -> UpsReport:
    """Ask a UPS's upsd once. Never raises for a UPS: what went wrong is in `seen.trouble`."""
    server = Server(config.server)
    try:
        at = now()
        variables = await server.variables(config.name)
        seen = UpsSeen(reading(config, variables, Reader(trusts_idle=True), at))
    except Unreachable as error:
        return UpsReport(UpsSeen(trouble=str(error)))
    except Refused as refused:
        return UpsReport(UpsSeen(trouble=f"{config.server.address}: {config.name}: {refused.detail}"))
    finally:
        server.close()
    driver = variables.get("driver.name", "")
    version = variables.get("driver.version", "")
    why = f"upsd reads it with {driver} {version}".rstrip() if driver else ""
    told = told_by(variables)
    lacks, rows, vendor = missing(set(told.found)), evidence(told, variables), told.text("maker")[:LONGEST_NAME]
    return UpsReport(seen, "NUT", why, lacks, rows, contradictions(told), vendor)
