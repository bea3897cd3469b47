"""What may stand behind a key of site.toml."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, ValidationInfo
from pydantic import WithJsonSchema as Shape
from pydantic_core import PydanticKnownError

from ridethrough.fingerprints import normalised, ssh_host_key

from . import quantities
from .quantities import quoted
from .secrets import PREFIX, Secret, Secrets

WEEK = 7 * 86400

SECONDS: dict[str, Any] = {
    "anyOf": [
        {"type": "number", "minimum": 0, "maximum": WEEK},
        {"type": "string", "pattern": quantities.DURATION.pattern},
    ]
}
SPEED: dict[str, Any] = {
    "anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": quantities.SPEED.pattern}]
}


def _within_a_week(value: float) -> float:
    """No Field(ge=0): of two such limits, pydantic heeds only this one, and not the field's own."""
    if value < 0:
        raise PydanticKnownError("greater_than_equal", {"ge": 0})
    if value > WEEK:
        raise PydanticKnownError("less_than_equal", {"le": WEEK})
    return value


Duration = Annotated[float, AfterValidator(_within_a_week), BeforeValidator(quantities.seconds), Shape(SECONDS)]
Speed = Annotated[float, Field(ge=1e6, le=1e12), BeforeValidator(quantities.bytes_per_second), Shape(SPEED)]


def _name(text: str) -> str:
    if not text.strip() or text != text.strip() or len(text) > 200 or not text.isprintable():
        raise ValueError(f"{quoted(text)} is no name: write one line of text, without spaces around it")
    return text


Name = Annotated[str, AfterValidator(_name)]
NameIfAny = Annotated[str, AfterValidator(lambda text: text and _name(text))]


def checked_by(read: Callable[[str], object]) -> AfterValidator:
    """The text stays as it was written; `read` only has to accept it."""

    def check(text: str) -> str:
        read(text)
        return text

    return AfterValidator(check)


def _fingerprint(text: str) -> str:
    try:
        return normalised(text)
    except ValueError as error:
        raise ValueError(f"{quoted(text)} {error}") from None


Fingerprint = Annotated[str, AfterValidator(_fingerprint)]


def ssh_fingerprint(text: str) -> str:
    """The fingerprint of an SSH server's key, as OpenSSH tells it. Raises ValueError with the remedy."""
    try:
        return ssh_host_key(text)
    except ValueError as error:
        raise ValueError(f"{quoted(text)} {error}") from None


def _once(items: list[str]) -> list[str]:
    twice = sorted(item for item, times in Counter(items).items() if times > 1)
    if twice:
        raise ValueError(f"names {', '.join(map(quoted, twice))} more than once: write each once")
    return items


Once = AfterValidator(_once)


def are_known(what: str, key: str, names: Iterable[str], info: ValidationInfo) -> None:
    """Each of `names` must be an entry of the file's section `key`. Raises ValueError with the remedy."""
    known = sorted(info.context[key]) if info.context else []
    unknown = [name for name in names if name not in known]
    if unknown and info.context:
        listed = f"known {what}s are {', '.join(map(quoted, known))}" if known else f"add a section [{key}.NAME]"
        raise ValueError(f"names {', '.join(map(quoted, unknown))}; {listed}")


def _secret(value: object, info: ValidationInfo) -> Secret:
    """Look the secret up. A secret written into the file is refused, and not repeated in the error."""
    if not isinstance(value, str) or not value.startswith(PREFIX):
        raise ValueError('must not stand in this file: write "secret:NAME", and keep the secret itself under that name')
    secrets: Secrets = (info.context or {}).get("secrets") or Secrets()
    return secrets.find(value.removeprefix(PREFIX))


def _community(value: object, info: ValidationInfo) -> Secret:
    return Secret("", "public") if value == "public" else _secret(value, info)


REFERENCE: dict[str, Any] = {"type": "string", "pattern": "^secret:[A-Za-z0-9][A-Za-z0-9._-]*$"}
Password = Annotated[Secret, PlainValidator(_secret), Shape(REFERENCE)]
PasswordIfAny = Annotated[Secret | None, PlainValidator(_secret), Shape(REFERENCE)]
Community = Annotated[
    Secret, PlainValidator(_community), Shape({"anyOf": [REFERENCE, {"const": "public"}], "default": "public"})
]
