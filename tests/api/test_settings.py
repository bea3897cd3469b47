"""Settings over HTTP: shown before they are written, written only over what was seen, taken or put back."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fastapi.testclient import TestClient

from ridethrough.api import create_app
from ridethrough.config.read import version
from ridethrough.core.events import Ask
from ridethrough.core.observation import HostSeen, PoolSeen, Snapshot
from ridethrough.runtime.mailbox import Answer, NoAnswer, NoController
from ridethrough.runtime.seen_file import FILE as SEEN
from ridethrough.runtime.seen_file import Seen

from .fakes import Mailbox, OpenGate, Role, context, write_status

FILE = """# Our cellar.
[site]
name = "Cellar"  # do not rename
settle = "1 min"

[ups.ups1]
source = "snmp://192.0.2.11"
warning_period = 180
shutdown_delay = 120
action = "client and ups"

[pool.pool1]
addresses = ["192.0.2.101"]
username = "root"
password = "secret:pool1"

[host.h1]
pool = "pool1"
powered_by = ["ups1"]

[host.h2]
pool = "pool1"
powered_by = ["ups1"]
maintenance = { enabled = true, after = 60 }
"""
NOW = version(FILE.encode())
ON = {"op": "set", "path": ["host", "h2", "shutdown"], "value": {"enabled": True, "after": 100}}


@pytest.fixture
def gate() -> OpenGate:
    return OpenGate()


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox(lambda ask, subject: Answer(True, "the new settings hold"))


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.toml"
    path.write_text(FILE)
    return path


@pytest.fixture
def client(tmp_path: Path, site: Path, gate: OpenGate, mailbox: Mailbox) -> Iterator[TestClient]:
    found = context(tmp_path, gate, mailbox)
    (tmp_path / "secrets" / "pool1").write_text("swordfish")
    (tmp_path / "secrets" / "pool1").chmod(0o600)
    write_status(found.state_dir)
    hosts = {h: HostSeen(id=h, pool="pool1") for h in ("h1", "h2")}
    seen = Snapshot(hosts=hosts, pools={"pool1": PoolSeen(id="pool1", coordinator="h1", answered_at=1.0)})
    (found.state_dir / SEEN).write_bytes(msgspec.json.encode(Seen(1.0, seen)))
    with TestClient(create_app(found)) as client:
        yield client


def change(client: TestClient, *operations: dict[str, Any], seen: str = NOW, why: str = "new battery") -> Any:
    return client.post("/api/v1/settings", json={"operations": operations, "version": seen, "why": why})


# --- reading


def test_every_setting_is_told_with_its_default_apart(client: TestClient) -> None:
    found = client.get("/api/v1/settings").json()
    assert (found["exists"], found["version"], found["text"], found["problems"]) == (True, NOW, FILE, [])
    site = found["sections"]["site"]
    assert site["settle"] == {"value": 60.0, "written": "1 min", "default": False}
    assert site["reserve"] == {"value": 60.0, "written": None, "default": True}
    assert found["sections"]["pool"]["pool1"]["password"]["value"] == "secret:pool1"
    assert found["sections"]["host"]["h2"]["maintenance"]["value"] == {"enabled": True, "after": 60.0}
    assert found["sections"]["host"]["h1"]["shutdown"]["default"]
    assert found["sections"]["manager"]["idle"] == {"value": 1800.0, "written": None, "default": True}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (FILE.replace("secret:pool1", "swordfish"), "must not stand in this file"),
        (FILE.replace('"secret:pool1"', '["swordfish"]'), "must not stand in this file"),
        (FILE.replace('name = "Cellar"', "settle_max = inf"), "site.name is missing"),
        (FILE.replace('name = "Cellar"', f"parallel = 0x{'f' * 5000}"), "site.name is missing"),
        ("password = 'swordfish'\n[", "is not TOML"),
        ("", "site is missing"),
        ("site = 5\n[[ups]]\nx = 1\n", "must be a table"),
    ],
)
def test_a_wrong_file_is_told_and_shows_no_secret(client: TestClient, site: Path, text: str, told: str) -> None:
    site.write_text(text)
    answer = client.get("/api/v1/settings")
    assert answer.status_code == 200
    assert told in " ".join(answer.json()["problems"])
    assert "swordfish" not in answer.text


def test_a_file_that_is_no_text_is_told(client: TestClient, site: Path) -> None:
    site.write_bytes(b"\xff")
    found = client.get("/api/v1/settings").json()
    assert (found["text"], found["sections"], len(found["problems"])) == (None, {}, 1)
    site.unlink()
    site.mkdir()
    assert client.get("/api/v1/settings").status_code == 503


def test_without_a_file_there_is_nothing_yet(client: TestClient, site: Path) -> None:
    site.unlink()
    found = client.get("/api/v1/settings").json()
    assert (found["exists"], found["version"], found["text"]) == (False, "", "")
    first = {"op": "set", "path": ["site"], "value": {"name": "Cellar"}}
    assert change(client, first, seen="").status_code == 200
    assert site.read_text() == '[site]\nname = "Cellar"\n'
    assert change(client, first, seen="").status_code == 409


def test_the_schema_says_what_each_key_is(client: TestClient) -> None:
    found = client.get("/api/v1/settings/schema").json()
    assert found["$defs"]["SiteSection"]["properties"]["reserve"]["description"]


# --- foretelling


def preview(client: TestClient, *operations: dict[str, Any], hosts: tuple[str, ...] = ()) -> Any:
    answer = client.post("/api/v1/settings/preview", json={"operations": operations, "hosts": hosts})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_hosts_outage_is_foretold_for_what_is_proposed(client: TestClient, site: Path) -> None:
    found = preview(client, ON, hosts=("h1",))
    assert found["diff"].splitlines()[-1] == "+shutdown = { enabled = true, after = 100 }"
    assert (found["problems"], found["watched_anew"], site.read_text()) == ([], [], FILE)
    h1, h2 = sorted(found["hosts"], key=lambda row: row["id"])
    assert h2["row"] == {"vms": "migrate to another available host", "host": "shuts down", "crash": False}
    steps = [(step["what"], step["at"], step["until"]) for step in h2["steps"]]
    assert steps == [("maintenance", 60, 60), ("shutdown", 100, 220), ("warning", 180, None), ("cut", 300, None)]
    (late,) = [row["text"] for row in h2["warnings"] if row["new"]]
    assert "100 s + 60 s to shut the host down + 60 s reserve = 220 s" in late
    assert h1["coordinator"]
    assert "leave both options off" in h1["explanation"]


def test_a_crash_has_a_remedy_of_one_click(client: TestClient) -> None:
    before = {"op": "set", "path": ["host", "h2", "needs"], "value": 1}
    (h2,) = preview(client, before)["hosts"]
    assert (h2["row"]["crash"], h2["row"]["host"]) == (True, "keeps running until its UPS stops: crash")
    assert h2["remedy"] == {
        "op": "set",
        "path": ["host", "h2", "shutdown"],
        "value": {"enabled": True, "after": 60.0},
        "secret": None,
    }
    (mended,) = preview(client, h2["remedy"])["hosts"]
    assert (mended["row"]["crash"], mended["remedy"]) == (False, None)
    assert not [row for row in mended["warnings"] if row["level"] == "danger" and "crash" in row["text"]]


@pytest.mark.parametrize("role", [Role.VIEW, Role.OPERATE])
@pytest.mark.parametrize("name", ["pool2", "missing"])
def test_only_administrators_learn_which_secrets_there_are(
    client: TestClient, gate: OpenGate, tmp_path: Path, role: Role, name: str
) -> None:
    """Whoever else tries a name is answered the same, whether there is such a secret or not."""
    (tmp_path / "secrets" / "pool2").write_text("swordfish")
    (tmp_path / "secrets" / "pool2").chmod(0o600)
    value, path = f"secret:{name}", ["ups", "ups1", "community"]
    tried: tuple[dict[str, Any], ...] = (
        {"operations": [{"op": "set", "path": path, "value": value}]},
        {"operations": [{"op": "set", "path": path[:2], "value": {"source": "nut://x@192.0.2.1", "community": value}}]},
        {"operations": [{"op": "set", "path": path, "secret": "guessed"}]},
        {"text": FILE.replace("[host.h1]", f'community = "\\u0073ecret:{name}"\n[host.h1]')},
    )
    told = client.post("/api/v1/settings/preview", json=tried[0]).json()["problems"]
    assert ["was not found" in problem for problem in told] == ([True] if name == "missing" else [])
    gate.become(role)
    for body in tried:
        answer = client.post("/api/v1/settings/preview", json=body)
        assert (answer.status_code, name in answer.text, str(tmp_path) in answer.text) == (403, False, False), body
    kept = {"op": "set", "path": ["pool", "pool1", "password"], "value": "secret:pool1"}
    assert preview(client, ON, kept)["problems"] == []


def test_several_hosts_at_once(client: TestClient) -> None:
    both = [
        {"op": "set", "path": ["host", h, "shutdown"], "value": {"enabled": True, "after": 50}} for h in ("h1", "h2")
    ]
    assert [row["id"] for row in preview(client, *both)["hosts"]] == ["h1", "h2"]


def test_what_is_wrong_is_told_and_what_begins_anew(client: TestClient) -> None:
    wrong = {"op": "set", "path": ["host", "h1", "powered_by"], "value": ["ups9"]}
    found = preview(client, wrong)
    assert found["problems"] == ['site.toml: host.h1.powered_by names "ups9"; known UPSs are "ups1"']
    assert (found["hosts"], found["warnings"]) == ([], [])
    new = {"op": "set", "path": ["ups", "ups2"], "value": {"source": "snmp://192.0.2.12"}}
    assert preview(client, new)["watched_anew"] == ["ups2"]


# --- changing


def test_a_change_is_written_and_taken(client: TestClient, site: Path, mailbox: Mailbox) -> None:
    answer = change(client, ON)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert site.read_text() == FILE + "shutdown = { enabled = true, after = 100 }\n"
    assert found["version"] == version(site.read_bytes())
    assert (found["taken"], found["answer"]) == (True, "the new settings hold")
    assert mailbox.posted == [(Ask.TAKE_SETTINGS, found["version"], "anna", "host.h2.shutdown: new battery")]
    (old,) = client.get("/api/v1/settings/versions").json()
    assert (old["by"], old["why"], old["what"], old["version"]) == ("anna", "new battery", "host.h2.shutdown", NOW)
    assert client.get(f"/api/v1/settings/versions/{old['id']}").json()["text"] == FILE
    assert client.get("/api/v1/settings/versions/000099").status_code == 404


def test_an_old_version_comes_back_as_a_text(client: TestClient, site: Path) -> None:
    now = change(client, ON).json()["version"]
    (old,) = client.get("/api/v1/settings/versions").json()
    text = client.get(f"/api/v1/settings/versions/{old['id']}").json()["text"]
    answer = client.post("/api/v1/settings", json={"text": text, "version": now})
    assert answer.status_code == 200
    assert site.read_text() == FILE


def test_what_somebody_else_has_changed_is_shown_and_kept(client: TestClient, site: Path, mailbox: Mailbox) -> None:
    client.get("/api/v1/settings")
    site.write_text(FILE.replace("Cellar", "Attic"))
    answer = change(client, ON)
    assert answer.status_code == 409
    assert '+name = "Attic"' in answer.json()["detail"]
    assert (site.read_text(), mailbox.posted) == (FILE.replace("Cellar", "Attic"), [])


def test_what_the_controller_refuses_is_put_back(
    client: TestClient, site: Path, mailbox: Mailbox, tmp_path: Path
) -> None:
    mailbox.answer = lambda ask, subject: Answer(False, "the settings stay as they were: ups1 is on battery")
    password = {"op": "set", "path": ["pool", "pool1", "password"], "secret": "hush hush"}
    answer = change(client, ON, password)
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "the settings stay as they were: ups1 is on battery",
    )
    assert site.read_text() == FILE
    assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["pool1"]


def test_what_cannot_be_put_back_is_told(client: TestClient, site: Path, mailbox: Mailbox) -> None:
    def refuses(ask: Ask, subject: str) -> Answer:
        site.unlink()
        site.mkdir()  # nothing can be written there now
        return Answer(False, "ups1 is on battery")

    mailbox.answer = refuses
    answer = change(client, ON)
    assert (answer.status_code, "could not be put back" in answer.json()["detail"]) == (409, True)
    assert answer.json()["detail"].startswith("ups1 is on battery. ")


def test_without_a_controller_they_wait_for_the_next(client: TestClient, site: Path, mailbox: Mailbox) -> None:
    def nobody(ask: Ask, subject: str) -> Answer:
        raise NoController("no controller runs here")

    mailbox.answer = nobody
    found = change(client, ON).json()
    assert found["taken"] is False
    assert "the next that starts goes by it" in found["answer"]
    assert "after = 100" in site.read_text()


def test_what_is_saved_again_is_taken_only_where_a_controller_says_so(
    client: TestClient, site: Path, mailbox: Mailbox
) -> None:
    def nobody(ask: Ask, subject: str) -> Answer:
        raise NoController("no controller runs here")

    good, mailbox.answer = mailbox.answer, nobody
    now = change(client, ON).json()["version"]
    again = change(client, ON, seen=now).json()
    assert (again["taken"], again["version"], again["diff"]) == (False, now, "")
    assert again["answer"] == "nothing has changed; no controller runs, and the next that starts goes by it"
    mailbox.answer = lambda ask, subject: Answer(False, "the settings stay as they were: ups1 is on battery")
    assert (change(client, ON, seen=now).status_code, "after = 100" in site.read_text()) == (409, True)
    mailbox.answer = good
    found = change(client, ON, seen=now).json()
    assert (found["taken"], found["answer"]) == (True, "the file has not changed: the new settings hold")
    assert mailbox.posted[-1][:2] == (Ask.TAKE_SETTINGS, now)
    assert len(client.get("/api/v1/settings/versions").json()) == 1


def test_what_changes_nothing_was_made_of_another_version_all_the_same(
    client: TestClient, site: Path, mailbox: Mailbox
) -> None:
    same = {"op": "set", "path": ["site", "name"], "value": "Cellar"}
    assert change(client, same, seen="0" * 64).status_code == 409
    assert (site.read_text(), mailbox.posted) == (FILE, [])


def test_an_answer_that_is_lost_is_told(client: TestClient, site: Path, mailbox: Mailbox) -> None:
    def silent(ask: Ask, subject: str) -> Answer:
        raise NoAnswer("the controller did not take the request within 30 s.")

    mailbox.answer = silent
    answer = change(client, ON)
    assert answer.status_code == 504
    assert "the settings are written" in answer.json()["detail"]
    assert "after = 100" in site.read_text()


@pytest.mark.parametrize(
    "body",
    [
        {"operations": [], "version": NOW},
        {"operations": [ON], "text": "", "version": NOW},
        {"operations": [ON], "version": "x"},
        {"operations": [ON]},
        {"operations": [{"op": "set", "path": ["site", "name"]}], "version": NOW},
        {"operations": [{"op": "remove", "path": ["site", "name"], "value": 1}], "version": NOW},
        {"operations": [{"op": "set", "path": ["site", "name"], "secret": "x"}], "version": NOW},
        {"operations": [{"op": "set", "path": ["nowhere"], "value": {}}], "version": NOW},
        {"operations": [{"op": "remove", "path": ["ups", "ups1"]}], "version": NOW},
        {"operations": [{"op": "set", "path": ["site", "name"], "value": "\ud800"}], "version": NOW},
        {"operations": [{"op": "set", "path": ["pool", "pool1", "password"], "secret": "x\n"}], "version": NOW},
        {"text": "[", "version": NOW},
        {"text": "[site]\nname='x'\ny='\ud800'", "version": NOW},
    ],
)
def test_what_is_no_change_is_refused(client: TestClient, site: Path, mailbox: Mailbox, body: dict[str, Any]) -> None:
    headers = {"content-type": "application/json"}
    answer = client.post("/api/v1/settings", content=json.dumps(body), headers=headers)
    assert answer.status_code == 422, answer.text
    assert answer.json()["detail"]
    assert (site.read_text(), mailbox.posted) == (FILE, [])


@pytest.mark.parametrize("role", [Role.VIEW, Role.OPERATE])
def test_only_administrators_change_settings(client: TestClient, gate: OpenGate, site: Path, role: Role) -> None:
    gate.become(role)
    section = {"keys": {"source": "snmp://192.0.2.12"}, "version": NOW}
    assert client.get("/api/v1/settings").status_code == 200
    assert change(client, ON).status_code == 403
    for path in ("/api/v1/upses/ups2", "/api/v1/pools/pool2"):
        assert client.post(path, json=section).status_code == 403
        assert client.delete(path, params={"version": NOW}).status_code == 403
    assert site.read_text() == FILE


# --- UPSs and pools


def test_a_ups_is_added_with_its_secrets_and_taken_out(client: TestClient, site: Path, tmp_path: Path) -> None:
    body = {
        "keys": {"source": "snmp://192.0.2.12", "version": "3", "username": "reader", "auth": "sha256"},
        "secrets": {"auth_password": "hush hush"},
        "version": NOW,
    }
    answer = client.post("/api/v1/upses/attic", json=body)
    assert answer.status_code == 200, answer.text
    assert 'auth_password = "secret:ups-attic-auth"' in site.read_text()
    kept = tmp_path / "secrets" / "ups-attic-auth"
    assert (kept.read_text(), stat.S_IMODE(kept.stat().st_mode)) == ("hush hush", 0o600)
    assert "hush" not in answer.text + client.get("/api/v1/settings").text
    found = client.delete("/api/v1/upses/attic", params={"version": answer.json()["version"], "why": "sold"})
    assert found.status_code == 200
    assert site.read_text() == FILE


def test_a_pool_is_added_and_goes_with_its_hosts(client: TestClient, site: Path) -> None:
    body = {
        "keys": {"addresses": ["192.0.2.201"], "username": "root"},
        "secrets": {"password": "hush"},
        "version": NOW,
    }
    there = client.post("/api/v1/pools/pool2", json=body)
    assert there.status_code == 200, there.text
    assert 'password = "secret:pool-pool2"' in site.read_text()
    now = there.json()["version"]
    refused = client.delete("/api/v1/pools/pool1", params={"version": now})
    assert refused.status_code == 422
    assert "pool.pool1 cannot be removed: host.h1, host.h2 still name it" in refused.json()["detail"]
    gone = client.delete("/api/v1/pools/pool1", params={"version": now, "with_hosts": True})
    assert gone.status_code == 200, gone.text
    assert "[host" not in site.read_text()


def test_storage_is_written_with_its_password_kept_apart(client: TestClient, site: Path, tmp_path: Path) -> None:
    keys = {"powered_by": ["ups1"], "address": "192.0.2.20", "serves": ["nfs://192.0.2.20"], "way": "ssh"}
    keys |= {"username": "admin", "command": "/sbin/poweroff", "used_by": ["h1"]}
    path = ["storage", "nas1"]
    password = {"op": "set", "path": [*path, "password"], "secret": "open sesame"}
    answer = change(client, {"op": "set", "path": path, "value": keys}, password)
    assert answer.status_code == 200, answer.text
    assert 'password = "secret:storage-nas1"' in site.read_text()
    assert (tmp_path / "secrets" / "storage-nas1").read_text() == "open sesame"
    shown = client.get("/api/v1/settings").json()["sections"]["storage"]["nas1"]
    assert shown["used_by"]["value"] == ["h1"]
    assert "sesame" not in answer.text + str(shown)
    answer = client.delete("/api/v1/upses/ups1", params={"version": answer.json()["version"]})
    assert 'storage.nas1.powered_by names "ups1"' in answer.json()["detail"]


def test_a_ups_that_feeds_a_host_stays(client: TestClient, site: Path) -> None:
    refused = client.delete("/api/v1/upses/ups1", params={"version": NOW})
    assert refused.status_code == 422
    assert "ups.ups1 cannot be removed: host.h1, host.h2 still name it" in refused.json()["detail"]
    assert site.read_text() == FILE


def test_a_password_among_the_keys_is_not_written(client: TestClient, site: Path) -> None:
    body = {"keys": {"addresses": ["192.0.2.201"], "username": "root", "password": "hush"}, "version": NOW}
    answer = client.post("/api/v1/pools/pool2", json=body)
    assert answer.status_code == 422
    assert "hush" not in answer.text
    assert site.read_text() == FILE
