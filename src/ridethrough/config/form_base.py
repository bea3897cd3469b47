"""What sections of site.toml have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationInfo

from .values import are_known


class Section(BaseModel):
    """One table of the file."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, hide_input_in_errors=True)


def known_upses(names: list[str], info: ValidationInfo) -> list[str]:
    """UPSs of the file. Raises ValueError with the remedy."""
    are_known("UPS", "ups", names, info)
    return names


def enough_feeds(needed: int, info: ValidationInfo) -> int:
    """Not more feeds than the machine has. Raises ValueError with the remedy."""
    named_by = info.data.get("powered_by")  # absent when it is wrong itself
    if named_by is not None and needed > max(len(named_by), 1):
        named = f"{len(named_by)} UPS{'s' if len(named_by) != 1 else ''}"
        raise ValueError(
            f"is {needed}, but powered_by names {named}: write {max(len(named_by), 1)}, or name more feeds"
        )
    return needed
