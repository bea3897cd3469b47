"""The shape of site.toml, key by key."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, model_validator

from ridethrough.core.model import CardAction, PowerWay
from ridethrough.core.notice import EventClass, Severity
from ridethrough.core.policy import MakeRoom, Policy, VmPolicy, Wish
from ridethrough.ups.snmpv3 import SHORTEST_PASSWORD, Auth, Privacy

from . import quantities
from .form_base import Section, enough_feeds, known_upses
from .form_machines import NO_MACHINE, ControllerSection, SwitchSection, names_of_their_own
from .form_power_on import BmcSection, WakeOnLanSection
from .form_storage import NetworkUpsSection, StorageSection, no_hosts, there_if_asked
from .secrets import Secret
from .values import (
    Community,
    Duration,
    Fingerprint,
    Name,
    NameIfAny,
    Once,
    Password,
    PasswordIfAny,
    Speed,
    are_known,
    checked_by,
)

DEFAULT = Policy()

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


Tier = Annotated[str, StringConstraints(pattern="^[0-9]$")]


class SiteSection(Section):
    """The site's name, and the thresholds that its owner may change."""

    name: Name = Field(description="What people call the site.", examples=["Head office"])

    settle: Duration = Field(
        DEFAULT.settle, le=3600, description="Utility power must hold this long to count as back.", examples=[10]
    )
    settle_max: Duration = Field(
        DEFAULT.settle_max,
        le=3600,
        description="Flapping utility power doubles settle, up to this.",
        examples=["5 min"],
    )
    poll: Duration = Field(
        DEFAULT.poll, ge=1, le=30, description="How often a card is asked while utility power is there.", examples=[5]
    )
    silent_after: Duration = Field(
        DEFAULT.silent_after, ge=6, description="A card that has not answered for this long is silent.", examples=[15]
    )
    feed_silent_after: Duration = Field(
        DEFAULT.feed_silent_after,
        ge=6,
        description="A feed silent for this long stops counting once another feed of its host is on battery.",
        examples=[30],
    )
    trust: float = Field(
        DEFAULT.trust, gt=0, le=1, description="Share of the runtime told by a UPS that is counted on.", examples=[0.8]
    )
    low_battery_left: Duration = Field(
        DEFAULT.low_battery_left, description="What is left when a UPS says low battery.", examples=["2 min"]
    )
    reserve: Duration = Field(DEFAULT.reserve, description="Time kept free before a UPS stops.", examples=[60])
    host_stop: Duration = Field(
        DEFAULT.host_stop, ge=10, description="Time an empty host takes to shut down.", examples=[60]
    )
    guest_stop: Duration = Field(
        DEFAULT.guest_stop, ge=1, description="Longest clean stop of a VM when nothing presses.", examples=["2 min"]
    )
    guest_stop_estimate: Duration = Field(
        DEFAULT.guest_stop_estimate, ge=1, description="Time a clean stop of a VM is expected to take.", examples=[40]
    )
    suspend_speed: Speed = Field(
        DEFAULT.suspend_speed,
        description="Speed at which the memory of a guest that is suspended is written to its storage.",
        examples=["50 MB/s"],
    )
    link_speed: Speed = Field(
        DEFAULT.link_speed, description="Speed of the migration network, until it is measured.", examples=["1 Gbit/s"]
    )
    parallel: int = Field(
        DEFAULT.parallel, ge=1, le=20, description="Migrations at once, from each host and to each host.", examples=[3]
    )
    move_attempts: int = Field(
        DEFAULT.move_attempts, ge=1, le=20, description="Failed moves of a VM before it is given up.", examples=[3]
    )
    retry_after: Duration = Field(
        DEFAULT.retry_after, ge=1, description="A failed action is not repeated sooner.", examples=[20]
    )
    down_silence: Duration = Field(
        DEFAULT.down_silence,
        ge=10,
        description="A host we shut down is down after this much silence, while a witness answers.",
        examples=[30],
    )
    starts_itself: Duration = Field(
        DEFAULT.starts_itself,
        description="Time a host gets to start by itself once its UPS is back on.",
        examples=["5 min"],
    )
    start_timeout: Duration = Field(
        DEFAULT.start_timeout,
        ge=60,
        description="A host that is not back after this long is reported.",
        examples=["15 min"],
    )
    battery_wait: Duration = Field(
        DEFAULT.battery_wait,
        description="What was stopped waits until its UPS's battery carries one full shutdown, at most so long.",
        examples=["2 h"],
    )
    stagger: Duration = Field(
        DEFAULT.stagger, description="Time between two hosts that are switched on behind one UPS.", examples=[30]
    )
    protect_coordinator: bool = Field(
        DEFAULT.protect_coordinator,
        description="Shut a coordinator without timers down too, last and before its UPS stops.",
        examples=[True],
    )
    hand_over_coordinator: bool = Field(
        DEFAULT.hand_over_coordinator,
        description="Make a host with power the coordinator before the coordinator's own UPS ends, where that is safe.",
        examples=[True],
    )
    force_stop: bool = Field(
        DEFAULT.force_stop, description="Stop a VM hard when its clean stop ran out of time.", examples=[True]
    )
    make_room: Annotated[MakeRoom, Field(strict=False)] = Field(
        DEFAULT.make_room,
        description="What may be done to less important VMs on powered hosts, so that a VM finds room there: off; "
        "move; stop, where moving is not enough.",
        examples=["move"],
    )
    return_home: bool = Field(
        DEFAULT.return_home,
        description="VMs that were moved go back to the hosts on which they ran, once all is well again.",
        examples=[True],
    )
    shed: dict[Tier, Duration] = Field(
        default_factory=dict,
        description="VMs of a tier that find no place are stopped after so long on battery, to gain runtime.",
        examples=[{"9": "2 min"}],
    )

    @model_validator(mode="after")
    def _times_fit(self) -> Self:
        if self.settle_max < self.settle:
            raise ValueError(f"has settle_max = {self.settle_max:g} below settle = {self.settle:g}: raise settle_max")
        if self.silent_after < 2 * self.poll:
            raise ValueError(
                f"has silent_after = {self.silent_after:g} below two polls: write {3 * self.poll:g} or more"
            )
        return self


class TrapsSection(Section):
    """Traps and informs of the cards. Without this section none are heard; cards are polled all the same."""

    listen: Annotated[str, checked_by(quantities.listener)] = Field(
        description="The UDP address and port that cards send to. Port 162 is for root only: redirect it to this one.",
        examples=["0.0.0.0:1162"],
    )


class ManagerSection(Section):
    """The web pages and their API. Without this section there are none."""

    listen: Annotated[str, checked_by(quantities.web_listener)] = Field(
        description="The address and port that browsers connect to.", examples=["0.0.0.0:8443"]
    )
    certificate: str = Field(
        "",
        description="File with the certificate of the pages, PEM; without it, one of their own is made.",
        examples=["/etc/ridethrough/manager.pem"],
    )
    key: str = Field(
        "", description="File with that certificate's key, PEM.", examples=["/etc/ridethrough/manager.key"]
    )
    http: bool = Field(False, description="No TLS. Only for an address of loopback.", examples=[False])
    idle: Duration = Field(
        1800.0, ge=60, description="A person is logged out after so long without a request.", examples=["30 min"]
    )
    names: Annotated[list[Annotated[str, checked_by(quantities.web_name)]], Once] = Field(
        [],
        description="More names and addresses by which people reach the pages: they answer to no others than these "
        "and the machine's own, and have them in a certificate of their own.",
        examples=[["ups.example.com"]],
    )

    @model_validator(mode="after")
    def _keys_fit(self) -> Self:
        if bool(self.certificate) != bool(self.key):
            raise ValueError("has only one of certificate and key: give both, or neither")
        if self.http and not quantities.is_loopback(quantities.web_listener(self.listen)):
            raise ValueError(
                f'has http = true, but others than this machine reach {self.listen}: write listen = "127.0.0.1:8080", '
                "or take http out"
            )
        if self.http and self.certificate:
            raise ValueError("has http = true and a certificate: take one of them out")
        return self


class NotifySection(Section):
    """Whom the manager notifies, of what, and how."""

    url: Password = Field(
        description="Where its Apprise URL is kept: mailtos://..., json://..., and the rest of what Apprise knows.",
        examples=["secret:notify-mail"],
    )
    classes: Annotated[list[Annotated[EventClass, Field(strict=False)]], Once] = Field(
        [], description="What is told; empty: everything.", examples=[["utility power", "alerts"]]
    )
    severity: Annotated[Severity, Field(strict=False)] = Field(
        Severity.WARNING, description="The least severity that is told: info, warning or danger.", examples=["danger"]
    )


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


class PoolSection(Section):
    """A XenServer or XCP-ng pool, and how to log in."""

    addresses: Annotated[list[Annotated[str, checked_by(quantities.toolstack)]], Field(min_length=1), Once] = Field(
        description="Addresses of its hosts; any of them leads to the coordinator.", examples=[["192.0.2.101"]]
    )
    username: Name = Field(
        description="A user of the pool with the role pool-operator or pool-admin.", examples=["root"]
    )
    password: Password = Field(description="Where that user's password is kept.", examples=["secret:pool1"])
    fingerprints: list[Fingerprint] = Field(
        [],
        description="SHA-256 of each host's certificate; `ridethrough check --trust` tells them.",
        examples=[["sha256:..."]],
    )
    witness: Annotated[list[Annotated[str, checked_by(quantities.witness)]], Once] = Field(
        [], description="Something else behind the hosts' switch that answers TCP.", examples=[["192.0.2.1:22"]]
    )


class TimerSection(Section):
    """One of a host's two options."""

    enabled: bool = Field(description="Whether this is done at all.", examples=[True])
    after: Duration | None = Field(None, description="Seconds on battery before it is done.", examples=[60])

    @model_validator(mode="after")
    def _has_time(self) -> Self:
        if self.enabled and self.after is None:
            raise ValueError("has no time: write { enabled = true, after = 60 }")
        return self


def _pool(name: str, info: ValidationInfo) -> str:
    are_known("pool", "pool", [name], info)
    return name


class HostSection(Section):
    """A host, what feeds it, and what is done when that fails."""

    pool: Annotated[str, AfterValidator(_pool)] = Field(description="The pool it belongs to.", examples=["pool1"])
    powered_by: Annotated[list[str], Once, AfterValidator(known_upses)] = Field(
        [], description="The UPSs that feed it, one for each power supply.", examples=[["ups1"]]
    )
    needs: Annotated[int, Field(ge=1, le=16), AfterValidator(enough_feeds)] = Field(
        1, description="How many of these must be on utility power for full service.", examples=[1]
    )
    switch: str = Field(
        "", description="The network switch it is on; hosts on one switch witness each other.", examples=["sw1"]
    )
    power_on: Annotated[list[Annotated[PowerWay, Field(strict=False)]], Field(min_length=1), Once] = Field(
        [PowerWay.XAPI],
        description='How it is switched on when it stays off, in the order in which the ways are tried: "xapi" (its '
        'power-on mode in XenServer), "wake-on-lan", "ipmi", "redfish".',
        examples=[["xapi", "ipmi"]],
    )
    wake_on_lan: WakeOnLanSection | None = Field(
        None, description="Wake-on-LAN: the packet that wakes it.", examples=[{"mac": "52:54:00:12:34:56"}]
    )
    bmc: BmcSection | None = Field(
        None,
        description="IPMI and Redfish: its BMC, which is also asked whether the host is off.",
        examples=[{"address": "192.0.2.131", "username": "ridethrough", "password": "secret:bmc1"}],
    )
    maintenance: TimerSection = Field(
        TimerSection(enabled=False, after=None),
        description="Move its VMs to other hosts of the pool, after this long on battery.",
        examples=[{"enabled": True, "after": 60}],
    )
    shutdown: TimerSection = Field(
        TimerSection(enabled=False, after=None),
        description="Move or stop its VMs and shut it down, after this long on battery.",
        examples=[{"enabled": True, "after": 120}],
    )

    @model_validator(mode="after")
    def _ways_fit(self) -> Self:
        wakes, by_bmc = PowerWay.WAKE_ON_LAN in self.power_on, {PowerWay.IPMI, PowerWay.REDFISH} & {*self.power_on}
        if wakes and self.wake_on_lan is None:
            raise ValueError('has power_on = "wake-on-lan" and no wake_on_lan: write wake_on_lan = { mac = "..." }')
        if by_bmc and self.bmc is None:
            raise ValueError(f'has power_on = "{min(by_bmc)}" and no bmc: write a section [host.NAME.bmc]')
        if self.wake_on_lan is not None and not wakes:
            raise ValueError('has wake_on_lan, which no way in power_on uses: add "wake-on-lan" there, or take it out')
        if self.bmc is not None and not by_bmc:
            raise ValueError('has bmc, which no way in power_on uses: add "ipmi" or "redfish" there, or take it out')
        return self


class VmSection(Section):
    """What may happen to a VM."""

    wish: Annotated[Wish, Field(strict=False)] = Field(
        VmPolicy().wish, description="What may be done when its host must be emptied.", examples=["shut down"]
    )
    tier: int = Field(VmPolicy().tier, ge=0, le=9, description="0 to 9; tier 0 lives longest.", examples=[5])
    infrastructure: bool | None = Field(
        VmPolicy().infrastructure,
        description="Moves first, stops last, starts first: a firewall, Xen Orchestra. Without it, as recognised: WLB, "
        "the controller's own VM.",
        examples=[True],
    )


class SiteFile(Section):
    """All of site.toml."""

    site: SiteSection = Field(examples=['a section [site] with name = "Head office"'])
    controller: ControllerSection = NO_MACHINE
    traps: TrapsSection | None = None
    manager: ManagerSection | None = None
    notify: dict[Name, NotifySection] = Field({})
    ups: dict[Name, UpsSection] = Field({})
    pool: dict[Name, PoolSection] = Field({})
    host: dict[Name, HostSection] = Field({})
    vm: dict[Name, VmSection] = Field({})
    storage: Annotated[dict[Name, StorageSection], AfterValidator(no_hosts)] = Field({})
    switch: Annotated[dict[Name, SwitchSection], AfterValidator(names_of_their_own)] = Field({}, validate_default=True)
    network_ups: Annotated[NetworkUpsSection | None, AfterValidator(there_if_asked)] = Field(
        None, validate_default=True
    )
