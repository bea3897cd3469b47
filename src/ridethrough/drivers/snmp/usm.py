"""SNMPv3's users: who asks, how the question is signed, and how it is kept secret (RFC 3414, RFC 7860, RFC 3826)."""

from __future__ import annotations

from dataclasses import dataclass, field

from gufo.snmp import (
    Aes128Key,
    Aes192Key,
    Aes256Key,
    BaseAuthKey,
    BasePrivKey,
    DesKey,
    KeyExpansion,
    Md5Key,
    Sha1Key,
    Sha224Key,
    Sha256Key,
    Sha384Key,
    Sha512Key,
    User,
)

from ridethrough.ups.snmpv3 import SHORTEST_PASSWORD, Auth, Privacy

SIGNED: dict[Auth, type[BaseAuthKey]] = {
    "md5": Md5Key,
    "sha1": Sha1Key,
    "sha224": Sha224Key,
    "sha256": Sha256Key,
    "sha384": Sha384Key,
    "sha512": Sha512Key,
}
# Two ways are in use to make a long key of a short one; cards of Cisco's school need the second.
KEPT: dict[Privacy, tuple[type[BasePrivKey], KeyExpansion]] = {
    "des": (DesKey, KeyExpansion.Blumenthal),
    "aes128": (Aes128Key, KeyExpansion.Blumenthal),
    "aes192": (Aes192Key, KeyExpansion.Blumenthal),
    "aes256": (Aes256Key, KeyExpansion.Blumenthal),
    "aes192-cisco": (Aes192Key, KeyExpansion.Cisco),
    "aes256-cisco": (Aes256Key, KeyExpansion.Cisco),
}


@dataclass(frozen=True, slots=True)
class V3User:
    """noAuthNoPriv without `auth`, authNoPriv without `privacy`, else authPriv.

    Raises ValueError, with the remedy, for what no agent would take.
    """

    name: str
    auth: Auth | None = None
    auth_password: str = field(default="", repr=False)
    privacy: Privacy | None = None
    privacy_password: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("SNMPv3 needs the name of a user")
        if self.privacy and not self.auth:
            raise ValueError("privacy needs auth: a card keeps secret only what is signed")
        for what, password in (
            (self.auth and "auth_password", self.auth_password),
            (self.privacy and "privacy_password", self.privacy_password),
        ):
            if what and len(password) < SHORTEST_PASSWORD:
                raise ValueError(f"{what} must have {SHORTEST_PASSWORD} characters or more: cards take no shorter one")

    def as_gufo(self) -> User:
        """The user as gufo-snmp takes it."""
        signed = SIGNED[self.auth](self.auth_password.encode()) if self.auth else None
        if self.privacy is None:
            return User(self.name, auth_key=signed)
        kind, expansion = KEPT[self.privacy]
        return User(self.name, auth_key=signed, priv_key=kind(self.privacy_password.encode()), key_expansion=expansion)
