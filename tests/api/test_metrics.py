"""What Prometheus gets, and that the rules and the dashboard ask for nothing else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml  # type: ignore[import-untyped]
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from ridethrough.api import Live, create_app
from ridethrough.api.metrics import Counted, SiteMetrics
from ridethrough.core import actions as a
from ridethrough.core import events as e
from ridethrough.runtime.clock import SiteClock

from .fakes import STATUS_OF_TWO, OpenGate, context, write_status

ROOT = Path(__file__).parents[2]
RULES = ROOT / "integrations/prometheus/ridethrough.rules.yml"
DASHBOARD = ROOT / "integrations/grafana/ridethrough.json"

MOVE = a.MoveVm("v1", "web1", "pool1", "h1", "h2", "", 60.0)
UPS = {
    **STATUS_OF_TWO["upses"][0],
    "condition": "on battery",
    "silent": False,
    "charge": 80.0,
    "load": 25.0,
    "runtime": 600.0,
    "trusted_runtime": 480.0,
    "input_volts": 1.5,
    "low": False,
    "on_battery_since": 4.0,
}
HOST = {
    **STATUS_OF_TWO["hosts"][0],
    "connected": True,
    "supply": "on battery",
    "vms": ["web1", "db1"],
    "power_until": 310.0,
    "seconds_needed": 100.0,
}


class Held:
    """A Live of rows that the test gives; times are seconds since 1970."""

    def __init__(self, tmp_path: Path) -> None:
        self.live = Live(tmp_path, SiteClock(tmp_path))
        self.live.written_at = 0.0
        self.live.running = True
        now = self.live.now()
        ups = {**UPS, "answered_at": now - 2, "on_battery_since": now - 10}
        host = {**HOST, "power_until": now + 300}
        self.live.tables |= {
            "upses": {"ups1": ups},
            "hosts": {"h1": host},
            "pools": {"pool1": STATUS_OF_TWO["pools"][0]},
        }
        self.live.rest = {"armed": True, "alerts": [{"key": "disk"}, {"key": "disk"}], "journal_trouble": ""}

    def samples(self, counted: Counted) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
        found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
        for family in SiteMetrics(self.live, counted).collect():
            for sample in family.samples:
                found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
        return found


@pytest.fixture
def held(tmp_path: Path) -> Held:
    return Held(tmp_path)


def test_what_is_so_now(held: Held) -> None:
    found = held.samples(Counted())
    ups, host = (("ups", "ups1"),), (("host", "h1"), ("pool", "pool1"))
    assert found["ridethrough_ups_charge_ratio"] == {ups: 0.8}
    assert found["ridethrough_ups_runtime_seconds"] == {ups: 600.0}
    assert found["ridethrough_ups_input_volts"] == {ups: 1.5}
    assert found["ridethrough_ups_on_battery_seconds"][ups] == pytest.approx(10, abs=2)
    assert found["ridethrough_ups_answer_age_seconds"][ups] == pytest.approx(2, abs=2)
    assert found["ridethrough_host_margin_seconds"][host] == pytest.approx(200, abs=2)
    assert found["ridethrough_host_plan_seconds"] == {host: 100.0}
    assert found["ridethrough_host_vms"] == {host: 2.0}
    assert found["ridethrough_alerts"] == {(("key", "disk"),): 2.0}
    conditions = found["ridethrough_ups_condition"]
    assert {dict(labels)["condition"] for labels, value in conditions.items() if value} == {"on battery"}
    assert len(conditions) == 5


def test_what_is_not_known_has_no_sample(held: Held) -> None:
    held.live.tables["upses"]["ups1"] |= {"runtime": None, "answered_at": None, "on_battery_since": None}
    held.live.tables["hosts"]["h1"] |= {"power_until": None}
    found = held.samples(Counted())
    assert "ridethrough_ups_runtime_seconds" not in found
    assert "ridethrough_ups_answer_age_seconds" not in found
    assert "ridethrough_host_margin_seconds" not in found
    assert list(found["ridethrough_ups_on_battery_seconds"].values()) == [0.0]


def test_outages_and_actions_are_counted(held: Held) -> None:
    counted = Counted()
    lost = e.UtilityLost(1.0, "ups1", 0.0, 0.0, None, None, None, None, 10.0, "")
    for event in (
        lost,
        e.UtilityLostAgain(2.0, "ups1", 0.0, 0.0, None, None, 20.0),
        e.ActionFinished(3.0, 1, MOVE),
        e.ActionFinished(4.0, 2, MOVE, "HOST_OFFLINE"),
        e.ActionFinished(5.0, 3, MOVE, "VM_REQUIRES_SR", refused=True),
        e.ActionTold(6.0, MOVE),
    ):
        counted.take(1, event)
    found = held.samples(counted)
    assert found["ridethrough_outages_total"] == {(("ups", "ups1"),): 1.0}
    moved = {
        dict(k)["result"]: v for k, v in found["ridethrough_actions_total"].items() if dict(k)["action"] == "move vm"
    }
    assert moved == {"succeeded": 1.0, "failed": 1.0, "refused": 1.0, "dry run": 1.0}


def test_it_is_served_where_prometheus_looks_for_it(tmp_path: Path) -> None:
    found = context(tmp_path)
    write_status(found.state_dir)
    with TestClient(create_app(found)) as client:
        while not client.get("/api/v1/upses").json():
            pass
        text = client.get("/metrics")
        openmetrics = client.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert text.headers["content-type"].startswith("text/plain")
    names = {family.name for family in text_string_to_metric_families(text.text)}
    assert {"ridethrough_build_info", "ridethrough_ups_condition", "ridethrough_outages"} <= names
    assert openmetrics.headers["content-type"].startswith("application/openmetrics-text")
    assert openmetrics.text.endswith("# EOF\n")


def test_nobody_gets_them_who_is_not_admitted(tmp_path: Path) -> None:
    with TestClient(create_app(context(tmp_path, OpenGate(person=None)))) as client:
        assert client.get("/metrics").status_code == 401


# --- the rules and the dashboard


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def questions() -> Iterator[tuple[str, str]]:
    """Where a question stands, and the question."""
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"].replace("$__rate_interval", "5m").replace("$ups", ".*")


def asked_for(expression: promql_parser.Expr) -> Iterator[tuple[str, dict[str, str]]]:
    """The metrics that a question names, each with the labels that must be equal."""
    found: list[promql_parser.VectorSelector] = []

    def see(node: promql_parser.Expr) -> bool:
        if isinstance(node, promql_parser.VectorSelector):
            found.append(node)
        if isinstance(node, promql_parser.MatrixSelector):
            found.append(node.vector_selector)
        return True

    promql_parser.walk(expression, see)
    for selector in found:
        equal = {m.name: m.value for m in selector.matchers.matchers if m.op == promql_parser.MatchOp.Equal}
        yield selector.name or "", equal


@pytest.mark.parametrize(("where", "question"), list(questions()))
def test_a_question_names_what_there_is(where: str, question: str, held: Held) -> None:
    there_is = held.samples(Counted())
    named = list(asked_for(promql_parser.parse(question)))
    assert named or question == "vector(0)", where
    for metric, labels in named:
        assert metric in there_is, f"{where} asks for {metric}"
        assert any(labels.items() <= dict(sample).items() for sample in there_is[metric]), f"{where}: {labels}"


def test_the_labels_told_by_the_rules_are_there(held: Held) -> None:
    there_is = held.samples(Counted())
    for rule in rules():
        (metric, _), *_ = asked_for(promql_parser.parse(rule["expr"]))
        told = set(re.findall(r"\$labels\.(\w+)", json.dumps(rule["annotations"])))
        known = {label for sample in there_is[metric] for label, _ in sample}
        assert told <= known, rule["alert"]
        assert rule["labels"]["severity"] in ("warning", "critical")


def test_every_metric_is_described_in_the_docs(held: Held) -> None:
    text = (ROOT / "docs/monitoring.md").read_text(encoding="utf-8")
    for name in held.samples(Counted()):
        assert f"`{name}`" in text, name


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed (Debian: prometheus)")
def test_promtool_takes_the_rules() -> None:
    subprocess.run(["promtool", "check", "rules", str(RULES)], check=True, capture_output=True)
