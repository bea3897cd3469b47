"""site.toml -> Site; every error names file, key and remedy.

`load(path, secrets)` reads a file, `parse(text, secrets)` its text; both raise ConfigError and nothing else.
"""

from .quantities import Endpoint
from .read import ConfigError, load, parse
from .secrets import Secret, Secrets
from .settings import Configuration, ControllerSettings, PoolConnection, UpsConnection

__all__ = [
    "ConfigError",
    "Configuration",
    "ControllerSettings",
    "Endpoint",
    "PoolConnection",
    "Secret",
    "Secrets",
    "UpsConnection",
    "load",
    "parse",
]
