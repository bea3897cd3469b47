"""Every setting of a site.toml with its value, and whether the owner wrote it."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from .form import SiteFile
from .read import ConfigError, form_of
from .secrets import PREFIX, Secret, Secrets
from .shown import COVER, SECRET_KEYS


@dataclass(frozen=True, slots=True)
class Setting:
    """`value` as it holds (durations in seconds); `written` as it stands in the file, None where it does not."""

    value: Any
    written: Any

    @property
    def default(self) -> bool:
        """Whether it holds because nothing else was written."""
        return self.written is None


Told = dict[str, dict[str, Any]]


def told(text: str, secrets: Secrets, name: str) -> tuple[Told, tuple[str, ...]]:
    """Section -> key -> Setting, one level deeper where sections have names; and what is wrong in the file."""
    try:
        table: Mapping[str, Any] = tomllib.loads(text)
        form, found = form_of(text, secrets, name)
        problems = tuple(f"{name}: {problem}" for problem in found)
    except ConfigError as error:
        table, form, problems = {}, None, error.problems
    except (ValueError, RecursionError):
        return {}, (f"{name}: is not TOML",)
    sections: Told = {}
    for kind, field in SiteFile.model_fields.items():
        shape = field.annotation
        written, filled = _table(table.get(kind)), getattr(form, kind, None)
        if get_origin(shape) is dict:
            model = get_args(shape)[1]
            known = filled if isinstance(filled, dict) else {}
            sections[kind] = {key: _section(model, _table(written[key]), known.get(key)) for key in written}
        else:
            options = [shape, *get_args(shape)]
            model = next(option for option in options if isinstance(option, type) and issubclass(option, BaseModel))
            sections[kind] = _section(model, written, filled)
    return sections, problems


def _section(model: type[BaseModel], written: Mapping[str, Any], filled: BaseModel | None) -> dict[str, Setting]:
    found = {}
    for key, field in model.model_fields.items():
        stands = _plain(key, written.get(key))
        if filled is not None:
            value = _plain(key, getattr(filled, key))
        elif stands is not None or field.is_required():
            value = stands
        else:
            value = _plain(key, field.get_default(call_default_factory=True))
        found[key] = Setting(value, stands)
    return found


def _plain(key: str, value: Any) -> Any:
    """As JSON has it; a secret by its name, and covered where it stands in the file itself."""
    match value:
        case Secret():
            return str(value) if value.name else value.value
        case BaseModel():
            return {name: _plain(name, inner) for name, inner in value}
        case Enum():
            return str(value)
        case dict():
            return {str(name): _plain(str(name), inner) for name, inner in value.items()}
        case list() | tuple():
            return [_plain("", inner) for inner in value] if key not in SECRET_KEYS else COVER.strip('"')
        case str() if key in SECRET_KEYS and value != "public" and not value.startswith(PREFIX):
            return COVER.strip('"')
        case int() if abs(value) >= 2**63:
            return "a huge number"
        case float() if not math.isfinite(value):
            return str(value)
        case bool() | int() | float() | str() | None:
            return value
        case _:
            return str(value)


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
