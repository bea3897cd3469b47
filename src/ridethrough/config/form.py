"""The shape of site.toml: its sections."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from .form_base import Section
from .form_machines import NO_MACHINE, ControllerSection, SwitchSection, names_of_their_own
from .form_manager import ManagerSection, NotifySection, TrapsSection
from .form_pool import HostSection, PoolSection, VmSection
from .form_site import SiteSection
from .form_storage import NetworkUpsSection, StorageSection, no_hosts, there_if_asked
from .form_ups import UpsSection
from .values import Name


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
