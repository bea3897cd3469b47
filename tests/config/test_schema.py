"""The JSON schema in the package is current, and the operator's page names every key."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from ridethrough.config import Secrets, parse
from ridethrough.config.form_machines import ControllerSection, SwitchSection
from ridethrough.config.form_manager import ManagerSection, NotifySection, TrapsSection
from ridethrough.config.form_pool import HostSection, PoolSection, VmSection
from ridethrough.config.form_site import SiteSection
from ridethrough.config.form_storage import NetworkUpsSection, StorageSection
from ridethrough.config.form_ups import UpsSection
from ridethrough.config.schema import schema, shipped
from ridethrough.core.model import Way

SECTIONS: dict[str, type[BaseModel]] = {
    "site": SiteSection,
    "controller": ControllerSection,
    "traps": TrapsSection,
    "manager": ManagerSection,
    "notify.NAME": NotifySection,
    "ups.NAME": UpsSection,
    "pool.NAME": PoolSection,
    "host.NAME": HostSection,
    "storage.NAME": StorageSection,
    "network_ups": NetworkUpsSection,
    "switch.NAME": SwitchSection,
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


SECRETS = Secrets(environment={f"RIDETHROUGH_SECRET_{name}": "x" for name in ("POOL1", "UPS_COMMUNITY", "SAN1")})


def blocks(page: Path) -> list[str]:
    """The TOML in a page of docs, block by block, each as it stands alone."""
    return [
        textwrap.dedent(block) for block in re.findall(r"^ *```toml\n(.*?)^ *```", page.read_text("utf-8"), re.M | re.S)
    ]


def test_pages_examples_are_good(root: Path) -> None:
    """The first is a whole site; what comes after it is written into it."""
    whole, storage, switch = blocks(root / "docs/site.toml.md")
    assert parse(whole, SECRETS).site.hosts
    assert set(parse(whole + storage, SECRETS).site.storages) == {"nas1", "san1"}
    assert set(parse(whole + switch, SECRETS).site.switches) == {"sw1"}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("synology", {Way.NETWORK_UPS, Way.SSH, Way.BY_ITSELF}),
        ("qnap", {Way.NETWORK_UPS, Way.SSH, Way.BY_ITSELF}),
        ("linux-nas", {Way.AGENT}),
    ],
)
def test_what_a_page_on_a_nas_tells_to_write_is_good_in_that_site(root: Path, name: str, told: set[Way]) -> None:
    whole, *_ = blocks(root / "docs/site.toml.md")
    ways = set()
    for block in blocks(root / f"docs/{name}.md"):
        fingerprint = block.replace('"SHA256:..."', f'"SHA256:{"A" * 43}"')
        (built,) = parse(whole + fingerprint, SECRETS).site.storages.values()
        ways.add(built.way)
    assert ways == told


@pytest.mark.parametrize("name", ["synology", "qnap"])
def test_the_password_in_place_of_a_key_that_a_page_tells_is_good(root: Path, name: str) -> None:
    whole, *_ = blocks(root / "docs/site.toml.md")
    page = root / f"docs/{name}.md"
    (password,) = re.findall(r'`(password = "secret:\w+")` in place of `key_file`', page.read_text("utf-8"))
    (block,) = [block for block in blocks(page) if "key_file" in block]
    written = re.sub(r"^key_file = .*$", password, block, flags=re.M).replace('"SHA256:..."', f'"SHA256:{"A" * 43}"')
    found = parse(whole + written, Secrets(environment={**SECRETS.environment, "RIDETHROUGH_SECRET_NAS1": "hush"}))
    (reached,) = found.storages.values()
    assert reached.password is not None
    assert not reached.key_file
