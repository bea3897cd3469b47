"""A job as the API tells it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from .jobs import State


class JobRow(BaseModel):
    """A search, a check, a simulation or a drill: begun, and followed over the event stream as `job`."""

    id: str
    kind: str = Field(description="discovery, findings, simulation, weak points, drill.")
    by: str
    state: State
    progress: dict[str, Any] = Field(description="How far it is; what it counts differs by kind.")
    result: Any = Field(description="Null until it is done; then what this kind of job finds.")
    trouble: str = Field(description="Why it failed; empty when it did not.")
