"""The JSON schema in the package is current, and the operator's page names every key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from ridethrough.config import Secrets, parse
from ridethrough.config.form import (
    ControllerSection,
    HostSection,
    ManagerSection,
    NotifySection,
    PoolSection,
    SiteSection,
    TrapsSection,
    UpsSection,
    VmSection,
)
from ridethrough.config.schema import schema, shipped

SECTIONS: dict[str, type[BaseModel]] = {
    "site": SiteSection,
    "controller": ControllerSection,
    "traps": TrapsSection,
    "manager": ManagerSection,
    "notify.NAME": NotifySection,
    "ups.NAME": UpsSection,
    "pool.NAME": PoolSection,
    "host.NAME": HostSection,
    "vm.NAME": VmSection,
}


def keys() -> Iterator[tuple[str, str]]:
    for section, form in SECTIONS.items():
        for key in form.model_fields:
            yield section, key


def test_shipped_schema_is_current() -> None:
    assert shipped() == schema(), "run: python -m ridethrough.config > src/ridethrough/site.schema.json"


def test_schema_tells_every_key_with_a_description() -> None:
    definitions = json.loads(schema())["$defs"]
    for section, key in keys():
        told = definitions[SECTIONS[section].__name__]["properties"][key]
        assert told.get("description"), f"{section}.{key} has no description"
        assert SECTIONS[section].model_fields[key].examples, f"{section}.{key} has no example"


def test_page_tells_every_key_in_its_section(root: Path) -> None:
    page = (root / "docs/site.toml.md").read_text(encoding="utf-8")
    chapters = dict(re.findall(r"^## `\[(.+?)\]`.*?\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    assert list(chapters) == list(SECTIONS)
    for section, form in SECTIONS.items():
        told = re.findall(r"^\| `(\w+)` \|", chapters[section], re.MULTILINE)
        assert sorted(told) == sorted(form.model_fields), f"the table of [{section}]"


def test_page_tells_the_true_defaults(root: Path) -> None:
    """The third column of a table is the default; it reads back as the value the code uses."""
    page = (root / "docs/site.toml.md").read_text(encoding="utf-8")
    chapter = page[page.index("## `[site]`") : page.index("## `[controller]`")]
    told = re.findall(r"^\| `(\w+)` \| [^|]+ \| `([^|]+)` \|", chapter, re.MULTILINE)
    assert len(told) == len(SiteSection.model_fields) - 1  # the name has none
    written = "".join(f"{key} = {default}\n" for key, default in told)
    assert parse(f'[site]\nname = "x"\n{written}', Secrets()) == parse('[site]\nname = "x"', Secrets())


def test_pages_example_is_good(root: Path) -> None:
    page = (root / "docs/site.toml.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(\[site\].*?)```", page, re.DOTALL)
    secrets = Secrets(environment={f"RIDETHROUGH_SECRET_{name}": "x" for name in ("POOL1", "UPS_COMMUNITY")})
    assert parse(example, secrets).site.hosts
