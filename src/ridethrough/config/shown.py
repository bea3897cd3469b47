"""A site.toml's text as people may see it: what stands in it where a secret is only named is covered."""

from __future__ import annotations

import difflib
import re
import tomllib
from typing import get_args

from pydantic import BaseModel

from .form import SiteFile
from .places import sections
from .secrets import PREFIX, Secret

COVER = '"***"'


def _secret_keys() -> frozenset[str]:
    """The keys of every section that name a secret."""
    shapes = [field.annotation for field in SiteFile.model_fields.values()]
    options = [option for shape in shapes for option in (shape, *get_args(shape))]
    sections = [option for option in options if isinstance(option, type) and issubclass(option, BaseModel)]
    fields = [item for section in sections for item in section.model_fields.items()]
    return frozenset(name for name, field in fields if Secret in (field.annotation, *get_args(field.annotation)))


SECRET_KEYS = _secret_keys()
_IN_COMMENT = re.compile(
    rf"(?m)^(?P<before>[^\n]*#[^\n]*?\b(?:{'|'.join(sorted(SECRET_KEYS))})[\"']?[ \t]*=)"
    rf"(?![ \t]*[\"'](?:{PREFIX}|public[\"']))[^\n]*$"
)


def shown(text: str) -> str | None:
    """The text without secrets; None where it is no TOML, for then nobody knows which of it is secret."""
    try:
        tomllib.loads(text)
        spans = [
            pair.value
            for section in sections(text)
            for top in section.pairs
            for pair in top.all()
            if pair.path[-1] in SECRET_KEYS and not _is_named(text[slice(*pair.value)])
        ]
    except (ValueError, IndexError, RecursionError):
        return None
    for begin, end in sorted(spans, reverse=True):
        text = text[:begin] + COVER + text[end:]
    return _IN_COMMENT.sub(rf"\g<before> {COVER}", text)


def _is_named(written: str) -> bool:
    text = str(tomllib.loads(f"value = {written}")["value"])
    return text.startswith(PREFIX) or text == "public"


def difference(before: str | None, after: str | None, name: str = "site.toml") -> str:
    """A unified diff of what may be shown of two texts; empty where it is equal, or one of them may not be shown."""
    if before is None or after is None:
        return ""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), f"{name} (now)", f"{name} (new)", lineterm="")
    return "".join(f"{line}\n" for line in lines)
