"""site.toml -> Site; every error names file, key and remedy.

`load(path, secrets)` reads a file, `parse(text, secrets)` its text; both raise ConfigError and nothing else.
"""

from .quantities import Endpoint, Upsd
from .read import ConfigError, load, parse
from .secrets import Secret, Secrets
from .settings import (
    CardConnection,
    Configuration,
    ControllerSettings,
    ManagerSettings,
    NotifyTarget,
    NutConnection,
    PoolConnection,
    SnmpUser,
    UpsConnection,
)

__all__ = [
    "CardConnection",
    "ConfigError",
    "Configuration",
    "ControllerSettings",
    "Endpoint",
    "ManagerSettings",
    "NotifyTarget",
    "NutConnection",
    "PoolConnection",
    "Secret",
    "Secrets",
    "SnmpUser",
    "UpsConnection",
    "Upsd",
    "load",
    "parse",
]
