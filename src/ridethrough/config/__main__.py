"""Prints the JSON schema of site.toml."""

from __future__ import annotations

import sys

from .schema import schema

sys.stdout.write(schema())
