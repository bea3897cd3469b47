"""Why a host or a VM is as it is, over the API."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from ridethrough.api import create_app

from .imagined import InProcess, planning, site_of


@pytest.fixture
def client(tmp_path: Path, root: Path) -> Iterator[TestClient]:
    with TestClient(create_app(planning(tmp_path, site_of(root), InProcess()))) as client:
        yield client


def test_a_host_and_a_vm_are_explained(client: TestClient) -> None:
    (host,) = client.get("/api/v1/why", params={"name": "xenserver1"}).json()["found"]
    assert (host["kind"], host["id"]) == ("host", "xenserver1")
    (vm,) = client.get("/api/v1/why", params={"name": "web1"}).json()["found"]
    assert (vm["kind"], vm["name"]) == ("vm", "web1")
    assert vm["text"] == f"{vm['now']} {vm['then']}".strip()


def test_nobody_is_not_explained(client: TestClient) -> None:
    answer = client.get("/api/v1/why", params={"name": "nobody"})
    assert (answer.status_code, answer.json()["detail"]) == (404, 'no host and no VM is named "nobody"')
