"""The shape of site.toml's sections on pools, hosts and VMs, key by key."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from ridethrough.core.model import PowerWay
from ridethrough.core.policy import VmPolicy, Wish

from . import quantities
from .form_base import Section, enough_feeds, known_upses
from .form_power_on import BmcSection, WakeOnLanSection
from .values import Duration, Fingerprint, Name, Once, Password, are_known, checked_by


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
    agent: bool = Field(
        False,
        description="ridethrough-agent stands on it: should it shut the host down while the controller is away, the "
        "controller brings it back.",
        examples=[True],
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
