"""The shape of site.toml's sections on this controller and on switches, key by key."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from ridethrough.core.model import CONTROLLER, Controller

from .form_base import Section, enough_feeds, known_upses
from .quantities import quoted
from .values import Duration, Name, NameIfAny, Once

KINDS = ("host", "storage", "ups", "pool")


def _connected(names: list[str], info: ValidationInfo) -> list[str]:
    """What a switch connects is named elsewhere in the file."""
    known = sorted({name for kind in KINDS for name in info.context[kind]}) if info.context else []
    unknown = [name for name in names if name not in known]
    if unknown and info.context:
        raise ValueError(
            f"names {', '.join(map(quoted, unknown))}, which is no host, storage, UPS or pool of this file; known are "
            f"{', '.join(map(quoted, known)) or 'none'}"
        )
    return names


class SwitchSection(Section):
    """A network switch: what feeds it, and what cannot be reached without it."""

    powered_by: Annotated[list[str], Once, AfterValidator(known_upses)] = Field(
        [], description="The UPSs that feed it, one for each power supply; none: no UPS.", examples=[["ups1"]]
    )
    needs: Annotated[int, Field(ge=1, le=16), AfterValidator(enough_feeds)] = Field(
        1, description="How many of these must be on utility power for full service.", examples=[1]
    )
    connects: Annotated[list[str], Field(min_length=1), Once, AfterValidator(_connected)] = Field(
        description="The hosts, storages, UPSs (their cards) and pools (all their hosts) that are reached through it. "
        "What two switches connect is reached while one of them has power.",
        examples=[["xenserver1", "nas1", "ups1"]],
    )


class ControllerSection(Section):
    """This controller, and its own machine."""

    name: NameIfAny = Field(
        "",
        description="Its name in each pool's claim; empty: the machine's host name. Two controllers need two names.",
        examples=["ups-controller-1"],
    )
    powered_by: Annotated[list[str], Once, AfterValidator(known_upses)] = Field(
        [],
        description="The UPSs that feed its machine: all that needs it is done before they end.",
        examples=[["ups1"]],
    )
    needs: Annotated[int, Field(ge=1, le=16), AfterValidator(enough_feeds)] = Field(
        1, description="How many of these must be on utility power for full service.", examples=[1]
    )
    switch: NameIfAny = Field(
        "", description="The switch through which it reaches everything else: a [switch.NAME].", examples=["sw1"]
    )
    shutdown: bool = Field(
        Controller().shuts_down,
        description="Shut its own machine down, last of all, before its UPSs end.",
        examples=[True],
    )
    stop_time: Duration = Field(
        Controller().stop_time, ge=10, description="Time its machine takes to shut down.", examples=[60]
    )
    shutdown_command: Annotated[list[str], Field(min_length=1, max_length=32)] = Field(
        ["systemctl", "poweroff"],
        description="The program that shuts it down, and its arguments; no shell reads them.",
        examples=[["systemctl", "poweroff"]],
    )
    vm: NameIfAny = Field(
        "",
        description="The VM that it runs in, by uuid or name, where its machine does not tell.",
        examples=["ridethrough"],
    )

    @model_validator(mode="after")
    def _can_know_when(self) -> Self:
        if self.shutdown and not self.powered_by:
            raise ValueError("has shutdown = true and no powered_by: name the UPSs that feed its machine")
        if any(not part for part in self.shutdown_command[:1]):
            raise ValueError('has a shutdown_command without a program: write ["systemctl", "poweroff"]')
        return self


NO_MACHINE = ControllerSection.model_validate({})


def names_of_their_own(switches: dict[Name, SwitchSection], info: ValidationInfo) -> dict[Name, SwitchSection]:
    """Switches, hosts and storages have names of their own; and the controller's is there. Raises ValueError."""
    for kind in ("host", "storage"):
        if both := sorted(switches.keys() & info.data.get(kind, {}).keys()):
            raise ValueError(f"has the name {both[0]}, and so has a {kind}: give one of them another")
    if CONTROLLER in switches:
        raise ValueError(f'has the name "{CONTROLLER}", which is the controller\'s own: give it another')
    controller = info.data.get("controller")
    if controller is not None and controller.switch and controller.switch not in switches:
        raise ValueError(
            f"has no section {quoted(controller.switch)}, which controller.switch names: write "
            f"[switch.{controller.switch}]"
        )
    return switches
