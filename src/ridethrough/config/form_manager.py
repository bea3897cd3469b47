"""The shape of site.toml's sections on the pages, on who is notified and on traps, key by key."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from ridethrough.core.notice import EventClass, Severity

from . import quantities
from .form_base import Section
from .values import Duration, Once, Password, checked_by


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
