"""The shape of site.toml's section on the site as a whole, key by key."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from ridethrough.core.policy import MakeRoom, Policy

from .form_base import Section
from .values import Duration, Name, Speed

DEFAULT = Policy()

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
