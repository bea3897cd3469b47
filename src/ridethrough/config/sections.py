"""A UPS that was found, as a section of site.toml."""

from __future__ import annotations

from . import quantities
from .settings import CardConnection, UpsConnection


def source(connection: UpsConnection) -> str:
    """The key `source`: where it answers."""
    if not isinstance(connection, CardConnection):
        return f"nut://{connection.at}"
    at = connection.at
    host = f"[{at.host}]" if ":" in at.host else at.host
    return f"snmp://{host}" if at.port == quantities.SNMP_PORT else f"snmp://{at}"


def keys(connection: UpsConnection) -> dict[str, str]:
    """The section's keys; a secret is named, never written."""
    found = {"source": source(connection)}
    if not isinstance(connection, CardConnection):
        return found
    if connection.version != "2c":
        found["version"] = connection.version
    if connection.community.name:
        found["community"] = str(connection.community)
    if (user := connection.user) is not None:
        told = {
            "username": user.name,
            "auth": user.auth,
            "auth_password": user.auth_password,
            "privacy": user.privacy,
            "privacy_password": user.privacy_password,
        }
        found |= {key: str(value) for key, value in told.items() if value is not None}
    return found


def typed(connection: UpsConnection) -> dict[str, str]:
    """Secrets of it, by key, that have no name yet: a person has just typed them."""
    if not isinstance(connection, CardConnection):
        return {}
    found = {"community": connection.community}
    if (user := connection.user) is not None:
        given = {"auth_password": user.auth_password, "privacy_password": user.privacy_password}
        found |= {key: secret for key, secret in given.items() if secret is not None}
    return {key: secret.value for key, secret in found.items() if not secret.name and secret.value != "public"}
