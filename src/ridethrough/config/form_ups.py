"""The shape of site.toml's sections on UPSs, key by key."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ridethrough.core.model import CardAction
from ridethrough.ups.snmpv3 import SHORTEST_PASSWORD, Auth, Privacy

from . import quantities
from .form_base import Section
from .secrets import Secret
from .values import Community, Duration, Fingerprint, NameIfAny, PasswordIfAny, checked_by

# Which kind of source uses which of the keys that not all of them use.
_V1, _V2, _V3, _NUT = "SNMP version 1", "SNMP version 2c", "SNMP version 3", "a source nut://"
KEYS_OF_KINDS: dict[str, tuple[str, ...]] = {
    "version": (_V1, _V2, _V3),
    "community": (_V1, _V2),
    "write_community": (_V1, _V2),
    "username": (_V3, _NUT),
    "password": (_NUT,),
    "fingerprints": (_NUT,),
    "ca": (_NUT,),
    **dict.fromkeys(("auth", "auth_password", "privacy", "privacy_password"), (_V3,)),
}


class UpsSection(Section):
    """A UPS, and where its card or its upsd answers."""

    source: Annotated[str, checked_by(quantities.ups)] = Field(
        description="Where the card answers: snmp://ADDRESS, with :PORT if it is not 161. Or nut://ADDRESS/NAME: a UPS "
        "behind NUT's upsd, with :PORT if that is not 3493.",
        examples=["snmp://192.0.2.11", "nut://192.0.2.5/ups"],
    )
    version: Literal["1", "2c", "3"] = Field("2c", description='SNMP version: "1", "2c" or "3".', examples=["2c"])
    community: Community = Field(
        Secret("", "public"), description="SNMP community for reading.", examples=["secret:ups-community"]
    )
    write_community: PasswordIfAny = Field(
        None,
        description="SNMP community for setting: for people's commands and cut_output. Version 3 sets with its user.",
        examples=["secret:ups-write"],
    )
    username: NameIfAny = Field(
        "",
        description="The card's user for SNMP version 3; or a user of upsd, where it wants a login.",
        examples=["ridethrough"],
    )
    auth: Auth | None = Field(None, description="How version 3 signs; without it, not at all.", examples=["sha256"])
    auth_password: PasswordIfAny = Field(
        None, description="Where the password for signing is kept.", examples=["secret:ups-auth"]
    )
    privacy: Privacy | None = Field(
        None, description="How version 3 keeps secret; without it, not at all.", examples=["aes128"]
    )
    privacy_password: PasswordIfAny = Field(
        None, description="Where the password for keeping secret is kept.", examples=["secret:ups-privacy"]
    )
    password: PasswordIfAny = Field(None, description="Where that user's password is kept.", examples=["secret:upsd"])
    fingerprints: list[Fingerprint] = Field(
        [], description="SHA-256 of upsd's certificate. It is then asked for TLS.", examples=[["sha256:..."]]
    )
    ca: str = Field(
        "",
        description="File with the authority that has signed upsd's certificate, PEM. It is then asked for TLS.",
        examples=["/etc/ridethrough/ca.pem"],
    )
    warning_period: Duration | None = Field(
        None, description="The card's warning period, where the card does not tell it.", examples=["15 min"]
    )
    shutdown_delay: Duration | None = Field(
        None, description="The card's shutdown delay, where the card does not tell it.", examples=[120]
    )
    action: Annotated[CardAction, Field(strict=False)] | None = Field(
        None,
        description="What the card does after its warning period, where it does not tell it.",
        examples=["client and ups"],
    )
    feeder: Annotated[NameIfAny, checked_by(quantities.feeder)] = Field(
        "",
        description="What brings utility power to it: UPSs with the same name here lose it together. Empty: not known.",
        examples=["A"],
    )
    cut_output: bool = Field(
        False,
        description="On battery, once everything on it is down, its output is cut, to come back with utility power.",
        examples=[True],
    )

    @model_validator(mode="after")
    def _keys_fit_the_source(self) -> Self:
        kind = "a source nut://" if self.source.lower().startswith("nut://") else f"SNMP version {self.version}"
        strangers = [key for key in self.model_fields_set if key in KEYS_OF_KINDS and kind not in KEYS_OF_KINDS[key]]
        if strangers:
            raise ValueError(f"has {', '.join(sorted(strangers))}, which {kind} does not use: take it out")
        if kind == "SNMP version 3":
            self._is_a_user()
        elif bool(self.username) != (self.password is not None):
            raise ValueError("has only one of username and password: give both, or neither")
        if self.cut_output and kind in (_V1, _V2) and self.write_community is None:
            raise ValueError("has cut_output, and no write_community to command its card with: give that, too")
        return self

    def _is_a_user(self) -> None:
        if not self.username:
            raise ValueError("has no username, which SNMP version 3 needs")
        for how, password in (("auth", self.auth_password), ("privacy", self.privacy_password)):
            if (getattr(self, how) is None) != (password is None):
                raise ValueError(f"has only one of {how} and {how}_password: give both, or neither")
            if password is not None and len(password.value) < SHORTEST_PASSWORD:
                raise ValueError(
                    f"has {how}_password with less than {SHORTEST_PASSWORD} characters: no card takes that"
                )
        if self.privacy is not None and self.auth is None:
            raise ValueError("has privacy without auth: a card keeps secret only what is signed")
