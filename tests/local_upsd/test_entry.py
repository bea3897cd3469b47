"""The UPS's section of site.toml, and the secret beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ridethrough.config import Configuration, Secrets, load
from ridethrough.local_upsd.entry import entry, write
from ridethrough.local_upsd.install import InstallError
from ridethrough.local_upsd.plan import ConflictError, Plan

PLAN = Plan("ups1", (), "127.0.0.1", 3493, password="p4ss")
SITE = '# mine\n[site]\nname = "S"\n'


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "site.toml").write_text(SITE)
    (tmp_path / "secrets").mkdir(mode=0o700)
    return tmp_path / "site.toml"


def known(site: Path) -> Configuration:
    return load(site, Secrets.of_process(site.parent / "secrets", {}))


def test_read_only_without_a_folder_for_secrets(site: Path) -> None:
    new = entry(PLAN, known(site), None)
    assert new.text == '[ups.ups1]\nsource = "nut://127.0.0.1/ups1"\naction = "disabled"\n'
    write(new, site, None)
    assert site.read_text() == f"{SITE}\n{new.text}"
    again = entry(PLAN, known(site), None)
    assert again.there
    write(again, site, None)
    assert site.read_text() == f"{SITE}\n{new.text}"


def test_with_upsds_user_and_its_password_as_a_secret(site: Path) -> None:
    secrets = site.parent / "secrets"
    (secrets / "ups1-upsd").write_text("of an older one")
    new = entry(PLAN, known(site), secrets)
    assert "p4ss" not in repr(new)
    assert 'password = "secret:ups1-upsd-2"' in new.text
    write(new, site, secrets)
    kept = secrets / "ups1-upsd-2"
    assert (kept.read_text(), kept.stat().st_mode & 0o777) == ("p4ss", 0o600)
    ups = known(site).upses["ups1"]
    assert str(ups.at) == "127.0.0.1:3493/ups1"


def test_another_ups_of_this_name(site: Path) -> None:
    site.write_text(SITE + '[ups.ups1]\nsource = "snmp://192.0.2.11"\n')
    with pytest.raises(ConflictError, match=r"\[ups\.ups1\] is there already, and is read at snmp://192\.0\.2\.11"):
        entry(PLAN, known(site), None)


def test_a_site_that_cannot_be_written_keeps_no_secret(site: Path) -> None:
    secrets = site.parent / "secrets"
    new = entry(PLAN, known(site), secrets)
    site.write_text(SITE + '[ups.ups1]\nsource = "nut://127.0.0.1/other"\n')  # somebody was faster
    with pytest.raises(InstallError, match=r"nothing was added: there is a \[ups\.ups1\] already"):
        write(new, site, secrets)
    assert list(secrets.iterdir()) == []


def test_secrets_that_everyone_may_write(site: Path) -> None:
    (site.parent / "secrets").chmod(0o777)
    with pytest.raises(ConflictError, match="everyone may write in"):
        entry(PLAN, known(site), site.parent / "secrets")
