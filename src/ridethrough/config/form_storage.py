"""The shape of site.toml's sections on storage, key by key."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from ridethrough.core.model import Storage, Way

from . import quantities
from .form_base import Section, enough_feeds, known_upses
from .form_power_on import WakeOnLanSection
from .values import Duration, Name, NameIfAny, Once, PasswordIfAny, are_known, checked_by, ssh_fingerprint

# Which way of stopping storage uses which of the keys that not all of them use.
KEYS_OF_WAYS: dict[str, tuple[Way, ...]] = {
    "ups_name": (Way.NETWORK_UPS,),
    "asks_from": (Way.NETWORK_UPS,),
    "username": (Way.NETWORK_UPS, Way.SSH),
    "password": (Way.NETWORK_UPS, Way.SSH),
    **dict.fromkeys(("at", "host_key", "key_file", "command"), (Way.SSH,)),
}


def _hosts(names: list[str], info: ValidationInfo) -> list[str]:
    are_known("host", "host", names, info)
    return names


class StorageSection(Section):
    """A NAS or SAN: what feeds it, who uses it, and how it is told to go down."""

    powered_by: Annotated[list[str], Field(min_length=1), Once, AfterValidator(known_upses)] = Field(
        description="The UPSs that feed it, one for each power supply.", examples=[["ups1"]]
    )
    needs: Annotated[int, Field(ge=1, le=16), AfterValidator(enough_feeds)] = Field(
        1, description="How many of these must be on utility power for full service.", examples=[1]
    )
    used_by: Annotated[list[str], Once, AfterValidator(_hosts)] = Field(
        [],
        description="The hosts with disks on it, as far as their repositories do not tell.",
        examples=[["xenserver1"]],
    )
    repositories: Annotated[list[Name], Once] = Field(
        [],
        description="Storage repositories on it, by name or uuid, beside those that XenServer says lie at its address.",
        examples=[["NFS store"]],
    )
    address: Annotated[str, checked_by(quantities.ip_address)] = Field(
        description="Its IP address: repositories that lie there are its own.", examples=["192.0.2.20"]
    )
    serves: Annotated[list[Annotated[str, checked_by(quantities.service)]], Field(min_length=1, max_length=8), Once] = (
        Field(
            description="What must answer for it to be up: nfs://ADDRESS, or tcp://ADDRESS:PORT for anything else.",
            examples=[["nfs://192.0.2.20"]],
        )
    )
    way: Annotated[Way, Field(strict=False)] = Field(
        description='How it is told to go down: "network ups", "ssh", "agent", or "by itself" where it asks its UPS\'s '
        "card and is told nothing by us.",
        examples=["network ups"],
    )
    after: Duration | None = Field(
        None,
        description="It is not told before so long on battery. By itself: the minutes that are entered on it.",
        examples=["5 min"],
    )
    stop_time: Duration = Field(
        Storage("").stop_time,
        ge=10,
        description="Time it takes from the order to go down until it may lose its power.",
        examples=["3 min"],
    )
    switch: str = Field(
        "", description="The network switch it is on: while it answers, it witnesses the hosts there.", examples=["sw1"]
    )

    wake_on_lan: WakeOnLanSection | None = Field(
        None,
        description="How it is woken when it stays off although its supply is back.",
        examples=[{"mac": "52:54:00:12:34:56", "broadcast": "192.0.2.255"}],
    )

    asks_from: Annotated[list[Annotated[str, checked_by(quantities.network)]], Once] = Field(
        [],
        description="Network UPS: addresses or networks that it asks from, beside its own address.",
        examples=[["192.0.2.21"]],
    )
    ups_name: NameIfAny = Field(
        "",
        description='Network UPS: the UPS\'s name that it asks for. Without it: "ups" and "qnapups", as Synology and '
        "QNAP do.",
        examples=["ups"],
    )
    username: NameIfAny = Field(
        "",
        description="Network UPS: its login, without it those of Synology and QNAP. SSH: the user that may stop it.",
        examples=["monuser"],
    )
    password: PasswordIfAny = Field(None, description="Where that user's password is kept.", examples=["secret:nas1"])
    at: Annotated[str, checked_by(quantities.ssh_server)] = Field(
        "",
        description="SSH: where its server answers, if that is not port 22 of its address.",
        examples=["192.0.2.20:2222"],
    )
    host_key: Annotated[str, AfterValidator(ssh_fingerprint)] = Field(
        "",
        description="SSH: the fingerprint of its key, as `ssh-keygen -l` tells it. `ridethrough check` tells it too.",
        examples=["SHA256:..."],
    )
    key_file: str = Field(
        "", description="SSH: file with our private key; without it, the password.", examples=["/etc/ridethrough/nas1"]
    )
    command: str = Field(
        "",
        description="SSH: what stops it. It must not ask anything.",
        examples=["sudo -n /sbin/poweroff"],
    )

    @model_validator(mode="after")
    def _keys_fit_the_way(self) -> Self:
        if strangers := sorted(
            key for key in self.model_fields_set if self.way not in KEYS_OF_WAYS.get(key, (self.way,))
        ):
            raise ValueError(f'has {", ".join(strangers)}, which way = "{self.way}" does not use: take it out')
        if self.way is Way.BY_ITSELF and self.after is None:
            raise ValueError('has way = "by itself" and no after: write the minutes that are entered on it, "5 min"')
        if self.way is Way.SSH:
            missing = [key for key in ("username", "command") if not getattr(self, key)]
            missing += ["key_file or password"] if not self.key_file and self.password is None else []
            if missing:
                raise ValueError(f'has way = "ssh" and no {", no ".join(missing)}')
        elif bool(self.username) != (self.password is not None):
            raise ValueError("has only one of username and password: give both, or neither")
        elif self.password is not None and {*self.username, *self.password.value} & {" ", "\t", '"', "\\"}:
            raise ValueError(
                "has a space, a quote or a backslash in username or password: NUT's clients cannot send it"
            )
        return self


class NetworkUpsSection(Section):
    """The port on which NAS boxes ask us for the state of their UPS, as they would ask an upsd."""

    listen: Annotated[str, checked_by(quantities.ups_listener)] = Field(
        description="The address and port that they connect to. NAS boxes know no other port than 3493.",
        examples=["192.0.2.5:3493"],
    )
    certificate: str = Field(
        "",
        description="File with a certificate for STARTTLS, PEM; without it, none is offered.",
        examples=["/etc/ridethrough/ups.pem"],
    )
    key: str = Field("", description="File with that certificate's key, PEM.", examples=["/etc/ridethrough/ups.key"])

    @model_validator(mode="after")
    def _keys_fit(self) -> Self:
        if bool(self.certificate) != bool(self.key):
            raise ValueError("has only one of certificate and key: give both, or neither")
        return self


def no_hosts(storages: dict[str, StorageSection], info: ValidationInfo) -> dict[str, StorageSection]:
    """Storage and hosts have names of their own. Raises ValueError with the remedy."""
    if both := sorted(storages.keys() & info.data.get("host", {}).keys()):
        raise ValueError(f"has the name {both[0]}, and so has a host: give one of them another")
    return storages


def there_if_asked(served: NetworkUpsSection | None, info: ValidationInfo) -> NetworkUpsSection | None:
    """A NAS that asks for its UPS needs somebody to ask. Raises ValueError with the remedy."""
    storages: dict[str, StorageSection] = info.data.get("storage", {})
    asking = sorted(name for name, storage in storages.items() if storage.way is Way.NETWORK_UPS)
    if asking and served is None:
        raise ValueError(
            f"is missing, and {asking[0]} is to ask there for its UPS: write a section [network_ups] with "
            'listen = "192.0.2.5:3493"'
        )
    return served
