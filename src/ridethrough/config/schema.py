"""site.toml's shape as a JSON schema, for editors; `python -m ridethrough.config` prints it."""

from __future__ import annotations

import json
from importlib import resources

from .form import SiteFile


def schema() -> str:
    """The schema as it stands in site.schema.json."""
    made = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **SiteFile.model_json_schema(),
        "title": "site.toml of Ridethrough",
    }
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def shipped() -> str:
    """The schema's file in the package."""
    return (resources.files("ridethrough") / "site.schema.json").read_text(encoding="utf-8")
